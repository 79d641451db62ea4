"""The page over a real SQLite store; the database is migrated once and copied for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kaput.store.base import ProjectRow
from kaput.store.database import open_store
from kaput.store.migrate import migrate
from tests.clock import SettableClock
from tests.view.site import Compiled, Site


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "kaput.db"
    migrate(path)
    return path


@pytest.fixture(scope="session")
def compiled() -> Compiled:
    return Compiled()


@pytest.fixture
def site(migrated: Path, compiled: Compiled, tmp_path: Path) -> Iterator[Site]:
    shutil.copy(migrated, tmp_path / "kaput.db")
    clock = SettableClock()
    store = open_store(tmp_path / "kaput.db", clock, busy_seconds=0.2)
    yield Site(store, clock, tmp_path, compiled)
    store.close()


@pytest.fixture
def shop(site: Site) -> ProjectRow:
    return site.store.projects.add("Shop")
