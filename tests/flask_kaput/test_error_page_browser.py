"""The error page in a real browser: as a person sees it, without scripts, dark and light, under a strict policy."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask, Response
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from flask_kaput.page import STYLE_HASH
from tests.browser import chromium
from tests.flask_kaput.applications import application
from tests.flask_kaput.receiver import Receiver, receiving

CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const light = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
      .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  };
  const ground = light(getComputedStyle(document.documentElement).backgroundColor);
  const inks = [...document.querySelectorAll('h1, p, a, summary, label, code')]
    .map((one) => light(getComputedStyle(one).color));
  const ratios = inks.map((ink) => (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05));
  return [ground, Math.min(...ratios)];
}"""
"""Answers how light the ground is, and the least contrast (WCAG 2.2, 1.4.3) of any words on it."""


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serves an application on a free port, and gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def shop(receiver: Receiver, policy: str = "") -> Iterator[str]:
    """Serves an application that fails, below a policy of its own if one is given."""
    with application(dsn=receiver.dsn) as app:

        @app.get("/fail")
        def fail() -> str:
            raise RuntimeError("broken")

        @app.get("/")
        def start() -> str:
            return "<!doctype html><title>Shop</title>"

        @app.after_request
        def seal(response: Response) -> Response:
            if policy:
                response.headers["Content-Security-Policy"] = policy
            return response

        with serving(app) as address:
            yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this file; each opens a new profile."""
    with chromium() as running:
        yield running


@contextmanager
def opened(browser: Browser, address: str, **options: Any) -> Iterator[tuple[Page, list[str], list[str]]]:
    """Opens a page in a new profile; gives what was asked of servers, and what the console complained of."""
    context = browser.new_context(**options)
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(address)
    try:
        yield page, asked, complaints
    finally:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_person_tells_what_happened(scheme: str, browser: Browser) -> None:
    """Without scripts, in both colour schemes and on a phone, the page is read, and the form is filled in and sent."""
    look = {"color_scheme": scheme, "java_script_enabled": False, "viewport": {"width": 375, "height": 700}}
    with (
        receiving() as receiver,
        shop(receiver) as address,
        opened(browser, f"{address}/fail", **look) as (page, asked, complaints),
    ):
        [event] = receiver.wait(1)
        first = event["event_id"]
        expect(page.get_by_role("heading")).to_have_text("Something broke here")
        expect(page.locator("code")).to_have_text(f"{first[:4]}-{first[4:8]}-{first[8:12]}")
        page.get_by_text("Tell us what happened").click()
        page.get_by_label("What were you doing").fill("I paid, and <nothing> came.")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("status")).to_contain_text("has been sent")
        [said] = receiver.wait_for_feedback(1)
        assert (said["message"], said["associated_event_id"]) == ("I paid, and <nothing> came.", first)
        assert {url.removeprefix(address) for url in asked} - {"/favicon.ico"} == {
            "/fail",
            "/_kaput/feedback",
            "/_kaput/feedback?sent",
        }
        assert [text for text in complaints if "status of 500" not in text] == []


@pytest.mark.parametrize(("scheme", "light"), [("light", True), ("dark", False)])
def test_the_page_can_be_read(scheme: str, light: bool, browser: Browser) -> None:
    """Ground and ink follow the reader's scheme, with the contrast of WCAG's level AA, and nothing is cut off."""
    look = {"color_scheme": scheme, "viewport": {"width": 320, "height": 600}}
    with receiving() as receiver, shop(receiver) as address, opened(browser, f"{address}/fail", **look) as (page, *_):
        page.get_by_text("Tell us what happened").click()
        ground, contrast = page.evaluate(CONTRAST)
        assert (ground > 0.5) == light
        assert contrast >= 4.5
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize(
    ("policy", "styled"), [("default-src 'self'", False), (f"default-src 'self'; style-src '{STYLE_HASH}'", True)]
)
def test_an_applications_own_policy_holds(policy: str, styled: bool, browser: Browser) -> None:
    """Under a policy of the application the page is whole and its form works; the hash gives it its look."""
    with receiving() as receiver, shop(receiver, policy) as address, opened(browser, f"{address}/fail") as (page, *_):
        width = page.locator("main").bounding_box()
        assert width is not None
        assert (width["width"] == 440) == styled
        page.get_by_text("Tell us what happened").click()
        page.get_by_label("What were you doing").fill("plain")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("heading")).to_have_text("Thank you")
        receiver.wait_for_feedback(1)


def test_a_script_gets_data_where_the_person_gets_a_page(browser: Browser) -> None:
    """The browser's navigation shows a page; `fetch` of the same address, with its usual headers, gets the problem."""
    with receiving() as receiver, shop(receiver) as address, opened(browser, address) as (page, *_):
        script = (
            "async () => { const a = await fetch('/nowhere'); return [a.headers.get('content-type'), await a.json()] }"
        )
        kind, problem = page.evaluate(script)
        assert (kind, problem["status"]) == ("application/problem+json", 404)
        page.goto(f"{address}/nowhere")
        expect(page.get_by_role("heading")).to_have_text("There is nothing here")
