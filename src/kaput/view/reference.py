"""The search for one event: its id, or the reference number that a person was shown on an error page.

In: what stands in the search field. Out: the address of the event. `view/issues.py` imports it.
"""

import re
from collections.abc import Sequence

from flask import url_for

from kaput.store.base import ProjectRow
from kaput.view.parts import parts

_REFERENCE = re.compile(r"(?:urn:uuid:)?([0-9a-f]{4}(?:[ -]?[0-9a-f]{4}){2,7})", re.ASCII | re.IGNORECASE)
"""Twelve digits of an id or more, in groups of four or not, up to a whole one."""


def event_named(query: str, projects: Sequence[ProjectRow]) -> str:
    """Returns the address of the event that a search names by its id; empty when it names none of these projects."""
    match = _REFERENCE.fullmatch(query)
    if match is None:
        return ""
    digits = re.sub(r"[ -]", "", match[1]).lower()
    found = parts().store.events.begins(digits, [project.id for project in projects], 1)
    if not found:
        return ""
    issue = parts().store.issues.get(found[0].issue_id)
    return url_for("issue.event", short_id=issue.short_id, event_id=found[0].event_id)
