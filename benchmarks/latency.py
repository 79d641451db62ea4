"""How long it takes from an exception in a program to the mail server: idle, and beside 1,000 events a second.

A program with the real sentry-sdk notes the time and raises; aiosmtpd notes when it has the whole mail. Each exception
is a new issue, three in each project, since so many are mailed at once. The floor is the way that any mail has to take:
one from this process to the same server.
"""

import asyncio
import json
import math
import re
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from aiosmtpd.controller import Controller

from benchmarks.bench.corpus import corpus
from benchmarks.bench.load import posting
from benchmarks.bench.machine import machine
from benchmarks.bench.servers import Running, free_port, kaput
from kaput.config import Settings
from kaput.installation import Installation, open_installation

EVENTS = 4000
RATE = 1000
PROJECTS = 34
IN_EACH = 3
BUSY_PROJECTS = 40
PAUSE = 0.3
WARM_SECONDS = 5.0
PATIENCE = 180.0
FLOOR_MAILS = 50
MARK = re.compile(rb"latency-[a-z]+-[0-9]+-[0-9]+x")

PROGRAM = """
import json, sys, time
import sentry_sdk
prefix, in_each, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
sent = {}
for at, dsn in enumerate(sys.argv[4:]):
    sentry_sdk.init(dsn=dsn, auto_enabling_integrations=False)
    for number in range(in_each):
        name = f"{prefix}{at}-{number}x"
        space = {}
        source = f"def fail_{at}_{number}():\\n    raise KeyError({name!r})\\n"
        exec(compile(source, f"shop_{at}_{number}.py", "exec"), space)
        sent[name] = time.time()
        try:
            space[f"fail_{at}_{number}"]()
        except KeyError:
            sentry_sdk.capture_exception()
        time.sleep(pause)
    sentry_sdk.flush()
print(json.dumps(sent))
"""


class Mailbox:
    """Notes when it has a mail, by the mark in its text."""

    def __init__(self) -> None:
        self.arrived: dict[str, float] = {}

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Takes a mail."""
        now = time.time()
        for mark in MARK.findall(envelope.content.replace(b"=\r\n", b"")):
            self.arrived.setdefault(mark.decode(), now)
        await asyncio.sleep(0)
        return "250 OK"


@contextmanager
def mail_server(mailbox: Mailbox) -> Iterator[int]:
    """Runs a mail server and yields its port."""
    port = free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Waits until a condition holds; ends the program when it does not."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"After {PATIENCE:.0f} s {what}.")
        time.sleep(0.02)


def mails(mailbox: Mailbox, port: int) -> list[float]:
    """Returns the seconds that mails from this process take."""
    sent = {}
    for number in range(FLOOR_MAILS):
        name = f"latency-floor-0-{number}x"
        message = EmailMessage()
        message["From"] = message["To"] = "dev@example.org"
        message.set_content(name)
        sent[name] = time.time()
        with smtplib.SMTP("127.0.0.1", port) as connection:
            connection.send_message(message)
    return [mailbox.arrived[name] - begin for name, begin in sent.items()]


def exceptions(installation: Installation, mailbox: Mailbox, server: Running, name: str) -> list[float]:
    """Returns the seconds from each exception to its mail."""
    dsns = []
    member = installation.store.accounts.add(f"{name}@example.org", "a password of some length", admin=False)
    for number in range(PROJECTS):
        project = installation.store.projects.add(f"{name} {number}")
        installation.store.projects.add_member(project.id, member.id)
        key = installation.store.projects.keys(project.id)[0].public
        dsns.append(f"http://{key}@127.0.0.1:{server.port}/{project.id}")
    time.sleep(1)  # until the door knows the new keys
    command = [sys.executable, "-c", PROGRAM, f"latency-{name}-", str(IN_EACH), str(PAUSE), *dsns]
    sent = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    wait_for(lambda: set(sent) <= set(mailbox.arrived), f"some exceptions ({name}) were not mailed")
    return [mailbox.arrived[mark] - begin for mark, begin in sent.items()]


def busy_projects(installation: Installation) -> dict[int, str]:
    """Makes projects for the load, so many that no event of it comes twice; returns a key of each."""
    added = [installation.store.projects.add(f"busy {number}") for number in range(BUSY_PROJECTS)]
    return {project.id: installation.store.projects.keys(project.id)[0].public for project in added}


def line(name: str, seconds: Sequence[float], floor: float) -> str:
    """Returns one row of the table."""
    most = sorted(seconds)[math.ceil(0.99 * len(seconds)) - 1]
    middle = median(seconds)
    ratio = f"p50 {middle / floor:.0f} of the floor"
    return f"{name:<24} {middle * 1000:>8.1f} ms p50 {most * 1000:>8.1f} ms p99   {ratio}"


def main() -> None:
    """Prints the machine and the figures."""
    print(machine())
    path, mailbox = corpus(EVENTS), Mailbox()
    with TemporaryDirectory() as folder, mail_server(mailbox) as port:
        data = Path(folder) / "data"
        with open_installation(Settings(data=data)) as installation:
            keys = busy_projects(installation)
            with kaput(data, KAPUT_SMTP_HOST="127.0.0.1", KAPUT_SMTP_PORT=str(port)) as server:
                floor = mails(mailbox, port)
                idle = exceptions(installation, mailbox, server, "idle")
                with posting(server.port, keys, path, seconds=600, rate=RATE):
                    time.sleep(WARM_SECONDS)
                    before, begin = installation.read_stats(), time.perf_counter()
                    loaded = exceptions(installation, mailbox, server, "loaded")
                    after, seconds = installation.read_stats(), time.perf_counter() - begin
    print(f"latency                  {len(idle)} exceptions each; the load: {RATE} /s wanted,")
    print(
        f"                         {(after.accepted - before.accepted) / seconds:.0f} /s accepted,"
        f" {(after.digested - before.digested) / seconds:.0f} /s digested, {after.pending} pending at the end"
    )
    print(line("a mail by itself", floor, median(floor)))
    print(line("idle", idle, median(floor)))
    print(line("loaded", loaded, median(floor)))


if __name__ == "__main__":
    main()
