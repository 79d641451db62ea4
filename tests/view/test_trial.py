"""Whom the test of a rule reaches, and what is said of each."""

from kaput.model import Aim, ChannelKind, Rule, Target, Trigger, channel_recipient
from kaput.store.base import Address, ProjectRow
from kaput.view.trial import HELD, NO_MAIL, Told, outcomes, told
from tests.view.site import Site


def test_whom_a_rule_tells(site: Site, shop: ProjectRow) -> None:
    """Each is told once; of those to whom nothing goes it is said why."""
    site.admin()
    site.member(shop)
    channels = site.store.channels
    chat = channels.add(shop.id, ChannelKind.SERVICE, "Chat", "slack://…", Address("slack://x"))
    old = channels.add(shop.id, ChannelKind.SERVICE, "Old", "slack://…", Address("slack://y"))
    channels.set_disabled(old.id, disabled=True)
    channels.unsubscribe(shop.id, "bob@example.org")
    aims = [Target(Aim.MEMBERS), Target(Aim.ADDRESS, "ops@example.org"), Target(Aim.ADDRESS, "ada@example.org")]
    aims += [Target(Aim.CHANNELS), *(Target(Aim.CHANNEL, str(number)) for number in (chat.id, old.id, 99))]
    aims.append(Target(Aim.ASSIGNEE))
    rule = Rule(1, shop.id, "All", Trigger.NEW, targets=tuple(aims))
    found = told(site.store, rule, ["boss@example.org"])
    assert found == [
        Told("ada@example.org", "ada@example.org"),
        Told("bob@example.org", why="bob@example.org unsubscribed from the mails of this project."),
        Told("boss@example.org", "boss@example.org"),
        Told("ops@example.org", "ops@example.org"),
        Told("Chat", channel_recipient(chat.id)),
        Told("Old", why="It is disabled."),
        Told("a channel", why="It is deleted."),
        Told("who is assigned", why="Nobody is assigned to an issue that does not exist yet.", nobody=True),
    ]
    issue = site.break_(shop, "KeyError", "x")
    assert told(site.store, rule)[-1].why == f"Nobody is assigned to {issue.short_id}, which the test is about."


def test_without_a_mail_server(site: Site, shop: ProjectRow) -> None:
    """Without a mail server no mail is tried, and channels are."""
    chat = site.store.channels.add(shop.id, ChannelKind.SERVICE, "Chat", "slack://…", Address("slack://x"))
    rule = Rule(1, shop.id, "All", Trigger.NEW, targets=(Target(Aim.ADDRESS, "a@x.org"), Target(Aim.CHANNELS)))
    assert told(site.store, rule, mail=False) == [
        Told("a@x.org", why=NO_MAIL),
        Told("Chat", channel_recipient(chat.id)),
    ]


def test_what_came_of_it(site: Site, shop: ProjectRow) -> None:
    """What was taken, refused, held back or not yet tried is said of each recipient by itself."""
    outbox = site.store.outbox
    people = ["a@x.org", "b@x.org", "c@x.org", "d@x.org", "e@x.org"]
    rule = Rule(7, shop.id, "All", Trigger.NEW, targets=tuple(Target(Aim.ADDRESS, one) for one in people))
    outbox.test_rule(rule, ["old@x.org"])
    site.clock.now += 1
    numbers = outbox.test_rule(rule, people[:4])
    outbox.mark_sent(numbers[:1], site.clock(), in_digest=False)
    outbox.mark_failed(numbers[1:2], "No mail went out: 550 nobody.")
    outbox.mark_held(numbers[2:3], site.clock())
    notices = outbox.tested(7)
    assert [notice.recipient for notice in notices] == people[:4]
    assert {notice.words for notice in notices} == {"test of All"}
    came = outcomes(told(site.store, rule), notices)
    assert [one.good for one in came] == [True, False, False, None, None]
    assert [one.words for one in came[1:3]] == ["No mail went out: 550 nobody.", HELD]
    assert "waits for its turn" in came[3].words
    assert came[4].words == "Nothing was sent yet."


def test_a_rule_of_a_new_project(site: Site, shop: ProjectRow) -> None:
    """That a project has no channel is no failure of a rule that tells all channels."""
    rule = Rule(7, shop.id, "All", Trigger.NEW, targets=(Target(Aim.CHANNELS),))
    (one,) = outcomes(told(site.store, rule), [])
    assert (one.good, one.nobody, one.words) == (None, True, "The project has none that is enabled.")
