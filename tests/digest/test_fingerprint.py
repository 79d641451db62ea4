"""Which issue an event belongs to."""

import copy
import json
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.digest.fingerprint import group
from kaput.digest.record import digest
from kaput.model import (
    Event,
    ExceptionChain,
    ExceptionValue,
    Frame,
    Grouping,
    LogEntry,
    Mechanism,
    Record,
    Stacktrace,
    Thread,
    Threads,
)

EVENTS = Path(__file__).parent.parent / "corpus" / "events"
KEY_ERROR = json.loads((EVENTS / "sdk-key-error.json").read_text())
CHAINED = json.loads((EVENTS / "sdk-chained.json").read_text())
RECURSION = json.loads((EVENTS / "raven-recursion.json").read_text())

LIBRARY = Frame(filename="flask/app.py", module="flask.app", function="dispatch", context_line="return view()")
CALLER = Frame(
    filename="shop/views.py", module="shop.views", function="checkout", context_line="price(cart)", in_app=True
)
OWN = Frame(
    filename="shop/pricing.py", module="shop.pricing", function="price", context_line="  total += x", in_app=True
)


def grouped(raw: dict[str, Any]) -> Grouping:
    return digest(Record(1, "a" * 32, 1795359306.0, json.dumps(raw).encode())).grouping


def event(*chain: ExceptionValue, **fields: Any) -> Event:
    exception = ExceptionChain(list(chain)) if chain else None
    return Event(event_id="a" * 32, timestamp=1.0, received=1.0, exception=exception, **fields)


def failing(*frames: Frame, kind: str = "KeyError", value: str = "x", **mechanism: Any) -> ExceptionValue:
    return ExceptionValue(
        type=kind,
        value=value,
        stacktrace=Stacktrace(list(frames)) if frames else None,
        mechanism=Mechanism(**mechanism) if mechanism else None,
    )


def first(*chain: ExceptionValue, **fields: Any) -> str:
    return group(event(*chain, **fields)).hashes[0]


# --- what never counts ----------------------------------------------------------------------------------------------


@given(st.data(), st.sampled_from([KEY_ERROR, CHAINED, RECURSION]))
def test_lines_paths_and_variables_never_count(data: st.DataObject, raw: dict[str, Any]) -> None:
    """Moved code, another deploy path, other variables, and lines around that changed keep the issue."""
    changed = copy.deepcopy(raw)
    for exception in changed["exception"]["values"]:
        exception["value"] = data.draw(st.text(max_size=20))
        for frame in exception["stacktrace"]["frames"]:
            frame["lineno"] = data.draw(st.integers(1, 10_000))
            frame["abs_path"] = "/srv/releases/" + data.draw(st.sampled_from("abc")) + frame["abs_path"]
            frame["vars"] = {"x": data.draw(st.text(max_size=20))}
            frame["pre_context"] = [data.draw(st.text(max_size=20))]
            frame["context_line"] = "\t" + frame["context_line"].replace("    ", "  ")
    changed["timestamp"], changed["server_name"], changed["release"] = 1795359300, "other", "9"
    assert grouped(changed) == grouped(raw)


@given(st.integers(1, 120))
def test_the_depth_of_a_recursion_never_counts(depth: int) -> None:
    """However deep the tree was, it is the same place that failed."""
    changed = copy.deepcopy(RECURSION)
    frames = changed["exception"]["values"][0]["stacktrace"]["frames"]
    inner = next(index for index, frame in enumerate(frames) if frame["function"] == "<genexpr>")
    frames[inner - 1 : inner + 1] = frames[inner - 1 : inner + 1] * depth
    assert grouped(changed).hashes == grouped(RECURSION).hashes


