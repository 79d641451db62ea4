"""What is wrong with this installation, in one sentence each.

In: the settings, the outbox, the dead records, the root's own list. Out: banners for the top of every page of an admin.
`view/pages.py` and `view/server.py` import it.
"""

from collections.abc import Iterator

from flask import url_for
from flask_login import current_user
from msgspec import Struct

from kaput.model import MAIL_LANE, lane_name
from kaput.view.parts import Parts, parts
from kaput.view.render import ago, plural

NO_MAIL = "No mail is sent: KAPUT_SMTP_HOST is not set."


class Banner(Struct, frozen=True):
    """One problem. `link`: the address of the page where something can be done about it, or empty."""

    text: str
    link: str = ""


def problems_of(given: Parts) -> list[Banner]:
    """Returns everything an admin should know, the mail first."""
    found = [Banner(NO_MAIL)] if not given.settings.smtp_host else []
    return [*found, *_troubles(given), *map(Banner, given.problems()), *_dead(given)]


def _troubles(given: Parts) -> Iterator[Banner]:
    """Says on which ways alerts wait, in the words of the other side."""
    troubles = given.store.outbox.troubles()
    names = {channel.id: channel.name for channel in given.store.channels.all()} if troubles else {}
    for trouble in troubles:
        wait = trouble.due - given.clock()
        later = f" Next attempt in {ago(0, wait)}." if wait >= 5 else ""
        where = "" if trouble.lane == MAIL_LANE else f"The {lane_name(trouble.lane, names)} fails. "
        yield Banner(f"{where}{trouble.error.rstrip('.')}.{later}")


def _dead(given: Parts) -> list[Banner]:
    count = given.store.batches.count_dead()
    if not count:
        return []
    text = f"{plural(count, 'accepted record')} could not be digested. Look at the reasons, then retry or drop."
    return [Banner(text, url_for("server.show", _anchor="dead"))]


def banners() -> list[Banner]:
    """Returns the banners of this request's reader; none for anyone but an admin."""
    if not current_user.is_authenticated or not current_user.account.admin:
        return []
    return problems_of(parts())
