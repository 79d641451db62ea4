"""The log of a failing request: what was logged goes with its event, and reaches nobody else who did not get it."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.flask_kaput.applications import application
from tests.flask_kaput.receiver import receiving


class Kept(logging.Handler):
    """Keeps the messages it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps a message."""
        self.messages.append(record.getMessage())


@pytest.fixture
def kept() -> Iterator[Kept]:
    """A handler of somebody else at the root."""
    handler = Kept()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def failing(app: Flask, logger: logging.Logger) -> None:
    """Adds a view that logs at each level and fails."""

    @app.get("/<int:number>")
    def fail(number: int) -> str:
        for level in (logging.DEBUG, logging.INFO, logging.WARNING):
            logger.log(level, "%s of %d", logging.getLevelName(level), number)
        raise LookupError("no apples")


def messages(event: dict[str, Any]) -> list[str]:
    """Returns the messages that came with an event, in order."""
    return [crumb["message"] for crumb in event.get("breadcrumbs", {"values": []})["values"]]


def test_records_of_the_failing_request_go_with_its_event() -> None:
    """Each event has the log of its own request only, formatted, with level, time and place."""
    with receiving() as receiver, application("talker", dsn=receiver.dsn) as app:
        failing(app, app.logger)
        for number in (1, 2):
            app.test_client().get(f"/{number}")
        first, second = receiver.wait(2)
    assert (messages(first), messages(second)) == (["WARNING of 1"], ["WARNING of 2"])
    [crumb] = first["breadcrumbs"]["values"]
    assert (crumb["category"], crumb["level"]) == ("talker", "warning")
    assert crumb["data"]["function"] == "fail"


def test_lowered_records_go_with_the_event_and_to_nobody_else(kept: Kept) -> None:
    """With KAPUT_REQUEST_LOG other handlers get what they got before, those too that come later."""
    late = Kept()
    library = logging.getLogger("library.engine")
    with receiving() as receiver, application(dsn=receiver.dsn, request_log="DEBUG", loggers=["library"]) as app:
        failing(app, library)
        logging.getLogger("library").addHandler(late)
        app.test_client().get("/1")
        [event] = receiver.wait(1)
        assert messages(event) == ["DEBUG of 1", "INFO of 1", "WARNING of 1"]
        assert late.messages == ["WARNING of 1"]
        assert kept.messages[0] == "WARNING of 1"
        logging.getLogger("stranger").debug("not ours")
    logging.getLogger("library").removeHandler(late)
    assert logging.getLogger("library").level == logging.NOTSET
    assert "DEBUG of 1" not in kept.messages


def test_a_level_that_is_set_later_holds(kept: Kept) -> None:
    """An application that sets a level itself afterwards gets the records of that level everywhere."""
    library = logging.getLogger("library2")
    with receiving() as receiver, application(dsn=receiver.dsn, request_log="DEBUG", loggers=["library2"]) as app:
        failing(app, library)
        library.setLevel(logging.INFO)
        app.test_client().get("/1")
        receiver.wait(1)
    assert kept.messages[:2] == ["INFO of 1", "WARNING of 1"]
    library.setLevel(logging.NOTSET)


def test_a_record_is_kept_once_for_parent_and_child() -> None:
    """A logger and one above it that are both named keep a record once."""
    with receiving() as receiver, application(dsn=receiver.dsn, loggers=["library", "library.engine"]) as app:
        failing(app, logging.getLogger("library.engine"))
        app.test_client().get("/1")
        assert messages(receiver.wait(1)[0]) == ["WARNING of 1"]


def test_only_the_last_records_are_kept() -> None:
    """Of a talkative request the last ones are kept, as many as the setting says."""
    with receiving() as receiver, application(dsn=receiver.dsn, request_log_size=3) as app:

        @app.get("/")
        def talk() -> str:
            for number in range(300):
                app.logger.warning("word %d", number)
            raise LookupError("lost")

        app.test_client().get("/")
        assert messages(receiver.wait(1)[0]) == ["word 297", "word 298", "word 299"]


def test_an_error_that_is_only_logged_is_reported() -> None:
    """A record at ERROR is an event; one about an exception that is reported anyway is none."""
    with receiving() as receiver, application(dsn=receiver.dsn) as app:

        @app.get("/")
        def log() -> str:
            app.logger.error("stock of %s is negative", "apples")
            try:
                {"apple": 1}["pear"]
            except KeyError:
                app.logger.exception("no pears")
            return "fine"

        assert app.test_client().get("/").status_code == 200
        first, second = receiver.wait(2)
    assert first["logentry"] == {
        "message": "stock of %s is negative",
        "formatted": "stock of apples is negative",
    }
    assert (first["level"], first["logger"]) == ("error", "shop")
    assert second["exception"]["values"][0]["mechanism"] == {"type": "logging", "handled": True}


def test_a_library_without_handlers_still_warns_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """Python's last resort, which writes what no handler takes, works as without us."""
    library = logging.getLogger("lonely")
    library.propagate = False
    try:
        with application(loggers=["lonely"]):
            library.warning("somebody there")
            library.info("nothing")
    finally:
        library.propagate = True
    assert capsys.readouterr().err == "somebody there\n"
