"""The document's code: as it is written where it still can be, and in its form for the extension.

What it says of error handlers is in `test_examples.py`; its first set-up, with raven, in `tests/live/test_clients.py`.
"""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from logging.handlers import SMTPHandler
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import trustme
from flask import Flask

import flask_kaput
from tests.flask_kaput import document
from tests.flask_kaput.applications import application
from tests.tell.servers import Mailbox, MailServers


@contextmanager
def mail_server() -> Iterator[tuple[Mailbox, int]]:
    """A mail server, and the port on which it listens."""
    with ExitStack() as stack:
        mailbox = Mailbox()
        yield mailbox, MailServers(trustme.CA(), stack).start(mailbox).port


def run(code: str, **names: Any) -> dict[str, Any]:
    """Runs code of the document with names that it expects; returns all names afterwards."""
    exec(code, names)  # noqa: S102 - it is the document's
    return names


def on_port(code: str, port: int) -> str:
    """Returns the code with the mail server at another port than 25, which needs rights that tests have not."""
    changed = code.replace("SMTPHandler('127.0.0.1',", f"SMTPHandler(('127.0.0.1', {port}),")
    assert changed != code
    return changed


def fails(app: Flask) -> int:
    """Gives an application a view that fails, and asks for it; returns the line that failed."""

    @app.get("/fail")
    def fail() -> str:
        raise LookupError("no apples")

    app.test_client().get("/fail")
    return fail.__code__.co_firstlineno + 2


def drop(*handlers: logging.Handler) -> None:
    """Takes handlers off all loggers, and closes them."""
    for name in ("shop", "sqlalchemy", "otherlibrary"):
        for handler in handlers:
            logging.getLogger(name).removeHandler(handler)
    for handler in handlers:
        handler.close()


def test_mails_as_written_name_the_line_that_failed() -> None:
    """The document's mail handler and format send the mail it describes, and with Kaput the true place."""
    with mail_server() as (mailbox, port), application() as app:
        found = run(on_port(document.ERROR_MAILS, port), app=app)
        run(document.EMAIL_FORMAT, **found)
        app.logger.warning("no mail for a warning")
        line = fails(app)
        drop(found["mail_handler"])
    [mail] = mailbox.taken
    assert (mail["Subject"], mail["From"], mail["To"]) == (
        "YourApplication Failed",
        "server-error@example.com",
        "yourname@example.com",
    )
    body = mail.get_content()
    assert re.search(rf"^Location: +{re.escape(__file__)}:{line}\r?$", body, re.MULTILINE)
    assert re.search(r"^Module: +test_document\r?$", body, re.MULTILINE)
    assert re.search(r"^Function: +fail\r?$", body, re.MULTILINE)
    assert "LookupError: no apples" in body


def test_mails_in_our_form_are_safe_as_well() -> None:
    """The same handler, given to Kaput, gets our format, with the request, and without secrets."""
    with mail_server() as (mailbox, port):
        handler = SMTPHandler(("127.0.0.1", port), "server-error@example.com", ["a@example.com"], "Failed")
        handler.setLevel(logging.ERROR)
        with application(log_handlers=[handler]) as app:
            line = fails(app)
            app.logger.error("password=%s", "geheim12")
        handler.close()
    first, second = (mail.get_content() for mail in mailbox.taken)
    assert re.search(rf"^Location: +{re.escape(__file__)}:{line}\r?$", first, re.MULTILINE)
    assert re.search(r"^Request: +GET /fail\r?$", first, re.MULTILINE)
    assert "password=[Filtered]" in second


def test_a_log_file_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any handler takes warnings and errors, in the document's format of one line, with the line that failed."""
    module = ModuleType("themodule")
    file = tmp_path / "shop.log"
    vars(module)["TheHandlerYouWant"] = lambda _arguments: logging.FileHandler(file, encoding="utf-8")
    monkeypatch.setitem(sys.modules, "themodule", module)
    with application() as app:
        found = run(document.LOGGING_TO_A_FILE, app=app)
        run(document.FILE_FORMAT, **found)
        app.logger.info("looked")
        app.logger.warning("few apples")
        line = fails(app)
        drop(found["file_handler"])
    text = file.read_text(encoding="utf-8")
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} WARNING: few apples \[in .*test_document\.py:\d+\]\n", text)
    assert f"ERROR: Exception on /fail [GET] [in {__file__}:{line}]\nTraceback (most recent call last)" in text


