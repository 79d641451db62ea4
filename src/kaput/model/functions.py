"""The types of the functions that the roots hand into a stage.

In: nothing. Out: types. Imported through `kaput.model`.
"""

from collections.abc import Callable, Mapping, Sequence

from kaput.model.batch import Aside, Digested
from kaput.model.notice import Change, Draft
from kaput.model.record import Drop, Record
from kaput.model.stats import Stats

Clock = Callable[[], float]
"""Answers the time now, in seconds since the epoch."""

Evaluate = Callable[[Sequence[Change], Mapping[int, Sequence[str]]], list[Draft]]
"""Which changes are told to whom: `(changes, addresses of the members by project) -> drafts`. Pure."""

Digest = Callable[[Record], Digested | Aside | Drop]
"""Makes of a record what the store keeps of its kind, or the drop of an event that a filter leaves out.

Raises Undigestible.
"""

SendTest = Callable[[str], None]
"""Sends a test mail to an address through the configured server; raises MailFailed with the server's words."""

RetryDead = Callable[[Sequence[str]], int]
"""Puts dead records (by name) back into the buffer; answers how many."""

DropDead = Callable[[Sequence[str]], int]
"""Removes dead records (by name) for good; answers how many."""

ReadStats = Callable[[], Stats]
"""Counts everything now."""
