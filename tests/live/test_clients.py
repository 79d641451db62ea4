"""Real clients report to a real server; what they sent is on the command line, and a mail is out within a second."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from kaput.serve.sieve import STALE_SECONDS
from tests.live.server import Server, run_program, running, wait_for
from tests.stalls import Stopwatch
from tests.tell.servers import Mailbox, MailServers

RAVEN = Path(__file__).parents[2] / ".venv-raven" / "bin" / "python"


def test_fifty_equal_exceptions_are_one_issue_and_one_mail(tmp_path: Path, servers: MailServers) -> None:
    """The mail is out within a second of the first exception; the event holds the locals and not the password."""
    mailbox = Mailbox()
    port = servers.start(mailbox).port
    with running(tmp_path, KAPUT_SMTP_HOST="127.0.0.1", KAPUT_SMTP_PORT=str(port)) as server:
        added = server.shell("user", "add", "dev@example.org", "--admin", "--password-stdin", typed="correct horse\n")
        assert added.returncode == 0
        dsn = server.dsn
        watch = Stopwatch()
        raised = float(run_program("equal_errors.py", dsn, "50"))
        wait_for(lambda: len(mailbox.taken) > 0, "no mail came")
        assert mailbox.subjects == ["[App] KeyError: 'sku-9' in price"]
        assert mailbox.times[0] - raised - watch.stalls < 1.0
        stats = server.settle()
        assert tuple(stats[name] for name in ("accepted", "digested", "pending", "dead")) == (50, 50, 0, 0)
        (issue,) = server.shell.json("issues")
        assert (issue["title"], issue["count"], issue["users"]) == ("KeyError: 'sku-9'", 50, 1)
        exported = server.export()
        assert len({line["event_id"] for line in exported}) == 50
        frame = exported[0]["payload"]["exception"]["values"][0]["stacktrace"]["frames"][-1]
        assert "'sku-9'" in str(frame["vars"]["cart"])
        assert "hunter2" not in str(exported)
        wait_for(lambda: server.stats()["notices"]["pending"] == 0, "something is still to be told")
        assert (len(mailbox.taken), server.stats()["notices"]["sent"]) == (1, 1)


@pytest.mark.parametrize("form", ["direct", "factory"])
def test_raven_reports_with_stack_and_locals(tmp_path: Path, form: str) -> None:
    """`Sentry(app, dsn=...)` and `sentry.init_app(app)` make one issue each, with stack, locals and the request."""
    with running(tmp_path) as server:
        secret = server.dsn.replace("@", ":old-secret@")  # raven wants the secret that DSNs once had
        assert run_program("raven_shop.py", form, secret, python=str(RAVEN)).strip() == "500"
        server.settle()
        (issue,) = server.shell.json("issues")
        assert (issue["title"], issue["count"]) == ("ZeroDivisionError: division by zero", 1)
        (event,) = server.export()
        frames = event["payload"]["exception"]["values"][0]["stacktrace"]["frames"]
        assert (frames[-1]["function"], frames[-1]["in_app"]) == ("fail", True)
        assert "items" in str(frames[-1]["vars"]["basket"])
        assert "/pay" in event["payload"]["request"]["url"]


def test_the_command_line_gives_what_the_page_shows(tmp_path: Path) -> None:
    """`issues`, `issue`, `events`, `event`, `export` and `stats` agree with each other and with the metrics."""
    with running(tmp_path) as server:
        run_program("equal_errors.py", server.dsn, "3")
        stats = server.settle()
        (issue,) = server.shell.json("issues")
        events = server.shell.json("events", issue["short_id"])
        assert [issue["count"]] * 2 == [len(events), stats["events"]]
        assert {line["event_id"] for line in server.export()} == {event["event_id"] for event in events}
        one = server.shell.json("event", events[0]["event_id"])
        assert one["event_id"] == events[0]["event_id"]
        assert "kaput_events_accepted_total 3.0" in server.get("/metrics")[1]


def test_a_second_client_is_another_issue_of_the_same_project(tmp_path: Path) -> None:
    """Different failures are different issues, and a search finds one of them."""
    with running(tmp_path) as server:
        run_program("equal_errors.py", server.dsn, "1")
        run_program("raven_shop.py", "direct", server.dsn.replace("@", ":s@"), python=str(RAVEN))
        server.settle()
        assert len(server.shell.json("issues")) == 2
        (found,) = server.shell.json("issues", "--query", "division")
        assert found["type"] == "ZeroDivisionError"


def test_a_first_start_prints_how_to_begin(tmp_path: Path) -> None:
    """Address, DSN and the set-up link, one a line; the link opens, and `user add` ends it."""
    with running(tmp_path / "data") as server:
        listening, dsn, link = server.begin()
        assert f"Kaput is listening on {server.address}" == listening
        assert f"DSN: {server.dsn}" == dsn
        assert dsn.endswith("/1")
        path = link.removeprefix(f"Set up your account: {server.address}")
        assert path.startswith("/setup?token=")
        status, page = server.get(path)
        assert (status, "<form" in page) == (200, True)
        server.shell("user", "add", "dev@example.org", "--admin", "--password-stdin", typed="correct horse\n")
        assert "<form" not in server.get(path)[1] or "login" in server.get(path)[1].lower()


def _loading_the_libraries() -> float:
    """Returns the seconds that an interpreter takes to load what the web process is made of."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import uvicorn, uvloop, httptools, sqlalchemy, msgspec"], check=True)
    return time.monotonic() - began


