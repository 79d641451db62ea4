"""A real browser reports to a real server what a page's policy forbids."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser import chromium
from tests.live.server import running, wait_for

PAGE = b"<!doctype html><title>Shop</title><p>Shop</p><script>document.title = 'run'</script>"


@contextmanager
def serving(headers: dict[str, str]) -> Iterator[str]:
    """Serves one page with the given headers, and yields its address."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            for name, value in {"Content-Type": "text/html", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(PAGE)

        def log_message(self, *_: object) -> None:
            """Keeps quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://localhost:{server.server_port}/cart?item=9"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["security", "csp-report"])
def test_a_browser_reports_what_a_policy_forbids(tmp_path: Path, path: str) -> None:
    """A forbidden script of a page becomes an issue with the page's address, whatever origin the page has."""
    with running(tmp_path) as server, chromium() as browser:
        key = urlsplit(server.dsn).username
        target = f"{server.address}/api/1/{path}/?sentry_key={key}&sentry_environment=test"
        policy = {"Content-Security-Policy": f"script-src 'none'; report-uri {target}"}
        with serving(policy) as page:
            browser.new_page().goto(page)
            wait_for(lambda: server.stats()["accepted"] == 1, "no report came")
        server.settle()
        (issue,) = server.shell.json("issues")
        assert issue["title"] == "Blocked inline by script-src-elem"
        (event,) = server.export()
        assert (event["environment"], event["payload"]["request"]["url"]) == ("test", page)
        assert "Chrome/" in event["payload"]["request"]["headers"]["User-Agent"]
