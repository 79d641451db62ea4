"""The page, made of an open installation; Flask and what comes with it is loaded with the first of it.

In: an installation, and what is wrong at the door. Out: a WSGI application. The roots import it.
"""

from collections.abc import Callable, Sequence
from wsgiref.types import WSGIApplication

from kaput.installation import Installation
from kaput.space import problem


def create_page(
    installation: Installation,
    problems: Callable[[], list[str]],
    enter: Callable[[str, str], bool] | None = None,
    besides: Sequence[str] = (),
) -> WSGIApplication:
    """Makes the page.

    Args:
        installation: what it shows.
        problems: what is wrong now besides, in sentences.
        enter: as in `kaput.view.parts.Parts`.
        besides: likewise.
    """
    from kaput.view.pages import create_pages
    from kaput.view.parts import Parts

    parts = Parts(
        store=installation.store,
        settings=installation.settings,
        secret=installation.secret,
        clock=installation.clock,
        read_stats=installation.read_stats,
        read_space=installation.read_space,
        rehearse=installation.rehearse,
        preview=installation.preview,
        send_test=installation.send_test,
        retry_dead=installation.retry_dead,
        drop_dead=installation.drop_dead,
        add_channel=installation.add_channel,
        read_link=installation.read_link,
        enter=enter,
        besides=besides,
        problems=lambda: [*problems(), *problem(installation.read_space())],
    )
    return create_pages(parts).wsgi_app
