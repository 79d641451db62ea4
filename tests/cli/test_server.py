"""`kaput serve`, and the other commands beside it."""

import json
import socket
import time
import urllib.request
from urllib.parse import urlsplit

from tests.cli.shell import Shell

PATIENCE = 60.0


def _send(dsn: str, event: dict[str, object]) -> None:
    parts = urlsplit(dsn)
    request = urllib.request.Request(
        f"http://{parts.hostname}:{parts.port}/api{parts.path}/store/",
        data=json.dumps(event).encode(),
        headers={"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={parts.username}"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        assert response.status == 200


def _wait_for_events(shell: Shell, count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while shell.json("stats")["events"] != count and time.monotonic() < deadline:
        pass


def test_commands_beside_a_running_server(fresh: Shell) -> None:
    """What a client sent to the printed DSN is what the commands show while the server runs; SIGTERM ends it with 0."""
    with fresh.running("serve", "--port", "0") as server:
        assert server.stdout is not None
        listening, dsn, set_up = (server.stdout.readline().rstrip() for _ in range(3))
        address = listening.removeprefix("Kaput is listening on ")
        assert fresh("dsn").stdout == dsn.removeprefix("DSN: ") + "\n"
        assert set_up.startswith(f"Set up your account: {address}/setup?token=")
        _send(dsn.removeprefix("DSN: "), {"event_id": "e" * 32, "message": "the shop is on fire"})
        _wait_for_events(fresh, 1)
        assert [issue["title"] for issue in fresh.json("issues")] == ["the shop is on fire"]
        assert fresh.json("event", "e" * 32)["event_id"] == "e" * 32
        checked = fresh.process("check")
        assert checked.returncode == 0, checked.stdout
        assert f"ok    server: {address} is ready" in checked.stdout
        assert f"ok    DSN: {address} takes events" in checked.stdout
        server.terminate()
        assert server.wait(PATIENCE) == 0
    assert [issue["count"] for issue in fresh.json("issues")] == [1]
    assert fresh("dsn").stdout == dsn.removeprefix("DSN: ") + "\n"
    assert f"warn  server: nothing listens on {address}" in fresh("check").stdout


def test_a_port_in_use(shell: Shell) -> None:
    """A port that another program listens on ends `serve` with 1 and one line that names it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = shell.process("serve", "--port", port)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert port in done.stderr


def test_secrets_have_no_flag(shell: Shell) -> None:
    """Every setting is a flag of `serve`, but a password, which everyone could read, is not."""
    out = shell.process("serve", "--help").stdout
    assert "--smtp-host" in out
    assert "--max-body" in out
    assert "--smtp-password" not in out
