"""Thresholds and storms by a whole server and a mail server: on the event, across kills, and never a flood."""

import re
import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.live.poster import Poster, envelope, error_event
from tests.live.server import Server, running, wait_for
from tests.stalls import Stopwatch
from tests.tell.servers import Mailbox, MailServers

STORM = 1500
IN_ENVELOPE = 50


@contextmanager
def alerting(path: Path, servers: MailServers) -> Iterator[tuple[Server, Mailbox]]:
    """Runs a server with one admin, whose mails arrive in a mailbox."""
    mailbox = Mailbox()
    port = servers.start(mailbox).port
    with running(path, KAPUT_SMTP_HOST="127.0.0.1", KAPUT_SMTP_PORT=str(port)) as server:
        server.begin()
        added = server.shell("user", "add", "dev@example.org", "--admin", "--password-stdin", typed="correct horse\n")
        assert added.returncode == 0
        yield server, mailbox


def post(server: Server, dsn: str, events: list[dict[str, Any]]) -> None:
    """Posts events, some in each envelope."""
    poster = Poster(dsn)
    with closing(poster.connect()) as connection:
        for at in range(0, len(events), IN_ENVELOPE):
            assert poster.post(connection, envelope(*events[at : at + IN_ENVELOPE]))[0] == 200, server.address


def same(count: int) -> list[dict[str, Any]]:
    """Events of one issue."""
    return [error_event(secrets.token_hex(16)) for _ in range(count)]


def different(count: int) -> list[dict[str, Any]]:
    """Events of as many issues."""
    made = []
    for number in range(count):
        event = error_event(secrets.token_hex(16))
        (value,) = event["exception"]["values"]
        value["type"] = f"Error{number}x"
        value["stacktrace"]["frames"][0] |= {"function": f"price_{number}x", "context_line": f"fail_{number}x()"}
        made.append(event)
    return made


def test_the_hundredth_event_across_a_kill(tmp_path: Path, servers: MailServers) -> None:
    """The 100th event in 5 minutes mails within a second, the 99th does not, with a kill -9 after the 60th."""
    with alerting(tmp_path, servers) as (server, mailbox):
        dsn = server.dsn
        post(server, dsn, same(60))
        # Marked as sent, too: a mail whose mark a kill prevents goes again.
        wait_for(lambda: server.stats()["notices"]["sent"] == 1, "the new issue is not told")
        server.kill_all()
        server.start()
        post(server, dsn, same(39))
        server.settle()
        assert server.stats()["notices"] == {"sent": 1, "pending": 0, "failed": 0}
        began, watch = time.time(), Stopwatch()
        post(server, dsn, same(1))
        wait_for(lambda: len(mailbox.taken) == 2, "the hundredth is not told")
        assert "100 in 5 min: KeyError" in mailbox.subjects[1]
        assert mailbox.times[1] - began - watch.stalls < 1
        post(server, dsn, same(50))
        server.settle()
        assert server.stats()["notices"] == {"sent": 2, "pending": 0, "failed": 0}


def test_a_storm(tmp_path: Path, servers: MailServers) -> None:
    """Of 1,500 new issues three are mailed at once, the first within a second, and all others wait to be counted."""
    with alerting(tmp_path, servers) as (server, mailbox):
        dsn = server.dsn
        began, watch = time.time(), Stopwatch()
        post(server, dsn, different(STORM))
        wait_for(lambda: len(mailbox.taken) == 3, "the first three are not told")
        assert mailbox.times[0] - began - watch.stalls < 1
        assert server.settle()["issues"] == STORM
        notices = server.stats()["notices"]
        assert (notices["sent"], notices["pending"], len(mailbox.taken)) == (3, STORM - 3, 3)
        assert all(re.fullmatch(r"\[App\] Error\d+x: 'sku-9' in price_\d+x", subject) for subject in mailbox.subjects)
