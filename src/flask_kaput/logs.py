"""The logs of an application, as its settings ask for them. In: settings. Out: handlers, attached.

`extension.py` attaches it.
"""

import logging
from collections.abc import Iterator
from logging.handlers import QueueHandler, SMTPHandler

from flask import Flask

from flask_kaput import loggers
from flask_kaput.formatters import FILE_FORMAT, MAIL_FORMAT, Formatter
from flask_kaput.json_lines import JsonFormatter, StdoutHandler
from flask_kaput.log_file import LogFile
from flask_kaput.loggers import Loggers
from flask_kaput.settings import Settings
from flask_kaput.syslog import Syslog, read_address


def attach(app: Flask, settings: Settings) -> Loggers:
    """Attaches the handlers that the settings name."""
    for handler in settings.log_handlers:
        if handler.formatter is None and not isinstance(handler, QueueHandler):
            handler.setFormatter(_formatter(settings, MAIL_FORMAT if isinstance(handler, SMTPHandler) else FILE_FORMAT))
    return loggers.attach(
        app,
        settings.loggers,
        logging.getLevelNamesMapping()[settings.log_level],
        _handlers(app.name, settings),
        given=settings.log_handlers,
        alone=settings.log_json,
    )


def _handlers(name: str, settings: Settings) -> Iterator[tuple[logging.Handler, str]]:
    """Yields each handler with what names its destination."""
    if settings.log_file is not None:
        file = LogFile(
            settings.log_file,
            size=settings.log_file_size,
            every=settings.log_file_every,
            keep=settings.log_file_keep,
            compress=settings.log_file_gzip,
        )
        file.setFormatter(_formatter(settings))
        yield file, f"file {settings.log_file}"
    if settings.log_syslog:
        address, kind = read_address(settings.log_syslog)
        syslog = Syslog(address, kind, name=name, facility=settings.log_syslog_facility)
        syslog.setFormatter(_formatter(settings))
        yield syslog, f"syslog {settings.log_syslog}"
    if settings.log_json:
        stdout = StdoutHandler()
        stdout.setFormatter(JsonFormatter(name))
        yield stdout, "stdout"


def _formatter(settings: Settings, usual: str = FILE_FORMAT) -> logging.Formatter:
    if isinstance(settings.log_format, logging.Formatter):
        return settings.log_format
    return Formatter(settings.log_format or usual)
