import asyncio

import pytest

from kaput.accept.body import Body, Budget
from kaput.accept.limits import Limits
from kaput.errors import Refused
from tests.accept.door import Client, Message, pieces

LIMITS = Limits(max_body=100, body_seconds=0.05)


def read(messages: list[Message], budget: Budget, limits: Limits = LIMITS) -> bytes | None:
    """Reads one body and lets it go."""

    async def run() -> bytes | None:
        body = Body(Client(messages).receive, limits, expected=True)
        try:
            return await body.read(budget)
        finally:
            body.release()

    return asyncio.run(run())


def test_parts_are_joined_and_let_go() -> None:
    """A body in parts comes back whole, and the budget is free again."""
    budget = Budget(100)
    assert read(pieces(b"0123456789" * 10, [3, 50, 50]), budget) == b"0123456789" * 10
    assert budget.held == 0


def test_too_large_is_a_413_at_once() -> None:
    """The first part above the limit ends the reading; what follows is not asked for."""
    client = Client(pieces(b"x" * 1000, range(50, 1000, 50)))

    async def run() -> None:
        await Body(client.receive, LIMITS, expected=True).read(Budget(10_000))

    with pytest.raises(Refused) as caught:
        asyncio.run(run())
    assert (caught.value.status, client.received) == (413, 3)


def test_budget_is_shared() -> None:
    """A body for which no room is left is a 503 that asks to come again, and holds nothing."""
    budget = Budget(60)
    budget.add(20)
    with pytest.raises(Refused) as caught:
        read(pieces(b"x" * 50, [25]), budget)
    assert (caught.value.status, caught.value.reason, caught.value.retry_after) == (503, "overload", 2)
    assert budget.held == 20
    budget.release(20)
    assert read(pieces(b"x" * 50), budget) == b"x" * 50


def test_slow_is_a_408() -> None:
    """A client that stops in the middle does not hold its place for ever."""

    async def receive() -> Message:
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def run() -> None:
        await Body(receive, LIMITS, expected=True).read(Budget(100))

    with pytest.raises(Refused) as caught:
        asyncio.run(run())
    assert (caught.value.status, caught.value.reason) == (408, "too_slow")
