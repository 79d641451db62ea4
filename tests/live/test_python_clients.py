"""Clients in Python, current and old: what they send is stored as they mean it, whatever way they send it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.relay import relaying
from tests.live.server import PROGRAMS, run_program, running

ROOT = Path(__file__).parents[2]
CURRENT = sys.executable
FIRST = str(ROOT / ".venv-sentry1" / "bin" / "python")
RAVEN = str(ROOT / ".venv-raven" / "bin" / "python")


@pytest.mark.parametrize(
    ("python", "compression", "path", "encoding"),
    [
        pytest.param(CURRENT, [], "envelope", "br", id="current"),  # brotli can be imported there, so it is used
        pytest.param(CURRENT, ["gzip"], "envelope", "gzip", id="current-gzip"),
        pytest.param(FIRST, [], "store", "gzip", id="1.45.1"),
    ],
)
def test_a_shop_with_sentry_sdk(tmp_path: Path, python: str, compression: list[str], path: str, encoding: str) -> None:
    """The event is stored once with all that the SDK knows of it, and its sessions and reports do no harm."""
    with running(tmp_path) as server, relaying(server.dsn) as relay:
        event_id, status = run_program("flask_shop.py", relay.dsn, *compression, python=python).split()
        stats = server.settle()
        (line,) = server.export()
        (issue,) = server.shell.json("issues")
    error, *others = relay.exchanges
    assert (error.path, error.headers["content-encoding"]) == (f"/api/1/{path}/", encoding)
    assert (status, error.status, error.id, line["event_id"]) == ("500", 200, event_id, event_id)
    assert {other.status for other in others} == {200}
    assert {item for other in others for item in other.items} == {"sessions", "client_report"}
    assert tuple(stats[name] for name in ("accepted", "digested", "pending", "dead", "events")) == (1, 1, 0, 0, 1)
    assert (line["level"], line["release"], line["environment"]) == ("fatal", "shop@2.4.1", "production")
    event = line["payload"]
    assert (event["user"]["id"], event["tags"]["checkout"]) == ("u12", "express")
    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == ["added sku-9"]
    assert (event["request"]["url"], event["request"]["query_string"]) == ("http://localhost/pay", "basket=7")
    (exception,) = event["exception"]["values"]
    frames = exception["stacktrace"]["frames"]
    assert (exception["type"], exception["value"], exception["mechanism"]["handled"]) == ("KeyError", "'sku-9'", False)
    assert [frame["function"] for frame in frames if frame.get("in_app")] == ["pay", "price"]
    assert (frames[-1]["context_line"], frames[-1]["vars"]["cart"]) == (
        '    return prices[cart["sku"]]',
        {"sku": "'sku-9'"},
    )
    assert (issue["title"], issue["culprit"], issue["count"]) == ("KeyError: 'sku-9'", "price in flask_shop.py", 1)


def test_a_shop_with_raven(tmp_path: Path) -> None:
    """Raven gets the id that is stored, for an exception that it caught and for a message, each once."""
    with running(tmp_path) as server, relaying(server.dsn.replace("@", ":old-secret@")) as relay:
        printed = run_program("raven_ids.py", relay.dsn, python=RAVEN).split()
        stats = server.settle()
        stored = {line["event_id"]: line for line in server.export()}
    asked = relay.exchanges
    assert [exchange.id for exchange in asked] == printed
    assert {(exchange.path, exchange.headers["content-encoding"]) for exchange in asked} == {
        ("/api/1/store/", "deflate")
    }
    assert (stats["accepted"], stats["events"], list(stored)) == (2, 2, printed)
    error, message = (stored[event_id] for event_id in printed)
    assert (error["level"], message["level"]) == ("error", "warning")
    event = error["payload"]
    assert (event["user"]["id"], event["tags"]["checkout"], error["release"]) == ("u12", "express", "2.4.1")
    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == ["added sku-9"]
    (exception,) = event["exception"]["values"]
    frames = exception["stacktrace"]["frames"]
    assert (exception["type"], frames[-1]["function"]) == ("KeyError", "price")
    assert message["payload"]["logentry"]["message"] == "%s is sold out"
    assert (
        message["payload"]["logentry"]["formatted"] == "'sku-9' is sold out"
    )  # it repeats each parameter as Python does


def test_a_client_lives_through_a_restart_and_sends_megabytes(tmp_path: Path) -> None:
    """One process reports before and after the server was away; texts that no client cuts are kept, trimmed."""
    with running(tmp_path) as server, relaying(server.dsn) as relay:
        command = [sys.executable, str(PROGRAMS / "waiting.py"), relay.dsn]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
            assert client.stdin is not None
            assert client.stdout is not None
            printed = []
            for length in (20, 2_000_000):
                client.stdin.write(f"{length}\n")
                client.stdin.flush()
                printed.append(client.stdout.readline().strip())
                if length == 20:
                    assert server.stop() == 0
                    server.start()
            client.stdin.close()
        stats = server.settle()
        stored = {line["event_id"]: line["payload"] for line in server.export()}
    assert [len(exchange.plain) > 2_000_000 for exchange in relay.exchanges if "event" in exchange.items] == [
        False,
        True,
    ]
    assert (list(stored), stats["accepted"], stats["dead"]) == (printed, 2, 0)
    short, long = (stored[event_id] for event_id in printed)
    assert short["logentry"]["formatted"] == "x" * 20
    assert 1_000 < len(long["logentry"]["formatted"]) <= 8_192
    assert "trimmed" in str(long["errors"])
