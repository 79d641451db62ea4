"""The page of a project's rules."""

import re
import threading
import time

from kaput.model import Aim, Compare, Condition, Field, Target, Trigger
from kaput.store.base import ProjectRow
from tests.view.site import Site, visitor

PAGE = "/projects/shop/rules"
FORM: dict[str, str | list[str]] = {
    "name": "Slow checkout",
    "trigger": "events",
    "number": "20",
    "within": "10 min",
    "conditions": "level at least error\ntag plan is not free",
    "to": ["members", "assignee"],
    "addresses": "ops@example.org",
    "pause": "2 h",
}


def names(site: Site, shop: ProjectRow) -> list[str]:
    return [row.rule.name for row in site.store.rules.of_project(shop.id)]


def test_the_rules_of_a_new_project(site: Site, shop: ProjectRow) -> None:
    """A new project shows its three rules in words."""
    site.admin()
    page = visitor(site.app(), "ada@example.org").get(PAGE)
    assert shop.slug in page
    for words in ("an issue is new", "a resolved issue comes back", "100 events or more of one issue in 5 min"):
        assert words in page


def test_a_rule_is_made_and_changed(site: Site, shop: ProjectRow) -> None:
    """What is typed into the form is the rule, and the form of the rule shows it again."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    assert someone.send(f"{PAGE}/new", f"{PAGE}/new", **FORM).status_code == 302
    rule = site.store.rules.of_project(shop.id)[-1].rule
    assert (rule.name, rule.trigger, rule.number, rule.seconds, rule.pause) == (
        "Slow checkout",
        Trigger.EVENTS,
        20,
        600,
        7200,
    )
    assert rule.conditions == (
        Condition(Field.LEVEL, Compare.AT_LEAST, "error"),
        Condition(Field.TAG, Compare.IS_NOT, "free", "plan"),
    )
    assert rule.targets == (Target(Aim.MEMBERS), Target(Aim.ASSIGNEE), Target(Aim.ADDRESS, "ops@example.org"))
    page = someone.get(f"{PAGE}/{rule.id}")
    for words in ('value="10 min"', 'value="2 h"', "tag plan is not free", "ops@example.org"):
        assert words in page
    someone.send(f"{PAGE}/{rule.id}", f"{PAGE}/{rule.id}", **(FORM | {"number": "30"}))
    assert site.store.rules.get(rule.id).rule.number == 30


def test_what_is_no_rule(site: Site, shop: ProjectRow) -> None:
    """What no rule can be is told in words, and what was typed is still there."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    for field, typed, said in (
        ("number", "0", "The number of this rule is 1 to 10,000"),
        ("within", "soon", "is no span of time"),
        ("conditions", "weather is bad", "is no condition"),
        ("addresses", "nobody", "is no mail address"),
    ):
        answer = someone.send(f"{PAGE}/new", f"{PAGE}/new", **(FORM | {field: typed}))
        assert (answer.status_code, said in answer.text, typed in answer.text) == (400, True, True)
    assert len(names(site, shop)) == 3


def test_a_preview(site: Site, shop: ProjectRow) -> None:
    """The form says how often what is typed would have fired in the last 7 days, and makes nothing."""
    for name in "abc":
        site.break_(shop, "KeyError", name, times=25)
    site.break_(shop, "KeyError", "old", times=25, age=8 * 86400)
    site.break_(shop, "ValueError", "few", times=19)
    site.admin()
    someone = visitor(site.app(), "ada@example.org")

    def said(**fields: str) -> str:
        answer = someone.send(f"{PAGE}/new", f"{PAGE}/new", **(FORM | {"conditions": "", "what": "preview"} | fields))
        assert (answer.status_code, "Slow checkout" in answer.text) == (200, True)
        found = re.search(r"In the last 7 days this rule would have fired ([\d,]+ times?)", answer.text)
        return found[1] if found else answer.text

    assert said() == "3 times"
    assert said(number="19") == "4 times"
    assert said(trigger="new") == "4 times"
    assert said(conditions="type is ValueError", number="19") == "1 time"
    assert said(conditions="path is *pricing.py") == "3 times"
    assert said(conditions="tag nothing is there") == "0 times"
    assert len(names(site, shop)) == 3


def test_off_deleted_and_back(site: Site, shop: ProjectRow) -> None:
    """A rule is switched off and on, deleted, and had back by the button that is offered then."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    rule = site.store.rules.of_project(shop.id)[0].rule
    someone.send(f"{PAGE}/{rule.id}/state", PAGE, what="off")
    assert not site.store.rules.get(rule.id).rule.enabled
    someone.send(f"{PAGE}/{rule.id}/state", PAGE, what="on")
    assert site.store.rules.get(rule.id).rule.enabled
    someone.send(f"{PAGE}/{rule.id}/state", PAGE, what="delete")
    assert "New issues" not in names(site, shop)
    assert "A rule was deleted." in someone.get(PAGE)
    someone.send(f"{PAGE}/{rule.id}/restore", PAGE)
    assert "New issues" in names(site, shop)
    assert "A rule was deleted." not in someone.get(PAGE)


def test_another_project(site: Site, shop: ProjectRow) -> None:
    """A rule is changed through its own project only."""
    site.admin()
    other = site.store.projects.add("Other")
    rule = site.store.rules.of_project(other.id)[0].rule
    someone = visitor(site.app(), "ada@example.org")
    assert someone.open(f"{PAGE}/{rule.id}").status_code == 404
    assert someone.send(f"{PAGE}/{rule.id}/state", PAGE, what="delete").status_code == 404
    assert shop.id != other.id


def test_the_test_of_a_rule(site: Site, shop: ProjectRow) -> None:
    """The button writes a test for each whom the rule tells, and the page says what came of each."""
    site.admin()
    someone = visitor(site.app(smtp_host="mail.example.org"), "ada@example.org")
    rule = site.store.rules.of_project(shop.id)[0].rule
    outbox = site.store.outbox
    assert "not sent yet" in someone.get(f"{PAGE}/{rule.id}/test")

    def refuse() -> None:
        end = time.monotonic() + 10
        while not outbox.newest() and time.monotonic() < end:
            time.sleep(0.01)
        outbox.mark_retry([outbox.newest()], "No mail went out: <451> later.", site.clock() + 60)

    sender = threading.Thread(target=refuse)
    sender.start()
    answer = someone.send(f"{PAGE}/{rule.id}/test", PAGE)
    sender.join()
    assert answer.location == f"{PAGE}/{rule.id}/test"
    page = someone.get(answer.location)
    assert "ada@example.org" in page
    assert "No mail went out: &lt;451&gt; later." in page
    assert "The project has none that is enabled." in page
    assert [notice.recipient for notice in outbox.tested(rule.id)] == ["ada@example.org"]
    assert someone.open(f"{PAGE}/99/test").status_code == 404
