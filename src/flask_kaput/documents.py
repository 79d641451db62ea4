"""The configuration of an application from a file of YAML. In: a file with a `FLASK:` block. Out: keys of `app.config`.

Applications call it, before `Kaput(app)`; `__init__` re-exports it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from flask import Flask

from flask_kaput.errors import ConfigurationError

BLOCK = "FLASK"
EXTERNAL_DEBUGGER = "DEBUG_WITH_APTANA"
"""Key that says that a debugger of an editor is used, Aptana's or any other."""
_SWITCHES = ("DEBUG", EXTERNAL_DEBUGGER, "TESTING")


def config_from_yaml(app: Flask, file: str | Path) -> None:
    """Takes the keys of the block `FLASK:` of a YAML file over into `app.config`.

    Args:
        app: the application.
        file: its path, relative to the folder of the application as in `app.config.from_file`.

    Raises:
        ConfigurationError: the file cannot be read, has no such block, or has values that cannot be meant; all at once.
    """
    path = Path(app.config.root_path, file)
    try:
        with path.open("rb") as opened:
            document = _parsed(opened)
    except OSError as error:
        raise ConfigurationError([f"{path} cannot be read: {error.strerror}. Give the path of a YAML file."]) from error
    except ValueError as error:
        raise ConfigurationError([f"{path} is no YAML: {' '.join(str(error).split())}. Mend it."]) from error
    block = document.get(BLOCK) if isinstance(document, Mapping) else None
    if not isinstance(block, Mapping):
        raise ConfigurationError([f"{path} has no block {BLOCK}: with keys in it. Put the settings there, indented."])
    problems = [f"{path}: {text}" for key, value in block.items() for text in _problems(key, value)]
    if problems:
        raise ConfigurationError(problems)
    app.config.from_mapping(block)


def _parsed(opened: IO[bytes]) -> Any:
    """Reads one document; raises ValueError when it is none."""
    import yaml  # 2 MB that only who has such a file needs

    try:
        return yaml.safe_load(opened)
    except yaml.YAMLError as error:
        raise ValueError(error) from error


def _problems(key: Any, value: Any) -> list[str]:
    """Returns what is wrong with a line of the block."""
    if not isinstance(key, str) or not key.isupper():
        return [f"{key!r} is no key of a configuration; those are in capitals. Rename or remove it."]
    if key in _SWITCHES and not isinstance(value, bool):
        return [f"{key} is {value!r}; it must be True or False, without quotes."]
    return []
