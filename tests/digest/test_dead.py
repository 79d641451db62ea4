"""`dead/`: what could not be digested is kept as it came, for a person to decide."""

import os
from pathlib import Path

import pytest

from kaput.digest.dead import DeadDirectory
from kaput.errors import NotFound
from kaput.model import Dead, Record

RECORD = Record(1, "ab" * 16, 1_800_000_000.25, b'{"message": "a\nb"}\n\xff', client="x/1 \u2603", address="192.0.2.7")
NAME = "0180000000000000abcdef-000001.seg-16"


def test_round_trip(tmp_path: Path) -> None:
    """A record that was buried is read as it was, whatever bytes its body has, until it is removed."""
    directory = DeadDirectory(tmp_path / "dead")
    told = directory.bury(NAME, RECORD, "no JSON")
    assert told == Dead(NAME, "no JSON", 1, RECORD.event_id, RECORD.received)
    assert directory.read(NAME) == RECORD
    directory.remove(NAME)
    directory.remove(NAME)
    assert list((tmp_path / "dead").iterdir()) == []
    with pytest.raises(NotFound):
        directory.read(NAME)


def test_the_same_name_is_the_same_file(tmp_path: Path) -> None:
    """A batch that is digested again after a crash leaves one file, and nothing half written."""
    directory = DeadDirectory(tmp_path)
    for reason in ("first", "second"):
        directory.bury(NAME, RECORD, reason)
    (file,) = tmp_path.iterdir()
    assert b"second" in file.read_bytes()


def test_a_file_is_the_owners_alone(tmp_path: Path) -> None:
    """A record holds secrets that were not filtered: nobody else may read it, whatever the umask."""
    before = os.umask(0)
    try:
        DeadDirectory(tmp_path / "dead").bury(NAME, RECORD, "no JSON")
    finally:
        os.umask(before)
    (file,) = (tmp_path / "dead").iterdir()
    assert [oct(path.stat().st_mode & 0o777) for path in (tmp_path / "dead", file)] == ["0o700", "0o600"]


def test_damaged_bytes_cannot_be_tried_again(tmp_path: Path) -> None:
    """Bytes that were damaged on the disk are kept and are no record."""
    directory = DeadDirectory(tmp_path)
    told = directory.bury(NAME, b"\x00\xf5KR", "Damaged on the disk.")
    assert (told.project_id, told.event_id) == (0, "")
    with pytest.raises(NotFound, match="cannot be tried again"):
        directory.read(NAME)
    (file,) = tmp_path.iterdir()
    assert file.read_bytes().endswith(b"\n\x00\xf5KR")


@pytest.mark.parametrize("content", [b"", b"not json\n{}", b'{"reason": 1}\n{}', b"\xff\n"])
def test_a_file_that_is_none_of_ours(tmp_path: Path, content: bytes) -> None:
    """A file without the first line that it must have is told by name."""
    (tmp_path / f"{NAME}.dead").write_bytes(content)
    with pytest.raises(NotFound, match=NAME):
        DeadDirectory(tmp_path).read(NAME)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "/etc/passwd", "a/b", "a\0b", ".hidden", "x" * 300, "\ud800", "a\n", "ä"]
)
def test_names_stay_in_the_directory(tmp_path: Path, name: str) -> None:
    """What is no name of a record is refused for reading, removing and burying, and touches no file."""
    outside = tmp_path / "x.dead"
    outside.write_bytes(b"kept")
    directory = DeadDirectory(tmp_path / "dead")
    with pytest.raises(NotFound):
        directory.read(name)
    with pytest.raises(NotFound):
        directory.remove(name)
    with pytest.raises(NotFound):
        directory.bury(name, RECORD, "no JSON")
    assert outside.read_bytes() == b"kept"
