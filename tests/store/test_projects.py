"""Projects and their keys."""

import re

import pytest

from kaput.errors import Conflict, NotFound
from kaput.store.base import Store
from kaput.store.projects import LONGEST_SLUG


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Shop", "shop"),
        ("  My  Shop! ", "my-shop"),
        ("Zürich 2", "z-rich-2"),
        ("--a--", "a"),
        ("x" * 90, "x" * LONGEST_SLUG),
    ],
)
def test_a_project_has_a_slug_and_a_key(store: Store, name: str, slug: str) -> None:
    """The slug is made of the name; the project begins with one key that is 32 hexadecimal digits."""
    project = store.projects.add(name)
    assert (project.slug, project.name) == (slug, " ".join(name.split()))
    (key,) = store.projects.keys(project.id)
    assert re.fullmatch("[0-9a-f]{32}", key.public)
    assert store.projects.get(slug) == store.projects.get(project.id) == project


def test_names_that_will_not_do(store: Store) -> None:
    """A name that is taken, that is Kaput's own, or that leaves no slug is refused, and nothing is kept of it."""
    before = store.projects.all()
    for taken in ("App", "app!", "KAPUT", " kaput "):
        with pytest.raises(Conflict):
            store.projects.add(taken)
    for empty in ("", "   ", "☂", "---"):
        with pytest.raises(ValueError, match="name"):
            store.projects.add(empty)
    assert store.projects.all() == before


def test_renaming_keeps_the_slug(store: Store) -> None:
    """A new name changes nothing else; an unknown project cannot have one."""
    store.projects.rename(1, "  The   App ")
    assert (store.projects.get(1).name, store.projects.get(1).slug) == ("The App", "app")
    with pytest.raises(NotFound):
        store.projects.rename(99, "x")


def test_keys_come_and_go(store: Store) -> None:
    """Keys are added, disabled and enabled again; what is not there is told."""
    first = store.projects.keys(1)[0]
    added = store.projects.add_key(1, "  phone ")
    assert (added.label, added.disabled) == ("phone", False)
    store.projects.set_key_disabled(first.id, disabled=True)
    assert [key.disabled for key in store.projects.keys(1)] == [True, False]
    store.projects.set_key_disabled(first.id, disabled=False)
    assert store.projects.keys(1) == [first, added]
    with pytest.raises(NotFound):
        store.projects.set_key_disabled(99, disabled=True)
    with pytest.raises(NotFound):
        store.projects.add_key(99, "x")


@pytest.mark.parametrize("ref", [0, -1, 99, 2**63, 10**30, "", "none", "APP", "\u0661", "app\0", "' OR 1=1 --"])
def test_projects_that_are_none(store: Store, ref: int | str) -> None:
    """Numbers of any size and any text are told to be no project."""
    with pytest.raises(NotFound):
        store.projects.get(ref)


def test_rules_of_grouping_are_kept_as_typed(store: Store) -> None:
    """For projects that have any; those of an unknown project are refused."""
    assert store.projects.grouping() == {}
    store.projects.set_grouping(1, "type:A -> b\n")
    assert store.projects.grouping() == {1: "type:A -> b\n"}
    store.projects.set_grouping(1, "")
    assert store.projects.grouping() == {}
    with pytest.raises(NotFound):
        store.projects.set_grouping(99, "type:A -> b")
