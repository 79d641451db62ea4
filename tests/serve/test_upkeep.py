import logging
from collections.abc import Iterator

import pytest

from kaput.errors import StoreUnavailable
from kaput.serve.upkeep import EVERY_SECONDS, keep_up


class EnoughError(Exception):
    """Ends what never ends."""


def test_it_sweeps_every_hour_whatever_fails(caplog: pytest.LogCaptureFixture) -> None:
    """A locked database or a failing disk is logged once each, and the next hour is another one."""
    outcomes: Iterator[Exception | None] = iter(
        [None, StoreUnavailable("locked"), OSError("disk"), None, EnoughError()]
    )
    slept: list[float] = []

    def sweep() -> int:
        outcome = next(outcomes)
        if outcome is not None:
            raise outcome
        return 0

    with caplog.at_level(logging.WARNING), pytest.raises(EnoughError):
        keep_up(sweep, slept.append)
    assert slept == [EVERY_SECONDS] * 4
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == ["locked", "disk"]
