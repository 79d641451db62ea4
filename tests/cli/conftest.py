"""What the tests of the command line share: data directories, and the store that fills them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import copytree

import pytest

from kaput.config import Settings
from kaput.installation import Installation, open_installation
from kaput.model import Batch, Dead, Digested, Happened, Situation, Verdict
from tests.cli.samples import Fill
from tests.cli.shell import Shell


def _nobody(_happened: Sequence[Happened], _situation: Situation) -> Verdict:
    return Verdict([])


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a data directory as the first command makes it; to be copied."""
    data = tmp_path_factory.mktemp("template") / "data"
    with open_installation(Settings(data=data)):
        return data


@pytest.fixture
def fresh(tmp_path: Path) -> Shell:
    """Returns a shell on a data directory that is not there yet."""
    return Shell(tmp_path / "fresh")


@pytest.fixture
def shell(tmp_path: Path, template: Path) -> Shell:
    """Returns a shell on a data directory without events."""
    return Shell(copytree(template, tmp_path / "data"))


@pytest.fixture
def installation(shell: Shell) -> Iterator[Installation]:
    """Opens the shell's data directory in this process."""
    with open_installation(Settings(data=shell.data)) as opened:
        yield opened


@pytest.fixture
def fill(installation: Installation) -> Fill:
    """Returns what stores events, and dead records, as the worker does."""

    def store(*events: Digested, dead: Sequence[Dead] = ()) -> None:
        batch = Batch(digested=list(events), dead=list(dead), drops=[], positions=[])
        installation.store.batches.commit(batch, _nobody)

    return store
