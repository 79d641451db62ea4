"""The settings of the extension: sources in order, everything wrong at once."""

from typing import Any

import pytest

from flask_kaput.errors import ConfigurationError
from flask_kaput.settings import load, table

DSN = "http://key@127.0.0.1:9110/1"


def test_an_argument_comes_before_the_configuration_before_the_environment() -> None:
    """Of a setting that is given in several places the nearest counts, and its source is known."""
    loaded = load(
        {"release": "argument"},
        {"KAPUT_RELEASE": "config", "KAPUT_ENVIRONMENT": "config"},
        {"KAPUT_RELEASE": "variable", "KAPUT_ENVIRONMENT": "variable", "KAPUT_SERVER_NAME": "variable"},
    )
    settings = loaded.settings
    assert (settings.release, settings.environment, settings.server_name) == ("argument", "config", "variable")
    assert loaded.sources == {"release": "argument", "environment": "app.config", "server_name": "environment"}


def test_everything_wrong_is_said_at_once() -> None:
    """Unknown arguments and keys, values that cannot be read and a DSN that is none are one error."""
    with pytest.raises(ConfigurationError) as caught:
        load({"dns": DSN}, {"KAPUT_RELAESE": "1", "KAPUT_WITH_LOCALS": "perhaps"}, {"KAPUT_DSN": "127.0.0.1"})
    problems = caught.value.problems
    assert len(problems) == 4
    assert "'dns' is no argument of Kaput(...). Did you mean dsn?" in problems
    assert "KAPUT_RELAESE in app.config is no setting of Kaput. Did you mean KAPUT_RELEASE?" in problems
    assert "KAPUT_WITH_LOCALS 'perhaps'" in str(caught.value).replace("is ", "")
    assert "as `kaput dsn` prints it" in str(caught.value)


def test_variables_of_others_are_no_error() -> None:
    """A variable that is no setting is told; one of the server, which may share an environment, is not."""
    assert load({}, {}, {"KAPUT_PORT": "9110", "KAPUT_COLOUR": "red", "HOME": "/"}).unknown == ("KAPUT_COLOUR",)


@pytest.mark.parametrize(
    "dsn",
    [
        "http://127.0.0.1/1",
        "ftp://key@127.0.0.1/1",
        "http://key@/1",
        "http://key@127.0.0.1/shop",
        "http://key@127.0.0.1:99999/1",
    ],
)
def test_a_wrong_dsn_is_refused_without_being_shown(dsn: str) -> None:
    """An address without key, host or project is refused, and its key stands in no message."""
    with pytest.raises(ConfigurationError) as caught:
        load({"dsn": dsn}, {}, {})
    assert "key@" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "value"), [("yes", True), ("0", False), (False, False), ("", False), ("TRUE", True), (1, True)]
)
def test_a_switch_is_read(given: Any, value: bool) -> None:
    """A switch may be a bool, or a word of the environment."""
    assert load({}, {"KAPUT_WITH_LOCALS": given}, {}).settings.with_locals is value


def test_the_table_has_every_setting() -> None:
    """Each setting has a type and a meaning for the documentation."""
    rows = table()
    assert [row.key for row in rows if not row.key.startswith("KAPUT_") or not row.kind or not row.help] == []
    assert len({row.key for row in rows}) == len(rows)
