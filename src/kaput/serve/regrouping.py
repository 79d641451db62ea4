"""How stored events are grouped again: by the rules of their project and the grouping of this version.

In: the store. Out: the function that the upkeep hands to it, and a beginning when another version grouped before.
`serve/work.py` imports it.
"""

from kaput.digest.fingerprint import VERSION, group
from kaput.digest.rules import Rules
from kaput.digest.title import title
from kaput.model import Digested, Event
from kaput.serve.sieve import saved_rules
from kaput.store.base import Projects, Store

FACT = "grouping"
"""The fact that says by which version the stored events are grouped."""


class Regrouper:
    """Implements `kaput.model.Regroup`; used by one thread."""

    def __init__(self, projects: Projects) -> None:
        self._projects = projects
        self._texts: dict[int, str] = {}
        self._rules: dict[int, Rules] = {}

    def __call__(self, project_id: int, event: Event) -> Digested:
        """Groups an event of a project as it would be today."""
        text = self._projects.grouping().get(project_id, "")
        if project_id not in self._rules or self._texts[project_id] != text:
            self._texts[project_id], self._rules[project_id] = text, saved_rules(project_id, text)
        return Digested(project_id, event, group(event, self._rules[project_id]), title(event))


def follow_version(store: Store) -> None:
    """Has all stored events grouped again when another version of the grouping did it before."""
    before = store.facts.get(FACT)
    if before and before != VERSION:
        for project in store.projects.all():
            store.regroupings.start(project.id)
    if before != VERSION:
        store.facts.set(FACT, VERSION)
