"""A project's filters as a column."""

import pytest

from kaput.errors import NotFound
from kaput.model import Filters
from kaput.store.base import Store

EVERYTHING = Filters(("A*",), ("b",), ("1.*", "2"), ("té?t",), crawlers=True, localhost=True, extensions=True)


def test_filters_are_kept_as_they_are(store: Store) -> None:
    """What was set is read, for projects that leave out anything."""
    assert store.projects.filters() == {}
    store.projects.set_filters(1, EVERYTHING)
    assert store.projects.filters() == {1: EVERYTHING}
    store.projects.set_filters(1, Filters())
    assert store.projects.filters() == {}


@pytest.mark.parametrize("globs", [("x" * 201,), ("",), ("a\nb",), ("\x00",), ("\u202e",), ("a",) * 51, ("*a" * 6,)])
def test_a_pattern_that_will_not_do_changes_nothing(store: Store, globs: tuple[str, ...]) -> None:
    """Too long, empty, unprintable or too many is a ValueError."""
    with pytest.raises(ValueError, match="pattern"):
        store.projects.set_filters(1, Filters(messages=globs))
    assert store.projects.filters() == {}


def test_a_project_must_be_there(store: Store) -> None:
    """Filters of an unknown project are refused."""
    with pytest.raises(NotFound):
        store.projects.set_filters(99, EVERYTHING)
