"""What to copy into an application so that it reports.

In: a DSN. Out: for each client library the command that installs it and the lines that set it up. Pure;
`view/projects.py` and `view/monitors.py` import it.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Snippet:
    """How one kind of application is set up.

    Attributes:
        slug: stands in the page's address.
        install: the command that installs the library; empty when nothing is needed.
        code: the lines to add; `{dsn}` is where the DSN goes.
        place: where the lines belong.
        proof: how a first event is made.
    """

    slug: str
    name: str
    install: str
    place: str
    code: str
    proof: str


PYTHON_CODE = """import sentry_sdk

sentry_sdk.init(dsn="{dsn}")
"""

RAVEN_CODE = """from flask import Flask
from raven.contrib.flask import Sentry

app = Flask(__name__)
sentry = Sentry(app, dsn="{dsn}")
"""

FLASK_CODE = """from flask import Flask
from flask_kaput import Kaput

app = Flask(__name__)
kaput = Kaput(app, dsn="{dsn}")
"""

FLASK_SENTRY_CODE = """import sentry_sdk
from flask import Flask

sentry_sdk.init(dsn="{dsn}")
app = Flask(__name__)
"""

NODE_CODE = """const Sentry = require("@sentry/node");

Sentry.init({ dsn: "{dsn}" });
"""

BROWSER_CODE = """import * as Sentry from "@sentry/browser";

Sentry.init({ dsn: "{dsn}" });
"""

CURL_CODE = """curl '{store}' \\
  -H 'Content-Type: application/json' \\
  -d '{"level": "error", "message": "Hello from curl"}'
"""

SNIPPETS = (
    Snippet(
        "flask",
        "Flask",
        "pip install ./kaput  # the copy of Kaput's repository that this server came from",
        "Where the application is made; a factory calls kaput.init_app(app)",
        FLASK_CODE,
        "Run flask --app shop kaput test-error, with your program's name for shop: it waits until the event is here.",
    ),
    Snippet(
        "flask-sentry",
        "Flask, sentry-sdk",
        "pip install sentry-sdk",
        "Before the application is made; errors that a handler of its own answers are not seen this way",
        FLASK_SENTRY_CODE,
        "Add a view with 1 / 0 in it and open it once.",
    ),
    Snippet(
        "django",
        "Django",
        "pip install sentry-sdk",
        "At the end of settings.py",
        PYTHON_CODE,
        "Add a view with 1 / 0 in it and open it once.",
    ),
    Snippet(
        "python",
        "Python",
        "pip install sentry-sdk",
        "At the start of the program",
        PYTHON_CODE + "\n1 / 0\n",
        "Run it once with the last line, then take that line out.",
    ),
    Snippet(
        "node",
        "Node",
        "npm install @sentry/node",
        "As the first file that the program loads",
        NODE_CODE,
        'Call Sentry.captureException(new Error("first")) once.',
    ),
    Snippet(
        "browser",
        "Browser",
        "npm install @sentry/browser",
        "At the start of the page's script",
        BROWSER_CODE,
        'Run setTimeout(() => { throw new Error("first"); }) once.',
    ),
    Snippet(
        "raven",
        "raven",
        "pip install raven[flask]",
        "Where the application is made; the old client works as it is",
        RAVEN_CODE,
        "Add a view with 1 / 0 in it and open it once.",
    ),
    Snippet("curl", "curl", "", "In a terminal, with nothing installed", CURL_CODE, "It prints the id of the event."),
)


def snippet(slug: str) -> Snippet | None:
    """Returns the snippet with this slug."""
    return next((one for one in SNIPPETS if one.slug == slug), None)


def filled(one: Snippet, address: str) -> str:
    """Returns the lines of a snippet with the DSN in its place."""
    return one.code.replace("{dsn}", address).replace("{store}", store_url(address)).rstrip("\n")


def cron_url(address: str, job: str) -> str:
    """Returns where a shell script tells of the runs of a job."""
    split = urlsplit(address)
    key, _, host = split.netloc.rpartition("@")
    prefix, _, project = split.path.rpartition("/")
    return f"{split.scheme}://{host}{prefix}/api/{project}/cron/{job}/{key}/"


def store_url(address: str) -> str:
    """Returns where a plain HTTP client posts one JSON event, with the key in the query."""
    split = urlsplit(address)
    key, _, host = split.netloc.rpartition("@")
    prefix, _, project = split.path.rpartition("/")
    return f"{split.scheme}://{host}{prefix}/api/{project}/store/?sentry_key={key}&sentry_version=7"
