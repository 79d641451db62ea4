"""A short run of the fuzzer, and the largest inputs that the digest once took too long for."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kaput.digest.decode import decode_raw
from tests.fuzz.targets import LOOKS, MOST_SECONDS, fault, faults, min_seconds, read_envelope, read_event, read_store

MEBIBYTE = 1024 * 1024
MOST = 2 * MOST_SECONDS
"""Beside other programs the same work takes more processor time: they share its caches."""


def repeated(piece: str) -> str:
    return piece * (MEBIBYTE // len(piece))


def test_no_input_fails_and_none_takes_long() -> None:
    """Some hundreds of odd inputs: nothing but Refused and Undigestible, and none of them slow."""
    assert [(found.target, found.what, found.data[:200]) for found in faults(1500, seed=7, most=MOST)] == []


@pytest.mark.parametrize(("slow", "what"), [(LOOKS, False), (9 * LOOKS, True)])
def test_an_input_is_slow_only_when_it_is_slow_each_time(slow: int, what: bool) -> None:
    """Another program that is in the way for a while is no fault of the input's."""
    calls = 0

    def target(_: bytes) -> None:
        nonlocal calls
        calls += 1
        until = time.thread_time() + (1.2 * MOST_SECONDS if calls <= slow else 0)
        while time.thread_time() < until:
            pass

    assert bool(fault(target, b"")) is what


def test_the_program_tries_what_it_is_asked_to() -> None:
    """`make fuzz` hands the inputs to several processes, and says how many of them failed."""
    command = [sys.executable, "-m", "tests.fuzz", "--inputs", "30", "--processes", "2"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=root)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.startswith("30 inputs in ")


@pytest.mark.parametrize(
    "event",
    [
        {"message": repeated("auth ")},
        {"message": repeated("password='x' ")},
        {"message": repeated("4111 1111 1111 1111 ")},
        {"extra": {"a": [4111111111111111] * 60_000}},
        {"extra": {f"k{n}": "" for n in range(60_000)}},
        {"extra": {"a": ["password=x"] * 60_000}},
        {"exception": {"values": [{"type": "E", "stacktrace": {"frames": [{}] * 200_000}}]}},
        {"exception": {"values": [{"stacktrace": {"frames": [{"context_line": repeated("token=(")}]}}]}},
        {"logentry": {"message": repeated("password=%s "), "params": ["x"] * 50_000}},
    ],
    ids=["names", "literals", "cards", "numbers", "keys", "texts", "frames", "brackets", "parameters"],
)
def test_a_mebibyte_takes_no_longer_than_its_bounds(event: dict[str, object]) -> None:
    """What is beyond all bounds of an event is left out before it costs anything; reading its JSON is not counted."""
    body = json.dumps(event).encode()
    assert min_seconds(read_event, body) - min_seconds(decode_raw, body) < MOST


_FLOODS = {
    "anything": '{"extra":{"a":[%s]}}',
    "variables": '{"stacktrace":{"frames":[%s]}}',
    "breadcrumbs": '{"breadcrumbs":[%s]}',
    "a mechanism": '{"exception":{"values":[{"type":"E","mechanism":{"type":"m","data":{"a":[%s]}}}]}}',
    "what was raised": '{"exception":{"values":[{"type":"E","value":[%s]}]}}',
    "packages": '{"modules":{"a":[%s]}}',
}
_PIECES = {
    "variables": '{"function":"f","vars":{"a":[%s]}}',
    "breadcrumbs": '{"message":"m","data":{"a":[%s]}}',
}


@pytest.mark.parametrize("place", _FLOODS)
def test_no_number_takes_long_to_read(place: str) -> None:
    """One near the largest that there is takes msgspec a hundred times as long as another of its length."""

    def event(number: str) -> bytes:
        piece = _PIECES.get(place, "%s") % ",".join([number] * 200)
        return (_FLOODS[place] % ",".join([piece] * 100)).encode()

    assert min_seconds(read_event, event("1e308")) < 3 * min_seconds(read_event, event("1e208")) + 0.01


@pytest.mark.parametrize("body", [b" " * MEBIBYTE, b"A" * MEBIBYTE, b"\n" * MEBIBYTE, b"{}\n" * 1000, b"[" * MEBIBYTE])
def test_a_mebibyte_of_anything_is_taken_apart_at_once(body: bytes) -> None:
    """The envelope parser and the store forms read forward only."""
    assert fault(read_envelope, body, MOST) == ""
    assert fault(read_store, body, MOST) == ""
