"""Applications for tests of the extension, which leave no thread and no file behind."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask

from flask_kaput import Kaput, state_of


@contextmanager
def application(name: str = "shop", config: dict[str, Any] | None = None, **options: Any) -> Iterator[Flask]:
    """Makes an application with Kaput, without a tracker inside, and closes Kaput at the end.

    Args:
        name: of the application.
        config: keys of `app.config`.
        options: arguments; `embedded=True` puts the tracker inside.
    """
    with tempfile.TemporaryDirectory() as folder:
        app = Flask(name, instance_path=folder)
        app.config.update(config or {})
        Kaput(app, **{"embedded": False, **options})
        try:
            yield app
        finally:
            state_of(app).close()
