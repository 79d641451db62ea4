"""What is copied into an application."""

import subprocess
import sys
from pathlib import Path

import pytest

from kaput.view.snippets import SNIPPETS, Snippet, filled, snippet, store_url
from tests.flask_kaput.receiver import receiving

ADDRESS = "https://0123456789abcdef0123456789abcdef@kaput.test:8443/prefix/3"


@pytest.mark.parametrize("one", SNIPPETS, ids=lambda one: one.slug)
def test_every_snippet_carries_the_address(one: Snippet) -> None:
    """No placeholder is left, and the key and the host are there."""
    text = filled(one, ADDRESS)
    assert "0123456789abcdef0123456789abcdef" in text
    assert "kaput.test:8443/prefix" in text
    assert "{dsn}" not in text
    assert "{store}" not in text


@pytest.mark.parametrize("slug", ["flask", "flask-sentry", "django", "python", "raven"])
def test_python_snippets_are_python(slug: str) -> None:
    """The lines of every Python client can be compiled."""
    one = snippet(slug)
    assert one is not None
    compile(filled(one, ADDRESS), slug, "exec")


def test_the_real_client_takes_the_address() -> None:
    """The current sentry-sdk, set up by the lines of its Flask snippet, would post where accept listens."""
    one = snippet("flask-sentry")
    assert one is not None
    address = "http://0123456789abcdef0123456789abcdef@127.0.0.1:9/prefix/3"
    program = f"{filled(one, address)}\nprint(sentry_sdk.get_client().transport._auth.get_api_url())\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.strip() == "http://127.0.0.1:9/prefix/api/3/envelope/", done.stderr


def test_the_flask_snippet_reports(tmp_path: Path) -> None:
    """The first snippet, saved as it is shown, reports an error by the command that stands below it."""
    one = SNIPPETS[0]
    assert "flask --app shop kaput test-error" in one.proof
    with receiving() as receiver:
        (tmp_path / "shop.py").write_text(filled(one, receiver.dsn))
        command = [sys.executable, "-m", "flask", "--app", "shop", "kaput", "test-error"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        [event] = receiver.wait(1)
    assert event["sdk"]["name"] == "kaput.flask"
    assert event["event_id"] in done.stdout


def test_the_plain_address_takes_a_post() -> None:
    """For curl the key moves into the query."""
    assert store_url(ADDRESS) == (
        "https://kaput.test:8443/prefix/api/3/store/?sentry_key=0123456789abcdef0123456789abcdef&sentry_version=7"
    )


def test_an_unknown_client_has_no_snippet() -> None:
    """A slug that is none gives nothing."""
    assert snippet("cobol") is None
