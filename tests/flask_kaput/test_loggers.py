"""Other loggers: exactly those that are named, each record once, each application its own."""

import gc
import logging
import logging.handlers
import weakref
from pathlib import Path

import pytest
from flask import Flask
from flask.logging import default_handler

from flask_kaput import Kaput, state_of
from tests.flask_kaput.applications import application
from tests.flask_kaput.logging_handlers import Kept


def messages(kept: Kept) -> list[str]:
    """Returns the messages of the records that a handler got."""
    return [record.getMessage() for record in kept.records]


def test_exactly_the_named_loggers_are_attached() -> None:
    """Records of named loggers and those below them come, of other libraries none, and the root has no handler more."""
    kept, before = Kept(), list(logging.root.handlers)
    with application(loggers=["library.engine", "otherlibrary"], log_handlers=[kept]) as app:
        for name in ("shop", "library.engine", "library.engine.Engine", "otherlibrary", "library", "third"):
            logging.getLogger(name).warning("%s", name)
        assert logging.root.handlers == before
        assert state_of(app).log.names == ("shop", "library.engine", "otherlibrary")
    assert messages(kept) == ["shop", "library.engine", "library.engine.Engine", "otherlibrary"]


def test_no_record_comes_twice() -> None:
    """A record that goes from a named logger up to another one, and to the application's, is written once."""
    kept = Kept()
    with application("parent", loggers=["parent.child", "parent.child.grandchild", "parent"], log_handlers=[kept]):
        logging.getLogger("parent.child.grandchild").error("once")
    assert messages(kept) == ["once"]


def test_applications_of_one_name_have_their_own_logs() -> None:
    """Two applications of one name share a logger, and neither writes what happened in the other."""
    first, second = Kept(), Kept()
    with application("same", log_handlers=[first]) as one, application("same", log_handlers=[second]) as other:
        for app, path in ((one, "/one"), (other, "/other")):
            app.add_url_rule("/<path>", "fail", _fail)
            app.test_client().get(path)
    assert messages(first) == ["Exception on /one [GET]"]
    assert messages(second) == ["Exception on /other [GET]"]


def test_a_shared_library_writes_to_the_application_at_work() -> None:
    """What a library logs in a request goes to the log of the application that answers it, outside of one to all."""
    first, second = Kept(), Kept()
    with (
        application("first", loggers=["library"], log_handlers=[first]) as one,
        application("second", loggers=["library"], log_handlers=[second]),
    ):
        with one.app_context():
            logging.getLogger("library").warning("inside")
            logging.getLogger("second").warning("to the other")
        logging.getLogger("library").warning("outside")
    assert messages(first) == ["inside", "outside"]
    assert messages(second) == ["to the other", "outside"]


def test_one_file_of_two_applications_has_each_record_once(tmp_path: Path) -> None:
    """Applications that share a logger and a file, as a factory makes them, write a record once."""
    file = tmp_path / "app.log"
    with application("made", log_file=file) as app, application("made", log_file=file):
        app.logger.error("once")
    assert file.read_text(encoding="utf-8").count("once") == 1


def test_an_application_that_is_gone_leaves_nothing() -> None:
    """When an application is collected its handlers and filters leave the loggers."""
    logger, library = logging.getLogger("passing"), logging.getLogger("library")
    logger.addHandler(default_handler)
    before = [(list(one.handlers), list(one.filters)) for one in (logger, library)]
    app = Flask("passing")
    app.config.update(KAPUT_LOGGERS=["library"], KAPUT_LOG_HANDLERS=[Kept()])
    Kaput(app)
    gone = weakref.ref(app)
    assert len(library.handlers) == 2
    del app
    gc.collect()
    assert gone() is None
    assert [(list(one.handlers), list(one.filters)) for one in (logger, library)] == before


def test_closing_detaches() -> None:
    """`close` detaches too, for an application that stays."""
    kept = Kept()
    with application(log_handlers=[kept]) as app:
        state_of(app).close()
        app.logger.error("after")
    assert kept.records == []


def test_a_level_of_a_handler_counts() -> None:
    """A handler's own level is kept; one without gets that of the setting."""
    own, without = Kept(logging.CRITICAL), Kept()
    with application(log_handlers=[own, without], log_level="ERROR") as app:
        for level in (logging.WARNING, logging.ERROR, logging.CRITICAL):
            app.logger.log(level, "%d", level)
        own.setLevel(logging.CRITICAL + 1)
        app.logger.critical("too low")
    assert messages(own) == ["50"]
    assert messages(without) == ["40", "50", "too low"]


def test_a_handler_that_fails_does_not_fail_the_request() -> None:
    """What a handler raises is told as the standard library tells it, and the request goes on."""

    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError(record.msg)

    logging.raiseExceptions, before = False, logging.raiseExceptions
    try:
        with application(log_handlers=[Broken()]) as app:

            @app.get("/")
            def index() -> str:
                app.logger.warning("careful")
                return "fine"

            assert app.test_client().get("/").text == "fine"
    finally:
        logging.raiseExceptions = before


def test_handlers_of_the_standard_library_can_be_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A plain file, memory, and the Windows event log, which says on other systems that it does nothing."""
    file = logging.FileHandler(tmp_path / "plain.log", encoding="utf-8")
    memory = logging.handlers.MemoryHandler(1, target=file)
    events = logging.handlers.NTEventLogHandler("shop")
    with application(log_handlers=[file, memory, events]) as app:
        app.logger.warning("careful")
    file.close()
    assert "Win32" in capsys.readouterr().out
    lines = (tmp_path / "plain.log").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2
    assert "WARNING shop: careful [in " in lines[0]


def test_the_lines_of_flask_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flask's own handler is there beside others, and the level of `app.logger` still follows `app.debug`."""
    monkeypatch.setattr(logging.root, "handlers", [])
    with application("usual", log_handlers=[Kept()]) as app:
        app.debug = True
        assert default_handler in app.logger.handlers
        assert app.logger.level == logging.DEBUG
    logging.getLogger("usual").setLevel(logging.NOTSET)


def _fail(path: str) -> str:
    raise RuntimeError(path)
