"""Which addresses a channel may reach: the public ones, and the private networks that the operator allowed.

In: addresses as numbers, and names. Out: yes or no, and addresses to connect to. Imported by `tell/webhook.py`,
`tell/routes.py` and `tell/courier.py`.

A person who may add a channel could otherwise use Kaput to knock at doors that only its machine can see: the database
beside it, or a cloud's metadata service. What decides is the address that is really connected to, and never the name,
which may have another address a moment later (DNS rebinding). That a name is looked up when somebody types it is a help
for him, and guards nothing.
"""

import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

LookUp = Callable[..., list[tuple[Any, ...]]]
"""`socket.getaddrinfo`, or what stands in for it."""

HINT = "Only public addresses are reached, and the networks in KAPUT_CHANNEL_NETWORKS."

LOOK_UP_SECONDS = 2.0
"""How long who typed a name waits for its addresses."""

_NAT64 = ip_network("64:ff9b::/96")
"""IPv4 addresses as some IPv6 networks write them (RFC 6052, section 2.1)."""


class Fence:
    """The rule of one installation.

    Args:
        networks: private networks that may be reached, such as `10.1.0.0/16`, or single addresses.
    """

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ip_network(network, strict=False) for network in networks]

    def lets(self, address: str) -> bool:
        """Answers whether an address may be reached; what is no address never is."""
        try:
            meant = _meant(ip_address(address.partition("%")[0]))
        except ValueError:
            return False
        public = meant.is_global and not meant.is_multicast
        return public or any(meant.version == network.version and meant in network for network in self._networks)


def addresses(host: str, port: int, look_up: LookUp = socket.getaddrinfo) -> list[str]:
    """Returns the addresses of a host, each once; raises OSError when it has none."""
    found = look_up(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in found))


def addresses_soon(host: str, look_up: LookUp = socket.getaddrinfo, seconds: float = LOOK_UP_SECONDS) -> list[str]:
    """Returns the addresses of a host as far as they are found within a time; none when it has none.

    A look-up cannot be ended: it goes on in a thread of its own, which holds nobody up.
    """
    found: list[str] = []

    def look() -> None:
        with suppress(OSError, UnicodeError):
            found.extend(addresses(host, 0, look_up))

    thread = threading.Thread(target=look, name="kaput-look-up", daemon=True)
    thread.start()
    thread.join(seconds)
    return list(found)


def refusal(host: str, address: str) -> str:
    """Returns why nothing is sent to a host."""
    return f"{host} has the private address {address}, and nothing is sent there. {HINT}"


def written_address(host: str) -> str:
    """Returns the address that a host is without asking anybody, or an empty text when it is a name."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, section 6.3
        return "127.0.0.1"
    try:
        return addresses(host, 0, partial(socket.getaddrinfo, flags=socket.AI_NUMERICHOST))[0]
    except (OSError, UnicodeError):
        return ""


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Returns the IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address.teredo:
        inner = address.teredo[1]
    return inner or address
