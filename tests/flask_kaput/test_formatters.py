"""Formats: the document's, every attribute, hooks of subclasses, one line for what comes from outside, no secret."""

import logging
import logging.handlers
import pickle
import queue
import re
import sys
from typing import Any

import pytest

from flask_kaput import MAIL_FORMAT, Formatter
from flask_kaput.formatters import guard
from tests.flask_kaput.applications import application
from tests.flask_kaput.logging_handlers import Kept

ATTRIBUTES = [
    *("asctime", "created", "filename", "funcName", "levelname", "levelno", "lineno", "message", "module", "msecs"),
    *("name", "pathname", "process", "processName", "relativeCreated", "thread", "threadName"),
]
"""What the standard library documents for format strings."""


def record_of(message: str, *arguments: object, error: BaseException | None = None, **more: Any) -> logging.LogRecord:
    """Returns a record as a logger makes it."""
    exc_info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("shop", logging.ERROR, __file__, 12, message, arguments, exc_info, "buy")
    record.__dict__.update(more)
    return record


def raised(text: str) -> ValueError:
    """Returns an error with a traceback."""
    try:
        raise ValueError(text)  # noqa: TRY301 - the traceback is wanted
    except ValueError as error:
        return error


def line_of(function: Any) -> int:
    """Returns the line on which a function fails: the second of its body."""
    return int(function.__code__.co_firstlineno) + 2


@pytest.mark.parametrize("own", [True, False])
def test_the_place_is_the_line_that_failed(own: bool) -> None:
    """Location, Module and Function name the application's line, not Flask's, in our handlers and in any other."""
    fmt = "%(pathname)s:%(lineno)d|%(filename)s|%(module)s|%(funcName)s"
    kept = Kept()
    kept.setFormatter(logging.Formatter(fmt))
    with application(log_handlers=[kept] if own else []) as app:
        if not own:
            app.logger.addHandler(kept)

        @app.get("/")
        def fail() -> str:
            raise ZeroDivisionError

        app.test_client().get("/")
        app.logger.removeHandler(kept)
    place = kept.texts[0].splitlines()[0]
    assert place == f"{__file__}:{line_of(fail)}|test_formatters.py|test_formatters|fail"


def test_a_record_of_the_application_keeps_its_place() -> None:
    """Where the application itself logs an error, the place is the call, as the standard library has it."""
    kept = Kept()
    with application(log_handlers=[kept]) as app:
        try:
            int("x")
        except ValueError:
            app.logger.exception("not a number")
    assert kept.records[0].funcName == "test_a_record_of_the_application_keeps_its_place"


@pytest.mark.parametrize("name", ATTRIBUTES)
@pytest.mark.parametrize("kind", [logging.Formatter, Formatter])
def test_every_attribute_works(name: str, kind: type[logging.Formatter]) -> None:
    """Each attribute of a record that the standard library documents can be in a format."""
    record = record_of("bought %s", "apples")
    kept = Kept()
    kept.setFormatter(kind(f"<%({name})s>"))
    guard(kept)
    kept.handle(record)
    plain = logging.Formatter(f"<%({name})s>").format(record)
    assert kept.texts == [plain]
    assert len(plain) > 2


def test_the_request_is_in_every_record() -> None:
    """Fields of the request are attributes, with a dash where there is nothing to say."""
    fmt = "%(method)s %(path)s %(endpoint)s %(remote_addr)s %(user)s %(request_id)s"
    kept = Kept()
    kept.setFormatter(Formatter(fmt))
    with application(log_handlers=[kept]) as app:

        @app.get("/cart/<item>")
        def cart(item: str) -> str:
            app.logger.warning("%s", item)
            return item

        app.test_client().get("/cart/1", environ_base={"REMOTE_USER": "ann", "kaput.request_id": "4711"})
        app.logger.warning("outside")
    assert kept.texts == ["GET /cart/1 cart 127.0.0.1 ann 4711", "- - - - - -"]


@pytest.mark.parametrize("through_pickle", [False, True])
def test_the_request_goes_through_a_queue(through_pickle: bool) -> None:
    """A listener in another thread or process, which has no request, writes the fields, the place and the traceback."""
    records: queue.Queue[Any] = queue.Queue()
    kept = Kept()
    kept.setFormatter(Formatter("%(levelname)s %(message)s %(path)s %(funcName)s"))
    with application(log_handlers=[logging.handlers.QueueHandler(records)]) as app:

        @app.get("/fail")
        def fail() -> str:
            raise ValueError("token=abcdef123456\nforged")

        app.test_client().get("/fail")
    record = records.get_nowait()
    kept.handle(pickle.loads(pickle.dumps(record)) if through_pickle else record)  # noqa: S301 - it is our own
    head, *traceback = kept.texts[0].splitlines()
    assert head == "ERROR Exception on /fail [GET] /fail fail"
    assert traceback[-2:] == ["    ValueError: token=[Filtered]", "    forged"]


