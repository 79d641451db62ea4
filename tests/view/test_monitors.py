"""Monitors, as the page shows them."""

import html

import pytest
from msgspec.structs import replace

from kaput.model import (
    Batch,
    Digested,
    Event,
    Grouping,
    Monitor,
    MonitorConfig,
    Run,
    RunStatus,
    Title,
    Verdict,
    Watched,
)
from kaput.store.base import ProjectRow
from tests.view.site import Site, Visitor, visitor

HASH = "ab" * 16


def watch(site: Site, project: ProjectRow, *runs: Run, told: bool = False, **fields: object) -> None:
    """Stores a monitor with runs, and its issue."""
    base = Monitor(project.id, "backup", "production", HASH, 5.0, config=MonitorConfig("crontab", "0 2 * * *"))
    monitor = replace(base, **{"schedule": "At 02:00 every day", **fields})
    event = Event(event_id="cd" * 16, timestamp=site.clock(), received=site.clock())
    words = Title("", "Cron job backup missed its run of 02:00", "production")
    digested = [Digested(project.id, event, Grouping("monitor", (HASH,), "cron job"), words)] if told else []
    batch = Batch(digested, [], [], [], watched=[Watched(monitor, runs)])
    site.store.batches.commit(batch, lambda _changes, _members: Verdict([]))


def run(site: Site, number: int, status: RunStatus, duration: float | None = None) -> Run:
    return Run(f"{number:032x}", status, site.clock() - 3600 * number, duration=duration, release="2.4.1")


@pytest.fixture
def ada(site: Site) -> Visitor:
    site.admin()
    return visitor(site.app(), "ada@example.org")


def test_an_empty_room_teaches_the_first_step(ada: Visitor, shop: ProjectRow) -> None:
    """Without a monitor the page shows a job in Python and one in a shell script, with the project's own key."""
    page = html.unescape(ada.get("/projects/shop/monitors"))
    assert "No job has checked in yet" in page
    assert '@monitor("nightly-backup"' in page
    assert f"/api/{shop.id}/cron/nightly-backup/" in page
    assert "aria-current" in page[page.index("/projects/shop/monitors") :]


def test_monitors_are_listed(site: Site, ada: Visitor, shop: ProjectRow) -> None:
    """Each has its state, its schedule in words, its last run, the next one, the strip and its issue."""
    now = site.clock()
    bad = run(site, 1, RunStatus.MISSED)
    times = {"last_run": now - 7200, "last_duration": 192.0, "expected": now + 7200}
    watch(site, shop, bad, run(site, 2, RunStatus.OK, 192.0), told=True, status=RunStatus.MISSED, failing=True, **times)
    watch(site, shop, slug="report", environment="<b>", schedule="", problem="It cannot be read: \x1b.", hash="ef" * 16)
    page = ada.get("/projects/shop/monitors")
    for words in ("At 02:00 every day", "missed</span>", "2 h ago", "3 min 12 s", "in 2 h", 'href="/issues/SHOP-1"'):
        assert words in page
    assert 'aria-label="last 2 runs: 1 ok, 1 missed"' in page
    assert "&lt;b&gt;" in page
    assert "It cannot be read: \u241b." in page
    assert "waiting for the first run" in page
    watch(site, shop, slug="archive", hash="ce" * 16, status=RunStatus.OK)
    page = ada.get("/projects/shop/monitors")
    places = [page.index(f">{slug}</a>") for slug in ("backup", "archive", "report")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("status", "now", "paused", "word"),
    [
        (None, RunStatus.IN_PROGRESS, False, "running"),
        (RunStatus.OK, RunStatus.IN_PROGRESS, False, "running"),
        (RunStatus.OK, RunStatus.OK, False, "ok"),
        (RunStatus.ERROR, RunStatus.IN_PROGRESS, False, "failing"),
        (RunStatus.TIMEOUT, RunStatus.TIMEOUT, False, "timed out"),
        (RunStatus.ERROR, RunStatus.ERROR, True, "paused"),
    ],
)
def test_a_state_is_one_word(
    site: Site,
    ada: Visitor,
    shop: ProjectRow,
    status: RunStatus | None,
    now: RunStatus,
    paused: bool,
    word: str,
) -> None:
    """What a person must know first is said first."""
    watch(site, shop, run(site, 1, now), status=status)
    site.store.monitors.set_paused(1, paused=paused)
    assert f">{word}</span>" in ada.get("/projects/shop/monitors")


def test_a_monitor_has_a_page(site: Site, ada: Visitor, shop: ProjectRow) -> None:
    """It shows what the monitor was told, its newest runs and its issue."""
    watch(site, shop, run(site, 1, RunStatus.ERROR, 2.5), run(site, 2, RunStatus.OK, 1.5), told=True)
    page = ada.get("/projects/shop/monitors/1")
    for words in (
        "0 2 * * *",
        "1 min",
        "30 min",
        "1 bad run",
        "failed</span>",
        "2.5 s",
        "1.5 s",
        "Issue SHOP-1",
        "2.4.1",
    ):
        assert words in page


def test_a_monitor_is_paused_and_resumed(site: Site, ada: Visitor, shop: ProjectRow) -> None:
    """A button pauses it, and the same place resumes it."""
    watch(site, shop)
    path = "/projects/shop/monitors/1"
    assert ada.send(f"{path}/pause", path, paused="1").status_code == 302
    assert "Resume" in ada.get(path)
    assert site.store.monitors.get(shop.id, 1, 0).monitor.paused
    assert ada.send(f"{path}/pause", path, paused="0").status_code == 302
    assert not site.store.monitors.get(shop.id, 1, 0).monitor.paused


def test_a_monitor_is_deleted(site: Site, ada: Visitor, shop: ProjectRow) -> None:
    """It is gone with its runs; the issue stays."""
    watch(site, shop, run(site, 1, RunStatus.ERROR), told=True)
    assert ada.send("/projects/shop/monitors/1/delete", "/projects/shop/monitors/1").status_code == 302
    assert "No job has checked in yet" in ada.get("/projects/shop/monitors")
    ada.get("/projects/shop/monitors/1", 404)
    ada.get("/issues/SHOP-1")


def test_a_number_that_no_row_can_have_is_not_found(ada: Visitor, shop: ProjectRow) -> None:
    """However long the number in an address is, the answer is a page that says so."""
    ada.get(f"/projects/{shop.slug}/monitors/{10**30}", 404)


def test_monitors_are_for_members(site: Site, ada: Visitor, shop: ProjectRow) -> None:
    """Who is no member sees, pauses and deletes nothing, nor does a member of another project by its number."""
    other = site.store.projects.add("Other")
    watch(site, shop)
    site.member(other)
    bob = visitor(site.app(), "bob@example.org")
    for path in ("/projects/shop/monitors", "/projects/shop/monitors/1", "/projects/other/monitors/1"):
        bob.get(path, 404)
    for path in ("/projects/shop/monitors/1/delete", "/projects/other/monitors/1/pause"):
        assert bob.send(path, "/account", paused="1").status_code == 404
    assert not site.store.monitors.get(shop.id, 1, 0).monitor.paused
    unmarked = ada.client.post("/projects/shop/monitors/1/delete", base_url=ada.base_url)
    assert unmarked.status_code == 400
    assert len(site.store.monitors.all(shop.id, 0)) == 1
