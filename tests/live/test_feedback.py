"""People say what happened, with real clients and a real browser, and it is kept as events are."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from playwright.sync_api import expect

from tests.browser import chromium
from tests.live.pages import serving
from tests.live.poster import Poster, envelope, error_event
from tests.live.server import Server, run_program, running, wait_for

ID = "ab" * 16


@contextmanager
def shop_page(server: Server) -> Iterator[str]:
    """Serves a page of another origin that shows the form as an SDK does, under a strict policy."""
    source = f"{server.address}/api/embed/error-page/?dsn={server.dsn}&eventId={ID}&title=Oh+no"
    page = f"<!doctype html><title>Shop</title><body><script src='{source}'></script>"
    policy = f"default-src 'none'; script-src {server.address}; connect-src {server.address}"

    with serving({"/": page}, policy) as address:
        yield address


def said(server: Server) -> list[tuple[str, str, str]]:
    """Returns what is stored: event, name and words."""
    with closing(sqlite3.connect(server.data / "kaput.db")) as database:
        rows = database.execute("SELECT event_id, name, comments, issue_id FROM feedback ORDER BY id")
        return [(row[0].hex(), row[1], row[2]) for row in rows if row[3] is not None]


def test_the_form_of_a_page_reaches_the_issue(tmp_path: Path) -> None:
    """What a person writes into the form stands on the issue's page; the event came before it."""
    with running(tmp_path) as server, chromium() as browser:
        link = server.begin()[2].removeprefix("Set up your account: ")
        with closing(Poster(server.dsn).connect()) as connection:
            assert Poster(server.dsn).post(connection, envelope(error_event(ID)))[0] == 200
        server.settle()
        with shop_page(server) as address:
            page = browser.new_page()
            page.goto(address)
            form = page.get_by_role("dialog", name="Oh no")
            form.get_by_label("Name").fill("Joe")
            form.get_by_label("What happened?").fill("I paid, and <b>nothing</b> came.\nMy password=hunter2-secret")
            form.get_by_role("button", name="Send").click()
            expect(form.get_by_role("status")).to_contain_text("Thank you")
            form.get_by_role("button", name="Close").click()
            expect(page.get_by_role("dialog")).to_have_count(0)
        wait_for(lambda: len(said(server)) == 1, "the feedback is not attached")
        page = browser.new_page()
        page.goto(link)
        page.get_by_label("Email").fill("dev@example.org")
        page.get_by_label("Password", exact=True).fill("correct horse battery")
        page.get_by_role("button").last.click()
        page.goto(f"{server.address}/issues/APP-1")
        expect(page.get_by_role("region", name="What people said")).to_contain_text("I paid, and <b>nothing</b> came.")
        expect(page.locator("body")).not_to_contain_text("hunter2")


def test_acknowledged_feedback_survives_a_kill(tmp_path: Path) -> None:
    """Feedback sent by the SDK is there after the whole tree is killed, and no count of events counts it."""
    with running(tmp_path) as server:
        server.kill("work")
        run_program("speaking.py", server.dsn, ID, "It broke.")
        server.kill_all()
        server.start()
        with closing(Poster(server.dsn).connect()) as connection:
            assert Poster(server.dsn).post(connection, envelope(error_event(ID)))[0] == 200
        wait_for(lambda: said(server) == [(ID, "Joe", "It broke.")] * 2, "the feedback is not attached")
        stats = server.settle()
        assert tuple(stats[name] for name in ("accepted", "digested", "events", "dead")) == (1, 1, 1, 0)
        assert stats["dropped"] == {}
