"""Which stored events have the tags of a search, where only their payloads can tell.

In: a transaction, tags, issues. Out: the times of the events, bounded in number and time. `store/matching.py` imports
it.
"""

import time
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, select

from kaput.store import schema
from kaput.store.counters import LONGEST_VALUE, tag_values
from kaput.store.payload import Payloads

MOST = 3000
"""Events that are read for one page of issues, the newest of each."""
SECONDS = 0.3
"""No further event is read after so long."""

_event = schema.event.c


class Sifted(Struct, frozen=True):
    """What was found.

    Attributes:
        times: of the events of each issue that have the tags, newest first.
        partly: issues of which not all stored events were looked at.
    """

    times: dict[int, list[float]]
    partly: frozenset[int]


def sift(
    connection: Connection,
    payloads: Payloads,
    scope: Mapping[str, str],
    issue_ids: Sequence[int],
    narrowed: Sequence[ColumnElement[bool]] = (),
    timer: Callable[[], float] = time.perf_counter,
    most: int = MOST,
) -> Sifted:
    """Reads stored events of some issues.

    Args:
        connection: of a transaction.
        payloads: reads events.
        scope: the tags, by key, that an event must have.
        issue_ids: of one page.
        narrowed: what is known of the events without their payloads.
        timer: seconds, from whenever.
        most: events that are read, shared out evenly.
    """
    wanted = {key: value[:LONGEST_VALUE] for key, value in scope.items()}.items()
    end, each = timer() + SECONDS, max(1, most // max(1, len(issue_ids)))
    times: dict[int, list[float]] = {}
    partly = set()
    for issue_id in issue_ids:
        found = times[issue_id] = []
        columns = (_event.timestamp, _event.dictionary_id, _event.payload)
        query = select(*columns).where(_event.issue_id == issue_id, *narrowed).order_by(_event.id.desc())
        with connection.execute(query.limit(each + 1).execution_options(yield_per=20)) as rows:
            for count, row in enumerate(rows):
                if count == each or timer() >= end:
                    partly.add(issue_id)
                    break
                if wanted <= tag_values(payloads.event(connection, row)).items():
                    found.append(row.timestamp)
    return Sifted(times, frozenset(partly))
