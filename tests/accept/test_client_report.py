import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.accept import client_report
from kaput.accept.client_report import MALFORMED, MAX_ENTRIES, MAX_QUANTITY


def read(*entries: Any) -> dict[str, int]:
    """Reads a report of these entries."""
    return dict(client_report.read(json.dumps({"timestamp": 1.5, "discarded_events": entries}).encode()))


def entry(reason: Any = "before_send", category: Any = "error", quantity: Any = 1) -> dict[str, Any]:
    """Makes an entry."""
    return {"reason": reason, "category": category, "quantity": quantity}


def test_events_are_counted_by_reason() -> None:
    """Entries of one reason are added up; only categories of events count."""
    entries = [entry(), entry("queue_overflow", "default", 2), entry(quantity="3"), entry(category="transaction")]
    assert read(*entries) == {"client:before_send": 4, "client:queue_overflow": 2}


@pytest.mark.parametrize("reason", ["made_up", "", None, ["before_send"], 7])
def test_reasons_that_are_not_known_share_a_name(reason: Any) -> None:
    """A client cannot make up names."""
    assert read(entry(reason)) == {"client:other": 1}


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        *((0, {}), (-4, {}), (None, {}), (True, {}), (1.5, {}), ("x", {})),
        *((10**30, {"client:before_send": MAX_QUANTITY}), ("9" * 19, {"client:before_send": MAX_QUANTITY})),
    ],
)
def test_quantities_are_bounded(quantity: Any, expected: dict[str, int]) -> None:
    """What is no number of events counts nothing, and no report counts without end."""
    assert read(entry(quantity=quantity)) == expected


def test_entries_are_bounded() -> None:
    """A long report is read to its bound."""
    assert read(*[entry()] * (MAX_ENTRIES + 1)) == {"client:before_send": MAX_ENTRIES}


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"7", b'{"discarded_events":{}}', b"[" * 100_000])
def test_what_is_no_report_is_counted(payload: bytes) -> None:
    """A report that cannot be read counts as one, and raises nothing."""
    assert client_report.read(payload) == {MALFORMED: 1}


def test_a_report_of_nothing_counts_nothing() -> None:
    """Reports of other things than discarded events are fine."""
    assert client_report.read(b'{"timestamp":1}') == {}


@given(st.dictionaries(st.sampled_from(["reason", "category", "quantity"]), st.from_type(object) | st.text()))
def test_arbitrary_entries_are_counted_or_passed_over(found: dict[str, Any]) -> None:
    """Whatever an entry holds, the counts are positive."""
    payload = json.dumps({"discarded_events": [{"category": "error", **found}]}, default=repr, skipkeys=True).encode()
    assert all(count > 0 for count in client_report.read(payload).values())
