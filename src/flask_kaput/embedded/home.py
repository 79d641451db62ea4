"""What a tracker inside an application is made of: its settings, and what it takes over from the application.

In: the application and its settings. Out: `Home`. The files of `embedded/` import it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from urllib.parse import urlsplit

from flask_kaput.development import is_loopback
from kaput.config import Settings
from kaput.view.secret import derived


@dataclass(frozen=True, slots=True)
class Home:
    """One application that has a tracker inside.

    Attributes:
        name: of the application.
        settings: of the tracker; as those of a server.
        path: where the page is, without a slash at the end.
        admins: who gets mails besides the members of a project.
        debug: answers whether the application is in debug mode now.
        warnings: what the operator should know of the settings, in sentences.
        stands_in: it only mails, for a server that is away; there is no page.
    """

    name: str
    settings: Settings
    path: str
    admins: tuple[str, ...]
    debug: Callable[[], bool]
    warnings: tuple[str, ...] = ()
    stands_in: bool = False

    def is_local(self, address: str) -> bool:
        """Answers whether the application is being developed: in debug mode, and reached from this machine only."""
        return self.debug() and is_loopback(urlsplit(address).hostname or "")

    def lets_in(self, secret: bytes, token: str, peer: str) -> bool:
        """Answers whether a developer may enter by the link in his console."""
        known = compare_digest(token.encode(), enter_token(secret).encode())
        return known and self.debug() and is_loopback(peer)


def enter_token(secret: bytes) -> str:
    """Returns the token of the link in the console."""
    return derived(secret, "kaput-enter").hex()
