"""Acknowledged is durable: a short torture, the order of system calls, and what else a server must survive."""

import gzip
import http.client
import json
import re
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from tests.cli.shell import Shell
from tests.live.person import Person
from tests.live.poster import Poster, envelope, error_event
from tests.live.server import running, wait_for
from tests.live.torture import torture

ROUNDS = 9
SEED = 7
LEAST_ACKNOWLEDGED = 100


def test_torture(tmp_path: Path) -> None:
    """Under load processes are killed and segments damaged: what was acknowledged is there once, or accounted for."""
    counts = torture(tmp_path, ROUNDS, SEED)
    assert counts["acknowledged"] >= LEAST_ACKNOWLEDGED
    assert counts["damaged"] >= 1


def test_a_sync_stands_between_append_and_answer(tmp_path: Path) -> None:
    """Strace sees the record written to the segment, then fdatasync of that file, and only then the answer."""
    trace = tmp_path / "trace"
    with running(tmp_path / "data") as server:
        poster = Poster(server.dsn)
        calls = "trace=write,writev,pwrite64,sendto,sendmsg,fdatasync,fsync"
        command = ["strace", "-f", "-s", "64", "-e", calls, "-o", str(trace), "-p", str(server.pids["web"])]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
            assert strace.stderr is not None
            assert "attached" in strace.stderr.readline()
            with closing(poster.connect()) as connection:
                assert poster.post(connection, envelope(error_event("ab" * 16)))[0] == 200
            strace.send_signal(signal.SIGINT)
        lines = trace.read_text().splitlines()
    append = next(n for n, line in enumerate(lines) if re.search(r"write\(\d+, \"\\365KR\\1", line))
    segment = re.search(r"write\((\d+),", lines[append])
    assert segment is not None
    sync = next(n for n, line in enumerate(lines) if f"fdatasync({segment[1]})" in line)
    answer = next(n for n, line in enumerate(lines) if "HTTP/1.1 200" in line)
    assert append < sync < answer


def test_clients_wait_while_the_web_process_is_started_again(tmp_path: Path) -> None:
    """While no web process lives, a connection is neither refused nor lost: it is answered when the next one is up."""
    with running(tmp_path) as server:
        poster = Poster(server.dsn)
        server.kill("web")
        with closing(poster.connect()) as connection:
            assert poster.post(connection, envelope(error_event("cd" * 16)))[0] == 200


def test_a_client_that_goes_in_mid_body_leaves_nothing(tmp_path: Path) -> None:
    """Half a body and then nothing: no event, a counted drop, and the server goes on."""
    with running(tmp_path) as server:
        poster = Poster(server.dsn)
        key = poster.dsn.split("//")[1].split("@")[0]
        connection = poster.connect()
        connection.putrequest("POST", f"/api/1/envelope/?sentry_key={key}")
        connection.putheader("Content-Length", "5000")
        connection.endheaders()
        connection.send(envelope(error_event("ef" * 16)))
        connection.close()
        wait_for(lambda: server.stats()["dropped"].get("client_gone") == 1, "the drop is not counted")
        assert server.stats()["accepted"] == 0
        with closing(poster.connect()) as other:
            assert poster.post(other, envelope(error_event("ef" * 16)))[0] == 200


