"""Searches that people keep.

In: nothing. Out: a frozen struct, a protocol. Imported through `kaput.store.base`.
"""

from typing import Protocol

from msgspec import Struct


class SavedSearch(Struct, frozen=True):
    """A query under a name, which tells it from others of the same account."""

    name: str
    query: str


class Searches(Protocol):
    """The searches of each account."""

    def of(self, account_id: int) -> list[SavedSearch]:
        """Returns those of an account, the oldest first; those of one moment by name."""

    def save(self, account_id: int, search: SavedSearch) -> None:
        """Keeps a search, in the place of one of the same name.

        Raises QueryError when it cannot be read, or the account keeps too many.
        """

    def remove(self, account_id: int, name: str) -> None:
        """Forgets a search."""
