"""The configuration from YAML."""

from pathlib import Path

import pytest
from flask import Flask

from flask_kaput import ConfigurationError, config_from_yaml


def test_the_block_of_flask_is_taken_over(tmp_path: Path) -> None:
    """The keys below `FLASK:` become the configuration, `DEBUG` the debug mode; other blocks are left alone."""
    (tmp_path / "config.yaml").write_text(
        "FLASK:\n    DEBUG: True\n    DEBUG_WITH_APTANA: True\n    ADMINS: [a@example.org]\nOTHER:\n    X: 1\n",
        encoding="utf-8",
    )
    app = Flask("app", root_path=str(tmp_path))
    config_from_yaml(app, "config.yaml")
    assert app.debug
    assert (app.config["DEBUG_WITH_APTANA"], app.config["ADMINS"]) == (True, ["a@example.org"])
    assert "X" not in app.config


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("DEBUG: True\n", ["has no block FLASK"]),
        ("FLASK:\n", ["has no block FLASK"]),
        ("- FLASK\n", ["has no block FLASK"]),
        ("FLASK: {DEBUG: [\n", ["is no YAML"]),
        (
            "FLASK:\n    DEBUG: 'false'\n    debug: 1\n    7: 8\n",
            ["DEBUG is 'false'", "'debug' is no key", "7 is no key"],
        ),
        ("FLASK: !!python/object/apply:os.system ['true']\n", ["is no YAML"]),
    ],
)
def test_everything_wrong_is_said_at_once(tmp_path: Path, text: str, problems: list[str]) -> None:
    """A file without the block, that is no YAML, or with values that cannot be meant, is one error."""
    file = tmp_path / "config.yaml"
    file.write_text(text, encoding="utf-8")
    app = Flask("app")
    with pytest.raises(ConfigurationError) as caught:
        config_from_yaml(app, file)
    assert len(caught.value.problems) == len(problems)
    assert all(problem in told for problem, told in zip(problems, caught.value.problems, strict=True))
    assert not app.debug


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The message has the whole path and the reason."""
    with pytest.raises(ConfigurationError, match=r"none\.yaml cannot be read: No such file"):
        config_from_yaml(Flask("app"), tmp_path / "none.yaml")
