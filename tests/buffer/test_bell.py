"""The bell: rings across processes, and is never waited for."""

import os
import time
from pathlib import Path

from kaput.buffer.bell import NAME, Listener, Ringer


def test_nobody_listens(tmp_path: Path) -> None:
    """A ring without a listener, or without a directory, does nothing and opens nothing."""
    ringer = Ringer(tmp_path / "none")
    ringer.ring()
    os.mkfifo(tmp_path / NAME)
    deaf = Ringer(tmp_path)
    deaf.ring()
    ringer.close()
    deaf.close()


def test_a_ring_is_heard_once(tmp_path: Path) -> None:
    """Rings that came before are heard at once, all together; then it is silent until the time is over."""
    listener, ringer = Listener(tmp_path), Ringer(tmp_path)
    for _ in range(70_000):  # more than the FIFO holds
        ringer.ring()
    begin = time.monotonic()
    listener.wait(60)
    assert time.monotonic() - begin < 30
    begin = time.monotonic()
    listener.wait(0.05)
    assert time.monotonic() - begin >= 0.05
    ringer.close()
    listener.close()


def test_a_new_listener_is_heard_of(tmp_path: Path) -> None:
    """A ringer finds the listener that came after the one it knew had gone."""
    ringer = Ringer(tmp_path)
    for _ in range(3):
        listener = Listener(tmp_path)
        ringer.ring()
        begin = time.monotonic()
        listener.wait(60)
        assert time.monotonic() - begin < 30
        listener.close()
        ringer.ring()
    ringer.close()


def test_a_file_in_its_place_is_replaced(tmp_path: Path) -> None:
    """A plain file, as a backup leaves it, becomes a FIFO: waiting on it would return at once, again and again."""
    (tmp_path / NAME).write_bytes(b"")
    listener = Listener(tmp_path)
    begin = time.monotonic()
    listener.wait(0.1)
    assert time.monotonic() - begin >= 0.1
    assert oct((tmp_path / NAME).stat().st_mode & 0o777) == "0o600"
    listener.close()
