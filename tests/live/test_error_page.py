"""From the error page of a Flask application to the event at the server, as a person and a developer go."""

import html
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from flask_kaput.feedback import PATH
from tests.flask_kaput.applications import application
from tests.live.person import Person
from tests.live.server import Server, running, wait_for

PASSWORD = "correct horse battery"


def first(page: str, pattern: str) -> str:
    """Returns what a pattern finds first on a page."""
    found = re.search(pattern, page)
    assert found is not None, page
    return html.unescape(found[1])


def attached(server: Server) -> int:
    """Counts what people said that stands at an issue."""
    with closing(sqlite3.connect(server.data / "kaput.db")) as database:
        count: int = database.execute("SELECT count(*) FROM feedback WHERE issue_id IS NOT NULL").fetchone()[0]
        return count


def test_the_number_and_the_words_lead_to_the_event(tmp_path: Path) -> None:
    """Who types the number of the error page into the search stands before its event, with what the person said."""
    with running(tmp_path / "server") as server:
        server.shell("user", "add", "dev@example.org", "--admin", "--password-stdin", typed=f"{PASSWORD}\n")
        with application(dsn=server.dsn) as app:
            app.add_url_rule("/fail", "fail", lambda: str(1 / 0))
            client = app.test_client()
            client.get("/fail")
            page = client.get("/fail", headers={"Accept": "text/html"}).text
            words = {"token": first(page, r'name="token" value="([^"]+)"'), "message": "I <paid>, and nothing came."}
            assert client.post(PATH, data=words).status_code == 303
        wait_for(lambda: attached(server) == 1, "the feedback is not attached")
        number = first(page, r"<code>([^<]+)</code>")
        developer = Person(server.address)
        developer.log_in("dev@example.org", PASSWORD)
        event = developer.get(f"/issues?q={number}")
    assert (event.status, "ZeroDivisionError" in event.text) == (200, True)
    assert number.replace("-", "") in event.text
    assert "I &lt;paid&gt;, and nothing came." in event.text
