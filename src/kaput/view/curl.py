"""The request of an event as a `curl` command that is safe to paste into a shell.

In: the request as the client told it. Out: the command, or an empty text. Pure; `view/event.py` imports it.

Every value comes from outside: each is quoted for a POSIX shell, none can become an option or name a file that curl
reads (`-H @file`, `-b file`, `-d @file`), and control characters are written as escapes.
"""

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from kaput.model import Request

TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""What a method or the name of a header may be (RFC 9110, section 5.6.2)."""

LEFT_TO_CURL = {"host", "content-length", "accept-encoding", "connection", "transfer-encoding"}


def command(request: Request) -> str:
    """Returns the command, one option a line; empty when the address is not one of http or https.

    What was filtered stays `[Filtered]`: the reader puts the secret in.
    """
    url = _url(request)
    if not url:
        return ""
    return " \\\n  ".join([f"curl -g {quoted(url)}", *_options(request)])


def quoted(text: str) -> str:
    """Returns the text as one word of a shell; with control characters in the `$'...'` form of bash, zsh and ksh."""
    if text.isprintable():
        return shlex.quote(text)
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return "$'" + "".join(map(_escaped, escaped)) + "'"


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x80 else f"\\U{code:08x}"


def _url(request: Request) -> str:
    try:
        split = urlsplit(request.url)
    except ValueError:
        return ""
    if split.scheme not in ("http", "https") or not split.netloc:
        return ""
    query = request.query_string.removeprefix("?")
    return split._replace(query=split.query or query, fragment="").geturl()


def _options(request: Request) -> Iterator[str]:
    body = _body(request)
    method = request.method.upper()
    if TOKEN.fullmatch(method) and method != ("POST" if body else "GET"):
        yield f"-X {quoted(method)}"
    names = {name.lower() for name in request.headers}
    for name, value in request.headers.items():
        if name.lower() not in LEFT_TO_CURL and TOKEN.fullmatch(name):
            yield f"-H {quoted(f'{name}: {value}')}"
    if request.cookies and "cookie" not in names:
        pairs = "; ".join(f"{name}={value}" for name, value in request.cookies.items())
        yield f"-H {quoted(f'Cookie: {pairs}')}"
    if body:
        yield f"--data-raw {quoted(body)}"


def _body(request: Request) -> str:
    data = request.data
    if not data:
        return ""
    if isinstance(data, str):
        return data
    kind = next((value for name, value in request.headers.items() if name.lower() == "content-type"), "")
    if isinstance(data, dict) and "form" in kind:
        return urlencode(_fields(data), doseq=True)
    return json.dumps(data, ensure_ascii=False)


def _fields(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, list) else str(value) for name, value in data.items()}
