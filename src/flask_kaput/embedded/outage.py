"""The time in which the server is away: a tracker of the application's own tells ADMINS what fails.

In: the events that wait for the server. Out: the mails that the server would have sent. `mails.py` imports it in its
thread, when a server has been away for a while: it loads nearly all of Kaput.
"""

from collections.abc import Callable
from dataclasses import replace

from flask_kaput.embedded.home import Home
from flask_kaput.embedded.tracker import Tracker
from kaput.config import Settings
from kaput.installation import attach

FOLDER = "mails"
BACK = "The server is back, has the events, and tells them itself."


class StandIn:
    """What stands in for the server in one outage. What was told in an earlier one is known, and told once."""

    def __init__(self, name: str, settings: Settings, admins: tuple[str, ...], testing: Callable[[], bool]) -> None:
        """Begins it.

        Args:
            name: of the application.
            settings: of a tracker; its mail server is used, and a folder in its data directory.
            admins: who is told.
            testing: answers whether the application is being tested.
        """
        # The sender is worked out before the address is taken away, which no link may lead to.
        own = replace(settings, data=settings.data / FOLDER, mail_from=settings.sender, url="")
        home = Home(f"{name} (Kaput is away)", own, "", admins, lambda: False, stands_in=True)
        self._tracker = Tracker(home, testing)
        self._tracker.stand({})

    def take(self, event_id: str, payload: bytes) -> None:
        """Takes an event, once however often it comes."""
        self._tracker.deliver(event_id, payload)

    def end(self) -> None:
        """Ends it; what waits for a digest is left to the server."""
        self.close()
        with attach(self._tracker.home.settings) as installation:
            open_notices = [notice.id for notice in installation.store.outbox.open()]
            if open_notices:
                installation.store.outbox.mark_failed(open_notices, BACK)

    def close(self) -> None:
        """Ends the threads; what waits is told when the outage goes on in another process."""
        self._tracker.close()
