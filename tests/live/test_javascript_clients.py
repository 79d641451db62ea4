"""Clients in JavaScript: a program in Node, and a page in a browser that reports to another origin than its own."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser import chromium
from tests.live.pages import serving
from tests.live.poster import envelope, error_event
from tests.live.relay import Exchange, relaying
from tests.live.server import Server, running, wait_for

ROOT = Path(__file__).parents[2]
NODE = ROOT / ".venv-programs" / "bin" / "node"
JAVASCRIPT = Path(__file__).parent / "javascript"
ESBUILD = JAVASCRIPT / "node_modules" / ".bin" / "esbuild"
PAGE = """<!doctype html><html data-dsn="{dsn}"><title>Shop</title><link rel="icon" href="data:,">
<button id="pay">Pay</button><button id="order">Order</button><button id="ask">Ask</button><output></output>
<script src="/assets/shop.min.js"></script></html>"""


def node(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Runs a program in Node to its end."""
    command = [str(argument) for argument in (NODE, *arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env={"PATH": os.environ["PATH"]}
    )


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of the page as a site serves it: with the SDK in one minified file."""
    file = tmp_path_factory.mktemp("assets") / "shop.min.js"
    done = node(ESBUILD, JAVASCRIPT / "page.js", "--bundle", "--minify", "--keep-names", f"--outfile={file}")
    assert done.returncode == 0, done.stderr
    return file.read_text()


def reported(exchanges: list[Exchange]) -> list[str]:
    """Returns the ids in the answers to events."""
    return [exchange.id for exchange in exchanges if "event" in exchange.items]


def stored(server: Server) -> dict[str, dict[str, Any]]:
    """Returns the events by title of their issue, after counts that show no event lost, doubled or refused."""
    stats = server.settle()
    lines = server.export()
    assert (stats["accepted"], stats["digested"], stats["dead"], stats["events"]) == (len(lines),) * 2 + (0, len(lines))
    titles = {issue["id"]: issue["title"] for issue in server.shell.json("issues")}
    return {titles[line["issue_id"]]: line for line in lines}


def test_a_program_in_node(tmp_path: Path) -> None:
    """What it caught, said and died of is stored once each, with stack, cause, source and whose code it is."""
    with running(tmp_path) as server, relaying(server.dsn) as relay:
        done = node(JAVASCRIPT / "shop.js", relay.dsn)
        found = stored(server)
        (release,) = server.shell.json("releases")
    assert done.returncode == 1
    assert "SyntaxError" in done.stderr
    assert {exchange.status for exchange in relay.exchanges} == {200}
    told = release["last_24_hours"]  # an error first, and then the crash, of one session
    assert (release["release"], told["sessions"], told["errored"], told["crashed"]) == ("shop@2.4.1", 1, 0, 1)
    assert sorted(reported(relay.exchanges)) == sorted(line["event_id"] for line in found.values())
    caught, said = found["Error: cannot pay sku-9"], found["sku-9 is sold out"]
    (fatal,) = (line for title, line in found.items() if title.startswith("SyntaxError"))
    assert done.stdout.split() == [caught["event_id"], said["event_id"]]
    assert [line["level"] for line in (caught, said, fatal)] == ["warning", "info", "fatal"]
    event = caught["payload"]
    assert (caught["release"], caught["environment"], event["platform"]) == ("shop@2.4.1", "production", "node")
    assert (event["user"]["id"], event["tags"]["checkout"]) == ("u12", "express")
    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == ["added sku-9"]
    cause, error = event["exception"]["values"]
    assert (cause["type"], cause["mechanism"]["source"], error["type"]) == ("TypeError", "cause", "Error")
    frames = cause["stacktrace"]["frames"]
    assert [frame["function"] for frame in frames[-2:]] == ["pay", "price"]
    assert (frames[-1]["context_line"], frames[-1]["lineno"]) == ("  return prices[cart.sku].amount;", 10)
    others = [frame for frame in frames if not frame.get("in_app")]
    assert any("node_modules/@sentry/" in frame["filename"] for frame in others)
    assert all(frame["filename"].startswith("node:") or "node_modules" in frame["filename"] for frame in others)
    assert said["payload"]["logentry"]["formatted"] == "sku-9 is sold out"
    assert said["payload"]["stacktrace"]["frames"][-1]["function"] == "check"
    assert fatal["payload"]["exception"]["values"][0]["mechanism"]["handled"] is False


@contextmanager
def shop(dsn: str, bundle: str) -> Iterator[tuple[Page, list[str]]]:
    """Opens the shop in a browser; gives the page and what the browser complains about."""
    complaints: list[str] = []
    pages = {"/shop?basket=7": PAGE.format(dsn=dsn), "/assets/shop.min.js": bundle}
    with serving(pages) as origin, chromium() as browser:
        page = browser.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.goto(f"{origin}/shop?basket=7")
        yield page, complaints


def test_a_page_of_another_origin(tmp_path: Path, bundle: str) -> None:
    """A failing handler, a lost promise and a message are stored once each; the browser complains of nothing."""
    with running(tmp_path) as server, relaying(server.dsn) as relay:
        with shop(relay.dsn, bundle) as (page, complaints):
            for name in ("Pay", "Order", "Ask"):
                page.get_by_role("button", name=name).click()
            wait_for(lambda: len(reported(relay.exchanges)) == 3, "the page did not report")
            sent = page.locator("output").inner_text().split()
        found = stored(server)
        (release,) = server.shell.json("releases")
    assert complaints == []
    assert {(exchange.method, exchange.status) for exchange in relay.exchanges} == {("POST", 200)}
    assert all(exchange.headers["origin"].startswith("http://localhost:") for exchange in relay.exchanges)
    told = release["last_24_hours"]
    assert (release["release"], told["sessions"], told["unhandled"], told["crashed"]) == ("page@2.4.1", 1, 1, 0)
    failed = found["TypeError: Cannot read properties of undefined (reading 'amount')"]
    lost, said = found["RangeError: no more than 5 of sku-1"], found["sku-9 is sold out"]
    assert sent == [line["event_id"] for line in (failed, lost, said)]
    assert sorted(sent) == sorted(reported(relay.exchanges))
    assert [line["level"] for line in (failed, lost, said)] == ["error", "error", "info"]
    event = failed["payload"]
    assert (failed["release"], failed["environment"], event["platform"]) == ("page@2.4.1", "production", "javascript")
    assert (event["user"], event["tags"]["checkout"]) == ({"id": "u12", "ip_address": "127.0.0.1"}, "express")
    assert [crumb["category"] for crumb in event["breadcrumbs"]["values"]] == ["ui.click", "console"]
    assert event["request"]["url"].endswith("/shop?basket=7")
    frames = event["exception"]["values"][0]["stacktrace"]["frames"]
    assert [frame["function"] for frame in frames[-2:]] == ["HTMLButtonElement.pay", "price"]
    assert frames[-1]["filename"].endswith("/assets/shop.min.js")
    assert (frames[-1]["in_app"], frames[-1]["colno"] > 1000) == (True, True)
    assert said["payload"]["stacktrace"]["frames"][-1]["function"] == "HTMLButtonElement.ask"
    assert lost["payload"]["exception"]["values"][0]["mechanism"]["handled"] is False


def test_a_browser_asks_first(tmp_path: Path, bundle: str) -> None:
    """A client that sends its key in a header makes the browser ask before, and reads the id in the answer."""
    event_id = "ab" * 16
    script = """async ([address, key, body]) => {
      const headers = {"Content-Type": "application/x-sentry-envelope", "X-Sentry-Auth": `Sentry sentry_key=${key}`};
      const answer = await fetch(address, {method: "POST", headers, body});
      return (await answer.json()).id;
    }"""
    with running(tmp_path) as server, relaying(server.dsn) as relay, shop(relay.dsn, bundle) as (page, complaints):
        parts = urlsplit(relay.dsn)
        address = f"http://{parts.hostname}:{parts.port}/api{parts.path}/envelope/"
        body = envelope(error_event(event_id)).decode()
        assert page.evaluate(script, [address, parts.username, body]) == event_id
        server.settle()
        assert [line["event_id"] for line in server.export()] == [event_id]
        asked = [exchange for exchange in relay.exchanges if "session" not in exchange.items]
    assert [(exchange.method, exchange.status) for exchange in asked] == [("OPTIONS", 200), ("POST", 200)]
    assert complaints == []
