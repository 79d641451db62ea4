"""Addresses of channels, as a person types them."""

import socket
from typing import Any

import pytest

from kaput.model import ChannelKind
from kaput.store.base import Address
from kaput.tell.routes import HIDDEN, read_address

HOOK = "https://hooks.example.org/xyz"


def answers(*addresses: str) -> list[tuple[Any, ...]]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]


def public(*_: object, **__: object) -> list[tuple[Any, ...]]:
    """Stands in for a server of names that knows every name."""
    return answers("1.1.1.1")


@pytest.mark.parametrize(
    ("url", "kind", "shown"),
    [
        (
            "https://chat.example.org:8443/hooks/xyz?t=1",
            ChannelKind.WEBHOOK,
            "Webhook, https://chat.example.org:8443/…",
        ),
        ("https://ntfy.sh/my-secret-topic", ChannelKind.SERVICE, "ntfy, https://ntfy.sh/…"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", ChannelKind.SERVICE, "Slack, slack://…"),
    ],
)
def test_reading_an_address(url: str, kind: ChannelKind, shown: str) -> None:
    """What is shown of an address names the service and the host, never what is secret; a webhook gets a secret."""
    read = read_address(f" {url} ", (), public)
    assert (read.kind, read.shown, read.note) == (kind, shown, "")
    assert HIDDEN in read.shown
    address = read.address
    assert address == Address(url, address.secret)
    assert address.secret.startswith("whsec_") == (kind is ChannelKind.WEBHOOK)


def test_a_name_with_private_addresses() -> None:
    """A webhook by a name is refused where that leads to private addresses only, unless the operator allows them."""
    with pytest.raises(
        ValueError, match=r"hooks\.example\.org has the private address 10\.1\.2\.3, and nothing is sent"
    ):
        read_address(HOOK, (), lambda *_, **__: answers("10.1.2.3", "127.0.0.1"))
    assert not read_address(HOOK, ("10.1.0.0/16",), lambda *_, **__: answers("10.1.2.3")).note
    assert not read_address(HOOK, (), lambda *_, **__: answers("10.1.2.3", "1.1.1.1")).note


def test_a_name_without_addresses() -> None:
    """A name that is not known now is taken all the same, with a word about it."""

    def unknown(*_: object, **__: object) -> list[tuple[Any, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    note = read_address(HOOK, (), unknown).note
    assert note == "hooks.example.org has no address now; it is looked up again with each alert."
