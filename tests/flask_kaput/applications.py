"""Applications for tests of the extension, which leave no thread behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask

from flask_kaput import Kaput, state_of


@contextmanager
def application(name: str = "shop", config: dict[str, Any] | None = None, **options: Any) -> Iterator[Flask]:
    """Makes an application with Kaput, from keys of `app.config` and arguments, and closes Kaput at the end."""
    app = Flask(name)
    app.config.update(config or {})
    Kaput(app, **options)
    try:
        yield app
    finally:
        state_of(app).close()
