"""Which addresses may be reached."""

import socket
import threading
from typing import Any

import pytest

from kaput.tell.network import Fence, addresses, addresses_soon, written_address


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "localhost", "", "1.2.3"),
    ],
)
def test_private_addresses(address: str) -> None:
    """No address of this machine or of its neighbours is let through, however it is written."""
    assert not Fence(()).lets(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_public_addresses(address: str) -> None:
    """Public addresses are let through."""
    assert Fence(()).lets(address)


def test_allowed_networks() -> None:
    """What the operator allows is let through, and its neighbours are not."""
    fence = Fence(("10.1.0.0/16", "127.0.0.1", "fd00::/8"))
    assert fence.lets("10.1.2.3")
    assert fence.lets("::ffff:10.1.2.3")
    assert fence.lets("127.0.0.1")
    assert fence.lets("fd12::1")
    assert not fence.lets("10.2.0.1")
    assert not fence.lets("127.0.0.2")


def test_look_up() -> None:
    """A name has its addresses, each once."""
    assert "127.0.0.1" in addresses("localhost", 80)
    twice = [(socket.AF_INET, 1, 6, "", ("1.1.1.1", 80))] * 2
    assert addresses("x.org", 80, lambda *_, **__: twice) == ["1.1.1.1"]


def test_a_look_up_that_takes_long() -> None:
    """Who waits for addresses has those that come within the time, and none when they are slow or do not exist."""
    end = threading.Event()

    def slow(*_: object, **__: object) -> list[tuple[Any, ...]]:
        end.wait(60)
        return []

    def unknown(*_: object, **__: object) -> list[tuple[Any, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    try:
        assert addresses_soon("x.org", slow, 0.01) == []
    finally:
        end.set()
    assert addresses_soon("x.org", unknown) == []
    assert addresses_soon("127.0.0.1") == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("localhost", "127.0.0.1"),
        ("Hooks.LOCALHOST.", "127.0.0.1"),
        ("10.1.2.3", "10.1.2.3"),
        ("127.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("::1", "::1"),
        ("hooks.example.org", ""),
        ("a" * 70 + ".org", ""),
    ],
)
def test_addresses_that_are_written(host: str, address: str) -> None:
    """What is an address, in whatever notation, or this machine by name, is known without asking anybody."""
    assert written_address(host) == address
