"""Whether the application can work as it is deployed. In: an application and its settings. Out: findings.

It is to be run as the user that the server runs as: most of it is about what that user may do. It leaves nothing
behind, and sends a mail only when asked. `commands.py` prints it.
"""

import grp
import logging
import os
import pwd
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Literal

from flask import Flask

from flask_kaput.log_file import lock_of
from flask_kaput.mails import NO_SERVER
from flask_kaput.sender import spool_folders
from flask_kaput.settings import Loaded, Settings
from flask_kaput.syslog import Syslog, read_address
from flask_kaput.tracker_settings import TrackerSettings
from kaput.config import Settings as ServerSettings
from kaput.errors import MailFailed

SHORTEST_KEY = 16
"""Characters of a SECRET_KEY; a shorter one can be guessed."""
_KNOWN_KEYS = frozenset({"dev", "secret", "secret key", "changeme", "change me", "your-secret-key", "development key"})
"""Those of tutorials."""

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `text` says what is wrong, with the value, and what to do."""

    level: Level
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Means:
    """What a check needs of the outside.

    Attributes:
        environment: usually `os.environ`.
        knock: asks the server whether it takes this application's key; returns why not, or "".
        probe: tries the mail server without a mail; raises MailFailed.
        send: sends a test mail to an address; raises MailFailed.
    """

    environment: Mapping[str, str]
    knock: Callable[[], str]
    probe: Callable[[], None]
    send: Callable[[str], None]


def findings(app: Flask, loaded: Loaded, own: TrackerSettings, means: Means, *, mail: bool) -> Iterator[Finding]:
    """Yields what was found, in the order in which it is printed.

    Args:
        app: the application.
        loaded: its settings.
        own: those of mails, and of the tracker inside.
        means: the outside.
        mail: whether a test mail is sent to each of ADMINS.
    """
    settings = loaded.settings
    yield who()
    if loaded.unknown:
        names = ", ".join(loaded.unknown)
        yield Finding("warning", "settings", f"{names}: no settings of Kaput. Correct the name if one is misspelt.")
    yield from _log(app, settings)
    yield from _places(app, settings, own)
    if settings.dsn:
        trouble = means.knock()
        host = settings.dsn.rpartition("@")[2]
        yield (
            Finding("error", "server", f"{host}: {trouble}") if trouble else Finding("ok", "server", f"{host} takes it")
        )
    yield from _mail(settings, own.settings, means, mail=mail)
    yield from _debugger(app, means.environment)
    yield from _secrets(app)


def who() -> Finding:
    """Says which user this is, since permissions are that user's."""
    number = os.geteuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = "no name"
    groups = ", ".join(sorted(_group(one) for one in {os.getegid(), *os.getgroups()}))
    text = f"{name} (uid {number}; groups {groups}) on {socket.gethostname()}, Python {sys.version.split()[0]}"
    return Finding("ok", "user", text)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _log(app: Flask, settings: Settings) -> Iterator[Finding]:
    if settings.log_file is not None:
        yield writable("log file", settings.log_file, "KAPUT_LOG_FILE")
        lock = lock_of(settings.log_file)
        if _is_there(lock):  # it belongs to the first user who wrote the log
            yield writable("log lock", lock, "KAPUT_LOG_FILE")
        if _is_there(settings.log_file):  # a rotation makes and renames files beside it
            yield writable("log folder", settings.log_file.parent, "KAPUT_LOG_FILE")
    if settings.log_syslog:
        yield _syslog(app.name, settings.log_syslog)
    level = app.logger.getEffectiveLevel()
    wanted = logging.getLevelNamesMapping()[settings.log_level]
    if level > wanted:
        text = f"app.logger lets nothing below level {level} through; KAPUT_LOG_LEVEL is {settings.log_level}"
        yield Finding("warning", "log level", f"{text}. Call app.logger.setLevel({settings.log_level!r}).")


def _syslog(name: str, address: str) -> Finding:
    try:
        Syslog(*read_address(address), name=name).reach()
    except OSError as error:
        return Finding(
            "error", "syslog", f"{address} cannot be reached: {error}. Compare it with what the syslog listens on."
        )
    unknown = "; over UDP nobody says whether it listens" if address.startswith("udp:") else ""
    return Finding("ok", "syslog", f"{address} can be used{unknown}")


