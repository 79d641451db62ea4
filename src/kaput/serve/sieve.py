"""The filters of all projects in memory, between the digest and the worker.

In: records. Out: what the digest makes of them, or the drop of an event that its project does not want.
`serve/work.py` makes it. The filters are read again when they are older than half a second.
"""

import logging

from kaput.digest.filters import PREFIX, Judge, compiled
from kaput.errors import StoreUnavailable
from kaput.model import Aside, Clock, Digest, Digested, Drop, Filters, Record
from kaput.store.base import Projects

STALE_SECONDS = 0.5

_log = logging.getLogger(__name__)


class Sieve:
    """Implements `kaput.model.Digest` over another one; used by one thread."""

    def __init__(self, digest: Digest, projects: Projects, clock: Clock) -> None:
        self._digest = digest
        self._projects = projects
        self._clock = clock
        self._read_at = 0.0
        self._filters: dict[int, Filters] = {}
        self._judges: dict[int, Judge] = {}

    def __call__(self, record: Record) -> Digested | Aside | Drop:
        """Digests a record; raises what the digest raises."""
        made = self._digest(record)
        self._follow()
        judge = self._judges.get(record.project_id)
        if judge is None or not isinstance(made, Digested):
            return made
        name = judge(made.event)
        return Drop(f"{PREFIX}{name}", 1, self._clock(), record.project_id) if name else made

    def _follow(self) -> None:
        if 0 <= self._clock() - self._read_at < STALE_SECONDS:
            return
        self._read_at = self._clock()
        try:
            filters = self._projects.filters()
        except StoreUnavailable as error:  # the last ones stay
            _log.warning("The filters cannot be read: %s", error)
            return
        if filters != self._filters:
            self._filters = filters
            self._judges = {project_id: compiled(wanted) for project_id, wanted in filters.items()}
