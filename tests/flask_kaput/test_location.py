"""The place of an error: the application's own code against libraries."""

import logging
import sysconfig
from pathlib import Path

import pytest
from flask import Flask

from flask_kaput.location import is_own, relocate

STANDARD = sysconfig.get_path("stdlib")


@pytest.mark.parametrize(
    ("file", "root", "own"),
    [
        ("/srv/shop/views.py", "/srv/shop", True),
        ("/srv/common/money.py", "/srv/shop", True),
        ("/srv/shop/.venv/lib/python3.11/site-packages/flask/app.py", "/srv/shop", False),
        ("/usr/lib/python3/dist-packages/flask/app.py", "", False),
        ("/venv/lib/python3.11/site-packages/shop/views.py", "/venv/lib/python3.11/site-packages/shop", True),
        ("/venv/lib/python3.11/site-packages/flask/app.py", "/venv/lib/python3.11/site-packages/shop", False),
        (f"{STANDARD}/json/decoder.py", "/srv/shop", False),
        ("<frozen importlib._bootstrap>", "", False),
        ("<string>", "/srv/shop", False),
        (str(Path(relocate.__code__.co_filename)), "", False),
    ],
)
def test_own_code_is_told_from_libraries(file: str, root: str, own: bool) -> None:
    """Code among the libraries, of the standard library or of no file is not the application's."""
    assert is_own(file, root) == own


def test_an_error_of_a_library_has_the_call_in_the_application() -> None:
    """When a library fails, the place is the application's line that called it."""
    try:
        sysconfig.get_path("nonsense")
    except KeyError as error:
        record = _from_flask(error)
    assert relocate(record, "")
    assert (record.module, record.funcName) == (
        "test_location",
        "test_an_error_of_a_library_has_the_call_in_the_application",
    )


def test_without_own_code_the_innermost_frame_counts() -> None:
    """An error that never passed the application's code is placed where it was raised."""
    try:
        sysconfig.get_path("nonsense")
    except KeyError as error:
        record = _from_flask(error.with_traceback(error.__traceback__ and error.__traceback__.tb_next))
    assert relocate(record, "")
    assert (record.filename, record.funcName) == ("sysconfig.py", "get_path")


def _from_flask(error: BaseException) -> logging.LogRecord:
    file = Flask.log_exception.__code__.co_filename
    return logging.LogRecord("shop", 40, file, 875, "x", (), (type(error), error, error.__traceback__))
