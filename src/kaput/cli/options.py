"""The options that commands share, and the settings that come of them.

In: flags and the environment. Out: `Settings`. For the commands of this package; `os.environ` is read here and nowhere
else, and handed to `kaput.config`.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import click

from kaput.config import ENVIRONMENT_PREFIX, Loaded, Settings, load

Function = Callable[..., Any]

data_option = click.option(
    "--data", metavar="DIR", help="Data directory; else KAPUT_DATA, else the platform's directory for a user's data."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else, on stdout.")
project_option = click.option("--project", metavar="PROJECT", help="Only this project, by its short name or number.")


def setting_options(function: Function) -> Function:
    """Gives a command one option for each setting that is no secret (a command line can be read by everyone)."""
    for item in reversed(fields(Settings)):
        if not item.metadata["secret"]:
            name = item.name.replace("_", "-")
            option = click.option(f"--{name}", item.name, metavar="VALUE", help=item.metadata["help"])
            function = option(function)
    return function


def load_settings(flags: Mapping[str, str | None]) -> Loaded:
    """Reads the settings of a command.

    Args:
        flags: what was given on the command line by name of the setting; None when it was not given.

    Raises:
        ConfigError: with everything that is wrong.
    """
    return load(os.environ, {name: text for name, text in flags.items() if text is not None})


def warn_of_unknown(loaded: Loaded) -> None:
    """Names on stderr the variables that look like settings and are none."""
    for name in loaded.unknown:
        click.echo(
            f"kaput: warning: {name} is no setting of the server and does nothing here; `kaput config` lists all "
            f"{ENVIRONMENT_PREFIX}* names.",
            err=True,
        )
