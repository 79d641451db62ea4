"""The page with a project's rules of grouping."""

import re

from kaput.store.base import ProjectRow
from tests.view.site import Site, visitor

PAGE = "/projects/shop/grouping"
RULES = "type:KeyError -> keys, {{ type }}\r\n# <b>\r\n"
KEPT = "type:KeyError -> keys, {{ type }}\n# <b>"


def test_rules_are_tested_before_they_are_saved(site: Site, shop: ProjectRow) -> None:
    """The test says what happens to which issues, and only its answer has the button that saves."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    issue = site.break_(shop, "KeyError", "'a'")
    untested = someone.send(f"{PAGE}/save", PAGE, rules=RULES)
    assert "What these rules would do" in untested.text
    assert site.store.projects.grouping() == {}
    answer = someone.send(PAGE, PAGE, rules=RULES)
    assert "rule of line 1: keys, KeyError" in answer.text
    assert issue.short_id in answer.text
    assert "# &lt;b&gt;" in answer.text
    tested = re.search(r'name="tested" value="([0-9a-f]{64})"', answer.text)
    assert tested
    someone.send(f"{PAGE}/save", PAGE, rules=RULES + "type:A -> b", tested=tested[1])
    assert site.store.projects.grouping() == {}
    assert someone.send(f"{PAGE}/save", PAGE, rules=RULES, tested=tested[1]).status_code == 302
    assert site.store.projects.grouping() == {shop.id: KEPT}
    assert "# &lt;b&gt;</textarea>" in someone.get(PAGE)


def test_what_cannot_be_read_is_pointed_at(site: Site, shop: ProjectRow) -> None:
    """The page keeps the text, and marks the place in the line."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    answer = someone.send(PAGE, PAGE, rules="type:A -> x\ntype:A <i>:b -> x")
    assert answer.status_code == 400
    assert "Line 2, character 8" in answer.text
    assert "type:A <mark>&lt;i&gt;:b -&gt; x</mark>" in answer.text
    assert "What these rules would do" not in answer.text
    assert shop.id not in site.store.projects.grouping()


def test_only_admins_see_rules(site: Site, shop: ProjectRow) -> None:
    """A member of the project has no such page, and can set nothing."""
    site.admin()
    bob = site.member(shop)
    someone = visitor(site.app(), bob.email)
    assert someone.send(PAGE, "/account", rules="type:A -> b").status_code == 404
    assert someone.send(f"{PAGE}/save", "/account", rules="type:A -> b").status_code == 404
