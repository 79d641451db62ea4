"""Runs the demo: the mail catcher, `kaput serve` and the shop, each a process, until one ends or somebody stops it.

In: addresses and a data directory. Out: three addresses on stdout, and an exit code. For `kaput.cli.demo`.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from kaput.errors import StartError

ACCOUNT = "demo@example.org"
KAPUT = (sys.executable, "-m", "kaput")
LISTENING = "Kaput is listening on "
REPORTING = "DSN: "
PATIENCE = 10.0
BREATH = 0.05


@dataclass(frozen=True)
class Parts:
    """The processes of the demo, in the order in which they were started."""

    running: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    def start(
        self, name: str, command: Sequence[str], *, stdout: int | IO[str], environment: Mapping[str, str]
    ) -> subprocess.Popen[str]:
        """Starts one part, in a group of its own, so that Ctrl-C reaches only us and we stop the others in order."""
        process = subprocess.Popen(command, stdout=stdout, text=True, env=dict(environment), start_new_session=True)
        self.running[name] = process
        return process

    def ended(self) -> str | None:
        """Returns the name of a part that is no longer running."""
        return next((name for name, process in self.running.items() if process.poll() is not None), None)

    def stop(self) -> None:
        """Ends all, the newest first; a part that does not end in time is killed with all it started."""
        for process in reversed(self.running.values()):
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if process.stdout is not None:
                process.stdout.close()


@dataclass(frozen=True)
class Addresses:
    """Where everything listens."""

    kaput: str
    shop: str
    mailbox: str


def run_demo(*, data: Path | None, host: str, port: int, shop_port: int, mail_port: int, mailbox_port: int) -> int:
    """Runs until Ctrl-C, SIGTERM or the end of a part.

    Args:
        data: directory to keep Kaput's data in; None takes a temporary one that is removed at the end.
        host: address that everything listens on.
        port: of Kaput; 0 takes a free one, here and below.
        shop_port: of the shop's page.
        mail_port: of the mail catcher, SMTP.
        mailbox_port: of the page with the mails.

    Returns:
        0 when somebody stopped it, 1 when a part ended by itself.
    """
    parts = Parts()
    with _interrupted_by_sigterm(), TemporaryDirectory(prefix="kaput-demo-") as scratch:
        try:
            directory = Path(scratch)
            mailbox, smtp = _start_mailbox(parts, host, mailbox_port, mail_port)
            environment = _environment(data or directory / "data", host, smtp)
            kaput, dsn = _start_kaput(parts, host, port, environment, directory / "start.log")
            password = _admit(environment)
            links = ["--kaput", kaput, "--mailbox", mailbox]
            shop = _start_shop(parts, host, shop_port, dsn, directory / "orders.db", links)
            _tell(Addresses(kaput, shop, mailbox), password)
            return _watch(parts)
        except KeyboardInterrupt:
            return 0
        finally:
            _ignore_signals()
            parts.stop()


def _start_mailbox(parts: Parts, host: str, port: int, mail_port: int) -> tuple[str, int]:
    command = ["-m", "kaput.demo.mailbox", "--host", host, "--port", str(port), "--mail-port", str(mail_port)]
    ports = _start_and_hear(parts, "mail catcher", command)
    return _address(host, ports["page"]), ports["smtp"]


def _start_shop(parts: Parts, host: str, port: int, dsn: str, orders: Path, links: Sequence[str]) -> str:
    command = ["-m", "kaput.demo.shop", "--host", host, "--port", str(port)]
    command += ["--dsn", dsn, "--orders", str(orders), *links]
    return _address(host, _start_and_hear(parts, "shop", command)["page"])


def _start_and_hear(parts: Parts, name: str, command: Sequence[str]) -> Mapping[str, int]:
    """Starts one of our own processes and reads the line by which it says where it listens."""
    process = parts.start(name, [sys.executable, *command], stdout=subprocess.PIPE, environment=os.environ)
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line:
        raise StartError(f"The {name} did not start; its own message stands above.")
    ports: dict[str, int] = json.loads(line)
    return ports


def _start_kaput(parts: Parts, host: str, port: int, environment: Mapping[str, str], log: Path) -> tuple[str, str]:
    """Starts the tracker, waits until it says where it listens, and returns its address and a DSN."""
    command = [*KAPUT, "serve", "--host", host, "--port", str(port)]
    with log.open("w", encoding="utf-8") as output:
        parts.start("tracker", command, stdout=output, environment=environment)
    while True:
        lines = log.read_text(encoding="utf-8").splitlines()
        found = [line.removeprefix(text) for text in (LISTENING, REPORTING) for line in lines if line.startswith(text)]
        if len(found) == 2:
            return found[0], found[1]
        if parts.ended() == "tracker":
            raise StartError("The tracker did not start; its own message stands above.")
        time.sleep(BREATH)


def _environment(data: Path, host: str, smtp: int) -> dict[str, str]:
    """Returns the environment of the tracker: what we have, with the catcher as its mail server."""
    mail = {"KAPUT_SMTP_HOST": _reachable(host), "KAPUT_SMTP_PORT": str(smtp), "KAPUT_SMTP_TLS": "none"}
    return {**os.environ, **mail, "KAPUT_DATA": str(data), "KAPUT_MAIL_FROM": "kaput@example.org"}


def _admit(environment: Mapping[str, str]) -> str:
    """Makes the account, or gives the one of an earlier demo a new password, and returns the password."""
    password = secrets.token_urlsafe(12)
    try:
        _kaput(environment, password, "user", "add", ACCOUNT, "--admin", "--password-stdin")
    except StartError:
        _kaput(environment, password, "user", "password", ACCOUNT, "--password-stdin")
    return password


def _kaput(environment: Mapping[str, str], stdin: str, *arguments: str) -> None:
    """Runs a command of Kaput beside the tracker."""
    done = subprocess.run(
        [*KAPUT, *arguments], input=stdin, capture_output=True, text=True, env=dict(environment), check=False
    )
    if done.returncode != 0:
        raise StartError(f"kaput {arguments[0]} failed: {done.stderr.strip()}")


def _tell(addresses: Addresses, password: str) -> None:
    """Prints where to look."""
    sys.stdout.write(
        f"\nShop   {addresses.shop}   press a button; it fails"
        f"\nKaput  {addresses.kaput}   sign in as {ACCOUNT} with {password}"
        f"\nMails  {addresses.mailbox}   what Kaput sent\n"
        "\nCtrl-C ends everything.\n"
    )
    sys.stdout.flush()


def _watch(parts: Parts) -> int:
    while (name := parts.ended()) is None:
        time.sleep(BREATH)
    sys.stderr.write(f"kaput: the {name} ended by itself, so the demo ends; its own message stands above.\n")
    return 1


def _address(host: str, port: int) -> str:
    reachable = _reachable(host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def _reachable(host: str) -> str:
    """Returns the address by which this machine reaches what listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104  # it is translated, not bound


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """Lets SIGTERM end the demo as Ctrl-C does, and puts the handlers back afterwards."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore_signals() -> None:
    """Lets nothing disturb the end."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