def test_a_path_cannot_forge_a_line() -> None:
    """`%0a` in a URL, and the text of an error, give no line that begins at the margin."""
    kept, others = Kept(), Kept()
    others.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    forged = "2026-11-22 12:00:00,000 ERROR shop: forged"
    with application(log_handlers=[kept]) as app:
        app.logger.addHandler(others)

        @app.before_request
        def fail() -> None:
            raise ValueError(f"bad\r\n{forged}\x85{forged}\u2028{forged}\x1b[2J")

        app.test_client().get(f"/x%0a{forged}")
        app.logger.removeHandler(others)
    text = kept.texts[0]
    assert [line for line in text.splitlines()[1:] if not line.startswith("    ")] == []
    assert text.count("\n") == len(text.splitlines()) - 1
    assert "\x1b" not in text
    assert others.texts[0].splitlines()[0] == rf"ERROR Exception on /x\n{forged} [GET]"


@pytest.mark.parametrize("extra", ["a\nb", "a\r\nb\x00", "a\u2029b"])
def test_extra_values_cannot_forge_a_line(extra: str) -> None:
    """What an application gives beside the message stays on its line, whatever its type."""

    class Shown:
        def __str__(self) -> str:
            return extra

    for value in (extra, Shown()):
        kept = Kept()
        kept.setFormatter(logging.Formatter("%(message)s %(reason)s"))
        guard(kept)
        kept.handle(record_of("no", reason=value))
        assert len(kept.texts[0].splitlines()) == 1


def test_secrets_are_filtered() -> None:
    """Messages, tracebacks and their lines of source hold no secret; source stays readable."""
    kept = Kept()
    guard(kept)

    def connect() -> None:
        token = str(4711)
        raise ConnectionError(f"postgresql://shop:geheim99@db/1 password={token!r}")

    try:
        connect()
    except ConnectionError as error:
        kept.handle(record_of("Authorization: Bearer %s", "abcdefghij0123456789xyz", error=error))
    text = kept.texts[0]
    assert [secret for secret in ("abcdefghij", "geheim99", "'4711'") if secret in text] == []
    assert "postgresql://shop:[Filtered]@db/1" in text
    assert "    connect()" in text


def test_hooks_of_a_subclass_are_called() -> None:
    """`format`, `formatTime` and `formatException` of a subclass do what they do in the standard library."""
    for base in (logging.Formatter, Formatter):

        class Own(base):  # type: ignore[valid-type, misc]
            def format(self, record: logging.LogRecord) -> str:
                return f"<{super().format(record)}>"

            def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
                return f"at {record.levelname} {datefmt}"

            def formatException(self, ei: Any) -> str:
                return f"{ei[0].__name__}!"

        kept = Kept()
        kept.setFormatter(Own("%(asctime)s %(message)s", "%H"))
        guard(kept)
        kept.handle(record_of("oh", error=raised("x")))
        assert kept.texts == ["<at ERROR %H oh\n    ValueError!>"]


def test_another_handler_gets_its_own_traceback() -> None:
    """What one formatter makes of an exception is not what the next one writes."""

    class Short(logging.Formatter):
        def formatException(self, ei: Any) -> str:
            return repr(ei[1])

    short, full = Kept(), Kept()
    short.setFormatter(Short("%(message)s"))
    full.setFormatter(Formatter("%(message)s"))
    record = record_of("oh", error=raised("x"))
    for handler in (short, full):
        guard(handler)
        handler.handle(record)
    assert short.texts == ["oh\n    ValueError('x')"]
    assert "Traceback (most recent call last)" in full.texts[0]


def test_a_record_is_not_lost_for_its_arguments() -> None:
    """A message whose arguments do not fit is written as it is."""
    text = Formatter("%(message)s").format(record_of("%d apples", "no"))
    assert text == "%d apples (its 1 arguments do not fit)"


def test_a_stack_is_written() -> None:
    """`stack_info` is below the message, indented."""
    record = record_of("here", sinfo=None)
    record.stack_info = "Stack (most recent call last):\n  File ..."
    text = Formatter("%(message)s").format(record)
    assert text.splitlines() == ["here", "    Stack (most recent call last):", "      File ..."]


def test_the_mail_format_has_its_lines() -> None:
    """A format of several lines keeps them; what comes from outside adds none."""
    record = record_of("a\nMessage type:       DEBUG", path="/x\ny")
    text = Formatter(MAIL_FORMAT).format(record)
    assert text.count("\n") == MAIL_FORMAT.count("\n")
    assert re.findall("^Message type: *(.*)$", text, re.MULTILINE) == ["ERROR"]


def test_an_endless_message_is_cut() -> None:
    """A message of several megabytes is cut, and says by how much."""
    text = Formatter("%(message)s").format(record_of("x" * (3 * 1024 * 1024)))
    assert len(text) < 1024 * 1024 + 100
    assert text.endswith(" [2097152 more characters]")


def test_what_is_no_error_has_no_traceback() -> None:
    """`exc_info=True` outside of an `except` adds nothing."""
    record = record_of("fine")
    record.exc_info = (None, None, None)
    assert Formatter("%(message)s").format(record) == "fine"
    assert sys.exc_info() == (None, None, None)
