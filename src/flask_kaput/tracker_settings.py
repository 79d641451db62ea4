"""The settings of a server, given to a tracker inside an application, or to the mails of one.

In: the arguments of `Kaput(...)`, `app.config`, the environment. Out: `kaput.config.Settings`. `extension.py`,
`mails.py`, `check.py` and `embedded/part.py` import it.

All settings of docs/settings.md have the same names here. The data directory is in the instance folder unless it is
set. Where no mail server is set, the keys of Flask-Mail say which one it is.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask_kaput.settings import PREFIX, SERVER_NAMES
from kaput.config import Settings, default_data_directory, load

FOLDER = "kaput"
_IDLE = {
    "KAPUT_HOST": "the application's own server says where it listens",
    "KAPUT_PORT": "the application's own server says where it listens",
    "KAPUT_TRUSTED_PROXIES": "wrap ProxyFix around app.wsgi_app, after Kaput(app)",
}
"""Settings of a server that mean nothing inside an application, and what does instead."""


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """The settings, and what the operator should know of them.

    Attributes:
        warnings: one sentence each.
    """

    settings: Settings
    warnings: tuple[str, ...] = ()


def load_tracker(
    name: str, instance: Path, arguments: Mapping[str, Any], config: Mapping[str, Any], environment: Mapping[str, str]
) -> TrackerSettings:
    """Reads them: an argument before `app.config` before the environment before `kaput.toml`.

    Args:
        name: of the application.
        instance: its instance folder, which need not exist.
        arguments: by name of the setting.
        config: usually `app.config`.
        environment: usually `os.environ`.

    Raises:
        ConfigError: with one sentence for everything that is wrong.
    """
    given = dict(_given(arguments, config, environment))
    warnings: tuple[str, ...] = ()
    if f"{PREFIX}DATA" not in given:
        data = instance / FOLDER
        if not _can_be_made(data):
            other = default_data_directory().with_name(f"kaput-{_plain(name)}")
            warnings = (f"Kaput cannot write in {instance}; it keeps its data in {other}. Set KAPUT_DATA.",)
            data = other
        given[f"{PREFIX}DATA"] = str(data)
    warnings += tuple(
        f"{key} means nothing to a tracker inside: {cure}." for key, cure in _IDLE.items() if key in given
    )
    given.setdefault(f"{PREFIX}DIGEST_PROCESSES", "1")  # the application's server counts its processes
    if f"{PREFIX}SMTP_HOST" not in given:
        given |= _flask_mail(config)
    return TrackerSettings(load(given, {}).settings, warnings)


def _given(
    arguments: Mapping[str, Any], config: Mapping[str, Any], environment: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    for name in SERVER_NAMES:
        key = PREFIX + name.upper()
        for value in (arguments.get(name), config.get(key), environment.get(key)):
            if value is not None:
                yield key, ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
                break


def _flask_mail(config: Mapping[str, Any]) -> dict[str, str]:
    """Returns the mail server that Flask-Mail's keys name, in our own; nothing when they name none."""
    if not config.get("MAIL_SERVER"):
        return {}
    implicit, starttls = config.get("MAIL_USE_SSL"), config.get("MAIL_USE_TLS")
    sender = config.get("MAIL_DEFAULT_SENDER") or ""
    values = {
        "SMTP_HOST": config["MAIL_SERVER"],
        "SMTP_PORT": config.get("MAIL_PORT") or 0,
        "SMTP_USER": config.get("MAIL_USERNAME") or "",
        "SMTP_PASSWORD": config.get("MAIL_PASSWORD") or "",
        "SMTP_TLS": "implicit" if implicit else "starttls" if starttls else "none",
        "MAIL_FROM": f"{sender[0]} <{sender[1]}>" if isinstance(sender, tuple | list) else sender,
    }
    return {PREFIX + name: str(value) for name, value in values.items() if value}


def _can_be_made(folder: Path) -> bool:
    """Answers whether this user can write in a folder, or make it."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)
