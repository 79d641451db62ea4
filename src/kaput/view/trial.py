"""The test of a rule: whom it tells, and what came of each.

In: a rule and the store. Out: tests in the outbox, which go the way of every alert; then words for each recipient.
Imported by `view/rules.py`, `view/channels.py` and the command line; without a web framework, for the latter.
"""

import time
from collections.abc import Iterator, Sequence

from msgspec import Struct

from kaput.model import Aim, Audience, Rule, Target, channel_of
from kaput.store.base import IssueFilter, NoticeRow, Outbox, Store

GLANCE = 0.1
HELD = "It is held back, since there were several tests just now. It goes out in a digest."
NO_MAIL = "No mail was sent: KAPUT_SMTP_HOST is not set. Set it and start Kaput again."


class Told(Struct, frozen=True):
    """One of those whom a rule tells.

    Attributes:
        name: a mail address, the name of a channel, or what the rule says when that is nobody.
        recipient: of the notice; empty when nothing goes out.
        why: nothing goes out.
        nobody: and nothing should: the rule means nobody by this now.
    """

    name: str
    recipient: str = ""
    why: str = ""
    nobody: bool = False


class Outcome(Struct, frozen=True):
    """What came of a test. `good`: it arrived; None while nobody knows. `nobody`: it went to nobody, as it should."""

    name: str
    words: str
    good: bool | None
    nobody: bool = False


def told(store: Store, rule: Rule, besides: Sequence[str] = (), *, mail: bool = True) -> list[Told]:
    """Returns whom a rule tells about the newest issue of its project, each once.

    Args:
        store: where the people and channels are.
        rule: as it is stored.
        besides: addresses of people who are told as members of every project are.
        mail: a mail server is set.
    """
    audience = store.outbox.audience(rule.project_id)
    channels = {channel.id: channel.name for channel in store.channels.all()}
    found: dict[str, Told] = {}
    for target in rule.targets:
        for one in _of(store, rule, target, audience, channels, besides):
            found.setdefault(one.recipient or one.name, one)
    return [_reachable(one, audience, mail=mail) for one in found.values()]


def send(outbox: Outbox, rule: Rule, found: Sequence[Told], seconds: float) -> list[Outcome]:
    """Sends a test to those whom a rule tells, and returns what came of it within so many seconds."""
    numbers = outbox.test_rule(rule, [one.recipient for one in found if one.recipient])
    return outcomes(found, followed(outbox, numbers, seconds))


def outcomes(found: Sequence[Told], notices: Sequence[NoticeRow]) -> list[Outcome]:
    """Returns what came of the notices of a test, for each of those whom the rule tells now."""
    by_recipient = {notice.recipient: notice for notice in notices}
    return [_outcome(one, by_recipient.get(one.recipient)) for one in found]


def followed(outbox: Outbox, numbers: Sequence[int], seconds: float) -> list[NoticeRow]:
    """Waits until each of some notices was tried, or as long, and returns them."""
    end = time.monotonic() + seconds
    while True:
        notices = [outbox.get(number) for number in numbers]
        waits = any(notice.state == "pending" and not notice.attempts for notice in notices)
        if not waits or time.monotonic() >= end:
            return notices
        time.sleep(GLANCE)


def outcome(name: str, notice: NoticeRow) -> Outcome:
    """Returns what came of one test."""
    if notice.state == "sent":
        return Outcome(name, f"{name} took the test alert.", good=True)
    if notice.error:
        return Outcome(name, notice.error, good=False)
    if notice.state == "held":
        return Outcome(name, HELD, good=False)
    return Outcome(name, f"The test alert for {name} waits for its turn. Reload this page in a moment.", None)


def _outcome(one: Told, notice: NoticeRow | None) -> Outcome:
    if one.why:
        return Outcome(one.name, one.why, None if one.nobody else False, one.nobody)
    return outcome(one.name, notice) if notice else Outcome(one.name, "Nothing was sent yet.", None)


def _of(
    store: Store, rule: Rule, target: Target, audience: Audience, channels: dict[int, str], besides: Sequence[str]
) -> Iterator[Told]:
    """Yields those whom one target means, at least one."""
    match target.aim:
        case Aim.MEMBERS:
            people = [*audience.members, *besides]
            yield from (Told(one, one) for one in people)
            if not people:
                yield Told("all members", why="The project has no members.", nobody=True)
        case Aim.ADDRESS:
            yield Told(target.value, target.value)
        case Aim.ASSIGNEE:
            yield _assigned(store, rule)
        case Aim.CHANNEL:
            number = int(target.value)
            name = channels.get(number, "a channel")
            why = "" if number in audience.channels else f"It is {'disabled' if number in channels else 'deleted'}."
            yield Told(name, audience.channels.get(number, ""), why)
        case Aim.CHANNELS:
            yield from (Told(channels.get(number, str(number)), one) for number, one in audience.channels.items())
            if not audience.channels:
                yield Told("all channels", why="The project has none that is enabled.", nobody=True)


def _assigned(store: Store, rule: Rule) -> Told:
    newest = store.issues.find(IssueFilter(projects=(rule.project_id,), limit=1)).issues
    if newest and newest[0].assignee:
        return Told(newest[0].assignee, newest[0].assignee)
    about = f"{newest[0].short_id}, which the test is about" if newest else "an issue that does not exist yet"
    return Told("who is assigned", why=f"Nobody is assigned to {about}.", nobody=True)


def _reachable(one: Told, audience: Audience, *, mail: bool) -> Told:
    if not audience.takes(one.recipient):
        return Told(one.name, why=f"{one.name} unsubscribed from the mails of this project.")
    if one.recipient and not mail and channel_of(one.recipient) is None:
        return Told(one.name, why=NO_MAIL)
    return one
