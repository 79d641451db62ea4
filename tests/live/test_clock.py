"""The clock is set back and forward by an hour while a server runs: nobody waits for the hour to come again."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.live.person import Person
from tests.live.poster import Poster, envelope, error_event
from tests.live.server import Server, running, wait_for
from tests.tell.servers import Mailbox, MailServers

EMAIL, PASSWORD = "ada@example.org", "correct horse"
HOUR = 3600
SOON = 60.0


@dataclass(frozen=True)
class ProcessClock:
    """The time of day of a server's processes; timers go on as ever, as they do when a real clock is set."""

    file: Path

    def set(self, seconds: int) -> None:
        """Sets it to the true time and some seconds."""
        new = self.file.with_suffix(".new")
        new.write_text(str(seconds))
        new.rename(self.file)

    @property
    def environment(self) -> dict[str, str]:
        """What has a process follow it."""
        return {"PYTHONPATH": str(Path(__file__).parent / "clock"), "TEST_CLOCK": str(self.file)}


@contextmanager
def telling(folder: Path, servers: MailServers) -> Iterator[tuple[Server, ProcessClock, Mailbox]]:
    """Runs a server with a clock that can be set, an account and a mail server."""
    clock, mailbox = ProcessClock(folder / "clock"), Mailbox()
    clock.set(0)
    port = servers.start(mailbox).port
    mail = {"KAPUT_SMTP_HOST": "127.0.0.1", "KAPUT_SMTP_PORT": str(port)}
    with running(folder / "data", **mail, **clock.environment) as server:
        server.shell("user", "add", EMAIL, "--admin", "--password-stdin", typed=PASSWORD)
        yield server, clock, mailbox


def test_the_clock_is_set(tmp_path: Path, servers: MailServers) -> None:
    """After each jump events are taken, mailed and shown at once, a used-up limit has ended, nobody is logged out."""
    with telling(tmp_path, servers) as (server, clock, mailbox):
        person, poster = Person(server.address), Poster(server.dsn)
        person.log_in(EMAIL, PASSWORD)
        pids = server.pids
        key = server.shell.json("project", "key", "list", "app")[0]["id"]
        limited = server.shell("project", "key", "limit", "app", str(key), "--events", "1", "--seconds", "60")
        assert limited.returncode == 0
        wait_for(lambda: _post(poster, 0) == 429, "there is no limit")
        # Marked as sent, too: of two that wait, the one that is older by the clock goes first.
        wait_for(lambda: server.stats()["notices"]["sent"] == 1, "the first is not told")
        for number, jump in enumerate((-HOUR, HOUR, 0), start=1):
            clock.set(jump)
            wait_for(lambda number=number: _post(poster, number) == 200, "nothing is taken", SOON)  # type: ignore[misc]
            assert _post(poster, number) == 429
            wait_for(lambda number=number: len(mailbox.taken) > number, "no mail came", SOON)  # type: ignore[misc]
            assert f"Broken{number}" in mailbox.subjects[-1]
            assert f"Broken{number}" in person.get("/issues").text
            received = datetime.fromisoformat(server.export()[-1]["received"]).timestamp()
            assert abs(received - time.time() - jump) < SOON
        stats = server.settle()
        assert (stats["events"], stats["issues"], stats["dead"]) == (4, 4, 0)
        assert server.pids == pids


def _post(poster: Poster, number: int) -> int:
    """Posts an event of an issue of its own, and returns the status."""
    event = error_event(f"{number + 1:032x}", exception={"values": [{"type": f"Broken{number}", "value": "x"}]})
    with closing(poster.connect()) as connection:
        return poster.post(connection, envelope(event))[0]
