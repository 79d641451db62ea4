"""What the page is made of: everything that the root hands in, and how a view reaches it.

In: an open store, the settings, functions of other stages. Out: `Parts`, and `parts()` inside a request.
`view/` imports it; the roots make a `Parts` and give it to `kaput.view.pages.create_pages`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from flask import current_app

from kaput.config import Settings
from kaput.model import Clock, DropDead, Link, Preview, ReadSpace, ReadStats, Rehearse, RetryDead, Rule, SendTest
from kaput.store.base import ChannelRow, Store

EXTENSION = "kaput"
"""The name under which `app.extensions` holds the `Parts`."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the page needs from the rest of Kaput.

    Attributes:
        secret: the installation's secret, at least 16 bytes; session cookies and the set-up link derive from it.
        clock: answers the time now; no view reads another clock.
        preview: says how often a rule would have fired lately; raises ValueError for what is no rule.
        send_test: raises `kaput.errors.MailFailed` with the mail server's own words.
        add_channel: makes a channel of a project by its name and address; returns it with the secret of a webhook,
            which is shown once, and what to note of the address, or empty texts. Raises ValueError, Conflict,
            DeliveryFailed.
        read_link: reads the token of a link of a mail; raises NotFound when nobody here signed it.
        problems: what is wrong now, one sentence each, fit to be shown to an admin.
        enter: answers whether a token and the peer's address let in without a password; None: nothing does.
        besides: addresses of people who are told as members of every project are.
    """

    store: Store
    settings: Settings
    secret: bytes
    clock: Clock
    read_stats: ReadStats
    read_space: ReadSpace
    rehearse: Rehearse
    preview: Callable[[Rule], Preview]
    send_test: SendTest
    retry_dead: RetryDead
    drop_dead: DropDead
    add_channel: Callable[[int, str, str], tuple[ChannelRow, str, str]]
    read_link: Callable[[str], Link]
    problems: Callable[[], Sequence[str]]
    enter: Callable[[str, str], bool] | None = None
    besides: Sequence[str] = ()


def parts() -> Parts:
    """Returns the parts of the application that serves this request."""
    return cast("Parts", current_app.extensions[EXTENSION])
