"""A client program: Flask with the old raven client, in either of its two forms; asks a failing route once.

Runs in an environment of its own, where raven 6.10.0 is.
"""

import sys

from flask import Flask
from raven.contrib.flask import Sentry


def fail() -> str:
    """Divides by a local."""
    basket = {"items": 0}
    return str(100 / basket["items"])


def create_app(form: str, dsn: str) -> Flask:
    """Makes the application as the document of old shows it."""
    app = Flask(__name__)
    if form == "direct":
        Sentry(app, dsn=dsn)
    else:
        sentry = Sentry(dsn=dsn)
        sentry.init_app(app)
    app.add_url_rule("/pay", view_func=fail)
    return app


def main() -> None:
    """Asks the route; raven sends from a thread and waits for it at exit."""
    form, dsn = sys.argv[1:]
    answer = create_app(form, dsn).test_client().get("/pay?basket=7")
    print(answer.status_code)


main()
