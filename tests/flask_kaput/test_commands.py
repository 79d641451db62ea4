"""`flask kaput check` and `flask kaput test-error`: what they say, and what they leave alone."""

import json
import logging
import os
import pwd
import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import trustme
from click.testing import CliRunner
from flask import Flask
from flask.cli import FlaskGroup

from flask_kaput import Kaput, state_of
from flask_kaput.check import writable
from flask_kaput.log_file import lock_of
from tests.flask_kaput.applications import application
from tests.flask_kaput.receiver import receiving
from tests.live.server import Server
from tests.tell.servers import Mailbox, MailServers

KEY = "0123456789abcdef0123456789abcdef"


def run(app: Flask, *words: str, debug: bool = False) -> tuple[int, str]:
    """Runs a command of the application; returns its exit code and its lines."""
    result = app.test_cli_runner().invoke(args=["kaput", *words], env={"FLASK_DEBUG": str(int(debug))})
    return result.exit_code, result.output


def test_all_is_well_where_it_is(tmp_path: Path) -> None:
    """With a real server, a log and a key everything is found ok, and the user is named."""
    server = Server(tmp_path / "data")
    server.start()
    try:
        settings: dict[str, Any] = {"dsn": server.dsn, "spool": tmp_path / "spool", "log_file": tmp_path / "shop.log"}
        with application(config={"SECRET_KEY": KEY}, **settings) as app:
            code, output = run(app, "check")
            wrong = server.dsn.replace("http://", "http://x")
        assert (code, [line for line in output.splitlines() if not line.startswith("ok ")]) == (0, [])
        assert f"uid {os.geteuid()}" in output
        with application("other", config={"SECRET_KEY": KEY}, **{**settings, "dsn": wrong}) as app:
            code, output = run(app, "check")
        assert (code, "it refuses the key (" in output) == (1, True)
    finally:
        server.stop()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_what_is_wrong_is_said_all_at_once(tmp_path: Path) -> None:
    """Debug mode, a key of a tutorial, a folder that is none and a server that is not there are one answer."""
    (tmp_path / "file").touch()
    with application(
        config={"SECRET_KEY": "dev"}, dsn="http://key@127.0.0.1:1/1", log_file=tmp_path / "file" / "shop.log"
    ) as app:
        code, output = run(app, "check", debug=True)
    assert code == 1
    errors = [line for line in output.splitlines() if line.startswith("error")]
    assert [line.split()[1] for line in errors] == ["log", "server", "debugger", "SECRET_KEY"]
    assert "is no folder" in errors[0]
    assert "it cannot be reached" in errors[1]
    assert "KEY@" not in output.upper()


def test_wrong_settings_end_a_command_with_their_sentences() -> None:
    """What keeps the application from being set up is said line by line, without a traceback."""

    def create() -> Flask:
        app = Flask("shop")
        Kaput(app, dsn="nonsense", log_file_keep=0)
        return app

    done = CliRunner().invoke(FlaskGroup(create_app=create), ["kaput", "check"])
    first, second = done.output.splitlines()
    assert (done.exit_code, first[:26], second[:24]) == (1, "Error: KAPUT_DSN is no DSN", "KAPUT_LOG_FILE_KEEP is 0")


def test_the_user_of_the_deployment_is_what_counts() -> None:
    """What this user may not write is told with its owner and its rights, and what it may not even see."""
    with TemporaryDirectory() as name:
        open_, closed = Path(name, "open"), Path(name, "closed")
        file, hidden = open_ / "shop.log", closed / "shop.log"
        for folder, log in ((open_, file), (closed, hidden)):
            folder.mkdir()
            log.touch()
            log.chmod(0o444)
        Path(name).chmod(0o755)
        closed.chmod(0o000)
        texts = as_nobody(lambda: [writable("log file", path, "KAPUT_LOG_FILE").text for path in (file, hidden)])
        closed.chmod(0o755)
    advice = "Give it to this user, or change KAPUT_LOG_FILE."
    owner = pwd.getpwuid(os.geteuid()).pw_name
    assert texts == [
        f"{path} cannot be written ({place}: permission denied; it belongs to {owner}, mode {mode}). {advice}"
        for path, place, mode in ((file, file, "444"), (hidden, closed, "0"))
    ]


def test_the_lock_of_the_log_counts(tmp_path: Path) -> None:
    """What the user of an earlier command left beside the log may keep this one from writing it."""
    file = tmp_path / "shop.log"
    with application(log_file=file, config={"SECRET_KEY": KEY}) as app:
        app.logger.warning("makes the log")
        assert run(app, "check")[0] == 0
        lock_of(file).unlink()
        os.mkfifo(lock_of(file))  # nobody reads it: no rights are needed to have it refuse
        code, output = run(app, "check")
        lock_of(file).unlink()
    assert (code, f"error    log lock    {lock_of(file)} cannot be written" in output) == (1, True)


def test_another_place_for_the_spool_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the instance folder cannot be written events wait elsewhere, which is said; nowhere at all is an error."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KAPUT_SPOL", "1")
    app = Flask("shop", instance_path=str(tmp_path / "file"))
    with receiving() as receiver:
        Kaput(app, dsn=receiver.dsn)
        code, output = run(app, "check")
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
        nowhere, _ = run(app, "check")
        state_of(app).close()
    assert (code, nowhere) == (0, 1)
    assert f"Until then events wait in {tmp_path / 'home' / 'kaput'}" in output
    assert "warning  settings    KAPUT_SPOL: no settings of Kaput." in output


