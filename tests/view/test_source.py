"""Source lines in colours."""

import re
import time

import pytest

from kaput.view.source import LONGEST_LINE, MOST_CHARACTERS, coloured, cut_line

LINES = ["def price(cart):", '    name = "<b>"  # why', "", "    return 1"]


def plain(html: str) -> str:
    """Returns the HTML without its spans."""
    return re.sub(r"</?span[^>]*>", "", html)


def test_python_is_coloured() -> None:
    """Keywords, texts, comments and numbers of Python get their classes."""
    html = coloured(LINES, "shop/pricing.py", "python")
    assert html[0] == '<span class="k">def</span> <span class="f">price</span>(cart):'
    assert '<span class="s">&lt;b&gt;</span>' in html[1]
    assert '<span class="c"># why</span>' in html[1]
    assert html[3] == '    <span class="k">return</span> <span class="m">1</span>'


def test_a_line_stays_a_line() -> None:
    """Each line comes back as one, empty ones and those inside a text of many lines too."""
    lines = ["", '"""one', "", "two", '"""', ""]
    html = coloured(lines, "a.py", "python")
    assert [plain(line) for line in html] == ["", "&quot;&quot;&quot;one", "", "two", "&quot;&quot;&quot;", ""]
    assert html[3] == '<span class="s">two</span>'


@pytest.mark.parametrize("name", ["a.py", "a.js", "a.tsx", "a.rb", "a.php", "a.go", "a.html", "a.sql", "a.unknown", ""])
def test_markup_in_source_is_escaped(name: str) -> None:
    """Source that is HTML is shown, never run, in whatever language."""
    for line in coloured(["<script>alert('1')</script>", "\"'><img src=x onerror=alert(1)>"], name, "other"):
        assert "<script" not in line
        assert "<img" not in line
        assert "&lt;" in plain(line).replace('<span class="f">', "")


def test_language_of_the_platform() -> None:
    """A file whose name tells nothing is read in the language of the event's platform."""
    assert '<span class="k">return</span>' in coloured(["return 1"], "<stdin>", "python")[0]


def test_unknown_language_is_plain() -> None:
    """A language that is not known is shown without colours."""
    assert coloured(['return "1"'], "a.xyz", "other") == ["return &#34;1&#34;"]


def test_too_much_source_is_plain() -> None:
    """What is too long to be read in bounded time is shown without colours."""
    assert "span" not in coloured(["return 1"] * MOST_CHARACTERS, "a.py", "python")[0]


@pytest.mark.parametrize(
    "piece", ["(", "{{", '"', "'", "/*", "<", "\\", "`${", "0x", "@", "f'{", "=" * 3, "a.b(", "a "]
)
@pytest.mark.parametrize(
    "name", ["a.py", "a.js", "a.tsx", "a.rb", "a.php", "a.html", "a.sql", "a.kt", "a.java", "a.cs", "a.scala"]
)
def test_hostile_source_takes_no_time(piece: str, name: str) -> None:
    """Lines made to confuse a lexer take less than two seconds of work, at the most that is coloured."""
    lines = [(piece * LONGEST_LINE)[:LONGEST_LINE]] * (MOST_CHARACTERS // LONGEST_LINE)
    start = time.thread_time()
    assert len(coloured(lines, name, "other")) == len(lines)
    assert time.thread_time() - start < 2.0


def test_long_line_is_cut_around_its_column() -> None:
    """Of a line of minified source the part around the column is shown."""
    line = "a" * 5000 + "HERE" + "b" * 5000
    cut = cut_line(line, 5001)
    assert "HERE" in cut
    assert cut.startswith("…")
    assert cut.endswith("…")
    assert len(cut) == LONGEST_LINE + 2
    assert cut_line(line) == "a" * LONGEST_LINE + "…"


def test_line_keeps_its_indentation() -> None:
    """The space at the beginning of a line stays, its end goes, and control characters are seen."""
    assert cut_line("    x\x1b\ny\r\n") == "    x␛ y"
