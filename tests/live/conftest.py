"""The fixtures of the tests with whole servers."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import trustme

from tests.tell.servers import MailServers


@pytest.fixture
def servers() -> Iterator[MailServers]:
    """Mail servers that end with the test."""
    with ExitStack() as stack:
        yield MailServers(trustme.CA(), stack)
