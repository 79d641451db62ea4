"""The loop that empties the outbox, with a store on disk and mail servers that listen."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email.message import EmailMessage

import pytest

from kaput.config import Settings
from kaput.errors import MailFailed, StoreUnavailable
from kaput.store.base import NoticeRow, Resolve
from kaput.tell.mail import Composer
from kaput.tell.outbox import BACKOFF, PATIENCE, Channel, Send, Teller
from kaput.tell.smtp import SmtpChannel
from tests.stalls import Stopwatch
from tests.tell.servers import Mailbox, MailServers, free_port
from tests.tell.shop import START, Shop

BASE = "https://kaput.example.org/errors"
DEADLINE = 60.0

MakeSettings = Callable[..., Settings]


def _teller(shop: Shop, channel: Channel | None, base: str = BASE + "/") -> Teller:
    return Teller(shop.store, channel, Composer("kaput@example.org", "a1b2"), lambda: base, lambda: shop.now)


@pytest.fixture
def mailbox() -> Mailbox:
    """What arrives."""
    return Mailbox()


@pytest.fixture
def teller(shop: Shop, servers: MailServers, settings: MakeSettings, mailbox: Mailbox) -> Teller:
    """A teller whose server is there."""
    return _teller(shop, SmtpChannel(settings(servers.start(mailbox).port)))


def _at(shop: Shop, teller: Teller, seconds: float) -> float | None:
    """Runs once, `seconds` after the start."""
    shop.now = START + seconds
    return teller.run_once(shop.now)


def _titles(mailbox: Mailbox) -> list[str]:
    """The subjects without what all have in common."""
    return [subject.removeprefix("[Shop] ").removesuffix(" in price_cart") for subject in mailbox.subjects]


def _open(shop: Shop) -> list[NoticeRow]:
    return shop.store.outbox.open()


@contextmanager
def _locked(shop: Shop) -> Iterator[None]:
    """Another program holds the database's lock."""
    with closing(sqlite3.connect(shop.path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_new_issue(shop: Shop, teller: Teller, mailbox: Mailbox) -> None:
    """A new issue is mailed to every member, with a link; its next events are not; then nothing waits."""
    shop.join("bob@example.org")
    shop.breaks("a", "a", "a")
    assert teller.run_once(START) is None
    assert sorted(message["To"] for message in mailbox.taken) == ["ada@example.org", "bob@example.org"]
    assert f"{BASE}/issues/SHOP-1" in mailbox.taken[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    shop.breaks("a")
    assert teller.run_once(START) is None
    assert len(mailbox.taken) == 2
    assert shop.notices == {"sent": 2, "pending": 0, "failed": 0}


def test_thread_of_an_issue(shop: Shop, teller: Teller, mailbox: Mailbox) -> None:
    """The mail about a regression joins the thread of the one about the new issue."""
    shop.breaks("a")
    teller.run_once(START)
    issue = shop.store.issues.get("SHOP-1")
    shop.store.decisions.decide([issue.id], Resolve(), None)
    shop.now += 60
    shop.breaks("a")
    teller.run_once(shop.now)
    assert _titles(mailbox) == ["KeyError: 'a'", "regressed: KeyError: 'a'"]
    assert mailbox.taken[1]["References"] == mailbox.taken[0]["Message-ID"]


def test_flood(shop: Shop, teller: Teller, mailbox: Mailbox) -> None:
    """Of 40 new issues three are mailed at once and 37 are in one digest, not before 5 minutes are over."""
    shop.breaks(*(f"n{number}" for number in range(40)))
    assert _at(shop, teller, 10) == 300
    assert _titles(mailbox) == ["KeyError: 'n0'", "KeyError: 'n1'", "KeyError: 'n2'"]
    assert _at(shop, teller, 309.5) == 0.5
    assert len(mailbox.taken) == 3
    assert _at(shop, teller, 310) is None
    assert mailbox.subjects[3:] == ["[Shop] 37 new issues"]
    text = mailbox.taken[3].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert text.count("new: KeyError") == 20
    assert "and 17 more" in text
    assert shop.notices == {"sent": 40, "pending": 0, "failed": 0}


def test_a_clock_that_is_set_back(shop: Shop, teller: Teller, mailbox: Mailbox) -> None:
    """What is due, tried or held back at a time to come goes out now: nobody waits for that time to come again."""
    shop.breaks("a", "b", "c", "held")
    mailbox.content.append("451 later")
    _at(shop, teller, 0)
    assert _titles(mailbox) == ["KeyError: 'b'", "KeyError: 'c'"]
    shop.breaks("d")
    _at(shop, teller, -3600)
    assert sorted(_titles(mailbox)[2:]) == ["2 new issues", "KeyError: 'a'"]
    assert _open(shop) == []


def test_after_the_flood(shop: Shop, teller: Teller, mailbox: Mailbox) -> None:
    """Five minutes after the first three, the next new issue is mailed at once, digest or not; a fourth is not."""
    shop.breaks("a", "b", "c", "held")
    _at(shop, teller, 1)
    shop.now = START + 300
    shop.breaks("d")
    assert _at(shop, teller, 300) == 1
    assert _titles(mailbox)[3:] == ["KeyError: 'd'"]
    shop.breaks("e", "f", "g")
    assert _at(shop, teller, 301) is None
    assert _titles(mailbox)[4:] == ["2 new issues", "KeyError: 'e'", "KeyError: 'f'"]


def test_joins_the_digest(shop: Shop, teller: Teller, mailbox: Mailbox) -> None:
    """What is held back later goes with the digest that is waiting, and does not delay it."""
    shop.breaks("a", "b", "c", "d")
    _at(shop, teller, 0)
    shop.now = START + 299
    shop.breaks("e", "f")
    _at(shop, teller, 299)
    _at(shop, teller, 300)
    assert _titles(mailbox)[3:] == ["3 new issues"]


def test_window_survives_a_restart(shop: Shop, settings: MakeSettings, servers: MailServers, mailbox: Mailbox) -> None:
    """What was sent and held back before a restart counts after it."""
    channel = SmtpChannel(settings(servers.start(mailbox).port))
    shop.breaks("a", "b", "c", "d")
    _at(shop, _teller(shop, channel), 0)
    shop.now = START + 100
    shop.breaks("e")
    assert _at(shop, _teller(shop, channel), 100) == 200
    assert len(mailbox.taken) == 3


def test_server_away_for_an_hour(shop: Shop, settings: MakeSettings, servers: MailServers, mailbox: Mailbox) -> None:
    """What came up while the server was away arrives once it is back: all of it, in order, once."""
    port = free_port()
    teller = _teller(shop, SmtpChannel(settings(port)))
    for minute in range(0, 60, 3):
        shop.now = START + 60 * minute
        shop.breaks(f"m{minute}")
        assert (teller.run_once(shop.now) or 0) > 0
    assert shop.notices == {"sent": 0, "pending": 20, "failed": 0}
    servers.start(mailbox, port=port)
    shop.now = START + 3600
    shop.breaks("last")
    assert teller.run_once(shop.now) is None
    assert _titles(mailbox) == [f"KeyError: 'm{minute}'" for minute in range(0, 60, 3)] + ["KeyError: 'last'"]
    assert len(mailbox.sessions) == 1
    assert teller.run_once(shop.now + 9999) is None
    assert len(mailbox.taken) == 21


def test_new_does_not_overtake(shop: Shop, settings: MakeSettings, servers: MailServers, mailbox: Mailbox) -> None:
    """A new notice that finds the server back takes those along that wait for their next attempt, and goes last."""
    first = servers.start(mailbox)
    teller = _teller(shop, SmtpChannel(settings(first.port)))
    shop.breaks("a")
    teller.run_once(START)
    first.stop()
    shop.breaks("b")
    assert teller.run_once(START) == BACKOFF[0]
    servers.start(mailbox, port=first.port)
    shop.now = START + 1
    shop.breaks("c")
    assert teller.run_once(shop.now) is None
    assert _titles(mailbox) == ["KeyError: 'a'", "KeyError: 'b'", "KeyError: 'c'"]


def test_backoff(shop: Shop, settings: MakeSettings) -> None:
    """While the server is away all wait together, longer each time, with the reason; after 3 days they are given up."""
    port = free_port()
    teller = _teller(shop, SmtpChannel(settings(port)))
    shop.breaks("a", "b")
    now = START
    for pause in (*BACKOFF, BACKOFF[-1]):
        assert teller.run_once(now) == pause
        assert [notice.due for notice in _open(shop)] == [now + pause] * 2
        assert teller.run_once(now + pause - 0.5) == 0.5
        now += pause
    reason = f"No mail went out: 127.0.0.1:{port} cannot be reached: Connection refused."
    trouble = shop.store.outbox.troubles()[0]
    assert (trouble.lane, trouble.error, trouble.due) == ("", reason, now)
    assert (teller.run_once(START + PATIENCE - 1), teller.run_once(START + PATIENCE + 3600)) == (BACKOFF[-1], None)
    assert shop.notices == {"sent": 0, "pending": 0, "failed": 2}


def test_restart_tries_at_once(shop: Shop, settings: MakeSettings, servers: MailServers, mailbox: Mailbox) -> None:
    """After a restart nothing waits for its next attempt, since the settings may have been mended."""
    shop.breaks("a")
    _teller(shop, SmtpChannel(settings(free_port()))).run_once(START)
    assert _at(shop, _teller(shop, SmtpChannel(settings(servers.start(mailbox).port))), 1) is None
    assert _titles(mailbox) == ["KeyError: 'a'"]


def test_digest_waits_for_the_server(
    shop: Shop, settings: MakeSettings, servers: MailServers, mailbox: Mailbox
) -> None:
    """A digest that could not be sent is sent once when the server is back, with what was held back meanwhile."""
    port = free_port()
    teller = _teller(shop, SmtpChannel(settings(port)))
    shop.breaks(*"abcde")
    _at(shop, teller, 0)
    _at(shop, teller, 300)
    shop.breaks("f", "g")
    _at(shop, teller, 301)
    servers.start(mailbox, port=port)
    assert _at(shop, teller, 4000) is None
    assert _titles(mailbox) == [
        "KeyError: 'a'", "KeyError: 'b'", "KeyError: 'c'", "2 new issues", "KeyError: 'f'", "KeyError: 'g'",
    ]  # fmt: skip
    assert shop.notices == {"sent": 7, "pending": 0, "failed": 0}


def test_refused_for_good(shop: Shop, teller: Teller, mailbox: Mailbox) -> None:
    """A recipient that the server refuses fails with its words and keeps nobody else's mail."""
    shop.join("bob@example.org")
    mailbox.refused["ada@example.org"] = "550 no such user"
    shop.breaks("a", "b")
    assert teller.run_once(START) is None
    assert [message["To"] for message in mailbox.taken] == ["bob@example.org"] * 2
    assert shop.notices == {"sent": 2, "pending": 0, "failed": 2}


def test_refused_for_now(shop: Shop, teller: Teller, mailbox: Mailbox) -> None:
    """A mail that the server does not take now is tried again by itself, and the others go."""
    mailbox.content.append("451 greylisted, come back later")
    shop.breaks("a", "b")
    assert teller.run_once(START) == BACKOFF[0]
    assert _titles(mailbox) == ["KeyError: 'b'"]
    assert _open(shop)[0].error == "No mail went out: the server said 451 greylisted, come back later."
    assert teller.run_once(START + BACKOFF[0]) is None
    assert _titles(mailbox) == ["KeyError: 'b'", "KeyError: 'a'"]


def test_progress_resets_the_pause(shop: Shop, mailbox: Mailbox) -> None:
    """When the server goes away after it took some, the next attempt comes soon, however many there were before."""

    class Moody:
        """A channel that takes one message each time it is opened."""

        away = True

        @contextmanager
        def connect(self) -> Iterator[Send]:
            if self.away:
                raise MailFailed("away", away=True)
            room = [1]

            def send(message: EmailMessage) -> None:
                if not room:
                    raise MailFailed("full", away=True)
                room.pop()
                mailbox.taken.append(message)

            yield send

    channel = Moody()
    teller = _teller(shop, channel)
    shop.breaks("a", "b", "c")
    now = START
    for _ in range(4):
        now += teller.run_once(now) or 0
    channel.away = False
    assert [teller.run_once(now), teller.run_once(now + 5), teller.run_once(now + 10)] == [5, 5, None]
    assert _titles(mailbox) == ["KeyError: 'a'", "KeyError: 'b'", "KeyError: 'c'"]


def test_deleted_meanwhile(shop: Shop, teller: Teller, mailbox: Mailbox) -> None:
    """A notice whose event or issue was deleted fails with the reason; those behind it go."""
    shop.breaks("a", "b", "c")
    with closing(sqlite3.connect(shop.path)) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("DELETE FROM event WHERE id = 1")
        connection.execute("DELETE FROM issue WHERE id = 2")
        connection.commit()
    assert teller.run_once(START) is None
    assert _titles(mailbox) == ["KeyError: 'c'"]
    with closing(sqlite3.connect(shop.path)) as connection:
        errors = [error for (error,) in connection.execute("SELECT error FROM notice WHERE state = 'failed'")]
    assert errors == [
        "What it was about is gone: There is no event in row 1.",
        "What it was about is gone: There is no issue 2; `kaput issues` shows them all.",
    ]


def test_digest_of_deleted(shop: Shop, teller: Teller, mailbox: Mailbox) -> None:
    """A digest leaves deleted issues out of its list; when nothing is left it fails with the reason."""
    shop.breaks(*"abcdef")
    _at(shop, teller, 0)
    with closing(sqlite3.connect(shop.path)) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("DELETE FROM issue WHERE id IN (4, 5)")
        connection.commit()
    _at(shop, teller, 300)
    text = mailbox.taken[3].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert mailbox.subjects[3] == "[Shop] 3 new issues"
    assert (text.count("new: KeyError"), text.count("and 2 more")) == (1, 1)
    shop.breaks(*"ghijk")
    _at(shop, teller, 301)
    with closing(sqlite3.connect(shop.path)) as connection:
        connection.execute("DELETE FROM issue WHERE id > 6")
        connection.commit()
    assert _at(shop, teller, 700) is None
    assert shop.notices["failed"] == 2


def test_mail_that_cannot_be_written(
    shop: Shop, mailbox: Mailbox, servers: MailServers, settings: MakeSettings
) -> None:
    """A recipient that is no address fails by itself; the others get their mails."""
    shop.join("zoe@example.org")
    shop.breaks("a")
    with closing(sqlite3.connect(shop.path)) as connection:
        connection.execute("UPDATE notice SET recipient = 'nobody' WHERE recipient = 'ada@example.org'")
        connection.commit()
    assert _teller(shop, SmtpChannel(settings(servers.start(mailbox).port))).run_once(START) is None
    assert [message["To"] for message in mailbox.taken] == ["zoe@example.org"]
    assert shop.notices == {"sent": 1, "pending": 0, "failed": 1}


def test_crash_between_send_and_mark(
    shop: Shop, mailbox: Mailbox, settings: MakeSettings, servers: MailServers
) -> None:
    """A mail whose mark was lost in a crash is sent again, with the same id."""
    shop.breaks("a")

    class Crashing:
        """A channel whose process dies after the server took the mail."""

        def __init__(self, port: int) -> None:
            self.real = SmtpChannel(settings(port))

        @contextmanager
        def connect(self) -> Iterator[Send]:
            with self.real.connect() as send:

                def send_and_die(message: EmailMessage) -> None:
                    send(message)
                    raise SystemExit

                yield send_and_die

    port = servers.start(mailbox).port
    with pytest.raises(SystemExit):
        _teller(shop, Crashing(port)).run_once(START)
    assert _teller(shop, SmtpChannel(settings(port))).run_once(START) is None
    assert _titles(mailbox) == ["KeyError: 'a'"] * 2
    assert mailbox.taken[0]["Message-ID"] == mailbox.taken[1]["Message-ID"]


def test_locked_database(shop: Shop, settings: MakeSettings, servers: MailServers, mailbox: Mailbox) -> None:
    """While the database is locked a mail that was taken is not sent again; its mark is written later."""
    teller = _teller(shop, SmtpChannel(settings(servers.start(mailbox).port)))
    shop.breaks("a", "b")
    with _locked(shop):
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                teller.run_once(START)
    assert _titles(mailbox) == ["KeyError: 'a'"]
    assert teller.run_once(START) is None
    assert _titles(mailbox) == ["KeyError: 'a'", "KeyError: 'b'"]
    assert shop.notices == {"sent": 2, "pending": 0, "failed": 0}


def test_no_server_set(shop: Shop, settings: MakeSettings, servers: MailServers, mailbox: Mailbox) -> None:
    """Without a mail server nothing is tried; when there is one, one digest tells what is not older than 3 days."""
    teller = _teller(shop, None)
    shop.breaks("old")
    assert teller.run_once(START) is None
    shop.now = START + PATIENCE
    shop.breaks("a", "b")
    assert teller.run_once(shop.now) is None
    assert shop.notices == {"sent": 0, "pending": 2, "failed": 1}
    teller = _teller(shop, SmtpChannel(settings(servers.start(mailbox).port)))
    assert _at(shop, teller, PATIENCE + 300) is None
    assert _titles(mailbox) == ["2 new issues"]


def test_no_address_of_the_page(shop: Shop, settings: MakeSettings, servers: MailServers, mailbox: Mailbox) -> None:
    """While no address of the page is known a mail goes without a link."""
    shop.breaks("a")
    _teller(shop, SmtpChannel(settings(servers.start(mailbox).port)), base="").run_once(START)
    assert "/issues/" not in mailbox.taken[0].as_string()


@contextmanager
def _running(teller: Teller) -> Iterator[threading.Event]:
    """Runs a teller in a thread, as a root does; gives what wakes it."""
    stop, wake = threading.Event(), threading.Event()
    thread = threading.Thread(target=teller.run, args=(stop, wake))
    thread.start()
    try:
        yield wake
    finally:
        stop.set()
        wake.set()
        thread.join()


def _until(done: Callable[[], bool]) -> float:
    """Waits until something is true and returns how long it took, in seconds, but for the machine's stalls."""
    begin, watch = time.monotonic(), Stopwatch()
    while not done():
        assert time.monotonic() - begin < DEADLINE
        time.sleep(0.002)
    return watch.seconds


def test_woken_by_a_commit(shop: Shop, teller: Teller, mailbox: Mailbox) -> None:
    """A teller that is woken after a commit has the mail at the server within a second."""
    with _running(teller) as wake:
        for number in range(3):
            shop.breaks(f"n{number}")
            wake.set()
            assert _until(lambda: len(mailbox.taken) > number) < 1.0  # noqa: B023 used at once


def test_outlives_a_locked_database(
    shop: Shop, teller: Teller, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    """A teller whose database is locked says so, goes on, and sends the rest when the lock is gone."""
    shop.breaks("a", "b")
    with _locked(shop), _running(teller) as wake:
        _until(lambda: "The outbox is looked at again in 1 s: StoreUnavailable" in caplog.text)
        assert _titles(mailbox) == ["KeyError: 'a'"]
        wake.set()
    with _running(teller):
        _until(lambda: len(mailbox.taken) == 2)
    assert _titles(mailbox) == ["KeyError: 'a'", "KeyError: 'b'"]
