"""The search for one event, by its id or its reference number."""

from collections.abc import Callable
from urllib.parse import quote

import pytest

from flask_kaput.reference import reference_of
from kaput.store.base import ProjectRow
from tests.view.reports import report
from tests.view.site import Site, Visitor, visitor


@pytest.fixture
def ada(site: Site) -> Visitor:
    site.admin()
    return visitor(site.app(), "ada@example.org")


WRITTEN: tuple[Callable[[str], str], ...] = (
    lambda event_id: event_id,
    reference_of,
    lambda event_id: f"  {reference_of(event_id).upper()} ",
    lambda event_id: reference_of(event_id).replace("-", " "),
    lambda event_id: f"{event_id[:8]}-{event_id[8:12]}-{event_id[12:16]}-{event_id[16:20]}-{event_id[20:]}",
    lambda event_id: f"urn:uuid:{event_id[:8]}-{event_id[8:12]}-{event_id[12:16]}-{event_id[16:20]}-{event_id[20:]}",
)


@pytest.mark.parametrize("write", WRITTEN)
@pytest.mark.parametrize("place", ["/issues", "/projects/shop/issues"])
def test_the_search_lands_on_the_event(
    place: str, write: Callable[[str], str], site: Site, shop: ProjectRow, ada: Visitor
) -> None:
    """An id, with or without dashes, and the number of an error page lead to the event itself, from any list."""
    issue, event_id = report(site, shop, "sdk-key-error")
    report(site, shop, "sdk-key-error")
    answer = ada.open(f"{place}?status=resolved&q={quote(write(event_id))}")
    assert (answer.status_code, answer.location) == (302, f"/issues/{issue.short_id}/events/{event_id}")


def test_other_searches_stay_searches(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """Fewer digits, other letters and ids of nobody are looked for in titles."""
    site.break_(shop, "KeyError", "0123-4567-89ab")
    _, event_id = report(site, shop, "sdk-key-error")
    for query in (event_id[:8], "0123-4567-89ab", "0123-4567-89ag", f"{event_id}00", "", "is:unresolved"):
        ada.get(f"/issues?q={quote(query)}")
    assert "0123-4567-89ab" in ada.get("/issues?q=0123-4567-89ab")


def test_a_stranger_finds_nothing(site: Site, shop: ProjectRow) -> None:
    """Who is no member of the project is not led to its event, nor told that it is there."""
    site.admin()
    _, event_id = report(site, shop, "sdk-key-error")
    bob = visitor(site.app(), site.member().email)
    page = bob.get(f"/issues?q={event_id}")
    assert "events/" not in page
