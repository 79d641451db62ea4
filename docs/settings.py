"""Writes `docs/settings.md` from the table of settings: `make docs`.

In: `kaput.config`. Out: Markdown on stdout. A test fails when the page and the table differ.
"""

from collections.abc import Sequence

from kaput.config import ENVIRONMENT_PREFIX, FILE_NAME, Described, Loaded, Settings, describe

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

| environment | `{FILE_NAME}` | type | default | what it is |
|---|---|---|---|---|"""


def page(rows: Sequence[Described]) -> str:
    """Returns the page, with a line for each setting."""
    return "\n".join([HEAD, *map(_line, rows)])


def _line(row: Described) -> str:
    cells = (
        f"`{ENVIRONMENT_PREFIX}{row.name.upper()}`",
        "" if row.name == "data" else f"`{row.name}`",
        row.type,
        f"`{row.default}`" if row.default and row.name != "data" else row.default or "empty",
        row.help,
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    print(page(describe(Loaded(Settings(), {}))))
