"""Monitors and their runs, on a real SQLite file."""

import pytest
from msgspec.structs import replace

from kaput.errors import NotFound
from kaput.model import (
    Batch,
    CheckIn,
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
from kaput.store.base import Mute, Status, Store
from kaput.store.monitors import KEPT
from tests.clock import SettableClock

HASH = "ab" * 16
CONFIG = MonitorConfig("crontab", "0 2 * * *", timezone="Europe/Berlin", margin=90.0)
NEW = Monitor(1, "backup", "production", HASH, 5.0, config=CONFIG, schedule="At 02:00 every day", due=50.0)


def run(number: int, status: RunStatus = RunStatus.OK) -> Run:
    return Run(f"{number:032x}", status, float(number), number + 1.0, 1.0, "2.4", "cd" * 16)


def failed(number: int = 1, received: float = 6.0) -> Digested:
    event = Event(event_id=f"{number:032x}", timestamp=6.0, received=received)
    return Digested(
        1, event, Grouping("monitor", (HASH,), "cron job"), Title("", "Cron job backup failed", "production")
    )


def commit(store: Store, *watched: Watched, told: Digested | None = None) -> None:
    store.batches.commit(Batch([told] if told else [], [], [], [], watched=list(watched)), lambda _c, _m: Verdict([]))


def stored(store: Store) -> Monitor:
    (row,) = store.monitors.all(None, 1)
    return row.monitor


def test_a_monitor_is_stored_and_found(store: Store) -> None:
    """What is written is read, with the issue of its hash once there is one."""
    known = replace(NEW, failing=True, failures=2, last_run=7.0, last_duration=0.5, expected=40.0)
    commit(store, Watched(replace(known, status=RunStatus.ERROR), (run(1), run(2, RunStatus.ERROR))))
    (row,) = store.monitors.all(1, 30)
    assert row.monitor == replace(known, status=RunStatus.ERROR, id=row.monitor.id)
    assert (row.project, row.short_id, row.runs) == ("app", "", [run(2, RunStatus.ERROR), run(1)])
    commit(store, told=failed())
    assert store.monitors.get(1, row.monitor.id, 1).short_id == "APP-1"
    with pytest.raises(NotFound):
        store.monitors.get(2, row.monitor.id, 1)


def test_check_ins_find_their_monitors(store: Store) -> None:
    """Each comes with its runs in progress, those that are named, and the newest; nothing of other environments."""
    commit(store, Watched(NEW, (run(1), run(2, RunStatus.IN_PROGRESS), run(3), run(4), run(5))))
    commit(store, Watched(replace(NEW, environment="staging", hash="ef" * 16)))
    said = CheckIn(1, "backup", "production", RunStatus.OK, f"{3:032x}", "cd" * 16, 9.0)
    ((monitor, runs),) = store.monitors.concerned([said, replace(said, slug="other", run_id=f"{4:032x}")])
    assert monitor.environment == "production"
    assert sorted(one.started for one in runs) == [2, 3, 5]
    many = [replace(said, slug=f"job-{n}") for n in range(1200)]
    assert store.monitors.concerned(many) == []
    assert [monitor.environment for monitor, _ in store.monitors.concerned([*many, said])] == ["production"]


def test_the_due_are_found_in_their_order(store: Store) -> None:
    """A monitor without a deadline is never due."""
    for slug, due in (("late", 60.0), ("soon", 10.0), ("never", None), ("now", 50.0)):
        commit(store, Watched(replace(NEW, slug=slug, due=due)))
    assert [monitor.slug for monitor, _ in store.monitors.due(50.0, 9)] == ["soon", "now"]
    assert [monitor.slug for monitor, _ in store.monitors.due(99.0, 1)] == ["soon"]
    assert store.monitors.counts() == {1: 4}


def test_few_runs_are_kept(store: Store) -> None:
    """The oldest runs of a monitor go, those of others stay; a run that changes stays where it is."""
    commit(store, Watched(NEW, tuple(run(number) for number in range(KEPT + 20))))
    commit(store, Watched(replace(NEW, slug="other"), (run(1),)))
    monitor = store.monitors.all(1, 1)[0].monitor
    commit(store, Watched(monitor, (run(50, RunStatus.ERROR),)))
    kept = store.monitors.get(1, monitor.id, 999).runs
    assert [one.started for one in kept] == list(range(KEPT + 19, 19, -1))
    assert [one.started for one in kept if one.status is RunStatus.ERROR] == [50]
    assert [len(row.runs) for row in store.monitors.all(1, 999)] == [KEPT, 1]


def test_recovery_resolves_the_issue(store: Store, clock: SettableClock) -> None:
    """Kaput resolves it and says so; the next failure is a regression; what somebody muted stays muted."""
    commit(store, Watched(NEW), told=failed())
    monitor = stored(store)
    clock.now += 10
    commit(store, Watched(monitor, recovered=True))
    issue = store.issues.get("APP-1")
    assert issue.status is Status.RESOLVED
    assert [(one.kind, one.who) for one in store.issues.activity(issue.id)] == [("resolved", "")]
    commit(store, Watched(monitor), told=failed(2, received=clock.now + 1))
    assert store.issues.get("APP-1").regressed
    store.decisions.decide([issue.id], Mute(), None)
    commit(store, Watched(monitor, recovered=True))
    assert store.issues.get("APP-1").status is Status.MUTED


def test_people_pause_and_the_worker_does_not_undo_it(store: Store, clock: SettableClock) -> None:
    """What the worker writes of a monitor leaves the pause as it is; resuming makes it due at once."""
    commit(store, Watched(NEW))
    monitor = stored(store)
    store.monitors.set_paused(monitor.id, paused=True)
    assert (stored(store).paused, stored(store).expected, stored(store).due) == (True, None, clock.now)
    commit(store, Watched(monitor))
    store.monitors.set_paused(monitor.id, paused=True)
    assert (stored(store).paused, stored(store).due) == (True, 50.0)
    store.monitors.set_paused(monitor.id, paused=False)
    assert (stored(store).paused, stored(store).due) == (False, clock.now)


def test_a_deleted_monitor_stays_deleted(store: Store) -> None:
    """What the worker judged before the deletion is left out, and harms no batch; a new check-in makes it anew."""
    commit(store, Watched(NEW, (run(1),)), told=failed())
    monitor = stored(store)
    store.monitors.delete(monitor.id)
    commit(store, Watched(monitor, (run(2),), recovered=True), told=failed(2))
    assert store.monitors.all(None, 1) == []
    assert store.issues.get("APP-1").status is Status.UNRESOLVED
    commit(store, Watched(NEW, (run(3),)))
    assert [one.started for row in store.monitors.all(None, 9) for one in row.runs] == [3]


def test_monitors_are_of_their_project(store: Store) -> None:
    """A project's monitors are its own; all are those of every project but the internal one."""
    other = store.projects.add("Shop")
    internal = next(project for project in store.projects.all() if project.internal)
    for project_id in (1, other.id, internal.id):
        commit(store, Watched(replace(NEW, project_id=project_id)))
    assert [row.project for row in store.monitors.all(None, 1)] == ["app", "shop"]
    assert [row.project for row in store.monitors.all(other.id, 1)] == ["shop"]
