"""The mailbox's process: `python -m kaput.demo.mailbox --host ... --port ... --mail-port ...`.

SMTP runs on the loop of the main thread, the page in a thread beside it. Started by `kaput.demo.main`.
"""

import asyncio
from threading import Thread

import click

from kaput.demo.mailbox.catcher import Mails, catch
from kaput.demo.mailbox.web import create_mailbox
from kaput.demo.server import announce, listen


@click.command()
@click.option("--host", required=True)
@click.option("--port", required=True, type=int)
@click.option("--mail-port", required=True, type=int)
def main(host: str, port: int, mail_port: int) -> None:
    """Runs until it is ended."""
    mails = Mails()
    loop = asyncio.new_event_loop()
    server = listen(create_mailbox(mails), host, port)
    smtp = catch(mails, host, mail_port, loop)
    Thread(target=server.serve_forever, daemon=True).start()
    announce({"page": server.port, "smtp": smtp})
    loop.run_forever()


if __name__ == "__main__":
    main()
