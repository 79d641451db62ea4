"""Messages without what varies from one event to the next."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.digest.parameterise import canonical, canonical_template, parameterise


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("order 8812 failed", "order <int> failed"),
        ("offset -3 and +4, web-3", "offset <int> and <int>, web-<int>"),
        ("took 2.5 s, then 300ms", "took <duration>, then <duration>"),
        ("ratio 0.25 or -1.5e-7", "ratio <float> or <float>"),
        ("1,234,567 rows", "<int> rows"),
        ("user ann.b+c@mail.example.com", "user <email>"),
        ("GET https://shop.example/a?b=1 failed", "GET <url> failed"),
        ("no 46c93f32-ad25-4cc7-829e-971085b97e2e", "no <uuid>"),
        ("commit 1f2afe8c and 46c93f32ad254cc7829e971085b97e2e", "commit <hex> and <hex>"),
        ("<Cart object at 0x7fe5a73e2fc0>", "<Cart object at <hex>>"),
        ("at 2026-11-22T14:55:01.178Z or 2026-11-22", "at <date> or <date>"),
        ("at 14:55:01 on Nov 22", "at <date> on <date>"),
        ("host 10.0.0.7:5432 and fe80:0:0:1:2:3:4:5", "host <ip> and <ip>"),
        ("no 'sku-9' in \"prices\"", "no <str> in <str>"),
        ("cannot open /srv/shop/data.json", "cannot open <path>"),
        (r"cannot open C:\shop\data.json", "cannot open <path>"),
        ("first\n\nsecond 2\nthird", "first\nsecond <int>"),
        ("nothing varies here, utf8 neither", "nothing varies here, utf8 neither"),
        ("user 'bob' can't use the voucher Ab3xK9mQ2p of bob's", "user <str> can't use the voucher <token> of bob's"),
        ("session gwsZhFHrTHxrYXcsfzycDvEb in AbstractAutowireCapable", "session <token> in AbstractAutowireCapable"),
        ("order_12, order12345 and 8fK2m9x", "order_<int>, order<int> and <token>"),
        ('got {"a": [1, {"b": "}"}]}, [1, 2, 3] and {\'x\': 1}', "got <json>, <json> and <json>"),
        ('cut {"a": [1, 2', "cut <json>"),
        ("[Errno 111] of db-3.internal:5432 and localhost", "[Errno <int>] of <host> and <host>"),
        ("user=bob status=active n=5", "user=<value> status=<value> n=<value>"),
        ("größe 3 für jürgen@example.com", "größe <int> für <email>"),
        ("", ""),
    ],
)
def test_what_varies_is_marked(message: str, expected: str) -> None:
    """Ids, numbers, times and addresses give way to the name of their kind."""
    assert parameterise(message) == expected


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_bounded(message: str) -> None:
    """No text makes it fail, and what comes out cannot grow beyond five times the limit."""
    assert len(parameterise(message)) <= 5 * 512 + 1


def test_a_few_marks_are_enough() -> None:
    """What stands behind them is data, and one word of any length is one."""
    assert parameterise("1 " * 400) == "<int> " * 15 + "<int>"
    assert parameterise("1 " * 400, most=128) == "<int> <int> <int> <int>"
    assert parameterise("z1" * 100 + " end") == "<token> end"


@pytest.mark.parametrize(
    "piece", ["1", "a1", "'", "/a", "1.", "a@", "0:", "2026-11-", "\n", "Jan ", '{"', "[1,", "a=", "%s"]
)
def test_time_does_not_grow_with_the_message(piece: str) -> None:
    """A message of a million characters takes milliseconds."""
    begun = time.process_time()
    parameterise(piece * 500_000)
    assert time.process_time() - begun < 3.0


@pytest.mark.parametrize(
    ("template", "formatted"),
    [
        ("order %s failed", "order 8812 failed"),
        ("user %s of %(host)s", "user a@b.example of 10.0.0.7"),
        ("took %.1f ms", "took 12.5 ms"),
        ("rows {} and {!r}", "rows [1, 2] and 'x'"),
        ("cannot write /srv/%s/%d.csv", "cannot write /srv/a/7.csv"),
    ],
)
def test_a_template_is_what_it_makes(template: str, formatted: str) -> None:
    """Where the text tells what was filled in, it is the same whoever formatted the message."""
    assert canonical_template(template) == canonical(formatted)


def test_numbers_of_a_template_count() -> None:
    """A person wrote them."""
    assert canonical_template("HTTP 500 from %s") != canonical_template("HTTP 404 from %s")


def test_a_row_is_as_long_as_any() -> None:
    """However many things are listed."""
    assert canonical("rows 1, 2, 3 of 10.0.0.7:80") == canonical("rows 1 of 10.0.0.8")


def test_names_may_stay() -> None:
    """What a browser cannot read is a name that a person gave."""
    assert canonical("Cannot read 'total' of '#3'", names=True) == "Cannot read 'total' of <*>"
