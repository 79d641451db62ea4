"""A real SQLite store in a temporary directory, with a clock that the test sets."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import pytest

from kaput.store.base import Store
from kaput.store.database import open_store
from kaput.store.migrate import migrate
from tests.clock import SettableClock


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a database as the first start makes it; to be copied, since that takes a while."""
    made = tmp_path_factory.mktemp("template") / "kaput.db"
    migrate(made)
    return made


@pytest.fixture
def path(tmp_path: Path, template: Path) -> Path:
    return Path(copy(template, tmp_path / "kaput.db"))


@pytest.fixture
def store(path: Path, clock: SettableClock) -> Iterator[Store]:
    opened = open_store(path, clock, busy_seconds=0.2)
    yield opened
    opened.close()
