"""What is attached, as the page shows it and hands it out."""

import html
import secrets
from pathlib import Path

import pytest

from kaput.model import Attachment, Batch, Feedback, Verdict
from kaput.store.base import ProjectRow
from tests.view.reports import report
from tests.view.site import Site, Visitor, visitor
from tests.view.test_raster import png

SCRIPT = b"<!doctype html><script>alert(1)</script>"


def attach(site: Site, project: ProjectRow, event_id: str, name: str, content: bytes = SCRIPT, kind: str = "") -> str:
    """Stores an attachment, and returns its id."""
    own = secrets.token_hex(16)
    one = Attachment(project.id, own, event_id, name, "image/png", kind or "event.attachment", site.clock(), content)
    site.store.batches.commit(Batch([], [], [], [], [one]), lambda _changes, _members: Verdict([]))
    return own


@pytest.fixture
def ada(site: Site) -> Visitor:
    """Returns an admin."""
    site.admin()
    return visitor(site.app(), "ada@example.org")


def test_an_event_lists_what_is_attached(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """Name, size and kind stand on the page of the event, escaped; on no other event's page."""
    issue, event_id = report(site, shop, "raven-key-error")
    assert "Attachments" not in ada.get(f"/issues/{issue.short_id}")
    attach(site, shop, event_id, "<b>\x1b.log", b"x" * 2048, "event.minidump")
    page = ada.get(f"/issues/{issue.short_id}/events/{event_id}")
    assert '<h2 id="files-title">Attachments</h2>' in page
    assert html.escape("<b>") + "\u241b.log" in page
    assert "2.0 kB, minidump" in page
    assert "<img" not in page


def test_a_file_leaves_to_be_saved_and_runs_nowhere(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """Whatever the client says of it: as bytes, to be saved under a name without folders, in a sandbox."""
    own = attach(site, shop, "ab" * 16, "../..\\.\u202ehtml\r\nX: 1.html")
    answer = ada.open(f"/projects/shop/attachments/{own}")
    assert (answer.status_code, answer.data, answer.mimetype) == (200, SCRIPT, "application/octet-stream")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="htmlX: 1.html"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_screenshot_is_shown(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """A picture by its bytes is shown with the type of its bytes; what only calls itself one is not."""
    issue, event_id = report(site, shop, "raven-key-error")
    shot, fake = attach(site, shop, event_id, "shot.png", png()), attach(site, shop, event_id, "fake.png")
    page = ada.get(f"/issues/{issue.short_id}")
    assert page.count("<img") == 1
    assert f'src="/projects/shop/attachments/{shot}/picture"' in page
    answer = ada.open(f"/projects/shop/attachments/{shot}/picture")
    assert (answer.mimetype, answer.data) == ("image/png", png())
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
    ada.get(f"/projects/shop/attachments/{fake}/picture", 404)


def test_a_page_reads_so_many_pictures_and_no_more(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """All of them can be downloaded, a dozen are shown."""
    issue, event_id = report(site, shop, "raven-key-error")
    for number in range(14):
        attach(site, shop, event_id, f"{number}.png", png(number + 1))
    page = ada.get(f"/issues/{issue.short_id}")
    assert (page.count("<img"), page.count('class="file-name"')) == (12, 14)


def test_feedback_is_shown_with_its_screenshot(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """The picture, the page on which it was said and the way to the event stand beside the words."""
    issue, event_id = report(site, shop, "raven-key-error")
    for number, url in enumerate(("https://shop.example/cart", "javascript:alert(1)")):
        said = Feedback(shop.id, f"{number:032x}", event_id, "Joe", "", "It broke.", site.clock(), url)
        site.store.batches.commit(Batch([], [], [], [], [said]), lambda _changes, _members: Verdict([]))
    shot = attach(site, shop, f"{0:032x}", "screenshot.png", png())
    for address in (f"/issues/{issue.short_id}", "/projects/shop/feedback"):
        page = ada.get(address)
        assert f'src="/projects/shop/attachments/{shot}/picture"' in page
        assert 'href="https://shop.example/cart"' in page
        assert "javascript:alert(1)" in page
        assert 'href="javascript' not in page
    assert f'href="/issues/{issue.short_id}/events/{event_id}"' in page


def test_a_file_that_is_gone_is_said_so(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """The page lists it and says that its file is gone; to ask for it is a 404."""
    issue, event_id = report(site, shop, "raven-key-error")
    own = attach(site, shop, event_id, "shot.png", png())
    next(Path(site.data).rglob(own)).unlink()
    page = ada.get(f"/issues/{issue.short_id}")
    assert "its file is gone" in page
    assert "<img" not in page
    ada.get(f"/projects/shop/attachments/{own}", 404)


def test_attachments_are_for_members(site: Site, shop: ProjectRow) -> None:
    """Nobody else gets a file, neither by another project's address nor without a login."""
    own = attach(site, shop, "ab" * 16, "a.txt")
    other = site.store.projects.add("Other")
    bob = site.member()
    site.store.projects.add_member(other.id, bob.id)
    visit = visitor(site.app(), "bob@example.org")
    visit.get(f"/projects/{shop.slug}/attachments/{own}", 404)
    visit.get(f"/projects/{other.slug}/attachments/{own}", 404)
    assert site.app().test_client().get(f"/projects/{shop.slug}/attachments/{own}").status_code == 302
