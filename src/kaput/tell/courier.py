"""The process that loads Apprise, sends one message, and ends.

In: one JSON `Errand` on standard input. Out: one JSON `Outcome` on standard output. `tell/services.py` starts it as
`python -m kaput.tell.courier`; nobody imports it, because Apprise takes 30 MB and a third of a second.

Apprise knows over 100 services, many of which can be pointed at any host. An audit hook (PEP 578) sees each address
that this process is about to connect or send to, as a number, and lets only those through that the fence lets. It also
lets no other program be started and nothing be written to the system's log, which services for this machine do.
"""

import logging
import re
import sys
from typing import Any

import apprise
import msgspec

from kaput.tell.network import HINT, Fence
from kaput.tell.services import Errand, Outcome
from kaput.tell.words import cleaned, secrets_of

CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
FORBIDDEN = frozenset(
    {
        *("subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "pty.spawn"),
        *("syslog.openlog", "syslog.syslog"),
    }
)

_CAUSE = re.compile(r"^DEBUG Socket Exception: .*?([^:()'\"]+)['\")]*$", re.MULTILINE)
_ANSWER = re.compile(r"^DEBUG Response Details:\s*b(['\"])(.*)\1$", re.MULTILINE)
_STATUS = re.compile(r"error=(\d{3})")
_ABOUT_THIS = frozenset({"400", "413", "422"})
"""Statuses that are about one message; with any other the next one would fare no better."""


class Guard:
    """Watches over this process.

    Attributes:
        refused: the addresses that were not let through.
    """

    def __init__(self, fence: Fence) -> None:
        self._fence = fence
        self.refused: list[str] = []

    def watch(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Is called by the interpreter before each act that it audits; an exception prevents the act."""
        if event in FORBIDDEN:
            raise PermissionError("This process starts no other, and writes to no log.")
        if event not in CONNECTING:
            return
        address = arguments[-1]
        place = str(address[0]) if isinstance(address, tuple) and address else str(address or "")
        if place and not self._fence.lets(place):
            self.refused.append(place)
            raise PermissionError(f"{place} may not be reached.")


def run(errand: Errand) -> Outcome:
    """Does an errand: reads an address, and sends a message to it unless the errand has none."""
    guard = Guard(Fence(errand.networks))
    sys.addaudithook(guard.watch)
    secrets = secrets_of(errand.url)
    capture: Any = apprise.LogCapture
    with capture(level=logging.DEBUG, fmt="%(levelname)s %(message)s") as log:
        service = apprise.Apprise.instantiate(errand.url)
        if not isinstance(service, apprise.NotifyBase):
            words = cleaned(_warnings(log.getvalue()), [errand.url, *secrets])
            return Outcome(done=False, words=f"Apprise cannot read this address: {words or 'no service has it.'}")
        name = str(service.service_name)
        if not errand.body:
            return Outcome(done=True, service=name)
        sent = service.notify(
            body=errand.body, title=errand.title, notify_type=errand.kind, body_format=apprise.NotifyFormat.TEXT
        )
        said = log.getvalue()
    if sent:
        return Outcome(done=True, service=name)
    if guard.refused:
        words = f"{guard.refused[0]} is a private address, and nothing was sent. {HINT}"
        return Outcome(done=False, service=name, words=words)
    status = _STATUS.search(said)
    words = cleaned(_told(said), [errand.url, *secrets]) or f"{name} did not take it, and gave no reason."
    about_this = status is not None and status[1] in _ABOUT_THIS
    return Outcome(done=False, service=name, words=words, about_this=about_this)


def _warnings(log: str) -> str:
    lines = [line.partition(" ")[2] for line in log.splitlines() if line.startswith(("WARNING ", "ERROR "))]
    return " ".join(lines)


def _told(log: str) -> str:
    """Takes what matters out of what Apprise noted: its warnings, and the words of the other side."""
    found, text = [_warnings(log)], log.replace("\r", "")
    cause, answer = _CAUSE.search(text), _ANSWER.search(text)
    if cause and cause[1].strip():
        found.append(cause[1].strip() + ".")
    if answer and answer[2].strip():
        found.append(f"It said: {answer[2].strip()}")
    return " ".join(part for part in found if part)


def main() -> int:
    """Reads the errand, does it and writes the outcome."""
    errand = msgspec.json.decode(sys.stdin.buffer.read(), type=Errand)
    sys.stdout.buffer.write(msgspec.json.encode(run(errand)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
