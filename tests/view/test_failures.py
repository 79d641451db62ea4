"""The pages for what went wrong."""

import logging
import sqlite3
from contextlib import closing

import pytest
from flask import abort

from tests.view.site import Site, visitor


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/nowhere", 404, "There is nothing here"),
        ("/issues?status=lost", 400, "none of unresolved"),
        ("/logout", 405, "takes forms only"),
        ("/projects/none/setup", 404, "no member of"),
        ("/issues/NONE-1", 404, "There is nothing here"),
    ],
)
def test_a_failure_is_a_small_page_of_the_same_look(site: Site, path: str, status: int, text: str) -> None:
    """An error page says what happened in words, links to the start, and is styled like the others."""
    site.admin()
    page = visitor(site.app(), "ada@example.org").get(path, status)
    assert text in page
    assert "/static/kaput.css" in page
    assert 'href="/"' in page


def test_a_wrong_method_names_the_right_ones(site: Site) -> None:
    """A 405 says which methods there are, as HTTP asks."""
    site.admin()
    answer = visitor(site.app(), "ada@example.org").open("/logout")
    assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}
    assert answer.content_type == "text/html; charset=utf-8"


def test_a_bug_is_a_page_without_its_details(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """A view that breaks gives a 500 page that shows nothing of the exception; the log has it."""
    app = site.app()

    def break_() -> str:
        raise RuntimeError("the password is hunter2")

    app.view_functions["auth.login"] = break_
    with caplog.at_level(logging.ERROR):
        page = visitor(app).get("/login", 500)
    assert "Kaput broke" in page
    assert "hunter2" not in page
    assert "hunter2" in caplog.text


def test_forbidden_has_a_page(site: Site) -> None:
    """A 403 of a view is a page too."""
    app = site.app()
    app.view_functions["auth.login"] = lambda: abort(403)
    assert "Ask an admin" in visitor(app).get("/login", 403)


def test_a_locked_database_says_what_to_do(site: Site) -> None:
    """While another program holds the database a form is answered 503 with what to do, and it works again after."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    with closing(sqlite3.connect(site.data / "kaput.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = someone.send("/projects", "/projects", name="Shop")
        other.execute("ROLLBACK")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "kaput check" in answer.text
    assert someone.send("/projects", "/projects", name="Shop").status_code == 302


def test_a_damaged_database_says_so(site: Site) -> None:
    """When the file is no database any more, a page is a 503 and not a 500."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    site.store.close()
    (site.data / "kaput.db").write_bytes(b"x" * 65536)
    assert "This cannot be done now" in someone.get("/projects", 503)
