"""The syslog: a real rsyslogd gets everything, whole."""

import logging
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from flask_kaput.syslog import LINE_END, LONGEST, Syslog, messages, read_address
from tests.clock import SettableClock
from tests.flask_kaput.applications import application

CONFIGURATION = """
module(load="imudp")
module(load="imtcp")
module(load="imuxsock" SysSock.Use="off")
input(type="imudp" address="127.0.0.1" port="{port}" rcvbufSize="4m")
input(type="imtcp" address="127.0.0.1" port="{port}")
input(type="imuxsock" Socket="{folder}/log" RateLimit.Interval="0")
template(name="plain" type="string" string="%syslogfacility-text%.%syslogseverity-text% %programname%:%msg%\\n")
*.* action(type="omfile" file="{folder}/received" template="plain")
"""


class Rsyslog:
    """A running rsyslogd."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.path = folder / "log"
        self._received = folder / "received"

    def lines(self, enough: str) -> list[str]:
        """Returns what was received once a line ends with a text; fails when none does in time."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            lines = (
                self._received.read_text(encoding="utf-8", errors="replace").splitlines()
                if self._received.exists()
                else []
            )
            if any(line.endswith(enough) for line in lines):
                return lines
            time.sleep(0.02)
        raise AssertionError(f"nothing that ends with {enough!r} came")


@contextmanager
def rsyslog(folder: Path) -> Iterator[Rsyslog]:
    """Runs rsyslogd on a free port, over UDP, TCP and a Unix socket."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "conf").write_text(CONFIGURATION.format(port=port, folder=folder), encoding="utf-8")
    program = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin")
    assert program, "rsyslogd is missing; make debian installs it"
    command = [program, "-n", "-f", str(folder / "conf"), "-i", str(folder / "pid")]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and server.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0 and (folder / "log").exists():
                    break
            time.sleep(0.02)
        yield Rsyslog(folder, port)
    finally:
        server.terminate()
        server.wait(60)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Rsyslog]:
    """A running rsyslogd."""
    with rsyslog(tmp_path) as running:
        yield running


def fail_at_length(app: Flask) -> None:
    """Has an application log an error with a traceback of 70 kB, and one more line."""

    @app.get("/long")
    def long() -> str:
        raise ValueError("\n".join(f"line {number} {'é' * 60}" for number in range(560)))

    app.test_client().get("/long")
    app.logger.warning("the last one")


@pytest.mark.parametrize("kind", ["udp", "tcp", "path"])
def test_a_long_traceback_is_kept(server: Rsyslog, kind: str) -> None:
    """A traceback of 70 kB arrives whole, in numbered parts that no receiver has to cut."""
    address = str(server.path) if kind == "path" else f"{kind}://127.0.0.1:{server.port}"
    with application("my shop", log_syslog=address, log_syslog_facility="local3") as app:
        fail_at_length(app)
        lines = server.lines("- -]")
    parts = [re.fullmatch(r"local3\.err my_shop: \(1 (\d+)/(\d+)\) (.*)", line) for line in lines[:-1]]
    assert [(int(part[1]), int(part[2])) for part in parts if part] == [
        (number, len(parts)) for number in range(1, len(parts) + 1)
    ]
    text = "".join(part[3] for part in parts if part).replace(LINE_END, "\n")
    assert len(text.encode()) > 70_000
    assert [f"line {number} " for number in range(560) if f"line {number} {'é' * 60}\n" not in f"{text}\n"] == []
    assert "local3.warning my_shop: " in lines[-1]
    assert max(len(line.encode()) for line in lines) <= LONGEST


def test_a_syslog_that_comes_back_gets_the_next_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A connection that ended is made again; while there is no server a request waits once, and stderr has the rest."""
    clock = SettableClock()
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    with rsyslog(first) as server:
        handler = Syslog(("127.0.0.1", server.port), socket.SOCK_STREAM, name="shop", clock=clock)
        handler.handle(logging.makeLogRecord({"msg": "one"}))
        server.lines("one")
    for number in range(3):
        handler.handle(logging.makeLogRecord({"msg": f"lost {number}"}))
    assert "did not answer a moment ago. Lost: lost 2" in capsys.readouterr().err
    with rsyslog(second) as server:
        handler.address = ("127.0.0.1", server.port)
        clock.now += 11
        handler.handle(logging.makeLogRecord({"msg": "two"}))
        assert server.lines("two")
    handler.close()


@given(st.text(min_size=1, max_size=5000), st.integers(0, 5))
def test_nothing_is_lost_in_parts(text: str, repeats: int) -> None:
    """The parts of any text are short, whole letters, and together the text."""
    whole = text * 2**repeats
    parts = list(messages(whole, "<11>shop[1]: ", 7))
    assert max(map(len, parts)) <= LONGEST
    bodies = [re.sub(r"^<11>shop\[1\]: (\(7 \d+/\d+\) )?", "", part.decode(), count=1) for part in parts]
    assert "".join(bodies) == whole.replace("\n", LINE_END).encode("utf-8", "backslashreplace").decode()


@pytest.mark.parametrize("address", ["udp://", "http://127.0.0.1:514", "127.0.0.1", "tcp://h:99999", "udp://h/path"])
def test_a_wrong_address_is_refused(address: str) -> None:
    """What is neither a path nor udp:// nor tcp:// with a host is no address."""
    with pytest.raises(ValueError, match="it must be a path such as /dev/log"):
        read_address(address)


def test_the_usual_port_may_be_left_out() -> None:
    """Port 514 is meant when none is given."""
    assert read_address("tcp://logs.example.org") == (("logs.example.org", 514), socket.SOCK_STREAM)
