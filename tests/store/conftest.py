"""A real SQLite store in a temporary directory, with a clock that the test sets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kaput.store.base import Store
from kaput.store.database import open_store
from tests.clock import SettableClock
from tests.migrated import migrated


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return migrated(tmp_path / "kaput.db")


@pytest.fixture
def store(path: Path, clock: SettableClock) -> Iterator[Store]:
    opened = open_store(path, clock, busy_seconds=0.2)
    yield opened
    opened.close()
