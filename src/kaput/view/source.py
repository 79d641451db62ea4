"""Source lines of a frame, coloured: text in, escaped HTML out.

In: the lines around a call, the file's name and the event's platform. Out: one `Markup` a line, with `<span>`s whose
classes `static/issue.css` colours. Pure and bounded: long lines are cut, and what is too much is shown plain.
"""

import html
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from markupsafe import Markup, escape
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, Operator, String

from kaput.view.values import visible

LONGEST_LINE = 300
MOST_CHARACTERS = 2_500
"""Of one frame: some lexers take four times as long for twice as much that was made to confuse them."""

CLASSES = (
    (Comment, "c"),
    (String, "s"),
    (Number, "m"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (Name.Function, "f"),
    (Name.Class, "f"),
    (Name.Tag, "f"),
    (Name.Decorator, "d"),
    (Name.Builtin, "b"),
    (Name.Exception, "b"),
)

LEXERS = {
    "c": "c", "cc": "cpp", "cjs": "javascript", "cpp": "cpp", "cs": "csharp", "css": "css", "dart": "dart",
    "ex": "elixir", "exs": "elixir", "go": "go", "h": "c", "hpp": "cpp", "htm": "html+jinja", "html": "html+jinja",
    "j2": "html+jinja", "java": "java", "js": "javascript", "jsx": "jsx", "kt": "kotlin", "mjs": "javascript",
    "php": "php", "pl": "perl", "py": "python", "pyi": "python", "pyx": "cython", "rb": "ruby", "rs": "rust",
    "scala": "scala", "sh": "bash", "sql": "sql", "swift": "swift", "ts": "typescript", "tsx": "tsx",
}  # fmt: skip

PLATFORMS = {
    "python": "python", "javascript": "javascript", "node": "javascript", "ruby": "ruby", "php": "php", "go": "go",
    "java": "java", "csharp": "csharp", "elixir": "elixir", "rust": "rust", "perl": "perl", "c": "c",
}  # fmt: skip


def cut_line(line: str, column: int | None = None) -> str:
    """Returns a line that is short enough to be shown; of a long one the part around `column` (counted from 1)."""
    text = visible(line.rstrip("\n")).replace("\n", " ")
    if len(text) <= LONGEST_LINE:
        return text
    start = max(0, min((column or 1) - LONGEST_LINE // 3, len(text) - LONGEST_LINE))
    end = start + LONGEST_LINE
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def coloured(lines: Sequence[str], filename: str, platform: str) -> list[Markup]:
    """Returns the lines as HTML, one for one; without colours when the language is unknown or the text is too long."""
    alias = LEXERS.get(PurePosixPath(filename).suffix.removeprefix(".").lower()) or PLATFORMS.get(platform)
    if alias is None or sum(map(len, lines)) > MOST_CHARACTERS:
        return [escape(line) for line in lines]
    lexer = get_lexer_by_name(alias, stripnl=False, ensurenl=False)
    if alias == "php":
        lexer = get_lexer_by_name(alias, stripnl=False, ensurenl=False, startinline=True)
    found = list(_by_line(lexer, "\n".join(lines)))
    return found if len(found) == len(lines) else [escape(line) for line in lines]


def _by_line(lexer: Lexer, text: str) -> Iterator[Markup]:
    """Yields the lines; texts are escaped one by one and joined as plain strings, which is several times faster."""
    names: dict[tuple[str, ...], str] = {}
    line: list[str] = []
    for token, piece in lexer.get_tokens(text):
        if token not in names:
            names[token] = next((name for kind, name in CLASSES if token[: len(kind)] == kind), "")
        for index, part in enumerate(piece.split("\n")):
            if index:
                yield Markup("".join(line))  # noqa: S704 - each part went through `_span`
                line = []
            line.append(_span(part, names[token]))
    yield Markup("".join(line))  # noqa: S704 - each part went through `_span`


def _span(text: str, name: str) -> str:
    escaped = html.escape(text)
    return f'<span class="{name}">{escaped}</span>' if text and name else escaped
