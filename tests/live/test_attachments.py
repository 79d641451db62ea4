"""Files that the SDK attaches, from the client to the one who downloads them, whatever is killed between."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser import chromium
from tests.live.server import Server, run_program, running, wait_for

FILE = b"sku,count\r\n\x00\xff\n"


def stored(server: Server) -> set[bytes]:
    """Returns what is in the files."""
    return {path.read_bytes() for path in (server.data / "files").iterdir()}


def sign_up(page: Page, link: str) -> None:
    """Makes the first account."""
    page.goto(link)
    page.get_by_label("Email").fill("dev@example.org")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_role("button").last.click()


def test_what_is_attached_survives_a_kill_and_is_handed_out(tmp_path: Path) -> None:
    """The tree is killed after the answer: file and screenshot are there once, on the page and to be saved."""
    shot = tmp_path / "shot.png"
    with running(tmp_path / "data") as server, chromium() as browser:
        page = browser.new_page()
        link = server.begin()[2].removeprefix("Set up your account: ")
        page.goto(link)
        page.screenshot(path=shot)
        server.kill("work")
        event_id = run_program("attaching.py", server.dsn, str(shot)).strip()
        server.kill_all()
        server.start()
        wait_for(lambda: len(stored(server)) == 2, "the files are not stored")
        stats = server.settle()
        assert (stats["accepted"], stats["events"], stats["dropped"]) == (1, 1, {})
        assert stored(server) == {FILE, shot.read_bytes()}
        found = server.shell.json("event", event_id)
        assert [file["name"] for file in found["attachments"]] == ["../cart.csv"]
        sign_up(page, link)
        page.goto(f"{server.address}/issues/APP-1")
        picture = page.get_by_role("region", name="What people said").get_by_role("img", name="screenshot.png")
        expect(picture).to_have_js_property("naturalWidth", 1280)
        with page.expect_download() as saving:
            page.get_by_role("region", name="Attachments").get_by_role("link", name="../cart.csv").click()
        assert (saving.value.suggested_filename, saving.value.path().read_bytes()) == ("cart.csv", FILE)
