"""The tracker inside an application in a real browser: its set-up, its page, and an SDK of the same origin."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser import chromium
from tests.live.gunicorn import serving
from tests.live.server import wait_for
from tests.live.test_javascript_clients import ESBUILD, JAVASCRIPT, node

SETUP = re.compile(r"Make your account at (http://\S+)")
PASSWORD = "correct horse battery"


def set_up(page: Page, link: str) -> None:
    """Makes the first account by the link of the log."""
    page.goto(link)
    page.get_by_label("Email").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    page.wait_for_url(lambda address: "/setup" not in address)


def test_a_person_at_the_page(tmp_path: Path) -> None:
    """The link of the log leads in; what fails on the server and in the browser is on the page, without a complaint."""
    folder = tmp_path / "instance"
    script = folder / "assets" / "shop.min.js"
    built = node(ESBUILD, JAVASCRIPT / "page.js", "--bundle", "--minify", "--keep-names", f"--outfile={script}")
    assert built.returncode == 0, built.stderr
    complaints: list[str] = []
    with serving(folder, "embedded_shop:app", "--workers", "2") as site, chromium() as browser:
        wait_for(lambda: SETUP.search(site.log.read_text()) is not None, "no link was printed")
        found = SETUP.search(site.log.read_text())
        assert found is not None
        page = browser.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        set_up(page, found[1])
        assert page.url.startswith(f"{site.address}/kaput/")
        assert site.get("/pay/77")[0] == 500
        dsn = site.shell("dsn").stdout.strip()
        assert re.fullmatch(rf"http://[0-9a-f]{{32}}@127\.0\.0\.1:{site.port}/kaput/1", dsn)
        shop = browser.new_page()
        sent: list[str] = []
        shop.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
        shop.goto(f"{site.address}/shop?dsn={dsn}")
        shop.get_by_role("button", name="Ask").click()
        titles = ["ValueError: no price for order 77", "sku-9 is sold out"]
        wait_for(lambda: sorted(i["title"] for i in site.shell.json("issues")) == titles, "not all became visible")
        page.goto(f"{site.address}/kaput/")
        for title in titles:
            kind, _, value = title.partition(": ")
            expect(page.get_by_text(value or kind).first).to_be_visible()
        page.get_by_text("no price for order 77").first.click()
        expect(page.get_by_text("raise ValueError").first).to_be_visible()
        assert page.context.cookies(f"{site.address}/") == []
        assert [cookie["path"] for cookie in page.context.cookies(f"{site.address}/kaput/")] == ["/kaput"]
    assert complaints == []
    assert sent
    assert [address for address in sent if not address.startswith(f"{site.address}/kaput/api/1/envelope/")] == []
