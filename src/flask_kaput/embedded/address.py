"""Under which address a process of the application is reached, as far as it can be known without trusting a stranger.

In: the variables of a WSGI request. Out: an address, or nothing. `tracker.py` imports it.

The Host header is the client's own word: a link made of it would lead the reader of a mail wherever a stranger liked.
So the address is what the server listens on, as with `kaput serve`; behind a proxy KAPUT_URL has to say the other one.
"""

from ipaddress import ip_address
from urllib.parse import quote
from wsgiref.types import WSGIEnvironment


def address_of(environ: WSGIEnvironment, path: str) -> str:
    """Returns `http://127.0.0.1:8000/kaput`, or an empty text when the server does not say where it listens.

    Args:
        environ: of any request to the application.
        path: where the page is, without a slash at the end.
    """
    host, port = environ.get("SERVER_NAME", ""), environ.get("SERVER_PORT", "")
    if not (environ.get("REMOTE_ADDR") and port.isdecimal()):  # a Unix socket: servers take the Host header then
        return ""
    if host != "localhost":
        try:
            found = ip_address(host)
        except ValueError:
            return ""
        host = "127.0.0.1" if found.is_unspecified else f"[{host}]" if found.version == 6 else host
    scheme = "https" if environ.get("wsgi.url_scheme") == "https" else "http"
    default = {"http": "80", "https": "443"}[scheme]
    prefix = quote(environ.get("SCRIPT_NAME", "").encode("latin-1"))
    return f"{scheme}://{host}{'' if port == default else f':{port}'}{prefix}{path}"
