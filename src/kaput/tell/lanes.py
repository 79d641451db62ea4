"""All channels but mail: each is a lane of its own, so that one that is closed holds up no other.

In: a store, a function that makes the way out of a channel, the address of the page, a clock. Out: messages, and their
marks in the store. Imported by the roots, which run `Lanes.run` in a thread beside that of the mails: a service may
take seconds for a message, and mails do not wait for it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from kaput.errors import NotFound
from kaput.model import Clock, Signal
from kaput.store.base import Store
from kaput.tell.loop import run
from kaput.tell.outbox import Channel, Composer, Teller


@dataclass(frozen=True, slots=True)
class Route:
    """What one channel needs: the way out, and who writes what goes there."""

    channel: Channel
    composer: Composer


class Lanes:
    """Sends what is due on every lane but that of the mails.

    Args:
        store: where the notices are.
        route: makes the way out by lane; raises NotFound when the channel was deleted or is disabled.
        base: answers the address of the page, with path prefix, or an empty text.
        clock: seconds since the epoch.
    """

    def __init__(self, store: Store, route: Callable[[str], Route], base: Callable[[], str], clock: Clock) -> None:
        self._store = store
        self._route = route
        self._base = base
        self._clock = clock
        self._tellers: dict[str, Teller] = {}

    def run(self, stop: Signal, wake: Signal) -> None:
        """Runs until `stop` is set; see `loop.run`."""
        run(self.run_once, self._store.outbox.newest, self._clock, stop, wake)

    def run_once(self, now: float) -> float | None:
        """Sends what is due, on those lanes first where nothing failed lately; see `Teller.run_once`."""
        lanes = self._store.outbox.lanes()
        self._tellers = {lane: teller for lane, teller in self._tellers.items() if lane in lanes}
        rests = []
        for lane in lanes:
            rest = self._send(lane, now)
            if rest is not None:
                rests.append(rest)
        return min(rests, default=None)

    def _send(self, lane: str, now: float) -> float | None:
        try:
            teller = self._tellers.get(lane) or self._teller(lane)
        except NotFound as error:
            gone = [notice.id for notice in self._store.outbox.open(lane)]
            self._store.outbox.mark_failed(gone, f"It could not be sent: {error}")
            return None
        return teller.run_once(now)

    def _teller(self, lane: str) -> Teller:
        route = self._route(lane)
        self._tellers[lane] = Teller(self._store, route.channel, route.composer, self._base, self._clock, lane)
        return self._tellers[lane]
