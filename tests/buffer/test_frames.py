"""Frames: what is written is read, and damage costs what it touched and nothing else."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.buffer.frames import HEADER_SIZE, TORN, WINDOW, Part, count_records, decode, encode
from kaput.model import EVENT, FEEDBACK, Drop, Record
from tests.buffer.samples import record

SALT = 0xC0FFEE

items = st.one_of(
    st.builds(
        Record,
        st.integers(1, 9),
        st.text("0123456789abcdef", min_size=32, max_size=32),
        st.floats(0, 2e9),
        st.binary(max_size=200),
        client=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        kind=st.sampled_from([EVENT, FEEDBACK]),
    ),
    st.builds(Drop, st.text("abc_", min_size=1, max_size=9), st.integers(1, 99), st.floats(0, 2e9), st.integers(0, 9)),
)


def count(data: bytes) -> int:
    return count_records(lambda at, most: data[at : at + most], 0, len(data), SALT)


def joined(wanted: Sequence[Record | Drop]) -> tuple[bytes, list[int]]:
    """Returns the frames of all, and where each begins."""
    frames = [encode(item, SALT) for item in wanted]
    return b"".join(frames), [sum(map(len, frames[:index])) for index in range(len(frames))]


def is_event(item: object) -> bool:
    """Answers whether it is a record that is counted."""
    return isinstance(item, Record) and item.kind == EVENT


def lost(parts: Sequence[Part]) -> int:
    """Counts what goes to `dead/`."""
    return sum(part.content is None and part.reason != TORN for part in parts)


@given(st.lists(items, max_size=8))
def test_round_trip(wanted: list[Record | Drop]) -> None:
    """What was encoded is decoded, in order, without gaps, and the events are counted."""
    data, starts = joined(wanted)
    parts = list(decode(data, SALT, finished=False))
    assert [part.content for part in parts] == wanted
    assert [part.start for part in parts] == starts
    assert [part.end for part in parts] == [*starts[1:], len(data)][: len(parts)]
    assert count(data) == sum(map(is_event, wanted))


def test_a_record_of_before_there_were_kinds_is_an_event() -> None:
    """A record that was written without its last field is read, as an event."""
    old = msgspec.msgpack.encode([1, "ab" * 16, 2.5, b"{}", "", ""])
    assert msgspec.msgpack.decode(old, type=Record) == Record(1, "ab" * 16, 2.5, b"{}", kind=EVENT)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[list[Record | Drop], bytes, set[int]]:
    """Makes frames, damages one stretch of them, and says which stand whole before or behind it."""
    wanted = draw(st.lists(items, min_size=1, max_size=8, unique_by=repr))
    data, starts = joined(wanted)
    begin = draw(st.integers(0, len(data)))
    end = draw(st.integers(begin, min(len(data), begin + 300)))
    harm = draw(st.sampled_from(["flip", "cut", "insert", "zero"]))
    if harm == "insert":
        end = begin
    new = {"flip": draw(st.binary(min_size=end - begin, max_size=end - begin)), "cut": b"", "zero": bytes(end - begin)}
    changed = data[:begin] + new.get(harm, draw(st.binary(max_size=300))) + data[end:]
    ends = [*starts[1:], len(data)]
    whole = {n for n, start in enumerate(starts) if ends[n] <= begin or start >= end}
    return wanted, changed, whole


@given(damaged(), st.booleans())
def test_damage_costs_what_it_touched(case: tuple[list[Record | Drop], bytes, set[int]], finished: bool) -> None:
    """Whatever happens to a stretch of bytes, nothing wrong is read, and in the end everything whole is found."""
    wanted, data, whole = case
    parts = list(decode(data, SALT, finished=finished))
    found = [part.content for part in parts if part.content is not None]
    order = [wanted.index(content) for content in found]
    assert order == sorted(order)
    assert [part.start for part in parts[1:]] == [part.end for part in parts[:-1]]
    if finished:
        assert whole <= set(order)
        assert sum(part.end - part.start for part in parts) == len(data)


@st.composite
def overwritten(draw: st.DrawFn) -> bytes:
    """Makes frames of which a stretch was overwritten in its place, as disks do, and the end perhaps cut off."""
    data, _ = joined(draw(st.lists(items, min_size=1, max_size=8)))
    begin = draw(st.integers(0, len(data)))
    new = draw(st.binary(max_size=400) | st.binary(min_size=1, max_size=1))[: len(data) - begin]
    return (data[:begin] + new + data[begin + len(new) :])[: draw(st.integers(0, len(data)))]


@given(overwritten())
def test_counting_agrees_with_reading(data: bytes) -> None:
    """The count from headers alone is the number of events and of damaged pieces that reading gives."""
    parts = list(decode(data, SALT, finished=True))
    assert count(data) == sum(is_event(part.content) for part in parts) + lost(parts)


def test_every_flipped_bit_costs_one_frame() -> None:
    """One bit flipped at any place of three frames costs the frame it is in."""
    data, starts = joined([record(n) for n in range(3)])
    for position in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[position] ^= 1 << bit
            parts = list(decode(bytes(flipped), SALT, finished=True))
            hit = sum(start <= position for start in starts) - 1
            kept = [int(part.content.event_id, 16) for part in parts if isinstance(part.content, Record)]
            assert kept == [n for n in range(3) if n != hit]
            assert len(parts) == 3


def test_an_end_that_is_not_whole_is_waited_for_or_torn() -> None:
    """The beginning of a frame is left for later while more may come, and is torn when nothing will."""
    data = encode(record(1), SALT)
    for length in range(1, len(data)):
        assert list(decode(data[:length], SALT, finished=False)) == []
        assert [(part.content, part.reason) for part in decode(data[:length], SALT, finished=True)] == [(None, TORN)]
        assert count(data[:length]) == 0


@pytest.mark.parametrize("harm", ["checksum", "torn"])
def test_a_body_never_passes_for_a_frame(harm: str) -> None:
    """A body that holds a whole frame, made without the salt, yields no record when the frame around it is damaged."""
    for guess in (0, 1):
        body = encode(record(666, project_id=2), guess)
        data = bytearray(encode(record(1, b" " * 50 + body + b" " * 50), SALT))
        if harm == "checksum":
            data[HEADER_SIZE + 60] ^= 1
        else:
            del data[-10:]
        parts = list(decode(bytes(data), SALT, finished=True))
        assert [part.content for part in parts] == [None]


def test_a_damaged_drop_is_counted_as_it_is_read() -> None:
    """A drop whose payload is damaged counts as one damaged piece, before and after it is read."""
    data = bytearray(encode(Drop("too_large", 1, 0.0), SALT) + encode(record(1), SALT))
    data[HEADER_SIZE + 2] ^= 1
    assert count(bytes(data)) == 2
    assert lost(list(decode(bytes(data), SALT, finished=True))) == 1


def test_a_wide_gap_is_crossed() -> None:
    """Damage that is wider than what is looked at in one go hides nothing behind it."""
    data = bytes(3 * WINDOW + 5) + encode(record(1), SALT)
    assert count(data) == 2
    parts = list(decode(data, SALT, finished=False))
    assert [part.content for part in parts] == [None, record(1)]