@given(st.integers(3, 200), st.integers(3, 200), st.booleans(), st.booleans())
def test_where_an_endless_recursion_stopped_never_counts(one: int, other: int, odd: bool, deeper: bool) -> None:
    """`even` calls `odd` calls `even`: it is chance in which of them, or below, the stack was full."""
    even_frame = msgspec.structs.replace(OWN, function="even")
    odd_frame = msgspec.structs.replace(OWN, function="odd")
    frames = [CALLER, *[even_frame, odd_frame] * one]
    others = [CALLER, *[even_frame, odd_frame] * other, *([even_frame] if odd else []), *([OWN] if deeper else [])]
    full = [failing(*stack, kind="RecursionError") for stack in (frames, others)]
    assert first(full[0]) == first(full[1])
    assert group(event(full[0])).reason == "recursion: shop.pricing.even, shop.pricing.odd"


def test_the_way_to_the_failure_never_counts() -> None:
    """Other callers, other libraries above or below the own frame are the same issue."""
    other = msgspec.structs.replace(CALLER, function="preview")
    expected = first(failing(LIBRARY, CALLER, OWN))
    assert [first(failing(other, OWN)), first(failing(OWN, LIBRARY)), first(failing(OWN))] == [expected] * 3


def test_comprehensions_count_as_the_function_around_them() -> None:
    """Python 3.12 has no frame for them, 3.11 has."""
    inner = msgspec.structs.replace(OWN, function="<listcomp>")
    assert first(failing(CALLER, OWN, inner)) == first(failing(CALLER, OWN))


# --- what counts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "same_place"),
    [
        ({"function": "other"}, False),
        ({"module": "shop.other"}, False),
        ({"context_line": "  total += y"}, True),
    ],
)
def test_function_module_and_line_count(change: dict[str, str], same_place: bool) -> None:
    """Another function is another issue; another line too, but the looser hash proposes that they belong together."""
    one = group(event(failing(CALLER, OWN)))
    other = group(event(failing(CALLER, msgspec.structs.replace(OWN, **change))))
    assert one.hashes[0] != other.hashes[0]
    assert (one.hashes[1] == other.hashes[1]) is same_place


@given(st.sampled_from([KEY_ERROR, CHAINED]), st.text(st.characters(categories=["Ll"]), min_size=3))
def test_another_failing_function_never_shares_the_hash(raw: dict[str, Any], name: str) -> None:
    """In real events too: the last own function decides."""
    changed = copy.deepcopy(raw)
    frame = changed["exception"]["values"][-1]["stacktrace"]["frames"][-1]
    frame["function"] = f"new_{name}"
    assert set(grouped(changed).hashes).isdisjoint(grouped(raw).hashes)


def test_the_type_counts() -> None:
    """One line can fail in two ways; a type that the client made up does not count."""
    assert first(failing(OWN)) != first(failing(OWN, kind="TypeError"))
    assert first(failing(OWN, kind="A", synthetic=True)) == first(failing(OWN, kind="B", synthetic=True))


def test_an_event_without_source_has_the_loose_hash_only() -> None:
    """So it falls to the issue of its function when the looser hash may assign."""
    bare = group(event(failing(msgspec.structs.replace(OWN, context_line=None))))
    assert bare.hashes == group(event(failing(OWN))).hashes[1:]


def test_without_own_frames_the_message_counts() -> None:
    """A library raises from one place for everyone: what varies in the message is left out."""
    expected = first(failing(LIBRARY, value="no order 1"))
    assert first(failing(LIBRARY, value="no order 2")) == expected
    assert first(failing(LIBRARY, value="no customer 2")) != expected
    assert first(failing(value="no order 1")) == first(failing(value="no order 2"))


def test_the_whole_chain_counts_and_repetition_does_not() -> None:
    """Another cause is another issue; three attempts instead of two are not."""
    cause, raised = failing(CALLER, kind="KeyError"), failing(OWN, kind="LookupError")
    assert first(cause, raised) != first(raised)
    assert first(cause, raised) != first(failing(CALLER, kind="OSError"), raised)
    assert first(cause, cause, raised) == first(cause, raised)


