"""Sentry's command line, as scripts use it to report that they failed."""

import os
import subprocess
from pathlib import Path

from tests.live.relay import relaying
from tests.live.server import running

ROOT = Path(__file__).parents[2]
SENTRY_CLI = ROOT / ".venv-programs" / "bin" / "sentry-cli"


def test_send_event(tmp_path: Path) -> None:
    """The message is stored once, with what the options say and the log as breadcrumbs, under the printed id."""
    log = tmp_path / "backup.log"
    log.write_text("2026-11-22 10:00:00 copying\n2026-11-22 10:00:01 the disk is full\n")
    said = ("--message", "%s was not written", "--message-arg", "backup.tar", "--level", "fatal")
    source = ("--release", "backup@2.4.1", "--env", "production", "--logfile", str(log))
    about = ("--tag", "host:db-1", "--user", "id:u12", "--extra", "free:0", "--fingerprint", "backup")
    with running(tmp_path / "data") as server, relaying(server.dsn) as relay:
        done = subprocess.run(
            [str(SENTRY_CLI), "send-event", *said, *source, *about],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "SENTRY_DSN": relay.dsn,
                "DATABASE_PASSWORD": "hunter2-secret",
            },
        )
        assert (done.returncode, done.stderr) == (0, ""), [(asked.status, asked.answer) for asked in relay.exchanges]
        stats = server.settle()
        (line,) = server.export()
        (issue,) = server.shell.json("issues")
    (asked,) = relay.exchanges
    assert (stats["accepted"], stats["events"], stats["dead"], asked.status) == (1, 1, 0, 200)
    assert done.stdout.rpartition(" ")[2].strip().replace("-", "") == asked.id == line["event_id"]
    assert (line["level"], line["release"], line["environment"]) == ("fatal", "backup@2.4.1", "production")
    event = line["payload"]
    assert (event["tags"]["host"], event["user"]["id"], event["extra"]["free"]) == ("db-1", "u12", "0")
    assert [crumb["message"].split()[-1] for crumb in event["breadcrumbs"]["values"]] == ["copying", "full"]
    assert event["extra"]["environ"]["DATABASE_PASSWORD"] == "[Filtered]"
    assert event["fingerprint"] == ["backup"]
    assert (issue["title"], issue["count"]) == ("backup.tar was not written", 1)
