"""`/metrics`: the counts in the text format of Prometheus.

In: the counts of this second. Out: the text. `view/pages.py` imports it. It answers without a login, because a scraper
has none, and so it gives sums over the installation only: no project, no title, no address.
"""

from flask import Blueprint, Response, current_app

RECENT = "kaput_recent"
"""The name under which `app.extensions` holds the `RecentStats`."""

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def read() -> Response:
    """Answers a scrape."""
    from kaput.view.exposition import CONTENT_TYPE, exposed

    return Response(exposed(current_app.extensions[RECENT]), content_type=CONTENT_TYPE)
