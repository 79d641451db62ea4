"""Handlers of the standard library's logging that keep what they get, for tests."""

import logging


class Kept(logging.Handler):
    """Keeps records and their texts."""

    def __init__(self, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self.records: list[logging.LogRecord] = []
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps a record."""
        self.records.append(record)
        self.texts.append(self.format(record))
