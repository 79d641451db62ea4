"""The frame of the pages that a person is shown: templates, one style, and what a page may do.

Out: the style, the policy that allows it, and where templates come from. Parts that answer with a page import it.
A page has no script and loads nothing, so that it comes whole from an application that is half broken.
"""

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, PackageLoader

STYLE = (Path(__file__).parent / "templates" / "kaput" / "error.css").read_text(encoding="utf-8")
STYLE_HASH = f"sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}"
"""What `style-src` of a Content-Security-Policy has to list for the page to have its look."""
POLICY = f"default-src 'none'; style-src '{STYLE_HASH}'; form-action 'self'; base-uri 'none'"


def templates() -> Environment:
    """Returns our templates, which know nothing of the application's."""
    return Environment(loader=PackageLoader("flask_kaput"), autoescape=True)
