"""Saved searches: each account has its own, a name at most once, and none that cannot be read."""

import pytest

from kaput.errors import QueryError
from kaput.store.base import SavedSearch, Store
from kaput.store.searches import MOST
from tests.clock import SettableClock


def test_searches_of_an_account(store: Store, clock: SettableClock) -> None:
    """They come in the order of their making; the same name is replaced; nobody sees those of others."""
    ada = store.accounts.add("ada@example.org", "correct horse", admin=True)
    joe = store.accounts.add("joe@example.org", "correct horse", admin=False)
    store.searches.save(ada.id, SavedSearch("b", "is:muted"))
    clock.now += 1
    store.searches.save(ada.id, SavedSearch("a", "count:>5"))
    store.searches.save(ada.id, SavedSearch("b", "is:new"))
    assert store.searches.of(ada.id) == [SavedSearch("b", "is:new"), SavedSearch("a", "count:>5")]
    store.searches.remove(joe.id, "b")
    store.searches.remove(ada.id, "a")
    assert (store.searches.of(ada.id), store.searches.of(joe.id)) == ([SavedSearch("b", "is:new")], [])


def test_what_is_not_kept(store: Store) -> None:
    """A query that cannot be read, and one too many, are refused."""
    ada = store.accounts.add("ada@example.org", "correct horse", admin=True)
    with pytest.raises(QueryError, match="count:many"):
        store.searches.save(ada.id, SavedSearch("x", "count:many"))
    for number in range(MOST):
        store.searches.save(ada.id, SavedSearch(str(number), "x"))
    store.searches.save(ada.id, SavedSearch("0", "y"))
    with pytest.raises(QueryError, match="Remove one"):
        store.searches.save(ada.id, SavedSearch("one more", "x"))
