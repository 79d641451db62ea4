"""How stored events are grouped again in the work process, over a real store."""

from pathlib import Path

from kaput.digest.fingerprint import VERSION
from kaput.model import Event, ExceptionChain, ExceptionValue
from kaput.serve.regrouping import FACT, Regrouper, follow_version
from kaput.store.base import Progress, Store
from kaput.store.database import open_store
from tests.clock import SettableClock
from tests.migrated import migrated
from tests.store.test_merges import fill


def opened(path: Path) -> Store:
    migrated(path)
    return open_store(path, SettableClock())


def event(kind: str) -> Event:
    chain = ExceptionChain([ExceptionValue(type=kind, value="x")])
    return Event(event_id="ab" * 16, timestamp=1.0, received=1.0, exception=chain)


def test_the_rules_of_the_project_count(tmp_path: Path) -> None:
    """They are followed when they change, and those of a project are not those of another one."""
    store = opened(tmp_path / "kaput.db")
    regroup = Regrouper(store.projects)
    plain = regroup(1, event("KeyError")).grouping
    store.projects.set_grouping(1, "type:KeyError -> lost-key")
    ruled = regroup(1, event("KeyError")).grouping
    assert ruled.hashes != plain.hashes
    assert regroup(2, event("KeyError")).grouping == plain
    assert regroup(1, event("ValueError")).title.type == "ValueError"
    store.projects.set_grouping(1, "")
    assert regroup(1, event("KeyError")).grouping == plain
    store.close()


def test_another_version_groups_everything_again(tmp_path: Path) -> None:
    """A new directory has nothing to group again, one of an older version all its events, once."""
    store = opened(tmp_path / "kaput.db")
    fill(store, "a", "uv")
    follow_version(store)
    assert (store.facts.get(FACT), store.regroupings.progress(1)) == (VERSION, None)
    store.facts.set(FACT, "v0")
    follow_version(store)
    assert store.regroupings.progress(1) == Progress(0, 2)
    assert store.facts.get(FACT) == VERSION
    store.close()
