"""What `kaput check` looks at: the directory, the disk, the database, the server, the mail server, the clock.

In: settings, an open installation where there is one. Out: findings, each with what to do. Changes nothing and sends
nothing. For `diagnosis.py`.
"""

import os
import pwd
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from kaput.cli.terminal import moment
from kaput.config import Settings
from kaput.directory import LEAST_FREE, way_out
from kaput.errors import MailFailed
from kaput.model import Clock, Space, Stats, lane_name
from kaput.store.base import Store
from kaput.tell.smtp import SmtpChannel
from kaput.view.render import size

SECONDS = 5.0
"""How long one question over the network may take."""
AHEAD = 60.0
"""Seconds that a stored event may be newer than now before the clock is in doubt."""
BUILT = 1_767_225_600.0
"""2026-01-01: a clock that shows less was never set."""
SHOWN = 200
"""Characters shown of an answer."""


class Verdict(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the diagnosis; `text` says what to do when it is not ok."""

    verdict: Verdict
    subject: str
    text: str


def directory_findings(settings: Settings) -> Iterator[Finding]:
    """Looks at who runs this, and whether the data directory is there, theirs and writable."""
    me, data = _me(), settings.data
    yield Finding(Verdict.OK, "user", f"this command runs as {me}")
    if not data.exists():
        above = next(parent for parent in data.parents if parent.exists())
        if os.access(above, os.W_OK | os.X_OK):
            yield Finding(Verdict.WARN, "directory", f"{data} is not there yet; the first start makes it")
        else:
            yield Finding(Verdict.FAIL, "directory", f"{data} is not there and {me} may not write in {above}")
    elif not data.is_dir():
        yield Finding(Verdict.FAIL, "directory", f"{data} is no directory; set KAPUT_DATA to one")
    elif not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        yield Finding(Verdict.FAIL, "directory", f"{me} may not write in {data}; run this as its owner {_owner(data)}")
    elif data.stat().st_uid != os.geteuid():
        advice = f"run this as {_owner(data)}, or files made now may be closed to the server"
        yield Finding(Verdict.WARN, "directory", f"{data} belongs to {_owner(data)}, not to {me}; {advice}")
    else:
        yield Finding(Verdict.OK, "directory", f"{data} can be written")
    yield from _strangers(settings)


def disk_finding(settings: Settings) -> Finding:
    """Compares the free space with the floor below which clients are turned away."""
    place = settings.data
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    text = f"{size(free)} free at {place}"
    least = max(settings.min_free, LEAST_FREE)
    if free >= 4 * least:
        return Finding(Verdict.OK, "disk", text)
    verdict = Verdict.FAIL if free < least else Verdict.WARN
    return Finding(verdict, "disk", f"{text}; below {size(least)} (KAPUT_MIN_FREE) nothing is taken")


def database_finding(settings: Settings) -> Finding:
    """Reads the whole database file and looks for damage, without changing it."""
    if not settings.database.exists():
        return Finding(Verdict.WARN, "database", f"{settings.database} is not there yet; the first start makes it")
    try:
        with closing(sqlite3.connect(f"{settings.database.as_uri()}?mode=ro", uri=True, timeout=SECONDS)) as connection:
            damage = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.Error as error:
        return Finding(
            Verdict.FAIL, "database", f"{settings.database} cannot be read: {error}. {way_out(settings.database)}"
        )
    if damage != ["ok"]:
        return Finding(
            Verdict.FAIL, "database", f"{settings.database} is damaged: {'; '.join(damage)}. Bring back a copy of it"
        )
    return Finding(Verdict.OK, "database", f"{settings.database} is sound, {size(settings.database.stat().st_size)}")


def space_finding(space: Space, oldest: float | None, thinned: int) -> Finding:
    """Compares what the data directory takes with what it may take.

    Args:
        space: as it is measured now.
        oldest: when the oldest stored event came; None when none is stored.
        thinned: events that were stored once and are gone.
    """
    within = f" of {size(space.budget)} (KAPUT_RETENTION_DISK)" if space.budget else ", without a limit"
    since = "" if oldest is None else f"; the oldest event is of {moment(oldest)} UTC"
    text = f"the data directory takes {size(space.used)}{within}{since}; {thinned} events were thinned out so far"
    if not space.excess:
        return Finding(Verdict.OK, "space", text)
    advice = "; the server thins out more, or says on its page why it cannot"
    return Finding(Verdict.WARN, "space", text + advice)


def waiting_findings(settings: Settings, stats: Stats, waiting: int, store: Store) -> Iterator[Finding]:
    """Looks at what waits: records in the buffer (`waiting` bytes), dead records, mails."""
    text = f"{stats.pending} events wait to become visible, {size(waiting)} in {settings.spool}"
    full = waiting > settings.max_backlog / 2
    advice = f"; above {size(settings.max_backlog)} (KAPUT_MAX_BACKLOG) clients are turned away" if full else ""
    yield Finding(Verdict.WARN if full else Verdict.OK, "backlog", text + advice)
    if stats.dead:
        advice = "`kaput dead list` says why, `kaput dead retry --all` tries again"
        yield Finding(Verdict.WARN, "dead records", f"{stats.dead} could not be digested; {advice}")
    else:
        yield Finding(Verdict.OK, "dead records", "none")
    names = {channel.id: channel.name for channel in store.channels.all()}
    for trouble in store.outbox.troubles():
        text = f"{trouble.count} alerts wait; at the last attempt: {_cut(trouble.error)}"
        yield Finding(Verdict.WARN, lane_name(trouble.lane, names), text)


def server_findings(address: str, url: str, project_id: int) -> Iterator[Finding]:
    """Asks the server whether it is ready, and whether a client's request would reach it.

    Args:
        address: where it listened last; empty when it never ran.
        url: where people and clients reach it; the same address, or KAPUT_URL.
        project_id: of the DSN that is tried.
    """
    if not address:
        yield Finding(Verdict.WARN, "server", "it never ran with this directory; start it with `kaput serve`")
        return
    try:
        status, text = _ask("GET", f"{address}/health/ready")
    except ConnectionRefusedError:
        yield Finding(Verdict.WARN, "server", f"nothing listens on {address}; start it with `kaput serve`")
        return
    except (OSError, HTTPException) as error:
        yield Finding(Verdict.FAIL, "server", f"{address} does not answer: {error}; look at its log, restart it")
        return
    if status != 200:
        yield Finding(Verdict.FAIL, "server", f"{address} is not ready ({status}): {_cut(text)}")
        return
    yield Finding(Verdict.OK, "server", f"{address} is ready")
    yield _dsn_finding(url, project_id)


def mail_finding(settings: Settings) -> Finding:
    """Connects to the mail server, logs in and names the sender; sends nothing."""
    if not settings.smtp_host:
        return Finding(Verdict.WARN, "mail", "no mail is sent; set KAPUT_SMTP_HOST to be told of new issues")
    server = f"{settings.smtp_host}:{settings.mail_port}"
    try:
        SmtpChannel(settings, SECONDS).probe()
    except MailFailed as error:
        return Finding(Verdict.FAIL, "mail", str(error))
    return Finding(Verdict.OK, "mail", f"{server} takes mail; `kaput mail-test ADDRESS` sends one")


def clock_finding(clock: Clock, newest: float) -> Finding:
    """Compares the clock with the newest event's time of arrival (0 when there is none)."""
    now = clock()
    if now < BUILT:
        return Finding(Verdict.FAIL, "clock", "this machine's clock was never set; start a time service (NTP)")
    if newest > now + AHEAD:
        text = (
            f"it went back: the newest event arrived {newest - now:.0f} s in the future; check the time service (NTP)"
        )
        return Finding(Verdict.WARN, "clock", text)
    return Finding(Verdict.OK, "clock", "not behind the newest event")


def _strangers(settings: Settings) -> Iterator[Finding]:
    """Looks for files that must be closed to other users of this machine."""
    for path in (settings.data / "secret.key", settings.database):
        if path.exists():
            open_bits = stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
            if open_bits and path.name == "secret.key":
                yield Finding(Verdict.FAIL, path.name, f"others can read it; run: chmod 600 {path}")
            elif open_bits & stat.S_IRWXO and settings.data.stat().st_mode & stat.S_IXOTH:
                yield Finding(Verdict.WARN, path.name, f"others can read it; run: chmod o-rwx {settings.data}")
            else:
                yield Finding(Verdict.OK, path.name, "closed to others")


def _dsn_finding(url: str, project_id: int) -> Finding:
    address = f"{url.rstrip('/')}/api/{project_id}/envelope/"
    try:
        status, _ = _ask("OPTIONS", address)
    except (OSError, HTTPException) as error:
        return Finding(Verdict.WARN, "DSN", f"{url} does not answer from here: {error}; see KAPUT_URL and the proxy")
    if not 200 <= status < 300:
        return Finding(Verdict.WARN, "DSN", f"{address} answers {status} from here; see KAPUT_URL and the proxy")
    return Finding(Verdict.OK, "DSN", f"{url} takes events")


def _ask(method: str, url: str) -> tuple[int, str]:
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    with closing(kind(parts.hostname or "", parts.port, timeout=SECONDS)) as connection:
        connection.request(method, parts.path)
        response = connection.getresponse()
        return response.status, response.read(SHOWN * 4).decode("utf-8", "replace")


def _me() -> str:
    try:
        return f"{pwd.getpwuid(os.geteuid()).pw_name} (uid {os.geteuid()})"
    except KeyError:
        return f"uid {os.geteuid()}"


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:
        return f"uid {path.stat().st_uid}"


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= SHOWN else f"{flat[:SHOWN]} ..."
