"""`kaput mail-test`.

In: an address. Out: one mail, and a line that says so; or the mail server's own words as the error.
"""

import click

from kaput.cli.directory import opened
from kaput.cli.options import data_option


@click.command()
@data_option
@click.argument("address")
def mail_test(data: str | None, address: str) -> None:
    """Send a test mail.

    It goes to ADDRESS through the configured mail server, now; an error shows the server's own words.
    """
    with opened(data) as installation:
        installation.send_test(address)
        settings = installation.settings
    click.echo(f"{settings.smtp_host}:{settings.mail_port} took the test mail for {address}.", err=True)