def test_what_wraps_a_failure_of_own_code_never_counts() -> None:
    """A library or decorator that caught it and raised its own adds only how the program came there."""
    wrapper = msgspec.structs.replace(OWN, function="wrapper", context_line="raise ShopError() from error")
    cause = failing(LIBRARY, OWN)
    assert first(cause, failing(CALLER, LIBRARY, kind="RetryError")) == first(failing(OWN))
    assert first(failing(wrapper, OWN), failing(CALLER, wrapper, kind="ShopError")) == first(failing(OWN))
    assert first(cause, failing(CALLER, kind="ShopError")) != first(failing(OWN))
    assert first(failing(CALLER, OWN), failing(CALLER, LIBRARY, kind="JSONError")) != first(failing(OWN))


def test_what_a_client_made_up_counts_by_its_words() -> None:
    """Its stack leads to who reported it, which is the same for all."""
    one, other, equal = (
        failing(OWN, kind="Error", value=value, synthetic=True) for value in ("code 1", "lost 1", "code 2")
    )
    assert first(one) == first(equal) != first(other)


def test_a_place_without_a_name_counts_with_the_message() -> None:
    """Else all callbacks of a file were one."""
    unnamed = Frame(filename="https://shop.example/js/cart.js", in_app=True)
    one, other, equal = (failing(unnamed, value=value) for value in ("no 1", "lost 1", "no 2"))
    assert first(one) == first(equal) != first(other)


def test_names_that_a_minifier_gave_never_count() -> None:
    """They are others in the next build, also where the engine says them."""
    frame = Frame(filename="https://shop.example/shop.min.js", function="t", lineno=1, colno=4000, in_app=True)

    def said(value: str) -> str:
        return first(failing(frame, kind="TypeError", value=value))

    assert said("t.total is not a function") == said("n.total is not a function") != said("t.price is not a function")
    assert said("Cannot access 'e' before initialization") == said("Cannot access 'Xe' before initialization")


def test_a_group_of_what_libraries_raised_counts_by_its_own_place() -> None:
    """Its members say nothing of where they were started."""
    group_of = partial(failing, kind="ExceptionGroup", is_exception_group=True)
    member = failing(LIBRARY, kind="OSError", exception_id=1)
    nowhere = failing(kind="OSError", value="row teapot is wrong", exception_id=1)
    assert first(member, group_of(OWN)) != first(member, group_of(CALLER))
    assert first(member, member, group_of(OWN)) == first(member, group_of(OWN)) == first(nowhere, group_of(OWN))


def test_a_group_counts_by_its_distinct_members() -> None:
    """Neither order nor number of equal members counts; the group itself only says that it is one."""
    a, b = failing(OWN, kind="A", exception_id=1), failing(CALLER, kind="B", exception_id=2)
    whole = failing(CALLER, kind="ExceptionGroup", is_exception_group=True)
    assert first(a, b, whole) == first(b, a, a, whole)
    assert first(a, whole) != first(a, b, whole)
    assert first(a, whole) == first(a)


# --- messages, stacks, nothing --------------------------------------------------------------------------------------


def test_messages_group_by_template_else_without_what_varies() -> None:
    """The template is the issue; a text formatted before logging loses its ids and numbers."""
    one, other = (LogEntry("order %s failed", [number], f"order {number} failed") for number in (1, 2))
    assert first(logentry=one) == first(logentry=other)
    assert first(logentry=LogEntry(formatted="order 1 failed")) == first(logentry=LogEntry(formatted="order 2 failed"))
    assert first(logentry=LogEntry(formatted="disk full")) != first(logentry=one)


def test_a_template_without_words_is_none() -> None:
    """`%s` stands before whatever was formatted elsewhere."""
    one, other, another = (
        LogEntry("%s", [text], text) for text in ("file 1 is empty", "file 2 is empty", "file 1 is gone")
    )
    assert first(logentry=one) == first(logentry=other) != first(logentry=another)


