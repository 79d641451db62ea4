"""The tracker inside an application under gunicorn, while its workers are killed."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from tests.live.gunicorn import Site, serving
from tests.live.person import Person
from tests.live.server import PATIENCE, PROGRAMS, free_port, wait_for
from tests.stalls import Stopwatch
from tests.tell.servers import Mailbox, MailServers

ENTER = re.compile(r"you get in by http://127\.0\.0\.1:\d+/kaput(/enter\?token=\w+)")
WORKERS = 4
CLIENTS = 4
KILLS = 6
THRESHOLD = 100  # events in 5 minutes of which a new project tells its members once
LATEST_LEAD = 5.0
"""Seconds after which a process leads again, at the latest; a quarter of one and the load of its code when idle."""


class Customers:
    """Clients that call the failing view, each order once.

    Attributes:
        told: orders whose failure was answered; every other one was cut off by a kill.
    """

    def __init__(self, site: Site) -> None:
        self.told: set[str] = set()
        self._site = site
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._pay, args=(number,)) for number in range(CLIENTS)]

    def __enter__(self) -> "Customers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _pay(self, number: int) -> None:
        count = 0
        while not self._stopped.is_set():
            order = f"{number}{count:06d}"
            count += 1
            if self._site.get(f"/pay/{order}")[0] == 500:
                self.told.add(order)
            time.sleep(0.005)


class Watching:
    """Looks who leads, all the time.

    Attributes:
        most: of those who led at one moment.
        longest: seconds in which nobody led, but for the machine's stalls.
        leaders: all of them.
    """

    def __init__(self, site: Site) -> None:
        self.most, self.longest, self.leaders = 0, 0.0, set[int]()
        self._site = site
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Watching":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        watch = Stopwatch()
        while not self._stopped.wait(0.01):
            found = self._site.leaders()
            self.longest = max(self.longest, watch.seconds)
            if found:
                self.most, watch = max(self.most, len(found)), Stopwatch()
                self.leaders.update(found)


@pytest.mark.parametrize("options", [(), ("--preload", "--threads", "4")], ids=["sync", "preload-threads"])
def test_killed_workers(tmp_path: Path, servers: MailServers, options: tuple[str, ...]) -> None:
    """Each failure that was answered is stored once, one process leads, the page answers, and one mail goes out."""
    mailbox = Mailbox()
    mail = str(servers.start(mailbox).port)
    chance = random.Random(5)
    settings = {"SHOP_MAIL": mail, "KAPUT_RETENTION_EVENTS_PER_ISSUE": "0"}
    with serving(tmp_path / "i", "embedded_shop:app", "--workers", str(WORKERS), *options, **settings) as site:
        wait_for(lambda: len({site.get("/")[1] for _ in range(20)}) == WORKERS, "not all workers answer")
        wait_for(lambda: Person(f"{site.address}/kaput").get("/login").status == 200, "the page does not answer")
        assert site.get("/pay/0")[0] == 500
        # Marked as sent, too: a mail whose mark a kill prevents goes again.
        wait_for(lambda: site.stats()["notices"]["sent"] == 1, "no mail came")
        with Customers(site) as customers, Watching(site) as watching:
            for _ in range(KILLS):
                time.sleep(0.4)
                leading = site.leaders()
                victim = chance.choice(leading or site.workers())
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
                wait_for(lambda: bool(site.leaders()), "nobody leads")
                wait_for(lambda: Person(f"{site.address}/kaput").get("/login").status == 200, "the page is gone")
        wait_for(lambda: site.stats()["pending"] == 0, "events are still pending")
        lines = [line["payload"]["exception"]["values"][-1]["value"] for line in exported(site)]
        (issue,) = site.shell.json("issues")
        stats = site.stats()
    stored = Counter(line.removeprefix("no price for order ") for line in lines)
    assert customers.told, "nothing failed"
    assert customers.told - set(stored) == set()
    assert [order for order, count in stored.items() if count > 1] == []
    assert (stats["accepted"], stats["digested"], stats["dead"]) == (len(lines), len(lines), 0)
    assert (issue["title"].partition(":")[0], issue["count"]) == ("ValueError", len(lines))
    assert (watching.most, len(watching.leaders) > 2, watching.longest < LATEST_LEAD) == (1, True, True)
    new = [message for message in mailbox.taken if " in 5 min: " not in message["Subject"]]
    assert [(message["To"], "ValueError" in message["Subject"]) for message in new] == [("ops@example.org", True)]
    # A sender that is killed between the mail server's answer and its note sends again, under the same id.
    assert len({message["Message-ID"] for message in mailbox.taken if message not in new}) == (len(lines) >= THRESHOLD)


def exported(site: Site) -> list[dict[str, dict[str, dict[str, list[dict[str, str]]]]]]:
    """Returns the stored events."""
    done = site.shell("export")
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_commands_and_the_parent_of_the_reloader_lead_nothing(tmp_path: Path) -> None:
    """A command writes nothing; under the reloader the process that answers leads, and its console has a link in."""
    folder = tmp_path / "instance"
    folder.mkdir()
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SHOP_FOLDER": str(folder)}
    command = [sys.executable, "-m", "flask", "--app", "embedded_shop"]
    subprocess.run([*command, "routes"], cwd=PROGRAMS, env=environment, check=True, capture_output=True, timeout=60)
    assert list(folder.iterdir()) == []
    log = tmp_path / "log"
    with log.open("wb") as out:
        run = ["run", "--debug", "--port", str(port)]
        process = subprocess.Popen(
            [*command, *run], cwd=PROGRAMS, env=environment, stdout=out, stderr=out, start_new_session=True
        )
    site = Site(folder, port, process, log)
    try:
        wait_for(lambda: site.get("/")[0] == 200, "the development server does not answer")
        answering = int(site.get("/")[1])
        wait_for(lambda: site.leaders() == [answering], "the process that answers does not lead")
        assert process.pid != answering
        wait_for(lambda: ENTER.search(log.read_text()) is not None, "no link is in the console")
        found = ENTER.search(log.read_text())
        assert found is not None
        site.shell("user", "add", "ada@example.org", "--admin", "--password-stdin", typed="correct horse battery\n")
        person = Person(f"http://127.0.0.1:{port}/kaput")
        assert "ada@example.org" not in person.get("/account").text
        assert person.get(found[1]).status == 200
        assert "ada@example.org" in person.get("/account").text
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE)
        wait_for(lambda: not site.leaders(), "a process is left behind")