def _resident(server: Server) -> int:
    """Returns the resident memory of the tree in kB."""
    total = 0
    for pid in server.pids.values():
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        total += next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    return total


def test_it_starts_soon_and_idles_small(tmp_path: Path) -> None:
    """Ready within 2 s on an empty directory and within 1 s later (best of three each); the tree idles under 130 MB.

    On a slow machine the bound is what loading the libraries alone takes there, doubled.
    """
    fresh, later = [], []
    for number in range(3):
        floor = _loading_the_libraries()
        with running(tmp_path / str(number)) as server:
            fresh.append(server.ready_after / max(2.0, 4 * floor))
            assert server.stop() == 0
            server.start()
            later.append(server.ready_after / max(1.0, 2 * floor))
            assert server.get("/login")[0] == 200
            assert _resident(server) < 130_000
    assert min(fresh) < 1
    assert min(later) < 1


def test_a_client_backs_off_at_the_limit_of_its_key(tmp_path: Path) -> None:
    """Of ten events three are kept; the fourth is refused, and the client sends no more of them."""
    with running(tmp_path) as server:
        (key,) = server.shell.json("project", "key", "list", "1")
        limit = ("--events", "3", "--seconds", "300")
        assert server.shell("project", "key", "limit", "1", key["key"], *limit).returncode == 0
        server.stop()
        server.start()  # so that it is known, without an event that it would count
        run_program("one_by_one.py", server.dsn, "10")
        stats = server.settle()
        assert (stats["accepted"], stats["events"]) == (3, 3)
        # What was refused is noted in the spool a moment after the answer.
        wait_for(lambda: server.stats()["dropped"].get("rate_limited") == 1, "not one event is refused")


def test_what_a_filter_leaves_out_is_digested_and_counted(tmp_path: Path) -> None:
    """A filter holds within a second: its events are accepted, digested, counted and not stored; no mail, no issue."""
    with running(tmp_path) as server:
        dsn = server.dsn
        assert server.shell("project", "filter", "set", "1", "error_types", "Key*").returncode == 0
        time.sleep(STALE_SECONDS)  # the last filters are used no longer than that, however busy the machine is
        run_program("equal_errors.py", dsn, "5")
        run_program("one_by_one.py", dsn, "1")
        stats = server.settle()
        assert tuple(stats[name] for name in ("accepted", "digested", "pending", "dead", "events")) == (6, 6, 0, 0, 1)
        assert stats["dropped"]["filter:error_types"] == 5
        (issue,) = server.shell.json("issues")
        assert (issue["title"], issue["count"]) == ("message 0", 1)


def test_what_a_client_leaves_out_is_counted(tmp_path: Path) -> None:
    """Events that `before_send` took away show up as such in the counts, and in no other."""
    with running(tmp_path) as server:
        run_program("discarding.py", server.dsn, "3")
        wait_for(lambda: server.stats()["dropped"] == {"client:before_send": 3}, "no client report came")
        stats = server.stats()
        assert tuple(stats[name] for name in ("accepted", "digested", "events")) == (0, 0, 0)
