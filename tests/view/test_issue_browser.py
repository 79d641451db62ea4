"""The page of one issue in a real browser."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import ConsoleMessage, Page, expect
from werkzeug.serving import make_server

from kaput.store.base import ProjectRow, Status
from tests.browser import chromium
from tests.view.reports import keep, report
from tests.view.site import PASSWORD, Site
from tests.view.test_issue import everywhere

CONTRASTS = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const parts = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255);
  };
  const light = (colour) => parts(colour)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const ratio = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  const line = document.querySelector('.running');
  const grounds = [line, line.closest('.source')].map((one) => getComputedStyle(one).backgroundColor);
  return ['k', 's', 'm', 'f', 'b', 'd', 'c', ''].flatMap((name) => {
    const piece = document.createElement('span');
    piece.className = name;
    line.append(piece);
    const ink = getComputedStyle(piece).color;
    piece.remove();
    return grounds.map((ground) => [name, ratio(light(ink), light(ground))]);
  });
}"""
"""Answers the contrast (WCAG 2.2, 1.4.3) of each class of code, on the running line and on the others."""


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serves the page on a free port for as long as the block runs, and gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def browsing(address: str, complaints: list[str]) -> Iterator[Page]:
    """Opens a new profile of chromium, logged in; what the page's console complains of is noted."""

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=address)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/login")
        page.fill("[name=email]", "ada@example.org")
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        yield page


def test_a_person_reads_and_resolves(site: Site, shop: ProjectRow) -> None:
    """A person opens an issue, sees the local at once, opens the libraries, copies the trace and resolves it."""
    site.admin()
    for age in (300, 200, 100):
        report(site, shop, "sdk-key-error", age=age)
    complaints: list[str] = []
    with serving(site.app()) as address, browsing(address, complaints) as page:
        page.goto("/issues/SHOP-1")
        quantity = page.locator(".call-own").first.locator(".locals > .members > div", has_text="quantity")
        expect(quantity).to_be_in_viewport()
        expect(page.locator(".running").first).to_be_in_viewport()

        framework = page.locator(".folded .function", has_text="dispatch_request").first
        expect(framework).to_be_hidden()
        page.get_by_text("4 frames in flask").click()
        expect(framework).to_be_visible()
        source = page.locator(".folded .source").first
        expect(source).to_be_hidden()
        page.keyboard.press("x")
        expect(source).to_be_visible()
        page.keyboard.press("x")
        expect(source).to_be_hidden()

        page.keyboard.press("c")
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.endswith("    total += prices[sku] * quantity\nKeyError: 'sku-9'")

        page.keyboard.press("p")
        expect(page.locator(".event-index")).to_have_text("Event 2 of 3")
        page.keyboard.press("e")
        expect(page.locator(".state")).to_have_text("resolved")
        expect(page.locator(".event-index")).to_have_text("Event 2 of 3")
        assert site.store.issues.get("SHOP-1").status is Status.RESOLVED
        page.get_by_role("button", name="Reopen").click()
        expect(page.locator(".state")).to_have_text("unresolved")
    assert complaints == []


@pytest.mark.parametrize("width", [1280, 375])
def test_hostile_events_keep_the_layout(site: Site, shop: ProjectRow, width: int) -> None:
    """Neither one word of 8 kB nor markup in every field makes the page wider than the screen, or runs."""
    site.admin()
    for number, text in enumerate(("W" * 8192, "<script>document.title='run'</script>", "\u202e\u0300wide wide")):
        keep(site, shop, everywhere(text, event_id=f"{number:032x}"), text)
    complaints: list[str] = []
    with serving(site.app()) as address, browsing(address, complaints) as page:
        page.set_viewport_size({"width": width, "height": 800})
        for number in (1, 2, 3):
            page.goto(f"/issues/SHOP-{number}")
            page.evaluate("document.querySelectorAll('details:not(.menu)').forEach((one) => { one.open = true; })")
            excess = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert (number, excess) == (number, 0)
            assert page.title() != "run"
    assert complaints == []


def test_reads_without_a_script(site: Site, shop: ProjectRow) -> None:
    """Without scripts the locals are there and the libraries open; buttons that would do nothing are not shown."""
    site.admin()
    report(site, shop, "sdk-key-error")
    with serving(site.app()) as address, browsing(address, []) as page:
        page.route("**/*.js*", lambda route: route.abort())
        page.goto("/issues/SHOP-1")
        expect(page.locator(".call-own .locals").first).to_be_visible()
        page.get_by_text("4 frames in flask").click()
        expect(page.locator(".folded .function").first).to_be_visible()
        expect(page.get_by_text("Copy trace")).to_be_hidden()
        page.get_by_role("button", name="Resolve").click()
        expect(page.locator(".state")).to_have_text("resolved")


def test_code_can_be_read(site: Site, shop: ProjectRow) -> None:
    """Every colour of code has a contrast of 7 to 1 (AAA) to the ground it stands on, the running line's too."""
    site.admin()
    report(site, shop, "sdk-key-error")
    with serving(site.app()) as address, browsing(address, []) as page:
        page.goto("/issues/SHOP-1")
        light = page.evaluate(CONTRASTS)
        page.emulate_media(color_scheme="dark")
        dark = page.evaluate(CONTRASTS)
    for found in (light, dark):
        assert len(found) == 16
        assert [(name, round(ratio, 1)) for name, ratio in found if ratio < 7] == []
    assert light != dark
