"""The line between supervisor and child: orders arrive as they were given, and its end is the end."""

import json
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from kaput.config import Settings, Share, Size
from kaput.serve.lifeline import Orders, decode, encode


def other(name: str, value: Any) -> Any:
    """Returns a value of the same type that is not the default."""
    if isinstance(value, Size | Share):
        return type(value)(value + 7)
    if isinstance(value, int):
        return value + 1
    if isinstance(value, tuple):
        return ("10.0.0.0/8", "::1")
    return Path("/srv/kä put") if name == "data" else f'{value} "ü\n☂'


def test_every_setting_arrives() -> None:
    """Orders with no setting at its default are the same after the line, types included, on one line."""
    settings = Settings()
    names = [item.name for item in fields(settings)]
    changed = replace(settings, **{name: other(name, getattr(settings, name)) for name in names})
    assert all(getattr(changed, item.name) != getattr(settings, item.name) for item in fields(settings))
    given = Orders(changed, 7, "http://[::1]:9110", announce=True)
    line = encode(given)
    assert line.endswith("\n")
    assert line.count("\n") == 1
    received = decode(json.loads(line))
    assert received == given
    for item in fields(settings):
        assert type(getattr(received.settings, item.name)) is type(getattr(changed, item.name))


def test_a_part_of_the_volume_and_a_number_of_bytes_stay_what_they_are() -> None:
    """A setting that can be either arrives as it was given: 50% is not 50 bytes."""
    for value in (Share(50), Size(50), Size(0)):
        orders = Orders(Settings(retention_disk=value), 7, "http://127.0.0.1:9110", announce=False)
        received = decode(json.loads(encode(orders))).settings.retention_disk
        assert (received, type(received)) == (value, type(value))


CHILD = """
import signal, sys, threading
from kaput.serve.lifeline import end_with_supervisor, receive
orders = receive()
if orders is None:
    sys.exit(3)
signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
end_with_supervisor()
print("works", flush=True)
threading.Event().wait(60)
"""


def test_no_orders() -> None:
    """A child whose supervisor ends before it gave orders learns that there are none."""
    done = subprocess.run([sys.executable, "-c", CHILD], stdin=subprocess.DEVNULL, check=False, timeout=30)
    assert done.returncode == 3


def test_the_end_of_the_line() -> None:
    """A child gets SIGTERM when the line ends, and not before."""
    with subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(encode(Orders(Settings(), 0, "", announce=False)).encode())
        child.stdin.flush()
        assert child.stdout.readline() == b"works\n"
        assert child.poll() is None
        child.stdin.close()
        assert child.wait(30) == 0
