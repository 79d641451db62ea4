"""Reads the address of a channel that a person gives, and makes the way out of one that is stored.

In: addresses. Out: what is kept of one, a `Read`; a `Route`: what sends, and who writes what it sends. Imported by the
roots.
"""

import socket
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from msgspec import Struct

from kaput.model import ChannelKind, Clock
from kaput.store.base import Address, ChannelRow
from kaput.tell.brief import BriefComposer
from kaput.tell.document import DocumentComposer
from kaput.tell.lanes import Route
from kaput.tell.network import Fence, LookUp, addresses_soon, refusal, written_address
from kaput.tell.services import ServiceChannel, service_of
from kaput.tell.webhook import WebhookChannel, check_address, make_secret

HIDDEN = "…"


class Read(Struct, frozen=True):
    """An address that was typed.

    Attributes:
        shown: what may be shown of it.
        address: what is kept of it, with a new secret if it needs one.
        note: what could not be found out about it; empty when there is nothing to say.
    """

    kind: ChannelKind
    shown: str
    address: Address
    note: str = ""


def read_address(url: str, networks: Sequence[str], look_up: LookUp = socket.getaddrinfo) -> Read:
    """Reads an address.

    One that begins with http is a webhook, unless a service has addresses of its own that look like it
    (https://hooks.slack.com/services/...); then it is that service. A webhook to a private address is refused, also
    when it is a name's that is found soon; where a name leads is looked at again with each sending, since that may
    change.

    Args:
        url: as it was typed.
        networks: private networks that may be reached.
        look_up: finds the addresses of a name.

    Raises:
        ValueError: it is no address, or one that is never reached; fit to be shown.
        DeliveryFailed: Apprise could not be asked.
    """
    given = url.strip()
    scheme = given.partition("://")[0].lower()
    if scheme not in {"http", "https"}:
        return Read(ChannelKind.SERVICE, f"{service_of(given)}, {scheme}://{HIDDEN}", Address(given))
    checked = check_address(given)
    host = urlsplit(checked).netloc
    with suppress(ValueError):
        return Read(ChannelKind.SERVICE, f"{service_of(checked)}, {scheme}://{host}/{HIDDEN}", Address(checked))
    name = urlsplit(checked).hostname or ""
    written = written_address(name)
    found = [written] if written else addresses_soon(name, look_up)
    if found and not any(map(Fence(networks).lets, found)):
        raise ValueError(refusal(name, found[0]))
    note = "" if found else f"{name} has no address now; it is looked up again with each alert."
    return Read(ChannelKind.WEBHOOK, f"Webhook, {scheme}://{host}/{HIDDEN}", Address(checked, make_secret()), note)


def route_of(row: ChannelRow, address: Address, networks: Sequence[str], origin: str, clock: Clock) -> Route:
    """Makes the way out.

    Args:
        row: the channel.
        address: its address and, for a webhook, its secret.
        networks: private networks that may be reached.
        origin: what tells the ids of this installation from those of any other.
        clock: seconds since the epoch.
    """
    if row.kind is ChannelKind.WEBHOOK:
        channel = WebhookChannel(address.url, address.secret, Fence(networks), clock)
        return Route(channel, DocumentComposer(origin))
    return Route(ServiceChannel(address.url, networks), BriefComposer())
