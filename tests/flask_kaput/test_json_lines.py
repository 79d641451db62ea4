"""Lines of JSON on stdout."""

import json
import logging
from pathlib import Path

import pytest
from flask.logging import default_handler

from flask_kaput import JsonFormatter
from tests.flask_kaput.applications import application
from tests.flask_kaput.logging_handlers import Kept


def test_stdout_gets_one_object_for_each_record(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting writes each record as one line of JSON, with its request, place and error, and nothing on stderr."""
    monkeypatch.setattr(logging.root, "handlers", [])
    with application("jsonic", log_json=True) as app:

        @app.get("/fail")
        def fail() -> str:
            raise LookupError("no\napples")

        app.test_client().get("/fail")
        app.logger.warning("outside", extra={"order": {"id": 7, "paths": [Path("/x")]}, "ratio": float("nan")})
        assert default_handler not in app.logger.handlers
    output = capsys.readouterr()
    assert output.err == ""
    failed, outside = (json.loads(line) for line in output.out.splitlines())
    assert (failed["level"], failed["app"], failed["path"], failed["endpoint"]) == ("ERROR", "jsonic", "/fail", "fail")
    assert (failed["file"], failed["function"]) == (__file__, "fail")
    assert (failed["exception"]["type"], failed["exception"]["message"]) == ("LookupError", "no\napples")
    assert "in fail" in failed["exception"]["traceback"]
    assert (outside["path"], outside["request_id"]) == ("-", "-")
    assert [key for key in outside if "kaput" in key] == []
    assert (outside["order"], outside["ratio"]) == ({"id": 7, "paths": ["/x"]}, "nan")


def test_secrets_are_filtered_by_key_and_in_text() -> None:
    """What stands under a secret name is filtered at any depth, and what a text says."""
    kept = Kept()
    kept.setFormatter(JsonFormatter())
    record = logging.makeLogRecord({"msg": "password=%s", "args": ("geheim12",), "login": {"api_key": "4711"}})
    kept.handle(record)
    [text] = kept.texts
    assert "geheim12" not in text
    assert json.loads(text)["login"] == {"api_key": "[Filtered]"}


def test_any_value_gives_a_line() -> None:
    """Values that no JSON can hold, that have no text, or that hold themselves, cost neither line nor record."""

    class Rude:
        def __str__(self) -> str:
            raise RuntimeError("no")

    ring: list[object] = []
    ring.append(ring)
    record = logging.makeLogRecord({"msg": "%d", "args": ("x",), "rude": Rude(), "ring": ring, "half": "\ud800"})
    text = JsonFormatter().format(record)
    found = json.loads(text)
    assert found["message"] == "%d (its 1 arguments do not fit)"
    assert found["rude"] == "<Rude that has no text>"
    assert found["half"] == "\\ud800"


def test_line_ends_of_unicode_are_escaped() -> None:
    """A reader that takes any line end of Unicode for one still gets one line."""
    text = JsonFormatter().format(logging.makeLogRecord({"msg": "a\u2028b\x85c\rd"}))
    assert len(text.splitlines()) == 1
    assert json.loads(text)["message"] == "a\u2028b\x85c\rd"


def test_the_document_may_be_overridden() -> None:
    """A subclass adds keys of its own, which are filtered too."""

    class Own(JsonFormatter):
        def document(self, record: logging.LogRecord) -> dict[str, object]:
            return super().document(record) | {"region": "eu", "secret": "geheim12"}

    found = json.loads(Own("shop").format(logging.makeLogRecord({"msg": "x"})))
    assert (found["region"], found["secret"], found["app"]) == ("eu", "[Filtered]", "shop")