def test_a_syslog_is_reached(tmp_path: Path) -> None:
    """A syslog that does not listen is an error, where that can be known."""
    path = str(tmp_path / "log")
    found = {}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        for address in (path, "tcp://127.0.0.1:1", "udp://127.0.0.1:1"):
            with application(config={"SECRET_KEY": KEY}, log_syslog=address) as app:
                found[address] = run(app, "check")[0]
        server.bind(path)
        with application(config={"SECRET_KEY": KEY}, log_syslog=path) as app:
            assert run(app, "check")[0] == 0
    assert found == {path: 1, "tcp://127.0.0.1:1": 1, "udp://127.0.0.1:1": 0}


def as_nobody(ask: Callable[[], list[str]]) -> list[str]:
    """Returns what a function answers in a process without rights; root has them all."""
    told, hear = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            os.write(hear, json.dumps(ask()).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(hear)
    with os.fdopen(told, "rb") as answer:
        texts: list[str] = json.loads(answer.read())
    return texts


def test_mail_is_tried(tmp_path: Path) -> None:
    """A check logs in at the mail server, and sends a mail to each of ADMINS when asked."""
    with ExitStack() as stack:
        mailbox = Mailbox()
        mail = MailServers(trustme.CA(), stack).start(mailbox)
        config = {"SECRET_KEY": KEY, "ADMINS": ["a@example.org", "b@example.org"], "MAIL_SERVER": "127.0.0.1"}
        options: dict[str, Any] = {"dsn": "", "log_file": tmp_path / "log"}
        with application(config={**config, "MAIL_PORT": mail.port}, **options) as app:
            code, output = run(app, "check")
            assert (code, "lets us in" in output, mailbox.subjects) == (0, True, [])
            code, output = run(app, "check", "--mail")
            assert (code, len(mailbox.subjects)) == (0, 2)
        stack.pop_all().close()
        with application("away", config={**config, "MAIL_PORT": mail.port}, **options) as app:
            code, output = run(app, "check")
        assert (code, f"error    mail        127.0.0.1:{mail.port}" in output) == (1, True)


@pytest.mark.parametrize("debug", [False, True])
def test_a_test_error_takes_every_way(tmp_path: Path, capsys: pytest.CaptureFixture[str], *, debug: bool) -> None:
    """It is reported, and logged where Flask logs errors; the output says where, and the application goes on."""
    asked = []
    with receiving() as receiver:
        settings: dict[str, Any] = {"dsn": receiver.dsn, "spool": tmp_path / "spool", "log_file": tmp_path / "shop.log"}
        with application(log_json=True, **settings) as app:
            app.before_request(lambda: asked.append(1))
            code, output = run(app, "test-error", debug=debug)
            [event] = receiver.wait(1)
            assert (code, f"reported as event {event['event_id']}" in output) == (0, True)
            assert event["exception"]["values"][-1]["type"] == "TestError"
            told = "nothing came to" if debug else "written to"  # in debug mode Flask logs no error
            assert f"{told} file {tmp_path / 'shop.log'}" in output
            assert asked == []
            assert app.test_client().get("/").status_code == 404
    assert (tmp_path / "shop.log").exists() is not debug
    assert asked == [1]
    capsys.readouterr()


def test_a_test_error_says_when_the_server_does_not_take_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The event waits on the disk, and the exit code says that something is wrong."""
    monkeypatch.setattr("flask_kaput.commands.SECONDS", 0.2)
    with application(dsn="http://key@127.0.0.1:1/1", spool=tmp_path / "spool") as app:
        code, output = run(app, "test-error")
    assert (code, "waits on the disk" in output) == (1, True)


def test_a_test_error_says_when_the_log_did_not_take_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be written is no success, and a handler of the application's own is named beside it."""
    (tmp_path / "file").touch()
    own = logging.StreamHandler()
    with application(log_file=tmp_path / "file" / "shop.log", log_handlers=[own]) as app:
        code, output = run(app, "test-error")
    assert (code, f"Error: The error was not written to file {tmp_path / 'file' / 'shop.log'}" in output) == (1, True)
    assert f"written to {own}" in output
    capsys.readouterr()


def test_a_test_error_with_the_tracker_inside(tmp_path: Path) -> None:
    """The event waits for the application's server; where the tracker has no place, the command says so."""
    with application(embedded=True) as app:
        code, output = run(app, "test-error")
        assert (code, "to the tracker inside, which shows and mails it while" in output) == (0, True)
        segments = list((Path(app.instance_path) / "kaput" / "spool").glob("*.seg"))
        assert [b"TestError" in segment.read_bytes() for segment in segments] == [True]
    (tmp_path / "file").touch()
    with application(embedded=True, data=tmp_path / "file") as app:
        code, output = run(app, "test-error")
    assert (code, "cannot be used" in output) == (1, True)


def test_a_test_error_without_anywhere_to_go() -> None:
    """Without DSN and tracker the command says that nothing was reported; while testing it is an error."""
    with application() as app:
        assert run(app, "test-error") == (0, "not reported: neither a DSN nor a tracker inside is set\n")
    app = Flask("tested")
    app.testing = True
    Kaput(app, dsn="http://key@127.0.0.1:1/1")
    code, output = run(app, "test-error")
    state_of(app).close()
    assert (code, "TESTING is on" in output) == (1, True)
