"""A person at a browser without scripts: follows redirects, keeps cookies, sends forms with their token."""

import re
import urllib.error
import urllib.request
from email.message import Message
from http.cookiejar import CookieJar
from typing import NamedTuple
from urllib.parse import urlencode

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Page(NamedTuple):
    """What came back."""

    status: int
    text: str
    headers: "Message[str, str]"


class Person:
    """One browser at one server."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> Page:
        """Opens a page."""
        return self._ask(path, None)

    def send(self, path: str, form_at: str, **values: str) -> Page:
        """Sends a form that stands on another page."""
        found = TOKEN.search(self.get(form_at).text)
        assert found is not None
        return self._ask(path, urlencode({"csrf_token": found[1], **values}).encode())

    def log_in(self, email: str, password: str) -> Page:
        """Logs in."""
        return self.send("/login", "/login", email=email, password=password)

    def _ask(self, path: str, data: bytes | None) -> Page:
        try:
            with self._opener.open(self._address + path, data, timeout=30) as answer:
                return Page(answer.status, answer.read().decode(), answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return Page(error.code, error.read().decode(), error.headers)
