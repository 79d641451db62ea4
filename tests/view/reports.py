"""Events as clients sent them, digested for real, for tests of the issue's page."""

import json
import secrets
from pathlib import Path
from typing import Any

from kaput.digest.record import digest
from kaput.model import Batch, Digested, Event, Grouping, Record, Title, Verdict
from kaput.store.base import IssueRow, ProjectRow
from tests.view.site import Site

CORPUS = Path(__file__).parent.parent / "corpus" / "events"


def report(site: Site, project: ProjectRow, name: str, *, age: float = 60.0, **changes: Any) -> tuple[IssueRow, str]:
    """Stores an event of the corpus, with some fields changed, and returns its issue and its id."""
    when, event_id = site.clock() - age, secrets.token_hex(16)
    raw = json.loads((CORPUS / f"{name}.json").read_text()) | {"timestamp": when, "event_id": event_id} | changes
    return _store(site, digest(Record(project.id, event_id, when, json.dumps(raw).encode())))


def keep(site: Site, project: ProjectRow, event: Event, text: str) -> IssueRow:
    """Stores an event as it is, undigested, in an issue that is called and grouped by `text` throughout."""
    grouping = Grouping("v1", (secrets.token_hex(16),), text)
    return _store(site, Digested(project.id, event, grouping, Title(text, text, text)))[0]


def _store(site: Site, digested: Digested) -> tuple[IssueRow, str]:
    site.store.batches.commit(Batch([digested], [], [], []), lambda _changes, _members: Verdict([]))
    stored = site.store.events.get(digested.event.event_id, digested.project_id)
    return site.store.issues.get(stored.row.issue_id), digested.event.event_id
