"""A small web server for the demo's processes, and the line by which a process says where it listens.

In: a WSGI application, an address. Out: one line of JSON on stdout, then requests are answered until the process is
ended. For the shop, the mailbox and `main.py`, which reads the line.
"""

import json
import logging
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from werkzeug.serving import BaseWSGIServer, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def listen(application: "WSGIApplication", host: str, port: int) -> BaseWSGIServer:
    """Binds the address, a thread for each request; port 0 takes a free one. Ends the process when it is taken."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request would bury the tracebacks
    return make_server(host, port, application, threaded=True)


def announce(ports: Mapping[str, int]) -> None:
    """Says on stdout, in one line, where this process listens now."""
    sys.stdout.write(json.dumps(dict(ports)) + "\n")
    sys.stdout.flush()
