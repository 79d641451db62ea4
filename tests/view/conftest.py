"""The page over a real SQLite store; the database is migrated once and copied for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kaput.store.base import ProjectRow
from kaput.store.database import open_store
from tests.clock import SettableClock
from tests.migrated import migrated
from tests.view.site import Compiled, Site


@pytest.fixture(scope="session")
def compiled() -> Compiled:
    return Compiled()


@pytest.fixture
def site(compiled: Compiled, tmp_path: Path) -> Iterator[Site]:
    clock = SettableClock()
    store = open_store(migrated(tmp_path / "kaput.db"), clock, busy_seconds=0.2)
    yield Site(store, clock, tmp_path, compiled)
    store.close()


@pytest.fixture
def shop(site: Site) -> ProjectRow:
    return site.store.projects.add("Shop")
