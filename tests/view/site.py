"""The page over a real store, and a browser without a window to look at it."""

import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import CodeType

from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.test import TestResponse

from kaput.config import Settings
from kaput.errors import MailFailed
from kaput.installation import preview, rehearse
from kaput.model import (
    Batch,
    ChannelKind,
    Dead,
    Digested,
    Drop,
    Event,
    ExceptionChain,
    ExceptionValue,
    Frame,
    Grouping,
    SessionCounts,
    Sessions,
    Space,
    Stacktrace,
    Stats,
    Title,
    User,
    Verdict,
)
from kaput.store.base import AccountRow, Address, ChannelRow, IssueFilter, IssueRow, ProjectRow, Store
from kaput.tell.seal import Seal
from kaput.view.pages import create_pages
from kaput.view.parts import Parts
from tests.clock import SettableClock
from tests.verdicts import leave_out
from tests.verdicts import tell as tell_about

SECRET = b"a secret that is long enough"
PASSWORD = "correct horse"
SEAL = Seal(b"k" * 32)
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Compiled(BytecodeCache):
    """The templates that any page compiled; the first page of each test would else compile them all again."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Gives what is there."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keeps it."""
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


@dataclass
class Site:
    """One installation as the page sees it; what the page set in motion is noted."""

    store: Store
    clock: SettableClock
    data: Path
    compiled: Compiled
    mailed: list[str] = field(default_factory=list)
    retried: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    refusal: str = ""
    stuck: int = 0
    space: Space | None = None

    def app(self, **settings: str) -> Flask:
        """Makes the page with some settings given."""
        app = create_pages(
            Parts(
                store=self.store,
                settings=Settings(data=self.data, **settings),  # type: ignore[arg-type]  # texts only
                secret=SECRET,
                clock=self.clock,
                read_stats=self.stats,
                read_space=lambda: self.space,
                rehearse=partial(rehearse, self.store),
                preview=partial(preview, self.store),
                send_test=self._send,
                retry_dead=self._note(self.retried),
                drop_dead=self._note(self.dropped),
                add_channel=self._add_channel,
                read_link=SEAL.read,
                problems=lambda: self.problems,
            )
        )
        app.jinja_env.bytecode_cache = self.compiled
        return app

    def stats(self) -> Stats:
        """Counts what the store has; nothing waits in a buffer."""
        sums = self.store.facts.tallies()
        return Stats(
            accepted=sums.digested + sums.dead,
            digested=sums.digested,
            pending=0,
            dead=sums.dead,
            dropped=sums.dropped,
            issues=sums.issues,
            events=sums.events,
            notices=sums.notices,
            thinned=sums.thinned,
            sessions=sums.sessions,
        )

    def admin(self) -> AccountRow:
        """Makes the first account."""
        return self.store.accounts.add_first("ada@example.org", PASSWORD)

    def member(self, *projects: ProjectRow, email: str = "bob@example.org") -> AccountRow:
        """Makes an account that is a member of some projects."""
        account = self.store.accounts.add(email, PASSWORD, admin=False)
        for project in projects:
            self.store.projects.add_member(project.id, account.id)
        return account

    def break_(
        self, project: ProjectRow, kind: str, value: str, *, times: int = 1, age: float = 60.0, tell: str = ""
    ) -> IssueRow:
        """Stores events of one issue, all `age` seconds ago, with notices to `tell`, and returns the issue."""
        self.store.batches.commit(
            Batch([self._event(project, kind, value, age) for _ in range(times)], [], [], []),
            lambda happened, situation: tell_about(happened, situation, [tell] if tell else []),
        )
        newest = self.store.issues.find(IssueFilter(projects=(project.id,), limit=1000)).issues
        return next(issue for issue in newest if (issue.type, issue.value) == (kind, value))

    def use(
        self, project: ProjectRow, release: str, counts: SessionCounts, *, hours: int = 0, environment: str = "live"
    ) -> None:
        """Stores sessions that were started some hours ago."""
        hour = int(self.clock() // 3600) - hours
        told = Sessions(release, environment, {hour: counts}, project_id=project.id, received=self.clock())
        self.store.batches.commit(Batch([], [], [], [], [told]), lambda _changes, _who: Verdict([]))

    def lose(self, name: str, reason: str) -> None:
        """Notes a record that could not be digested."""
        dead = Dead(name, reason, 1, "ab" * 16, self.clock())
        self.store.batches.commit(Batch([], [dead], [], []), lambda _changes, _who: Verdict([]))

    def leave_out(self, reason: str, count: int) -> None:
        """Notes something that was refused."""
        leave_out(self.store, [Drop(reason, count, self.clock())])

    def _event(self, project: ProjectRow, kind: str, value: str, age: float) -> Digested:
        when = self.clock() - age
        frame = Frame(filename="shop/pricing.py", function="price_cart", lineno=88, in_app=True, context_line="x")
        event = Event(
            event_id=secrets.token_hex(16),
            timestamp=when,
            received=when,
            platform="python",
            release="2.4.1",
            environment="production",
            user=User(id="7"),
            exception=ExceptionChain([ExceptionValue(type=kind, value=value, stacktrace=Stacktrace([frame]))]),
        )
        grouping = Grouping(
            "v1", (hashlib.blake2b(f"{kind}:{value}".encode(), digest_size=16).hexdigest(),), "last own frame"
        )
        return Digested(project.id, event, grouping, Title(kind, value, "price_cart in shop/pricing.py"))

    def _send(self, address: str) -> None:
        if self.refusal:
            raise MailFailed(self.refusal)
        self.mailed.append(address)

    def _add_channel(self, project_id: int, name: str, url: str) -> tuple[ChannelRow, str, str]:
        if self.refusal:
            raise ValueError(self.refusal)
        kind = ChannelKind.WEBHOOK if url.startswith("http") else ChannelKind.SERVICE
        secret = "whsec_c2VjcmV0" if kind is ChannelKind.WEBHOOK else ""
        note = "It has no address now." if secret else ""
        return self.store.channels.add(project_id, kind, name, "shown", Address(url, secret)), secret, note

    def _note(self, names: list[str]) -> Callable[[Sequence[str]], int]:
        def note(given: Sequence[str]) -> int:
            names.extend(given)
            return len(given) - self.stuck

        return note


@dataclass
class Visitor:
    """A person at a browser: one cookie jar, forms sent with the token of the page they stand on."""

    client: FlaskClient
    base_url: str = "http://kaput.test/"
    peer: str = "192.0.2.7"

    def get(self, path: str, status: int = 200) -> str:
        """Opens a page and returns its HTML."""
        answer = self.open(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def open(self, path: str) -> TestResponse:
        """Opens a page."""
        given = {"REMOTE_ADDR": self.peer}
        return self.client.get(path, base_url=self.base_url, environ_overrides=given, buffered=True)

    def send(self, path: str, page: str = "/login", **fields: str | list[str]) -> TestResponse:
        """Sends a form, with the token that stands on `page`."""
        found = TOKEN.search(self.open(page).text)
        assert found is not None, f"{page} has no form"
        return self.client.post(
            path,
            data={"csrf_token": found[1], **fields},
            base_url=self.base_url,
            environ_overrides={"REMOTE_ADDR": self.peer},
            headers={"Referer": self.base_url},
        )

    def log_in(self, email: str, password: str = PASSWORD) -> TestResponse:
        """Sends the login form."""
        return self.send("/login", email=email, password=password)


def visitor(app: Flask, email: str = "") -> Visitor:
    """Returns someone new, logged in when an address is given."""
    someone = Visitor(app.test_client())
    if email:
        assert someone.log_in(email).status_code == 302
    return someone
