"""A project's own rules of grouping."""

import time

import pytest

from kaput.digest.fingerprint import group, grouper
from kaput.digest.rules import parse
from kaput.errors import RuleError
from kaput.model import Event, ExceptionChain, ExceptionValue, Frame, LogEntry, Stacktrace

FRAMES = [
    Frame(filename="flask/app.py", abs_path="/v/site-packages/flask/app.py", module="flask.app", function="dispatch"),
    Frame("shop/pricing.py", "/srv/shop/pricing.py", "shop.pricing", "price", in_app=True),
]
EVENT = Event(
    event_id="a" * 32,
    timestamp=1.0,
    received=1.0,
    transaction="/checkout",
    environment="production",
    tags={"plan": "free"},
    fingerprint=["of the client"],
    exception=ExceptionChain([ExceptionValue(type="KeyError", value="no sku 9", stacktrace=Stacktrace(FRAMES))]),
)


def matches(condition: str) -> bool:
    return parse(f"{condition} -> x").match(EVENT) is not None


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("type:KeyError", True),
        ("type:keyerr*", True),
        ("type:Key", False),
        ("!type:KeyError", False),
        ("!type:ValueError", True),
        ('value:"no sku ?"', True),
        ('message:"KeyError: no*"', True),
        ("path:**/pricing.py", True),
        ("path:pricing.py", False),
        ("path:shop/*.py", True),
        ("path:/srv/*.py", False),
        ("path:/srv/**", True),
        ("module:shop.* function:price", True),
        ("module:flask.* function:price", False),
        ("module:flask.* own:yes", False),
        ("module:shop.* own:yes", True),
        ("tags.plan:free environment:prod*", True),
        ("tags.plan:paid", False),
        ("logger:x", False),
        ("transaction:/check* level:error", True),
    ],
)
def test_conditions(condition: str, expected: bool) -> None:
    """Whole texts by globs, whatever their case; what is said of a frame holds for one and the same."""
    assert matches(condition) is expected


def test_a_rule_comes_before_the_client() -> None:
    """The first that fits decides, with its variables filled in; other events keep the client's fingerprint."""
    rules = parse(
        "# ours\n\ntype:ValueError -> no\ntype:KeyError path:**/pricing.py -> pricing-{{ transaction }}\ntype:* -> late"
    )
    found = group(EVENT, rules)
    assert found.reason == "rule of line 4: pricing-/checkout"
    assert (found.plain, group(EVENT).plain) == (group(EVENT).hashes[0], "")
    other = Event(
        event_id="b" * 32, timestamp=2.0, received=2.0, exception=ExceptionChain([ExceptionValue("KeyError")])
    )
    assert group(other, rules).reason == "rule of line 5: late"
    message = Event(event_id="b" * 32, timestamp=2.0, received=2.0, logentry=LogEntry(formatted="x"))
    assert group(message, rules) == group(message)


def test_default_is_what_would_be_computed() -> None:
    """Without the client's fingerprint; alone it takes that out of the way."""
    plain = Event(event_id="b" * 32, timestamp=2.0, received=2.0, exception=EVENT.exception)
    assert grouper("type:* -> {{ default }}")(EVENT).hashes == group(plain).hashes
    apart = grouper('type:* -> {{ default }}, "{{ tags.plan }}, {{ environment }}"')(EVENT)
    assert apart.hashes[0] not in {group(plain).hashes[0], group(EVENT).hashes[0]}
    assert apart.reason.endswith("free, production")


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("type:KeyError", 1, 14, "no fingerprint"),
        ("\n# x\ntype:KeyError ->", 3, 17, "parts"),
        ("-> x", 1, 1, "begins with a condition"),
        ("type:KeyError colour:red -> x", 1, 15, "'colour' is no key"),
        ("type:KeyError red -> x", 1, 15, "key:pattern"),
        ('type:"Key -> x', 1, 1, "key:pattern"),
        ("type:A -> x, {{ colour }}", 1, 17, "'colour' is no variable"),
        ("type:A -> x,, y", 1, 13, "parts"),
        ('type:A -> ""', 1, 10, "empty"),
        ("own:maybe -> x", 1, 5, "yes or no"),
        ("type:" + "a" * 201 + " -> x", 1, 6, "1 to 200"),
        ("type:" + "*a" * 7 + " -> x", 1, 6, "stars"),
        ("type:a " * 11 + "-> x", 1, 76, "conditions"),
        ("type:a -> " + "x," * 11 + "x", 1, 10, "parts"),
        ("type:a -> x\n" * 101, 101, 1, "101 rules"),
        ("# " + "x" * 16_000, 1, 1, "16002 characters"),
    ],
)
def test_errors_point_at_line_and_character(text: str, line: int, column: int, words: str) -> None:
    """What cannot be read says where, and what to write instead."""
    with pytest.raises(RuleError, match=words) as caught:
        parse(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert str(caught.value).startswith(f"Line {line}, character {column}: ")


def test_time_is_bounded() -> None:
    """A hundred rules on a large event, frames and texts alike."""
    rules = parse("\n".join(f"path:**/*{n}*/**/x module:*a*b*c{n} value:*a*a*a*a*{n} -> x" for n in range(100)))
    frames = [Frame(filename=f"a/{n}/" + "a/" * 400, abs_path="/" + "b/" * 400, module="abc" * 60) for n in range(250)]
    error = ExceptionValue(type="KeyError", value="a" * 8000, stacktrace=Stacktrace(frames))
    event = Event(event_id="a" * 32, timestamp=1.0, received=1.0, exception=ExceptionChain([error]))
    begun = time.process_time()
    assert rules.match(event) is None
    assert time.process_time() - begun < 2.0