def _places(app: Flask, settings: Settings, own: TrackerSettings) -> Iterator[Finding]:
    if settings.dsn:
        yield _spool(spool_folders(app, settings))
    elif settings.embedded:
        yield writable("data", own.settings.data, "KAPUT_DATA")
        yield from (Finding("warning", "settings", text) for text in own.warnings)


def _spool(folders: Sequence[Path]) -> Finding:
    """Says where events will wait: in the first folder that can be written."""
    found = [writable("spool", folder, "KAPUT_SPOOL") for folder in folders]
    if found[0].level == "ok" or all(one.level == "error" for one in found):
        return found[0]
    other = next(folder for folder, one in zip(folders, found, strict=True) if one.level == "ok")
    return Finding("warning", "spool", f"{found[0].text} Until then events wait in {other}.")


def writable(subject: str, path: Path, setting: str) -> Finding:
    """Answers whether this user can write a file or into a folder, or make it; nothing is left there."""
    there = next(one for one in (path, *path.parents) if _is_there(one))
    problem = _problem(there) if there == path or there.is_dir() else "no folder"
    if not problem:
        return Finding("ok", subject, f"{path} can be written")
    try:
        status = there.stat()
        owner = pwd.getpwuid(status.st_uid).pw_name
        rights = f"it belongs to {owner}, mode {status.st_mode & 0o7777:o}"
    except (KeyError, OSError):
        rights = "its owner has no name"
    reason = f"{there} is no folder" if there != path and not there.is_dir() else f"{there}: {problem}; {rights}"
    return Finding("error", subject, f"{path} cannot be written ({reason}). Give it to this user, or change {setting}.")


def _problem(there: Path) -> str:
    """Tries to write what exists, since rights say not all; returns why that fails, or ""."""
    try:
        if there.is_dir():
            with TemporaryFile(dir=there):
                return ""
        os.close(os.open(there, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK))
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""


def _is_there(path: Path) -> bool:
    """Answers whether this user sees a file or folder; in a folder that is closed to it, it sees none."""
    try:
        return path.exists()
    except OSError:
        return False


def _mail(settings: Settings, own: ServerSettings, means: Means, *, mail: bool) -> Iterator[Finding]:
    if not settings.admins and not own.smtp_host:
        return
    if not own.smtp_host:
        yield Finding("warning", "mail", NO_SERVER)
        return
    server = f"{own.smtp_host}:{own.mail_port}"
    try:
        if not mail:
            means.probe()
        for address in settings.admins if mail else ():
            means.send(address)
            yield Finding("ok", "mail", f"{server} took the test mail for {address}")
    except MailFailed as error:
        yield Finding("error", "mail", f"{server}: {error}")
        return
    if not mail:
        yield Finding("ok", "mail", f"{server} lets us in; --mail sends a test mail to ADMINS")
    elif not settings.admins:
        yield Finding("warning", "mail", "nobody is told: ADMINS is empty.")


def _debugger(app: Flask, environment: Mapping[str, str]) -> Iterator[Finding]:
    wrong = []
    if app.debug:
        wrong.append("debug mode is on: errors show source and values, and mails and error pages stay away")
    if environment.get("WERKZEUG_DEBUG_PIN") == "off":
        wrong.append("WERKZEUG_DEBUG_PIN is off: a debugger would run anybody's code")
    if app.testing:
        wrong.append("TESTING is on: nothing is reported, logged or mailed")
    yield from (Finding("error", "debugger", f"{text}. Switch it off in production.") for text in wrong)
    if not wrong:
        yield Finding("ok", "debugger", "off")


def _secrets(app: Flask) -> Iterator[Finding]:
    key = app.config.get("SECRET_KEY")
    text = key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key or "")
    advice = "Set one: python -c 'import secrets; print(secrets.token_hex())'"
    if not text:
        yield Finding("warning", "SECRET_KEY", f"not set: sessions, flashes and forms do not work. {advice}")
    elif text.strip().lower() in _KNOWN_KEYS or len(text) < SHORTEST_KEY:
        yield Finding("error", "SECRET_KEY", f"it can be guessed: who does can forge every session. {advice}")
    else:
        yield Finding("ok", "SECRET_KEY", "set")
