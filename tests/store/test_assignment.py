"""Which issue an event gets, from what a client sends to a real SQLite file."""

import json
import secrets
from typing import Any

import pytest

from kaput.digest.record import digest
from kaput.model import Digested, Record
from kaput.store.base import Store
from tests.store.test_batches import batch
from tests.verdicts import tell_members

START = 1_800_000_000.0 - 90_000


def failed(
    line: str | None, second: int, *, function: str = "price", kind: str = "KeyError", value: str = "x"
) -> Digested:
    """An event of `shop/pricing.py`, with its source line if the client knew it."""
    frame: dict[str, Any] = {
        "filename": "shop/pricing.py",
        "module": "shop.pricing",
        "function": function,
        "in_app": True,
    }
    frame |= {"lineno": second, "context_line": line} if line else {}
    chain = [{"type": kind, "value": value, "stacktrace": {"frames": [frame]}}]
    event = {"platform": "python", "timestamp": START + second, "exception": {"values": chain}}
    return digest(Record(1, secrets.token_hex(16), START + second, json.dumps(event).encode()))


def stored(store: Store, *events: Digested) -> list[int]:
    """Stores the events one by one, and returns the issue of each."""
    for event in events:
        store.batches.commit(batch(event), tell_members)
    return [store.events.get(event.event.event_id).row.issue_id for event in events]


def test_an_edited_line_is_a_new_issue_and_proposed(store: Store) -> None:
    """Nothing is merged by itself; once the old line stopped, each of the two names the other."""
    old, moved, new = stored(store, failed("a = b[c]", 1), failed("  a = b[c]", 9), failed("a = b[c.d]", 5000))
    assert old == moved != new
    assert [strand.id for strand in store.merges.similar(old)] == [new]
    assert [strand.id for strand in store.merges.similar(new)] == [old]


def test_a_line_that_goes_on_is_not_proposed(store: Store) -> None:
    """Two lines of one function that both fail are two faults."""
    old, new, again = stored(store, failed("a = b[c]", 1), failed("d = e[f]", 5000), failed("a = b[c]", 9000))
    assert old == again != new
    assert store.merges.similar(old) == store.merges.similar(new) == []


@pytest.mark.parametrize("function", ["price", "stock"])
def test_without_a_line_the_function_decides(store: Store, function: str) -> None:
    """Such an event joins the issue of its function that came last; one that has a line never joins by the function."""
    first, second, bare = stored(
        store, failed("a = b[c]", 1), failed("d = e[f]", 50), failed(None, 90, function=function)
    )
    assert first != second
    assert (bare == second) is (function == "price")
    assert stored(store, failed("g = h[i]", 100, function=function))[0] not in {first, second, bare}


def test_one_target_relates_and_never_merges(store: Store) -> None:
    """Host and port have no part in the hashes: another port is the same issue, another function another one."""
    refused = "[Errno 111] Connection refused: ('10.1.2.3', 5432)"
    one, elsewhere, other = stored(
        store,
        failed("connect(a)", 1, kind="ConnectionRefusedError", value=refused),
        failed("connect(a)", 2, kind="ConnectionRefusedError", value=refused.replace("5432", "5433")),
        failed("connect(b)", 3, kind="ConnectionRefusedError", value=refused, function="stock"),
    )
    assert one == elsewhere != other
    assert [strand.id for strand in store.merges.same_target(other)] == [one]