def test_the_database_locked_by_another_program_delays_nothing_but_the_page(tmp_path: Path) -> None:
    """While another program holds the database, events are accepted and pages shown; then all is digested, once."""
    with running(tmp_path) as server:
        server.shell("user", "add", "ada@example.org", "--admin", "--password-stdin", typed="correct horse")
        poster, person = Poster(server.dsn), Person(server.address)
        with closing(poster.connect()) as connection:
            assert poster.post(connection, envelope(error_event("ab" * 16)))[0] == 200
        server.settle()
        with closing(sqlite3.connect(tmp_path / "kaput.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with closing(poster.connect()) as connection:
                for number in range(20):
                    assert poster.post(connection, envelope(error_event(f"{number:032x}")))[0] == 200
            assert person.log_in("ada@example.org", "correct horse").status == 200
            assert "KeyError" in person.get("/issues/APP-1").text
            # It waits for the lock as long as a write does, so that the worker has to try again.
            refused = person.send("/issues/APP-1/decision", "/issues/APP-1", decision="resolved")
            assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
            assert "Another program holds the database" in refused.text
            other.execute("ROLLBACK")
        stats = server.settle()
        assert stats["events"] == 21, stats
        assert person.send("/issues/APP-1/decision", "/issues/APP-1", decision="resolved").status == 200


def test_every_bad_request_is_a_clear_refusal(tmp_path: Path) -> None:
    """Wrong key, unknown project, no envelope, wrong encoding, a bomb, too deep: each a 4xx that says why."""
    deep = json.dumps({"event_id": "ab" * 16}).encode()[:-1] + b',"extra":' + b"[" * 5000 + b"]" * 5000 + b"}"
    bomb = _zeros_as_gzip(200 * 1024**2)
    with running(tmp_path) as server:
        poster = Poster(server.dsn)
        path = f"/api/1/envelope/?sentry_key={poster.dsn.split('//')[1].split('@')[0]}"
        cases: list[tuple[str, bytes, dict[str, str], int]] = [
            ("/api/1/envelope/?sentry_key=" + "0" * 32, b"{}", {}, 403),
            ("/api/1/envelope/", b"{}", {}, 401),
            (path.replace("/1/", "/77/"), b"{}", {}, 403),
            (path, b"no envelope", {}, 400),
            (path, b"x", {"Content-Encoding": "rot13"}, 415),
            (path, b"no gzip", {"Content-Encoding": "gzip"}, 400),
            (path, bomb, {"Content-Encoding": "gzip"}, 413),
            (path, b'{}\n{"type":"event"}\n' + deep, {}, 400),
            (path, b'{}\n{"type":"event"}\n[1]', {}, 400),
        ]
        for where, body, headers, status in cases:
            with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
                connection.request("POST", where, body, headers)
                answer = connection.getresponse()
                detail = json.loads(answer.read())["detail"]
                assert (status, True) == (answer.status, bool(detail)), where
        assert server.stats()["accepted"] == 0


def test_odd_but_readable_events_are_kept(tmp_path: Path) -> None:
    """NaN, lone surrogates, fields of any type, two events in one envelope: kept; the same event twice: once."""
    nan = b'{"event_id":"' + b"0a" * 16 + b'","extra":{"ratio":NaN,"half":"\\ud800"},"level":["x"],"tags":7}'
    typed = dict.fromkeys(("exception", "user", "request", "breadcrumbs", "contexts", "tags", "sdk", "modules"), 7)
    with running(tmp_path) as server:
        poster = Poster(server.dsn)
        with closing(poster.connect()) as connection:
            assert poster.post(connection, b'{}\n{"type":"event"}\n' + nan)[0] == 200
            two = envelope(error_event("0b" * 16), {"event_id": "0c" * 16, **typed})
            assert poster.post(connection, two)[0] == 200
            assert poster.post(connection, two)[0] == 200
        stats = server.settle()
        assert tuple(stats[n] for n in ("accepted", "events", "dead", "dropped")) == (5, 3, 0, {"duplicate": 2})
        assert {"0a" * 16, "0b" * 16, "0c" * 16} == {line["event_id"] for line in server.export()}


def _zeros_as_gzip(size: int) -> bytes:
    return gzip.compress(bytes(size), 9)


def test_a_server_that_is_ready_has_noted_its_address(tmp_path: Path) -> None:
    """From the first 200 on `kaput dsn` names the port of this start, not that of the last one."""
    shell = Shell(tmp_path / "data")
    ports = []
    for _ in range(2):
        with running(tmp_path / "data") as server:
            ports.append(f":{server.port}/1\n")
            assert shell("dsn").stdout.endswith(ports[-1])
    assert ports[0] != ports[1]
