"""`kaput serve`: runs the server.

In: flags. Out: the exit code of the server. Imports no more than the supervisor may, because it becomes the supervisor.
"""

import click

from kaput.cli.options import load_settings, setting_options, warn_of_unknown
from kaput.serve.start import serve as run_server


@click.command()
@setting_options
def serve(**flags: str | None) -> int:
    """Run everything, in one process tree.

    The first start prints the address, a DSN to paste into an application, and a link with which to make the first
    account. Ctrl-C or SIGTERM ends it.
    """
    loaded = load_settings(flags)
    warn_of_unknown(loaded)
    return run_server(loaded.settings)
