"""A value that somebody gave becomes the value of a setting. In: its type, and what stands in the configuration.

Out: the value, or ValueError with the rest of a sentence that begins with the name of the setting. Text is read as the
environment has it; from Python the value itself may be given. Only `settings.py` imports it.
"""

import logging
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from kaput.config import Size, read_size

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def read(kind: Any, value: Any) -> Any:
    """Returns the value as the type wants it; raises ValueError that continues the sentence `NAME ...`."""
    if get_origin(kind) is Literal:
        return _read_choice(get_args(kind), value)
    if NoneType in get_args(kind):
        rest = [part for part in get_args(kind) if part is not NoneType]
        return None if value is None or value == "" else read(rest[0], value)
    if get_origin(kind) is Callable:
        return _read_function(value)
    readers: dict[Any, Callable[[Any], Any]] = {
        str: _read_text,
        bool: _read_bool,
        int: _read_int,
        float: _read_float,
        Size: _read_bytes,
        Path: _read_path,
        tuple[str, ...]: _read_list,
        tuple[logging.Handler, ...]: _read_handlers,
        str | logging.Formatter: _read_format,
    }
    return readers[kind](value)


def type_name(kind: Any) -> str:
    """Returns what the documentation calls a type."""
    if get_origin(kind) is Literal:
        return " | ".join(choice or '""' for choice in get_args(kind))
    if NoneType in get_args(kind):
        return type_name(get_args(kind)[0])
    if get_origin(kind) is Callable:
        return "function"
    names = {str: "text", bool: "yes or no", int: "number", float: "number", Size: "size", Path: "path"} | {
        tuple[logging.Handler, ...]: "handlers",
        str | logging.Formatter: "text",
    }
    return names.get(kind, "list")


def _read_choice(choices: tuple[str, ...], value: Any) -> str:
    if value not in choices:
        raise ValueError(f"is {value!r}; it must be one of {', '.join(choice or 'empty' for choice in choices)}.")
    return str(value)


def _read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"is {value!r}; it must be a text.")
    return value.strip()


def _read_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in TRUE or text in FALSE:
        return text in TRUE
    raise ValueError(f"is {value!r}; it must be true or false.")


def _read_int(value: Any) -> int:
    try:
        if isinstance(value, int | str) and not isinstance(value, bool):
            return int(value)
    except ValueError:
        pass
    raise ValueError(f"is {value!r}; it must be a whole number.")


def _read_float(value: Any) -> float:
    try:
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            return float(value)
    except ValueError:
        pass
    raise ValueError(f"is {value!r}; it must be a number.")


def _read_bytes(value: Any) -> Size:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return Size(value)
    return read_size(value if isinstance(value, str) else repr(value))


def _read_function(value: Any) -> Callable[..., Any]:
    if isinstance(value, str):
        module, _, name = value.partition(":")
        try:
            value = getattr(import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise ValueError(f"is {value!r}, which cannot be imported: {error}. Write module:name.") from None
    if not callable(value):
        raise ValueError(f"is {value!r}; it must be a function, or module:name of one.")
    return value  # type: ignore[no-any-return]  # the table says its type


def _read_path(value: Any) -> Path:
    if not isinstance(value, str | Path) or not str(value):
        raise ValueError(f"is {value!r}; it must be a path.")
    return Path(value).expanduser().absolute()


def _read_list(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, Iterable) or not all(isinstance(part, str) for part in parts):
        raise ValueError(f"is {value!r}; it must be a list of texts, separated by commas in the environment.")
    return tuple(part.strip() for part in parts if part.strip())


def _read_handlers(value: Any) -> tuple[logging.Handler, ...]:
    handlers = (value,) if isinstance(value, logging.Handler) else value
    if isinstance(handlers, list | tuple) and all(isinstance(one, logging.Handler) for one in handlers):
        return tuple(handlers)
    raise ValueError(f"is {value!r}; it must be a list of logging.Handler objects, which only Python code can give.")


def _read_format(value: Any) -> str | logging.Formatter:
    if isinstance(value, logging.Formatter):
        return value
    if not isinstance(value, str):
        raise ValueError(f"is {value!r}; it must be a text such as '%(asctime)s %(message)s', or a Formatter object.")
    if value:
        try:
            logging.Formatter(value)
        except ValueError as error:
            raise ValueError(f"is {value!r}: {error}. It must be a format such as '%(asctime)s %(message)s'.") from None
    return value
