"""How sessions went, on a real SQLite file."""

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest

from kaput.model import Batch, Health, SessionCounts, Sessions, SessionUpdate, Verdict
from kaput.store import releases, sessions
from kaput.store.base import Store
from kaput.store.engine import Database
from tests.store.plans import planned

NOW = 1_795_000_000.0
HOUR = int(NOW // 3600)
SID, OTHER = "ab" * 16, "cd" * 16


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database(path)
    yield opened
    opened.close()


def well(
    count: int = 1, *, hour: int = HOUR, release: str = "1", environment: str = "live", project: int = 1
) -> Sessions:
    """Makes a report of healthy sessions."""
    return Sessions(release, environment, {hour: SessionCounts(count)}, project_id=project, received=hour * 3600.0)


def said(health: Health, *, sid: str = SID, begun: bool = False, hour: int = HOUR, release: str = "1") -> Sessions:
    """Makes an update of one session."""
    update = SessionUpdate(sid, hour, begun, health)
    return Sessions(release, "live", updates=[update], project_id=1, received=hour * 3600.0)


def commit(store: Store, *told: Sessions) -> None:
    """Stores reports in one batch."""
    store.batches.commit(Batch([], [], [], [], list(told)), lambda _changes, _members: Verdict([]))


def counts(store: Store, release: str = "1", environment: str | None = None) -> SessionCounts:
    """Returns what is counted of a release."""
    row = store.releases.get(1, release)
    return store.releases.sums(1, 0, environment).get(row.id, SessionCounts())


def test_counts_are_added_up(store: Store) -> None:
    """Reports of one batch and of several are summed by hour, release and environment."""
    more = Sessions("1", "live", {HOUR: SessionCounts(5, 1, 1, 1, 2)}, project_id=1, received=NOW)
    commit(store, well(3), well(2, hour=HOUR - 1), well(7, environment="test"), well(9, release="2"))
    commit(store, more)
    assert counts(store) == SessionCounts(17, 1, 1, 1, 2)
    assert counts(store, environment="live") == SessionCounts(10, 1, 1, 1, 2)
    assert counts(store, environment="nowhere") == SessionCounts()
    assert counts(store, "2") == SessionCounts(9)
    assert store.releases.environments(1) == ["live", "test"]
    row = store.releases.get(1, "1")
    assert store.releases.by_environment(row, HOUR) == {
        "live": SessionCounts(8, 1, 1, 1, 2),
        "test": SessionCounts(7),
    }
    assert store.releases.hours(1, [row.id], HOUR - 2, 3) == {
        row.id: [SessionCounts(), SessionCounts(2), SessionCounts(15, 1, 1, 1, 2)]
    }


STORY = (
    said(Health.ERRORED, begun=True),
    said(Health.ERRORED),
    said(Health.UNHANDLED),
    said(Health.CRASHED),
    said(Health.CRASHED),
)


@pytest.mark.parametrize("together", [True, False])
def test_a_session_counts_once_in_whatever_order_it_is_told(store: Store, together: bool) -> None:
    """Errors first or the crash first, once or twice, in one batch or in several: one session, crashed."""
    orders = list(permutations(STORY))[::17]
    for number, order in enumerate(orders):
        named = [said(one.updates[0].health, sid=f"{number:032x}", begun=one.updates[0].begun) for one in order]
        for part in [named] if together else [[one] for one in named]:
            commit(store, *part)
    assert counts(store) == SessionCounts(len(orders), crashed=len(orders))


def test_a_healthy_start_and_a_crash_are_one_session(store: Store) -> None:
    """The start was counted when it came; the crash that follows counts no second session."""
    commit(store, well())
    commit(store, said(Health.CRASHED))
    assert counts(store) == SessionCounts(1, crashed=1)
    assert counts(store).crash_free == 0.0


def test_a_crash_whose_start_was_lost_is_a_session(store: Store) -> None:
    """A rate is never below nothing: what crashed was started."""
    commit(store, said(Health.CRASHED), said(Health.ABNORMAL, sid=OTHER))
    assert counts(store).started == 0
    assert (counts(store).total, counts(store).crash_free) == (2, 50.0)


def test_sessions_of_different_hours_and_projects_are_different(store: Store) -> None:
    """The same id elsewhere is another session."""
    other = store.projects.add("Shop")
    elsewhere = Sessions(
        "1",
        "live",
        updates=[SessionUpdate(SID, HOUR, begun=True, health=Health.CRASHED)],
        project_id=other.id,
        received=NOW,
    )
    commit(store, said(Health.CRASHED), said(Health.CRASHED, hour=HOUR - 1), elsewhere)
    assert counts(store).crashed == 2
    assert [one.crashed for one in store.releases.sums(other.id, 0).values()] == [1]


@pytest.mark.parametrize(
    ("total", "crashed", "rate"), [(0, 0, None), (1, 0, 100.0), (1, 1, 0.0), (100_000, 1, 99.99), (3, 1, 66.66)]
)
def test_the_rate_is_rounded_down(total: int, crashed: int, rate: float | None) -> None:
    """One crash in a hundred thousand is not 100 %."""
    assert SessionCounts(total, crashed=crashed).crash_free == rate


def test_sessions_are_no_events(store: Store) -> None:
    """No sum of events counts them."""
    commit(store, well(9), said(Health.CRASHED))
    sums = store.facts.tallies()
    assert (sums.digested, sums.events, sums.issues, sums.dropped) == (0, 0, 0, {})


def test_a_project_has_room_for_so_many_names(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions of one release or environment too many are counted as left out, and cost no others."""
    monkeypatch.setattr(releases, "MOST_RELEASES", 2)
    monkeypatch.setattr(releases, "MOST_ENVIRONMENTS", 1)
    commit(store, well(1), well(1, release="2"), well(5, release="3"), well(6, environment="test"))
    commit(store, well(1), well(1, release="2"), Sessions("4", "live", updates=STORY[0].updates, project_id=1))
    assert [row.version for row in store.releases.of_project(1, 9)] == ["2", "1"]
    assert (counts(store), counts(store, "2")) == (SessionCounts(2), SessionCounts(2))
    assert store.facts.drops_since(0, 1) == {"sessions_beyond_limit": 12}


def test_crashes_are_counted_when_there_is_no_room_to_remember(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the sessions that are remembered a bad end counts each time, and errors do not."""
    monkeypatch.setattr(sessions, "MOST_UNHEALTHY", 1)
    commit(store, said(Health.ERRORED, begun=True), said(Health.ERRORED, sid=OTHER, begun=True))
    commit(store, said(Health.CRASHED), said(Health.CRASHED, sid=OTHER), said(Health.CRASHED))
    assert counts(store) == SessionCounts(2, crashed=2)


def test_a_count_has_an_end(store: Store) -> None:
    """However often somebody claims ten million sessions, the sums stay numbers that the database adds up."""
    for _ in range(2):
        commit(store, well(sessions.MOST - 1))
    assert counts(store).started == sessions.MOST


def remembered(database: Database) -> int:
    """Returns how many sessions are remembered."""
    with database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM unhealthy_session").scalar_one())


def test_sessions_are_forgotten_when_nothing_can_be_said_any_more(store: Store, database: Database) -> None:
    """Healthy ones are not remembered at all, the others for six days; the counts stay."""
    commit(store, well(5), said(Health.CRASHED))
    assert remembered(database) == 1
    commit(store, well(hour=HOUR + sessions.KEPT_HOURS + 1))
    assert remembered(database) == 0
    assert counts(store).crashed == 1


def test_what_is_remembered_is_found_by_its_key(store: Store, database: Database) -> None:
    """However many sessions are remembered, a batch looks at its own alone."""
    commit(store, said(Health.ERRORED), said(Health.ERRORED, sid=OTHER))
    with planned(database) as steps, database.write() as connection:
        sessions.write_sessions(connection, [said(Health.CRASHED), said(Health.ERRORED)])
    assert not [step for step in steps if step.startswith("SCAN")]
    assert (counts(store).errored, counts(store).crashed, remembered(database)) == (1, 1, 2)


def test_old_counts_can_be_forgotten(store: Store, database: Database) -> None:
    """Hours before a given one go, with releases that were not seen since; others stay."""
    commit(store, well(1, release="old"), said(Health.CRASHED, release="old"), well(2), well(3, hour=HOUR + 1))
    commit(store, well(4, hour=HOUR + 1, release="new"))
    with database.write() as connection:
        sessions.forget_before(connection, HOUR + 1)
    assert [row.version for row in store.releases.of_project(1, 9)] == ["new", "1"]
    assert (counts(store), counts(store, "new"), remembered(database)) == (SessionCounts(3), SessionCounts(4), 0)
