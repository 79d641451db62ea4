"""What the tests of the command line share: a shell that runs the real command, and directories the store filled."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree
from typing import Any
from zlib import crc32

import msgspec
import pytest
from kaput.installation import Installation, open_installation

from kaput.config import Settings
from kaput.model import (
    Batch,
    Change,
    Dead,
    Digested,
    Draft,
    Event,
    ExceptionChain,
    ExceptionValue,
    Frame,
    Grouping,
    Stacktrace,
    Title,
)

START = 1_790_000_000.0


@dataclass(frozen=True)
class Shell:
    """Runs `kaput` as a process of its own on one data directory."""

    data: Path
    environment: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def running(self, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
        """Runs a command beside the test, with pipes, and kills it when it is still there at the end."""
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        environment = {"PATH": os.environ["PATH"], "KAPUT_DATA": str(self.data), "HOME": str(self.data)}
        command = [sys.executable, "-m", "kaput.cli.main", *arguments]
        with subprocess.Popen(command, env=environment | self.environment, text=True, **pipes) as process:
            try:
                yield process
            finally:
                process.kill()

    def __call__(self, *arguments: str, typed: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        """Runs a command to its end; `typed` is its stdin."""
        with Shell(self.data, self.environment | environment).running(*arguments) as process:
            out, err = process.communicate(typed, timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def json(self, *arguments: str) -> Any:
        """Runs a command that must succeed in silence, and returns what it printed, decoded."""
        done = self(*arguments, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        return msgspec.json.decode(done.stdout)


def _event(number: int, value: str, line: str) -> Event:
    frame = Frame(filename="shop/cart.py", function="total", lineno=7, context_line=line, in_app=True, vars={"n": "1"})
    library = Frame(filename="flask/app.py", function="dispatch", lineno=900, vars={"inner": "hidden"})
    exception = ExceptionValue(type="KeyError", value=value, stacktrace=Stacktrace(frames=[library, frame]))
    return Event(
        event_id=f"{number:032x}",
        timestamp=START + number,
        received=START + number + 0.5,
        level="error",
        release="1.0",
        environment="live",
        exception=ExceptionChain(values=[exception]),
        tags={"host": "a"},
    )


def digested(number: int, *, project: int = 1, issue: str = "", value: str = "'sku'", line: str = "a[b]") -> Digested:
    """Makes one event; events with the same `issue` share one."""
    title = Title("KeyError", value, "total in shop/cart.py")
    name = issue or str(number)
    return Digested(
        project, _event(number, value, line), Grouping("v1", (f"{crc32(name.encode()):032x}",), "test"), title
    )


def _nobody(_changes: Sequence[Change], _members: Any) -> list[Draft]:
    return []


Fill = Callable[..., None]


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
def event() -> Callable[..., Digested]:
    """Returns the maker of events."""
    return digested


@pytest.fixture
def fill(installation: Installation) -> Fill:
    """Returns what stores events, and dead records, as the worker does."""

    def store(*events: Digested, dead: Sequence[Dead] = ()) -> None:
        batch = Batch(digested=list(events), dead=list(dead), drops=[], positions=[])
        installation.store.batches.commit(batch, _nobody)

    return store
