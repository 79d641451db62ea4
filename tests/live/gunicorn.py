"""A Flask application under gunicorn, with a tracker inside, as people deploy it: a master and some workers."""

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.shell import Shell
from tests.live.server import PATIENCE, PROGRAMS, free_port, wait_for
from tests.processes import children


@dataclass
class Site:
    """A running application.

    Attributes:
        folder: its instance folder.
        log: file for all that it writes.
    """

    folder: Path
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def address(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def data(self) -> Path:
        """The directory of the tracker."""
        return self.folder / "kaput"

    @property
    def shell(self) -> Shell:
        """The command line on the tracker's directory."""
        return Shell(self.data)

    def workers(self) -> list[int]:
        """Returns the processes that answer."""
        return children().get(self.process.pid, [])

    def get(self, path: str) -> tuple[int, str]:
        """Returns status and body of a GET; status 0 when the connection broke."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                return answer.status, answer.read().decode()
            except (OSError, http.client.HTTPException):
                return 0, ""

    def leaders(self) -> list[int]:
        """Returns the processes that have the lock of the directory, as the kernel tells it.

        It tells the list piece by piece: when the lock changes hands meanwhile, both may stand in it. So it is asked
        twice.
        """
        return [pid for pid in self._holders() if pid in self._holders()]

    def _holders(self) -> list[int]:
        try:
            inode = (self.data / "kaput.lock").stat().st_ino
        except OSError:
            return []
        rows = (line.split() for line in Path("/proc/locks").read_text(encoding="ascii").splitlines())
        return [int(row[4]) for row in rows if row[1] == "FLOCK" and row[5].rpartition(":")[2] == str(inode)]

    def stats(self) -> dict[str, Any]:
        """Returns `kaput stats --json`."""
        found = self.shell.json("stats")
        assert isinstance(found, dict)
        return found


@contextmanager
def serving(folder: Path, application: str, *options: str, **environment: str) -> Iterator[Site]:
    """Runs an application of `programs/` under gunicorn until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    port, log = free_port(), folder / "gunicorn.log"
    arguments = ["--bind", f"127.0.0.1:{port}", "--chdir", str(PROGRAMS), "--no-control-socket", *options]
    given = {"PATH": os.environ["PATH"], "HOME": str(folder), "SHOP_FOLDER": str(folder), **environment}
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *arguments, application], env=given, stdout=out, stderr=out
        )
    site = Site(folder, port, process, log)
    try:
        wait_for(lambda: site.get("/")[0] == 200, f"{site.address} does not answer")
        yield site
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
        if process.poll() is None:
            process.kill()
            process.wait()
