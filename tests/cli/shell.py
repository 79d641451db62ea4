"""A shell for the tests of the command line: runs the real command, in this process or in one of its own.

An interpreter takes most of a second to load what a command needs, so most tests let `kaput.cli.main.run` run here;
`test_main.py` shows for every command that a process of its own says the same.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from click.testing import CliRunner

from kaput.cli.main import run
from kaput.config import ENVIRONMENT_PREFIX


@dataclass(frozen=True)
class Shell:
    """Runs `kaput` as a process of its own on one data directory."""

    data: Path
    environment: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def running(self, *arguments: str, stdin: int = subprocess.PIPE) -> Iterator["subprocess.Popen[str]"]:
        """Runs a command beside the test, with pipes and no terminal, and kills it when it is there at the end."""
        options: dict[str, Any] = {"stdin": stdin, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        environment = {"PATH": os.environ["PATH"], "KAPUT_DATA": str(self.data), "HOME": str(self.data)}
        command = [sys.executable, "-m", "kaput.cli.main", *arguments]
        with subprocess.Popen(
            command, env=environment | self.environment, start_new_session=True, **options
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def process(self, *arguments: str, typed: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        """Runs a command to its end in a process of its own; `typed` is its stdin."""
        with Shell(self.data, self.environment | environment).running(*arguments) as process:
            out, err = process.communicate(typed, timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def __call__(self, *arguments: str, typed: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        """Runs a command to its end in this process, with streams and an environment of its own."""
        known: dict[str, str | None] = {name: None for name in os.environ if name.startswith(ENVIRONMENT_PREFIX)}
        known |= {"KAPUT_DATA": str(self.data), "HOME": str(self.data)} | self.environment | environment
        with CliRunner().isolation(input=typed, env=known) as (out, err, _):
            code = run(arguments)
        return subprocess.CompletedProcess(arguments, code, out.getvalue().decode(), err.getvalue().decode())

    def json(self, *arguments: str) -> Any:
        """Runs a command that must succeed in silence, and returns what it printed, decoded."""
        done = self(*arguments, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        return msgspec.json.decode(done.stdout)


class Programs(Shell):
    """A shell that runs every command in a process of its own, as the tests beside a running server do."""

    def __call__(self, *arguments: str, typed: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        """Runs a command to its end."""
        return self.process(*arguments, typed=typed, **environment)
