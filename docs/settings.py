"""Writes `docs/settings.md` around the table of `kaput config --markdown`: `make docs`.

In: `kaput config`. Out: Markdown on stdout. A test fails when the page and the table differ.
"""

import subprocess
import sys

from kaput.config import FILE_NAME

HEAD = f"""# Settings

Made by `make docs` from `src/kaput/config.py`; edit the table there.

Each setting is a variable of the environment, a line of `{FILE_NAME}` in the data directory, and a flag of
`kaput serve`. A flag comes before the environment, the environment before the file, the file before the default.
Settings are read once, at the start; everything that is wrong is reported at once, and the exit code is 2.
`kaput config` shows each value and where it came from.

- A password has no flag, because everyone on a machine can read command lines.
- The data directory cannot be set in the file that stands in it.
- A size is a number of bytes, with a unit if you like: `20MiB`, `1GB`, `1048576`.
- A list is separated by commas in the environment, and a list in the file: `trusted_proxies = ["10.0.0.0/8"]`.

"""


def page() -> str:
    """Returns the page."""
    command = [sys.executable, "-m", "kaput", "config", "--markdown"]
    return HEAD + subprocess.run(command, capture_output=True, text=True, check=True).stdout.rstrip("\n")


if __name__ == "__main__":
    print(page())
