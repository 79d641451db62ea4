"""A person in a real browser, from the set-up link to a resolved issue, on a real server with a real client."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser import chromium
from tests.live.server import run_program, running


def test_a_person_sets_up_reads_a_local_variable_and_resolves(tmp_path: Path) -> None:
    """The printed link makes the account; the list leads to the issue; its local is seen; resolving is remembered."""
    with running(tmp_path) as server, chromium() as browser:
        _, dsn, link = server.begin()
        run_program("equal_errors.py", dsn.removeprefix("DSN: "), "3")
        server.settle()
        complaints: list[str] = []
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.goto(link.removeprefix("Set up your account: "))
        page.get_by_label("Email").fill("dev@example.org")
        page.get_by_label("Password", exact=True).fill("correct horse battery")
        page.get_by_role("button").last.click()
        page.goto(f"{server.address}/")
        page.get_by_role("link", name="KeyError").first.click()
        expect(page.get_by_text("sku-9").first).to_be_visible()
        expect(page.get_by_text("prices[cart[").first).to_be_visible()
        expect(page.locator("body")).not_to_contain_text("hunter2")
        page.get_by_role("button", name="Resolve").click()
        expect(page.get_by_text("resolved").first).to_be_visible()
        (issue,) = server.shell.json("issues")
        assert issue["status"] == "resolved"
        run_program("equal_errors.py", server.dsn, "1")
        server.settle()
        page.reload()
        expect(page.get_by_text("regressed").first).to_be_visible()
        assert complaints == []
