"""Writes `docs/flask-settings.md` from the table of the Flask extension: `make docs`.

In: `flask_kaput.settings`. Out: Markdown on stdout. A test fails when the page and the table differ.
"""

from flask_kaput.settings import table

HEAD = """# Settings of the Flask extension

Made by `make docs` from `src/flask_kaput/settings.py`; edit the table there.

Each setting is a key of `app.config` and a variable of the environment, `KAPUT_<NAME>`, and an argument of
`Kaput(...)`, the name in lower case. An argument comes before `app.config`, that before the environment, that before
the default. They are read once, by `init_app`; everything wrong is reported at once, in one `ConfigurationError`.

- A key of `app.config` or an argument that is no setting is an error. A variable of the environment may be another
  program's: it is only told, by a warning at the start.
- A size is a number of bytes, with a unit if you like: `20MiB`, `1GB`, `1048576`.
- A list is separated by commas in the environment; in `app.config` it is a list or a tuple.

| setting | type | default | meaning |
|---|---|---|---|
"""


def page() -> str:
    """Returns the page."""
    rows = (
        f"| `{row.key}` | {row.kind.replace('|', chr(92) + '|')} | {f'`{row.default}`' if row.default else ''} |"
        f" {row.help.replace('|', chr(92) + '|')} |"
        for row in table()
    )
    return HEAD + "\n".join(rows)


if __name__ == "__main__":
    print(page())
