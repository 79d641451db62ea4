"""What people said, as the page shows it."""

import html
import secrets

from kaput.model import Batch, Feedback, Verdict
from kaput.store.base import ProjectRow
from tests.view.reports import report
from tests.view.site import Site, visitor

HOSTILE = "<script>alert(1)</script>\n\x1b[2J"


def say(site: Site, project: ProjectRow, event_id: str, comments: str, name: str = "Joe") -> None:
    """Stores feedback."""
    said = Feedback(project.id, secrets.token_hex(16), event_id, name, "joe@example.org", comments, site.clock() - 60)
    site.store.batches.commit(Batch([], [], [], [], [said]), lambda _changes, _members: Verdict([]))


def corpus_event(site: Site, project: ProjectRow) -> tuple[str, str]:
    """Stores an event of the corpus, and returns its issue's short id and its own."""
    issue, event_id = report(site, project, "raven-key-error")
    return issue.short_id, event_id


def test_an_issue_shows_what_people_said(site: Site, shop: ProjectRow) -> None:
    """The words stand on the issue's page with who said them, escaped, with controls made visible."""
    site.admin()
    ada = visitor(site.app(), "ada@example.org")
    short_id, event_id = corpus_event(site, shop)
    assert "What people said" not in ada.get(f"/issues/{short_id}")
    say(site, shop, event_id, HOSTILE, name="<b>Joe</b>")
    page = ada.get(f"/issues/{short_id}")
    assert "What people said" in page
    assert html.escape("<script>alert(1)</script>") + "\n\u241b[2J" in page
    assert "<b>Joe</b>" not in page
    assert "about this event" in page


def test_a_project_shows_all_that_was_said(site: Site, shop: ProjectRow) -> None:
    """Its page has what belongs to an issue, what waits for its event, and what is about none."""
    site.admin()
    ada = visitor(site.app(), "ada@example.org")
    assert "Nobody said anything yet" in ada.get("/projects/shop/feedback")
    short_id, event_id = corpus_event(site, shop)
    say(site, shop, event_id, "The cart is empty")
    say(site, shop, "ab" * 16, "It is slow")
    say(site, shop, "", "I like it")
    page = ada.get("/projects/shop/feedback")
    found = [page.index(words) for words in ("I like it", "about no event", "It is slow", "its event has not come")]
    assert found == sorted(found)
    assert f'href="/issues/{short_id}"' in page[page.index("The cart is empty") :]


def test_feedback_is_for_members(site: Site, shop: ProjectRow) -> None:
    """Who is no member of the project does not see what was said in it."""
    site.member()
    visitor(site.app(), "bob@example.org").get(f"/projects/{shop.slug}/feedback", 404)
