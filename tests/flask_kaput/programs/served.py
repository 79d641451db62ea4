"""The document's main.py in its form for the extension: `served.py CONFIG HOST`."""

import sys
from pathlib import Path

from flask import Flask

import flask_kaput


def create_app(config: str) -> Flask:
    """Makes the application."""
    app = Flask("served")
    flask_kaput.config_from_yaml(app, config)
    flask_kaput.Kaput(app, embedded=False)

    @app.get("/")
    def index() -> str:
        greeting = "hello"
        return greeting + " there"

    @app.get("/fail")
    def fail() -> str:
        raise ZeroDivisionError

    return app


if __name__ == "__main__":
    flask_kaput.run(create_app(str(Path(sys.argv[1]).absolute())), host=sys.argv[2], port=0)
