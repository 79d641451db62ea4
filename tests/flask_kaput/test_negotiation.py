"""Page or data: what each kind of client gets."""

import pytest
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from flask_kaput.negotiation import wants_page

CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "destination", "page"),
    [
        (CHROMIUM, "document", True),
        (CHROMIUM, "", True),
        (CHROMIUM, "empty", True),
        ("*/*", "", False),
        ("", "", False),
        ("*/*", "empty", False),
        ("*/*", "document", True),
        ("*/*", "iframe", True),
        ("*/*", "image", False),
        ("image/avif,image/webp,*/*;q=0.8", "image", False),
        ("application/json", "", False),
        ("application/json", "document", False),
        ("application/json, text/plain, */*", "empty", False),
        ("application/json, text/javascript, */*; q=0.01", "empty", False),
        ("application/problem+json", "", False),
        ("application/json; charset=utf-8", "", False),
        ("text/html; charset=utf-8", "", True),
        ("text/html;level=1", "", True),
        ("application/json;q=0.8, text/html;q=0.9", "", True),
        ("application/json;q=0.9, text/html;q=0.8", "", False),
        ("application/json;q=0, */*", "", True),
        ("application/json;q=0, application/problem+json;q=0, */*", "", True),
        ("text/html;q=0, */*", "document", False),
        ("text/*, application/*;q=0.9", "", True),
        ("text/*", "", True),
        ("application/xhtml+xml", "", True),
        ("TEXT/HTML", "", True),
        ("text/html, application/json", "", False),
        ("text/html, application/json", "document", True),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "", True),
        ("text/plain", "", False),
        ("nonsense", "", False),
        ("text/html;q=banana", "document", True),
    ],
)
def test_a_client_gets_what_suits_it(accept: str, destination: str, page: bool) -> None:
    """Browsers that show the answer get a page; scripts, programs and who asks for it get data."""
    assert wants_page(parse_accept_header(accept, MIMEAccept), destination) == page
