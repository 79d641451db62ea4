"""The whole demo as a real process: the shop fails, the tracker keeps it, the mail catcher has the mail."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any
from urllib.parse import urlsplit

import pytest

from kaput.store.database import open_store
from tests.processes import tree

PATIENCE = 60.0
BREATH = 0.05


@dataclass(frozen=True)
class Demo:
    """A demo that runs, and what it printed."""

    process: Popen[str]
    printed: str

    def address(self, name: str) -> str:
        """Returns the address of the shop, of Kaput or of the mails."""
        found = re.search(rf"^{name} +(http://\S+)", self.printed, re.MULTILINE)
        assert found is not None
        return found[1]

    def ask(self, method: str, name: str, path: str) -> tuple[int, str]:
        """Sends one request; returns status and page."""
        connection = HTTPConnection(urlsplit(self.address(name)).netloc, timeout=PATIENCE)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def mails(self, count: int) -> list[dict[str, Any]]:
        """Returns the mails once there are as many, newest first."""
        deadline = time.monotonic() + PATIENCE
        found: list[dict[str, Any]] = []
        while len(found) < count and time.monotonic() < deadline:
            time.sleep(BREATH)
            found = json.loads(self.ask("GET", "Mails", "/mails.json")[1])
        return found


@contextmanager
def demo(data: Path | None = None) -> Iterator[Demo]:
    """Runs the demo on free ports and ends it."""
    command = [sys.executable, "-m", "kaput", "demo"]
    for port in ("--port", "--shop-port", "--mailbox-port", "--mail-port"):
        command += [port, "0"]
    command += ["--data", str(data)] if data else []
    with Popen(command, stdout=PIPE, stderr=PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            printed = ""
            for line in process.stdout:
                printed += line
                if line.startswith("Ctrl-C"):
                    break
            yield Demo(process, printed)
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)


def kaput(*arguments: str, stdin: str = "") -> str:
    """Runs a command and returns what it printed."""
    command = [sys.executable, "-m", "kaput", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory in which the account of an earlier demo has another password."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    kaput(
        "user",
        "add",
        "demo@example.org",
        "--admin",
        "--password-stdin",
        "--data",
        str(folder),
        stdin="an earlier password",
    )
    return folder


@pytest.fixture(scope="module")
def running(data: Path) -> Iterator[Demo]:
    """A demo that keeps its data."""
    with demo(data) as started:
        yield started


def test_button_becomes_an_issue_and_a_mail(running: Demo, data: Path) -> None:
    """Two different failures are two issues with a mail each; a repeat is counted and makes no mail."""
    for button in ("key", "key", "refused"):
        assert running.ask("POST", "Shop", f"/try/{button}")[0] == 500
    mails = running.mails(2)
    issues = json.loads(kaput("issues", "--json", "--data", str(data)))
    counts = {issue["type"]: issue["count"] for issue in issues}
    assert counts == {"KeyError": 2, "PaymentFailed": 1}
    assert sorted(mail["recipients"] for mail in mails) == [["demo@example.org"], ["demo@example.org"]]
    assert [kind for kind in counts if not any(kind in mail["subject"] for mail in mails)] == []


def test_kept_account_gets_the_printed_password(running: Demo, data: Path) -> None:
    """On a directory that was used before, the account is there already, and the password that is printed opens it."""
    (printed,) = re.findall(r"demo@example\.org with (\S+)$", running.printed, re.MULTILINE)
    store = open_store(data / "kaput.db", time.time)
    verified = [
        store.accounts.verify("demo@example.org", password) is not None for password in ("an earlier password", printed)
    ]
    store.close()
    assert verified == [False, True]


def test_signal_ends_everything() -> None:
    """SIGTERM ends the demo with all that it started, and the exit code is 0."""
    with demo() as running:
        started = tree(running.process.pid)
        assert len(started) >= 6
        assert running.ask("GET", "Kaput", "/health/ready")[0] == 200
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(PATIENCE) == 0
    assert [pid for pid in started if Path(f"/proc/{pid}").exists()] == []


@pytest.mark.parametrize(("part", "name"), [("kaput.demo.shop", "shop"), ("kaput.serve.supervisor", "tracker")])
def test_part_that_dies_ends_the_demo(part: str, name: str) -> None:
    """When one part ends by itself the demo says which, ends the others, and the exit code is 1."""
    with demo() as running:
        pid = next(pid for pid, command in tree(running.process.pid).items() if part in command)
        os.kill(pid, signal.SIGTERM)
        _, errors = running.process.communicate(timeout=PATIENCE)
        assert running.process.returncode == 1
    assert f"the {name} ended by itself" in errors


def test_port_in_use_is_said(running: Demo, tmp_path: Path) -> None:
    """When a port is taken, the demo names the part and ends with 1, and nothing goes on."""
    port = str(urlsplit(running.address("Kaput")).port)
    command = [sys.executable, "-m", "kaput", "demo", "--port", port, "--shop-port", "0", "--mailbox-port", "0"]
    command += ["--mail-port", "0", "--data", str(tmp_path)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (second.returncode, second.stdout) == (1, "")
    assert port in second.stderr
    assert "The tracker did not start" in second.stderr
