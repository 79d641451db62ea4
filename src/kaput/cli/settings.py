"""`kaput config`.

In: the same sources as every command. Out: the table of settings, as JSON, or as the Markdown of the docs page. Reads
no database, so that it works when nothing else does.
"""

from collections.abc import Iterator

import click

from kaput.cli.options import data_option, json_option, load_settings, warn_of_unknown
from kaput.cli.terminal import print_json, print_table
from kaput.config import ENVIRONMENT_PREFIX, Described, describe


@click.command()
@data_option
@json_option
@click.option("--markdown", is_flag=True, help="Print the table of the documentation: no values, only what they mean.")
def config(data: str | None, *, as_json: bool, markdown: bool) -> None:
    """Show every setting, its value and where it came from.

    Secrets are not shown.
    """
    if as_json and markdown:
        raise click.UsageError("--json and --markdown exclude each other.")
    loaded = load_settings({"data": data})
    warn_of_unknown(loaded)
    rows = describe(loaded)
    if as_json:
        print_json([_fields(row) for row in rows])
    elif markdown:
        for line in _markdown(rows):
            print(line)
    else:
        print_table(("SETTING", "VALUE", "SOURCE", "MEANS"), ((r.name, r.value, r.source, r.help) for r in rows))


def _fields(row: Described) -> dict[str, str]:
    return {
        "name": row.name,
        "variable": _variable(row),
        "value": row.value,
        "source": row.source,
        "default": row.default,
        "type": row.type,
        "help": row.help,
    }


def _markdown(rows: list[Described]) -> Iterator[str]:
    yield "| setting | environment | type | default | meaning |"
    yield "|---|---|---|---|---|"
    for row in rows:
        default = f"`{row.default}`" if row.default and " " not in row.default else row.default
        cells = (f"`{row.name}`", f"`{_variable(row)}`", row.type, default, row.help)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _variable(row: Described) -> str:
    return ENVIRONMENT_PREFIX + row.name.upper()
