"""The shop's process: `python -m kaput.demo.shop --dsn ... --orders ...`. Started by `kaput.demo.main`."""

import socket
from contextlib import closing
from pathlib import Path

import click

from kaput.demo.server import announce, listen
from kaput.demo.shop.web import create_shop


@click.command()
@click.option("--dsn", required=True)
@click.option("--orders", required=True, type=click.Path(path_type=Path))
@click.option("--kaput", required=True)
@click.option("--mailbox", required=True)
@click.option("--host", required=True)
@click.option("--port", required=True, type=int)
def main(dsn: str, orders: Path, kaput: str, mailbox: str, host: str, port: int) -> None:
    """Runs until it is ended."""
    # Bound and never listening: connections to it are refused, and nobody else can take the port meanwhile.
    with closing(socket.socket()) as nobody:
        nobody.bind(("127.0.0.1", 0))
        shop = create_shop(dsn, orders=orders, gateway=nobody.getsockname(), kaput=kaput, mailbox=mailbox)
        server = listen(shop, host, port)
        announce({"page": server.port})
        server.serve_forever()


if __name__ == "__main__":
    main()
