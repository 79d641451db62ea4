"""`kaput demo`: runs the server with something to look at.

In: flags. Out: the exit code of the demo. It stands apart from `server.py` because it needs the shop and the mail
catcher, which a server must not load.
"""

from pathlib import Path

import click

from kaput.demo.main import run_demo

PORT = click.IntRange(0, 65535)


@click.command()
@click.option("--data", metavar="DIR", help="Data directory to keep; else a temporary one that goes with the demo.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address that everything listens on.")
@click.option("--port", default=9110, show_default=True, type=PORT, help="Port of Kaput; 0 takes a free one.")
@click.option("--shop-port", default=9111, show_default=True, type=PORT, help="Port of the broken shop.")
@click.option("--mailbox-port", default=9112, show_default=True, type=PORT, help="Port of the page with the mails.")
@click.option("--mail-port", default=9125, show_default=True, type=PORT, help="Port of the mail catcher (SMTP).")
def demo(data: str | None, host: str, port: int, shop_port: int, mailbox_port: int, mail_port: int) -> int:
    """Run everything with a small broken shop and a mail catcher.

    Each button of the shop fails in its own way; the issue is on Kaput's page and the mail in the catcher a moment
    later. Nothing leaves this machine.
    """
    return run_demo(
        data=Path(data).expanduser().absolute() if data else None,
        host=host,
        port=port,
        shop_port=shop_port,
        mail_port=mail_port,
        mailbox_port=mailbox_port,
    )
