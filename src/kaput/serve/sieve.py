"""The filters and the rules of grouping of all projects in memory, between the digest and the worker.

In: records. Out: what the digest makes of them, grouped by the rules of their project, or the drop of an event that it
does not want. `serve/work.py` makes it. Filters and rules are read again when they are older than half a second.
"""

import logging

import msgspec

from kaput.digest.filters import PREFIX, Judge, compiled
from kaput.digest.fingerprint import group
from kaput.digest.rules import Rules, parse
from kaput.errors import RuleError, StoreUnavailable
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
        self._texts: dict[int, str] = {}
        self._rules: dict[int, Rules] = {}

    def __call__(self, record: Record) -> Digested | Aside | Drop:
        """Digests a record; raises what the digest raises."""
        made = self._digest(record)
        self._follow()
        if not isinstance(made, Digested):
            return made
        judge, rules = self._judges.get(record.project_id), self._rules.get(record.project_id)
        if judge and (name := judge(made.event)):
            return Drop(f"{PREFIX}{name}", 1, self._clock(), record.project_id)
        if rules and rules.match(made.event):
            return msgspec.structs.replace(made, grouping=group(made.whole(), rules))
        return made

    def _follow(self) -> None:
        if 0 <= self._clock() - self._read_at < STALE_SECONDS:
            return
        self._read_at = self._clock()
        try:
            filters, texts = self._projects.filters(), self._projects.grouping()
        except StoreUnavailable as error:  # the last ones stay
            _log.warning("The filters cannot be read: %s", error)
            return
        if texts != self._texts:
            self._texts = texts
            self._rules = {project_id: saved_rules(project_id, text) for project_id, text in texts.items()}
        if filters != self._filters:
            self._filters = filters
            self._judges = {project_id: compiled(wanted) for project_id, wanted in filters.items()}


def saved_rules(project_id: int, text: str) -> Rules:
    """Reads rules; those that another version saved and this one cannot read are none."""
    try:
        return parse(text)
    except RuleError as error:
        _log.warning("The rules of grouping of project %d cannot be read: %s", project_id, error)
        return Rules()
