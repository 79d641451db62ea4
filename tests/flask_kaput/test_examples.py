"""The documentation of the extension: its examples run, and its table names what is there."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, abort, render_template_string
from flask.testing import FlaskClient
from werkzeug.exceptions import BadRequest, ServiceUnavailable

import flask_kaput
from flask_kaput import state_of
from tests.flask_kaput.applications import application
from tests.flask_kaput.receiver import Receiver, receiving

TESTS = Path(__file__).parent
PAGE = (TESTS.parent.parent / "docs" / "flask.md").read_text(encoding="utf-8")
ITEMS = range(1, 50)


def chapter(title: str) -> str:
    """Returns the text of a chapter."""
    return re.split(r"^## ", PAGE.partition(f"## {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that takes reports."""
    with receiving() as running:
        yield running


@pytest.fixture
def names(receiver: Receiver) -> Iterator[dict[str, Any]]:
    """What the examples of the chapter on handlers made, in an application that fails."""
    with application(dsn=receiver.dsn) as app:
        for name, error in {"refused": ConnectionRefusedError, "reset": ConnectionResetError, "key": KeyError}.items():
            app.add_url_rule(f"/{name}", name, _raising(error("broken")))
        app.add_url_rule("/busy", "busy", _raising(sqlite3.OperationalError("database is locked")))
        app.add_url_rule("/abort/<int:status>", "abort", lambda status: abort(int(status)))
        made: dict[str, Any] = {
            "app": app,
            "sqlite3": sqlite3,
            "BadRequest": BadRequest,
            "ServiceUnavailable": ServiceUnavailable,
            "render_template_string": render_template_string,
            "Kaput": flask_kaput.Kaput,
            "answer": flask_kaput.answer,
            "feedback_form": flask_kaput.feedback_form,
            "reference": flask_kaput.reference,
        }
        for example in re.findall(r"```python\n(.*?)```", chapter("Error handlers"), re.DOTALL):
            exec(compile(example, "docs/flask.md", "exec"), made)  # noqa: S102 - our own documentation
        yield made


@pytest.fixture
def client(names: dict[str, Any]) -> FlaskClient:
    """A client of the application of the examples."""
    app: Flask = names["app"]
    return app.test_client()


def test_handlers_are_registered_in_two_ways(names: dict[str, Any], client: FlaskClient) -> None:
    """The decorator and the function answer, for a class and for a code, and what was decorated can be called."""
    assert (client.get("/abort/400").text, client.get("/abort/400").status_code) == ("bad request!", 400)
    assert (client.get("/abort/415").text, client.get("/abort/415").status_code) == ("not this kind of file", 415)
    assert names["bad_request"](None) == ("bad request!", 400)


def test_the_nearest_class_answers(client: FlaskClient, receiver: Receiver) -> None:
    """The handler for the refused connection comes before that for any connection; both errors are reported."""
    answers = [client.get(path) for path in ("/refused", "/reset")]
    assert [(answer.status_code, answer.text) for answer in answers] == [
        (503, "the warehouse is closed"),
        (504, "the warehouse is away"),
    ]
    assert len(receiver.wait(2)) == 2


def test_a_handler_has_number_form_and_page(client: FlaskClient, receiver: Receiver) -> None:
    """The handler for 500 shows the number and the form; another one answers with a page of another status."""
    broken, busy = (client.get(path, headers={"Accept": "text/html"}) for path in ("/key", "/busy"))
    first, second = (f"{e[:4]}-{e[4:8]}-{e[8:12]}" for e in (event["event_id"] for event in receiver.wait(2)))
    assert (broken.status_code, broken.text[:15]) == (500, f"{first} ")
    assert "<form" in broken.text
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "5")
    assert f"<code>{second}</code>" in busy.text


EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE.replace(chapter("Error handlers"), ""), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_can_be_copied(example: str, tmp_path: Path) -> None:
    """Each piece of code of the other chapters works as it stands, beside an application and what is imported above."""
    [config] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "config.yaml").write_text(config, encoding="utf-8")
    names: dict[str, Any] = {"__name__": "main", "app": Flask("shop"), "Flask": Flask, "Kaput": flask_kaput.Kaput}
    exec(compile(example, "docs/flask.md", "exec"), names)  # noqa: S102 - our own documentation
    app = names["app"]
    if "create_app" in names:
        app = names["create_app"](*([tmp_path / "config.yaml"] if "config.yaml" in example else []))
    elif "kaput" not in app.extensions:
        flask_kaput.Kaput(app)
    state_of(app).close()


def table() -> list[list[str]]:
    """Returns the cells of each row of the table."""
    lines = [line for line in chapter("Flask's page, item by item").splitlines() if line.startswith("| R")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_each_item_of_flasks_page_has_its_row() -> None:
    """Every item stands in the table once, in order, with what does it."""
    items = [item for row in table() for item in row[0].split(", ")]
    assert sorted(items, key=lambda item: int(item[1:])) == [f"R{number}" for number in ITEMS]
    assert [row for row in table() if len(row) != 4 or not all(row)] == []


def test_the_tests_of_the_table_are_there() -> None:
    """What the table says is shown by a test that exists; each row has one at least."""
    missing = []
    for row in table():
        shown = re.findall(r"`([^`]+\.py)::(test_\w+)`", row[3])
        missing += [row[0]] if not shown else []
        missing += [f"{file}::{name}" for file, name in shown if not _has_test(file, name)]
    assert missing == []


def _has_test(file: str, name: str) -> bool:
    path = TESTS / file
    return path.exists() and f"\ndef {name}(" in path.read_text(encoding="utf-8")


def _raising(error: Exception) -> Any:
    def view() -> str:
        raise error

    return view
