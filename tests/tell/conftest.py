"""The fixtures of the tests of tell."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme

from kaput.config import Settings
from tests.tell.servers import MailServers
from tests.tell.shop import Shop


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """An authority for certificates that no system trusts."""
    return trustme.CA()


@pytest.fixture
def servers(authority: trustme.CA) -> Iterator[MailServers]:
    """Mail servers that end with the test."""
    with ExitStack() as stack:
        yield MailServers(authority, stack)


@pytest.fixture
def settings(tmp_path: Path, authority: trustme.CA) -> Callable[..., Settings]:
    """Makes settings for a mail server; the authority is trusted."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))

    def make(port: int, **values: Any) -> Settings:
        given: dict[str, Any] = {
            "smtp_host": "127.0.0.1",
            "smtp_port": port,
            "smtp_ca": str(path),
            "url": "https://kaput.example.org",
        }
        return Settings(data=tmp_path, **(given | values))

    return make


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop with one member, ada@example.org."""
    shop = Shop(tmp_path / "kaput.db")
    shop.join("ada@example.org")
    yield shop
    shop.store.close()