def test_a_message_that_is_all_data_counts_by_its_keys_and_quotes() -> None:
    """Else each log of JSON, and each that is in quotes, were one issue."""

    def said(text: str) -> str:
        return first(logentry=LogEntry(formatted=text))

    assert (
        said("{'event': 'paid', 'id': 5}") == said("{'event': 'paid', 'id': 6}") != said("{'event': 'lost', 'id': 5}")
    )
    assert said('{"order": 5, "who": "ann"}') == said('{"order": 6, "who": "bob"}') != said('{"order": 5, "sku": "a"}')
    assert said('"GET /a/1/b" 500') == said('"GET /a/2/b" 500') != said('"PUT /a/2/b" 500')
    assert said("5 6") == said("7 8")


def test_names_in_what_a_database_says_count() -> None:
    """Quoted names of tables and constraints, not quoted data."""

    def said(value: str) -> str:
        return first(failing(OWN, kind="IntegrityError", value=value))

    assert said('duplicate key value violates unique constraint "a_key"') != said(
        'duplicate key value violates unique constraint "b_key"'
    )
    assert said("Duplicate entry 'ann' for key 'email'") == said("Duplicate entry 'bob' for key 'email'")


def test_a_stack_tells_messages_apart() -> None:
    """The same words in two functions are two issues; of threads the one that crashed counts."""
    entry = LogEntry(formatted="failed")
    here, there = Stacktrace([OWN]), Stacktrace([CALLER])
    assert first(logentry=entry, stacktrace=here) != first(logentry=entry, stacktrace=there)
    threads = Threads([Thread(id="1", stacktrace=there), Thread(id="2", crashed=True, stacktrace=here)])
    assert first(threads=threads) == first(stacktrace=here)


def test_events_with_nothing_to_go_by_share_one_issue() -> None:
    """There is nothing that could tell them apart."""
    assert first() == first(release="2", level="info")
    assert group(event()).reason == "nothing to go by: all such events share one issue"


# --- the client's fingerprint ---------------------------------------------------------------------------------------


def test_the_clients_fingerprint_replaces_or_extends() -> None:
    """`{{ default }}`, with or without spaces, stands for what would have been computed."""
    plain = group(event(failing(OWN)))
    assert group(event(failing(OWN), fingerprint=["{{default}}"])).hashes == plain.hashes
    assert first(failing(OWN), fingerprint=["{{ default }}", "a"]) != plain.hashes[0]
    assert first(failing(OWN), fingerprint=["a"]) == first(failing(CALLER), fingerprint=["a"])
    assert first(failing(OWN), fingerprint=["a", "b"]) != first(failing(OWN), fingerprint=["ab"])


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("{{ transaction }}", "/checkout"),
        ("{{type}}", "KeyError"),
        ("{{ error.value }}", "x"),
        ("{{ stack.function }}", "price"),
        ("{{ module }}", "shop.pricing"),
        ("{{ level }}", "error"),
        ("{{ tags.plan }}", "free"),
        ("{{ tags.none }}", ""),
        ("at {{ transaction }}!", "at /checkout!"),
        ("{{ unknown }}", "{{ unknown }}"),
    ],
)
def test_variables_are_filled_in(variable: str, expected: str) -> None:
    """A fingerprint can name parts of the event; an unknown name stays as it is written."""
    fields = {"transaction": "/checkout", "tags": {"plan": "free"}}
    filled = first(failing(OWN), fingerprint=[variable], **fields)
    assert filled == first(failing(OWN), fingerprint=[expected], **fields)


def test_the_reason_is_in_words() -> None:
    """The page says why an event is where it is."""
    assert group(event(failing(LIBRARY, OWN))).reason == "last own frame: shop.pricing.price, its line"
    assert (
        group(event(failing(LIBRARY))).reason
        == "last frame, of a library: flask.app.dispatch, its line, and the message"
    )
    assert group(event(failing())).reason == "no stack: KeyError and its message"
    reason = group(event(failing(OWN), fingerprint=["{{ default }}", "a"])).reason
    assert reason == "fingerprint of the client: (last own frame: shop.pricing.price, its line), a"
