"""A disk that is small: a file system in memory, which fills up and becomes free again."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Volume:
    """One small disk."""

    path: Path

    @property
    def _ballast(self) -> Path:
        return self.path / "ballast"

    def fill(self, left: int = 0) -> None:
        """Has another program take all that is free but `left` bytes."""
        with self._ballast.open("ab", buffering=0) as file:
            while (size := self._free() - left) > 0:
                try:
                    file.write(bytes(min(size, 1024**2)))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    return

    def empty(self) -> None:
        """Has the other program give it back."""
        self._ballast.unlink()

    def _free(self) -> int:
        found = os.statvfs(self.path)
        return max(found.f_bavail * found.f_frsize, 0)


@contextmanager
def small_disk(path: Path, size: int) -> Iterator[Volume]:
    """Mounts a disk of `size` bytes; needs root, or sudo without a password."""
    path.mkdir()
    _as_root("mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "kaput-test", str(path))
    try:
        yield Volume(path)
    finally:
        _as_root("umount", "--lazy", str(path))


def _as_root(*command: str) -> None:
    asked = command if os.geteuid() == 0 else ("sudo", "-n", *command)
    subprocess.run(asked, check=True, timeout=30)
