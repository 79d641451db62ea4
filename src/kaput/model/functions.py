"""The types of the functions that the roots hand into a stage.

In: nothing. Out: types. Imported through `kaput.model`.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from kaput.model.batch import Aside, Batch, Digested, Grouping
from kaput.model.event import Event
from kaput.model.record import Drop, Record
from kaput.model.rehearsal import Rehearsal
from kaput.model.rule import Happened, Situation, Verdict
from kaput.model.space import Space
from kaput.model.stats import Stats

Clock = Callable[[], float]
"""Answers the time now, in seconds since the epoch."""

Evaluate = Callable[[Sequence[Happened], Situation], Verdict]
"""What the rules say about the events of a batch, in the order of storing. Pure but for what it asks the situation."""

Grouper = Callable[[Event], Grouping]
"""Decides by a project's rules which issue an event belongs to. Pure."""

Rehearse = Callable[[int, str], Rehearsal]
"""Tries rules of grouping on stored events of a project, by its id; raises RuleError."""

Digest = Callable[[Record], Digested | Aside | Drop]
"""Makes of a record what the store keeps of its kind, or the drop of an event that a filter leaves out.

Raises Undigestible.
"""

Regroup = Callable[[int, Event], Digested]
"""Groups a stored event of a project as it would be today: `(project, event) -> event with its grouping`."""

SendTest = Callable[[str], None]
"""Sends a test mail to an address through the configured server; raises MailFailed with the server's words."""

RetryDead = Callable[[Sequence[str]], int]
"""Puts dead records (by name) back into the buffer; answers how many."""

DropDead = Callable[[Sequence[str]], int]
"""Removes dead records (by name) for good; answers how many."""

ReadStats = Callable[[], Stats]
"""Counts everything now."""

ReadSpace = Callable[[], Space | None]
"""Answers what the work process measured last of the data directory; None before it did."""


class Signal(Protocol):
    """What `threading.Event` and its like have in common."""

    def set(self) -> None:
        """Sets it; whoever waits for it goes on."""

    def is_set(self) -> bool:
        """Answers whether it is set."""

    def clear(self) -> None:
        """Makes it unset."""

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until it is set, at most `timeout` seconds, and answers whether it is."""


class Watch(Protocol):
    """What check-ins and the clock mean for the jobs that they are about."""

    def take(self, batch: Batch) -> Batch:
        """Returns the batch with what its check-ins mean: states of monitors, and events of runs that failed.

        Raises StoreUnavailable.
        """

    def look(self) -> Batch:
        """Returns what the clock says now: monitors whose runs are missed or last too long, with their events.

        Nothing may wait to be digested that came much earlier: it could be the check-in. Raises StoreUnavailable.
        """
