"""A storm: 10,000 new issues in 60 seconds. How long the first mail takes, how many mails come, what the digest counts.

One project a run, each with a person of its own, on one server; aiosmtpd notes when it has a whole mail. The digest
comes five minutes after the first issue that is held back, so a row is printed as each run's events are posted, and
again, with all its mails, once the digests of all runs are there. An argument says how many runs there are.
"""

import http.client
import json
import re
import secrets
import sys
import time
from contextlib import closing
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiosmtpd.controller import Controller

from benchmarks.bench.machine import machine
from benchmarks.bench.servers import free_port, kaput
from kaput.config import Settings
from kaput.installation import Installation, open_installation

RUNS = 20
ISSUES = 10_000
SECONDS = 60.0
IN_ENVELOPE = 50
DIGEST_SECONDS = 420.0
COUNT = re.compile(r"\] ([\d,]+) new issues")


class Mails:
    """What the mail server took: when, to whom, and the subject."""

    def __init__(self) -> None:
        self.taken: list[tuple[float, str, str]] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Takes a mail."""
        subject = re.search(rb"^Subject: (.*(?:\r\n[ \t].*)*)", envelope.content, re.MULTILINE)
        words = re.sub(r"\s+", " ", subject[1].decode("ascii", "replace")) if subject else ""
        self.taken.append((time.time(), envelope.rcpt_tos[0], words))
        return "250 OK"

    def to(self, address: str) -> list[tuple[float, str]]:
        """Returns when what came to an address."""
        return [(moment, subject) for moment, recipient, subject in self.taken if recipient == address]


def main(runs: int) -> None:
    """Runs all storms, waits for their digests, and prints what came."""
    print(machine())
    mails, port = Mails(), free_port()
    controller = Controller(mails, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        with TemporaryDirectory() as folder:
            data = Path(folder)
            people = _people(open_installation(Settings(data=data)), runs)
            mail = {"KAPUT_SMTP_HOST": "127.0.0.1", "KAPUT_SMTP_PORT": str(port)}
            with kaput(data, **mail) as server:
                began = []
                for run, (who, key, project) in enumerate(people):
                    began.append(_storm(server.port, key, project))
                    print(f"posted {run}: {_row(mails, who, began[run])}", flush=True)
                _wait(lambda: all(_counted(mails, who) for who, _, _ in people), DIGEST_SECONDS)
    finally:
        controller.stop()
    for run, (who, _, _) in enumerate(people):
        print(f"told {run}: {_row(mails, who, began[run])}")
    print(_summary(mails, [who for who, _, _ in people], began))


def _row(mails: Mails, who: str, began: float) -> str:
    """Says when a person's first mail came, how many came, and of how many issues they tell."""
    got = mails.to(who)
    first = f"{1000 * (got[0][0] - began):,.0f} ms" if got else "none"
    return f"first mail {first}; mails {len(got)}; told of {_told(mails, who):,} of {ISSUES:,}"


def _summary(mails: Mails, people: list[str], began: list[float]) -> str:
    """Says the slowest first mail, the most mails to one person, and in how many runs all issues were told of."""
    got = [mails.to(who) for who in people]
    slowest = max(taken[0][0] - start if taken else inf for taken, start in zip(got, began, strict=True))
    whole = sum(_told(mails, who) == ISSUES for who in people)
    return (
        f"slowest first mail {1000 * slowest:,.0f} ms; most mails {max(map(len, got))};"
        f" told of all in {whole} of {len(people)} runs"
    )


def _people(installation: Installation, runs: int) -> list[tuple[str, str, int]]:
    """Makes a project with one member for each run; returns address, key and project."""
    made = []
    with installation:
        store = installation.store
        for run in range(runs):
            project = store.projects.add(f"Storm {run}")
            account = store.accounts.add(f"dev{run}@example.org", "correct horse battery", admin=False)
            store.projects.add_member(project.id, account.id)
            made.append((account.email, store.projects.keys(project.id)[0].public, project.id))
    return made


def _storm(port: int, key: str, project: int) -> float:
    """Posts the events evenly over the time; returns when it began."""
    bodies = [_envelope(at) for at in range(0, ISSUES, IN_ENVELOPE)]
    auth = {"X-Sentry-Auth": f"Sentry sentry_key={key}, sentry_version=7, sentry_client=storm/1"}
    began = time.time()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        for number, body in enumerate(bodies):
            time.sleep(max(0.0, began + number * SECONDS / len(bodies) - time.time()))
            try:
                status = _post(connection, project, body, auth)
            except ConnectionError:  # the machine stood still for so long that the connection was closed as idle
                connection.close()
                status = _post(connection, project, body, auth)
            if status != http.client.OK:
                raise SystemExit(f"The server answered {status}.")
    return began


def _post(connection: http.client.HTTPConnection, project: int, body: bytes, headers: dict[str, str]) -> int:
    connection.request("POST", f"/api/{project}/envelope/", body, headers)
    with connection.getresponse() as answer:
        answer.read()
        return answer.status


def _envelope(first: int) -> bytes:
    lines = ["{}"]
    for number in range(first, first + IN_ENVELOPE):
        frame = {"filename": "shop.py", "function": f"price_{number}x", "lineno": 8, "in_app": True}
        value = {"type": f"Error{number}x", "value": "sku", "stacktrace": {"frames": [frame]}}
        event = {"event_id": secrets.token_hex(16), "platform": "python", "exception": {"values": [value]}}
        lines += ['{"type":"event"}', json.dumps(event)]
    return "\n".join(lines).encode()


def _told(mails: Mails, who: str) -> int:
    """Counts the issues that a person was told of: one in each mail, but for digests."""
    counts = [COUNT.search(subject) for _, subject in mails.to(who)]
    return sum(int(count[1].replace(",", "")) if count else 1 for count in counts)


def _counted(mails: Mails, who: str) -> bool:
    return _told(mails, who) >= ISSUES


def _wait(done: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(1.0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)
