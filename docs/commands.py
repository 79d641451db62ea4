"""Writes `docs/commands.md` from the commands themselves: `make docs`.

In: `kaput.cli`. Out: Markdown on stdout. A test fails when the page and the commands differ.
"""

import inspect
from collections.abc import Iterator

import click

from kaput.cli.main import kaput

HEAD = """# Commands

Made by `make docs` from `src/kaput/cli/`; edit the help texts there.

Every command works while the server runs, and takes `--data DIR`: the data directory, else `KAPUT_DATA`, else the
platform's directory for a user's data. `--json` prints JSON alone on stdout; messages go to stderr. The exit code is
0 only on success, 2 for wrong settings or usage. `kaput COMMAND --help` says the same as this page.
"""

SETTING_FLAGS = {"host", "port", "smtp_host"}
"""Options by which a command that takes every setting is known."""


def page() -> str:
    """Returns the page, with a section for each command."""
    return "\n".join([HEAD, *_sections(kaput, click.Context(kaput, info_name="kaput"))]).rstrip("\n")


def _sections(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            yield from _sections(command, inner)
        else:
            yield _section(command, inner)


def _section(command: click.Command, context: click.Context) -> str:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    lines = [f"## {context.command_path}", "", f"`{usage}`", "", inspect.cleandoc(command.help or "")]
    options = [
        one
        for one in command.params
        if isinstance(one, click.Option) and (one.name != "data" or context.info_name == "demo")
    ]
    if {one.name for one in options} >= SETTING_FLAGS:
        lines += [
            "",
            "Its options are the [settings](settings.md), each as a flag: `--smtp-host` for `KAPUT_SMTP_HOST`.",
        ]
    elif options:
        lines += ["", *(_option(option, context) for option in options)]
    return "\n".join([*lines, ""])


def _option(option: click.Option, context: click.Context) -> str:
    names, text = option.get_help_record(context) or (", ".join(option.opts), "")
    return f"- `{names}`: {' '.join(text.split())}"


if __name__ == "__main__":
    print(page())
