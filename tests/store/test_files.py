import os
from pathlib import Path

import pytest

from kaput.errors import NotFound
from kaput.store.files import UNNAMED, Files

NAME, OTHER = "ab" * 16, "cd" * 16


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


def content(files: Files, name: str) -> bytes:
    """Reads a file."""
    with files.open(name) as opened:
        return opened.read()


def test_a_file_is_written_and_read(files: Files, tmp_path: Path) -> None:
    """It is there whole, for its owner alone, and nothing else is."""
    files.write(NAME, b"a\x00b")
    files.write(OTHER, b"")
    assert (content(files, NAME), content(files, OTHER), files.missing(NAME)) == (b"a\x00b", b"", False)
    assert sorted(path.name for path in (tmp_path / "files").iterdir()) == [NAME, OTHER]
    assert (tmp_path / "files" / NAME).stat().st_mode & 0o777 == 0o600


def test_a_half_written_file_is_written_again(files: Files, tmp_path: Path) -> None:
    """What a killed worker left under another name is no file, and is replaced."""
    files.write(OTHER, b"")
    (tmp_path / "files" / f"{NAME}{UNNAMED}").write_bytes(b"ha")
    assert files.missing(NAME)
    files.write(NAME, b"whole")
    assert content(files, NAME) == b"whole"
    assert files.older_than(float("inf")) in ([NAME, OTHER], [OTHER, NAME])


def test_a_file_that_is_there_is_young_again(files: Files, tmp_path: Path) -> None:
    """The second writing of the same file leaves its bytes alone, and it counts as written now."""
    files.write(NAME, b"a")
    path = tmp_path / "files" / NAME
    os.utime(path, (1000.0, 1000.0))
    assert (files.older_than(1000.0), files.older_than(1001.0)) == ([], [NAME])
    inode = path.stat().st_ino
    files.write(NAME, b"a")
    assert (files.older_than(1001.0), path.stat().st_ino) == ([], inode)


def test_removed_files_are_gone(files: Files) -> None:
    """To remove what is gone does no harm; to open it says so."""
    files.write(NAME, b"a")
    files.remove([NAME, OTHER])
    assert files.missing(NAME)
    with pytest.raises(NotFound, match="is gone"):
        files.open(NAME)


@pytest.mark.parametrize("name", ["", "../kaput.db", "a" * 31, "A" * 32, f"{NAME}/x", f"/{NAME}"])
def test_names_are_ours(files: Files, name: str) -> None:
    """No other name reaches the file system."""
    for call in (files.open, files.missing, lambda given: files.remove([given]), lambda given: files.write(given, b"")):
        with pytest.raises(NotFound):
            call(name)


def test_strange_files_are_left_alone(files: Files, tmp_path: Path) -> None:
    """What a person put into the directory is not ours to remove."""
    assert files.older_than(float("inf")) == []
    files.write(NAME, b"")
    (tmp_path / "files" / "README").write_text("mine", encoding="utf-8")
    assert files.older_than(float("inf")) == [NAME]


def test_room_is_that_of_the_disk(files: Files, tmp_path: Path) -> None:
    """Free and total bytes are known before and after the directory is made."""
    before = files.room()
    files.write(NAME, b"")
    disk = os.statvfs(tmp_path)
    assert before.total == files.room().total == disk.f_blocks * disk.f_frsize
    assert 0 < files.room().free <= before.total