def test_a_log_file_in_our_form(tmp_path: Path) -> None:
    """A setting for the file, one for the format."""
    file = tmp_path / "shop.log"
    fmt = "%(asctime)s %(levelname)s: %(message)s [in %(pathname)s:%(lineno)d]"
    with application(log_file=file, log_format=fmt) as app:
        line = fails(app)
    head, traceback, *_ = file.read_text(encoding="utf-8").splitlines()
    assert head.endswith(f" ERROR: Exception on /fail [GET] [in {__file__}:{line}]")
    assert traceback == "    Traceback (most recent call last):"


def test_other_libraries_as_written(tmp_path: Path) -> None:
    """The loop attaches two handlers to three loggers: a child of one of them that is listed too would write twice."""
    with mail_server() as (mailbox, port), application() as app:
        found = run(on_port(document.ERROR_MAILS, port), app=app)
        file_handler = logging.FileHandler(tmp_path / "shop.log", encoding="utf-8")
        run(document.OTHER_LIBRARIES, app=app, file_handler=file_handler, mail_handler=found["mail_handler"])
        for name in ("sqlalchemy.engine", "otherlibrary"):
            logging.getLogger(name).error("%s failed", name)
        drop(found["mail_handler"], file_handler)
    assert len(mailbox.taken) == 2
    assert (tmp_path / "shop.log").read_text(encoding="utf-8") == "sqlalchemy.engine failed\notherlibrary failed\n"


def test_other_libraries_in_our_form(tmp_path: Path) -> None:
    """A list of names does the same, and a child that is listed too writes once."""
    names = ["sqlalchemy", "sqlalchemy.engine", "otherlibrary"]
    with application(log_file=tmp_path / "shop.log", log_format="%(message)s", loggers=names):
        for name in ("sqlalchemy.engine", "otherlibrary"):
            logging.getLogger(name).error("%s failed", name)
    assert (tmp_path / "shop.log").read_text(encoding="utf-8") == "sqlalchemy.engine failed\notherlibrary failed\n"


def main(folder: Path, config: str, code: str) -> dict[str, Any]:
    """Runs a `main.py` with a configuration; returns what it would start the development server with."""
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    started: dict[str, Any] = {}

    def create_app(config: str) -> Flask:
        app = Flask("main", root_path=str(folder))
        flask_kaput.config_from_yaml(app, config)
        vars(app)["run"] = lambda host="127.0.0.1", port=5000, **options: started.update(options, host=host, port=port)
        return app

    run(code, __name__="__main__", create_app=create_app, flask_kaput=flask_kaput)
    return {name: started[name] for name in ("debug", "use_debugger", "use_reloader")}


OURS = """
if __name__ == "__main__":
    flask_kaput.run(create_app(config="config.yaml"))
"""
NOTHING = {"debug": False, "use_debugger": False, "use_reloader": False}


def test_the_main_file_as_written_has_a_bug_that_ours_has_not(tmp_path: Path) -> None:
    """In production the document starts a debugger and the reloader; `run` starts neither."""
    production = "FLASK:\n    DEBUG: False\n"
    assert main(tmp_path, production, document.MAIN) == {**NOTHING, "use_debugger": True, "use_reloader": True}
    assert main(tmp_path, production, OURS) == NOTHING


@pytest.mark.parametrize("code", [document.MAIN, OURS])
def test_the_main_file_lets_an_external_debugger_work(tmp_path: Path, code: str) -> None:
    """With the document's configuration both start neither debugger nor reloader, in debug mode."""
    assert main(tmp_path, document.CONFIG, code) == {**NOTHING, "debug": True}


@pytest.mark.parametrize("code", [document.MAIN, OURS])
def test_the_main_file_starts_the_debugger_of_werkzeug(tmp_path: Path, code: str) -> None:
    """In debug mode without an external debugger both start Werkzeug's, with the reloader."""
    started = main(tmp_path, "FLASK:\n    DEBUG: True\n", code)
    assert started == {"debug": True, "use_debugger": True, "use_reloader": True}
