"""Every setting of the extension: one table that feeds arguments, `app.config`, the environment and the docs page.

In: the arguments of `Kaput(...)`, the configuration of an application, the environment. Out: one frozen `Settings`.
Any part may import it. Each part adds its lines to the table; `make docs` writes `docs/flask-settings.md`.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_type_hints
from urllib.parse import urlsplit

from flask_kaput.errors import ConfigurationError
from flask_kaput.reading import read, type_name
from flask_kaput.syslog import FACILITIES, read_address
from kaput.config import Settings as ServerSettings
from kaput.config import Size

PREFIX = "KAPUT_"
SERVER_NAMES = tuple(item.name for item in fields(ServerSettings))
"""Settings of a server, which a tracker inside the application has too; `tracker_settings.py` reads them."""
MOST_RECORDS = 1000
LEAST_SPOOL = 1024**2
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
Every = Literal["", "hour", "day", "week"]


def _setting(default: Any, text: str, *, secret: bool = False, also: str = "") -> Any:
    """Describes a setting; `also` is another key of `app.config` under which it is known."""
    return field(default=default, metadata={"help": text, "secret": secret, "also": also})


PATH = re.compile(r"(/[A-Za-z0-9_-]+)+")


@dataclass(frozen=True, slots=True)
class Settings:
    """What an application may set: `KAPUT_<NAME>` in `app.config` and the environment, `<name>` as an argument."""

    dsn: str = _setting("", "Address of a project of a Kaput, or of any server of the Sentry protocol.", secret=True)
    embedded: bool = _setting(True, "Whether the tracker runs inside the application when no DSN is set.")
    path: str = _setting("/kaput", "Where the page of the tracker inside the application is.")
    admins: tuple[str, ...] = _setting((), "Who gets mails about new problems.", also="ADMINS")
    mail_after: float = _setting(
        60.0, "Seconds for which the server of the DSN is away before ADMINS get mails from here."
    )
    release: str = _setting("", "Version of the application, on each event; empty: none is told.")
    environment: str = _setting("production", "Where the application runs, on each event: production, staging.")
    server_name: str = _setting("", "Name of this machine, on each event; empty: its host name.")
    with_locals: bool = _setting(True, "Whether events have the local variables of each frame.")
    error_pages: bool = _setting(
        True, "Whether Kaput answers errors that the application has no handler for; if not, Flask does."
    )
    personal: bool = _setting(True, "Whether events have the visitor's address, login and cookies that are no secrets.")
    user: Callable[..., Any] | None = _setting(
        None, "Function that returns who is asking, as a dict with id, username or email; a text names it: module:name."
    )
    before_send: Callable[..., Any] | None = _setting(
        None,
        "Function that gets each event and a dict, and returns the event, changed perhaps, or None to leave it out.",
    )
    report_logs: Literal["", "ERROR", "CRITICAL"] = _setting(
        "ERROR", "Level from which records of app.logger and KAPUT_LOGGERS are reported too; empty: none is."
    )
    report_threads: bool = _setting(True, "Whether errors that end a thread are reported.")
    spool: Path | None = _setting(
        None, "Folder for events until the server has them; empty: the instance folder, else the user's data directory."
    )
    spool_size: Size = _setting(Size(64 * 1024**2), "Bytes that the spool may take; beyond, it is thinned out.")
    ca: Path | None = _setting(None, "File with the certificates to trust for the server; empty: those of certifi.")
    proxy: str = _setting("", "Address of the HTTP proxy that leads to the server; empty: none.")
    request_log: Literal["", "DEBUG", "INFO", "WARNING", "ERROR"] = _setting(
        "",
        "Level down to which records of app.logger and KAPUT_LOGGERS go with the event of a failing request; other"
        " handlers get none the more. Empty: the level that they have.",
    )
    request_log_size: int = _setting(200, "Records of the failing request that go with its event; 0: none.")
    request_id_header: str = _setting(
        "X-Request-ID", "Header that has the id of a request, in the request and in the response; empty: none."
    )
    trust_request_id: bool = _setting(
        True, "Whether the id that a caller gives is taken, in that header or in traceparent; else each is made here."
    )
    feedback: bool = _setting(
        True, "Whether the page of an error that was reported has a form in which a person tells what happened."
    )
    expected_errors: tuple[str, ...] = _setting(
        (),
        "Classes of errors that are not reported when a handler of the application answered them: KeyError, "
        "shop.errors.SoldOut; with all that derive from them. Exception: none is reported.",
    )
    report_aborts: bool = _setting(False, "Whether abort(500) and its like, with a status from 500 on, are reported.")
    handler_status: Literal["warn", "set", "off"] = _setting(
        "warn",
        "What becomes of an error handler's answer that names no status, which Flask sends with 200. warn: a warning "
        "in the log; set: a warning, and the status that the handler is registered for; off: nothing.",
    )
    log_level: Level = _setting("WARNING", "Lowest level that logs get: DEBUG, INFO, WARNING, ERROR or CRITICAL.")
    log_file: Path | None = _setting(None, "File for the log, which many processes may write at once; empty: none.")
    log_file_size: Size = _setting(
        Size(10 * 1024**2), "Bytes at which a new log file begins; 0: none does for its size."
    )
    log_file_every: Every = _setting("", "How often a new log file begins, by the clock; empty: for its size only.")
    log_file_keep: int = _setting(10, "Older log files that stay.")
    log_file_gzip: bool = _setting(True, "Whether older log files are compressed.")
    log_syslog: str = _setting("", "Syslog for the log: /dev/log, udp://HOST:PORT or tcp://HOST:PORT; empty: none.")
    log_syslog_facility: str = _setting("user", "Facility of what is sent to the syslog, such as daemon or local0.")
    log_json: bool = _setting(
        False, "Whether the log goes to stdout as lines of JSON, in place of Flask's own lines on stderr."
    )
    log_handlers: tuple[logging.Handler, ...] = _setting(
        (), "Other handlers for the log, of the standard library or any; from Python only."
    )
    log_format: str | logging.Formatter = _setting(
        "", "Format of a log line, or a Formatter; empty: time, level, message, place and request."
    )
    loggers: tuple[str, ...] = _setting(
        (),
        "Other loggers that are treated as app.logger is, such as sqlalchemy.engine: logs, reports, the request's log.",
    )
    debugger: Literal["werkzeug", "debugpy", "none"] = _setting(
        "werkzeug",
        "Debugger that `flask_kaput.run` starts in debug mode: Werkzeug's, debugpy, or none, for an editor that starts"
        " the process itself.",
    )
    debugger_port: int = _setting(5678, "Port on 127.0.0.1 on which debugpy listens; 0: a free one.")
    debugger_guard: bool = _setting(
        True, "Whether Werkzeug's debugger is switched off outside of debug mode, and where others can reach it."
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: the key in `app.config`, its type, its default and its meaning."""

    key: str
    kind: str
    default: str
    help: str
    secret: bool


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings and, by name, where each came from: `argument`, `app.config` or `environment`; else the default.

    `unknown` are variables of the environment that begin with KAPUT_ and are no setting, neither here nor of the
    server: perhaps misspelt, perhaps of another program.
    """

    settings: Settings
    sources: Mapping[str, str]
    unknown: tuple[str, ...] = ()


def load(arguments: Mapping[str, Any], config: Mapping[str, Any], environment: Mapping[str, str]) -> Loaded:
    """Reads all settings: an argument before `app.config` before the environment before the default.

    Args:
        arguments: by name of the setting, as given to `Kaput(...)`.
        config: usually `app.config`; other keys than ours are left alone.
        environment: usually `os.environ`.

    Raises:
        ConfigurationError: with one sentence for everything that is wrong, all at once.
    """
    problems = [*_unknown_arguments(arguments), *_unknown_keys(config)]
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    types = get_type_hints(Settings)
    for name, label, source, value in _given(arguments, config, environment):
        sources[name] = source
        try:
            values[name] = read(types[name], value)
        except ValueError as error:
            problems.append(f"{label} {error}")
    settings = Settings(**values)
    problems += _contradictions(settings)
    if problems:
        raise ConfigurationError(problems)
    unknown = tuple(key for key in environment if key.startswith(PREFIX) and not _is_known(key))
    return Loaded(settings, sources, unknown)


def table() -> list[Row]:
    """Returns every setting, in the order in which they are documented."""
    types = get_type_hints(Settings)
    return [
        Row(
            PREFIX + item.name.upper(),
            type_name(types[item.name]),
            _text(item.default),
            item.metadata["help"],
            item.metadata["secret"],
        )
        for item in fields(Settings)
    ]


def _names() -> list[str]:
    return [item.name for item in fields(Settings)]


def _given(
    arguments: Mapping[str, Any], config: Mapping[str, Any], environment: Mapping[str, str]
) -> Iterator[tuple[str, str, str, Any]]:
    """Yields for each setting that was given its name, what to call it in a message, its source and its value."""
    for item in fields(Settings):
        key = PREFIX + item.name.upper()
        places = (
            (item.name, "argument", arguments),
            (key, "app.config", config),
            (key, "environment", environment),
            (item.metadata["also"], "app.config", config),
        )
        for label, source, values in places:
            if values.get(label) is not None:
                yield item.name, label, source, values[label]
                break


def _unknown_arguments(arguments: Mapping[str, Any]) -> Iterator[str]:
    known = [*_names(), *SERVER_NAMES]
    for name in arguments:
        if name not in known:
            yield f"{name!r} is no argument of Kaput(...).{_nearest(name, known)}"


def _unknown_keys(config: Mapping[str, Any]) -> Iterator[str]:
    known = [*(row.key for row in table()), *(PREFIX + name.upper() for name in SERVER_NAMES)]
    for key in config:
        if key.startswith(PREFIX) and key not in known:
            yield f"{key} in app.config is no setting of Kaput.{_nearest(key, known)}"


def _nearest(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f" Did you mean {near[0]}?" if near else " Remove it."


def _is_known(key: str) -> bool:
    name = key.removeprefix(PREFIX).lower()
    return name in _names() or name in SERVER_NAMES


def _contradictions(settings: Settings) -> Iterator[str]:
    """Yields what is wrong with settings that can each be read."""
    if settings.dsn and not _is_dsn(settings.dsn):
        yield "KAPUT_DSN is no DSN; it must look like http://KEY@HOST:PORT/1, as `kaput dsn` prints it."
    if not 0 <= settings.request_log_size <= MOST_RECORDS:
        yield f"KAPUT_REQUEST_LOG_SIZE is {settings.request_log_size}; it must be from 0 to {MOST_RECORDS}."
    if settings.spool_size < LEAST_SPOOL:
        yield f"KAPUT_SPOOL_SIZE is {settings.spool_size}; it must be 1MiB or more."
    if settings.ca is not None and not settings.ca.is_file():
        yield f"KAPUT_CA is {str(settings.ca)!r}, which is no file; give one with certificates in PEM form."
    if settings.proxy and urlsplit(settings.proxy).scheme not in {"http", "https"}:
        yield "KAPUT_PROXY is no address of a proxy; it must look like http://HOST:PORT."
    if settings.request_id_header and not _HEADER.fullmatch(settings.request_id_header):
        yield f"KAPUT_REQUEST_ID_HEADER is {settings.request_id_header!r}, which is no name of a header."
    yield from _local_contradictions(settings)
    yield from _path_contradictions(settings.path)


def _local_contradictions(settings: Settings) -> Iterator[str]:
    if not 0 <= settings.debugger_port <= 65535:
        yield f"KAPUT_DEBUGGER_PORT is {settings.debugger_port}; a port is a number from 0 to 65535."
    if settings.log_file_keep < 1:
        yield f"KAPUT_LOG_FILE_KEEP is {settings.log_file_keep}; it must be 1 or more, or what was written is lost."
    if settings.log_syslog_facility not in FACILITIES:
        yield (
            f"KAPUT_LOG_SYSLOG_FACILITY is {settings.log_syslog_facility!r};"
            f" it must be one of {', '.join(sorted(FACILITIES))}."
        )
    if settings.log_syslog:
        try:
            read_address(settings.log_syslog)
        except ValueError as error:
            yield f"KAPUT_LOG_SYSLOG {error}"


def _path_contradictions(path: str) -> Iterator[str]:
    if not PATH.fullmatch(path):
        yield f"KAPUT_PATH is {path!r}; it must look like /kaput: a slash, then letters, digits, - and _."


def _is_dsn(dsn: str) -> bool:
    parts = urlsplit(dsn)
    try:
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        return False
    project = parts.path.rpartition("/")[2]
    return bool(
        parts.scheme in {"http", "https"} and parts.username and parts.hostname and project.isdecimal() and port_fits
    )


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "" if value is None else str(value)
