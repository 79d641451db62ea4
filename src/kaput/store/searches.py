"""Searches that people keep under a name.

In: accounts, names, queries. Out: rows. Handed out as `store.base.Searches`.
"""

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert

from kaput.errors import QueryError
from kaput.model import Clock
from kaput.store import schema
from kaput.store.base import SavedSearch
from kaput.store.engine import Database
from kaput.store.search import parse

MOST = 20
"""Searches of one account."""

_saved = schema.saved_search.c


class SqlSearches:
    """Implements `kaput.store.base.Searches`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def of(self, account_id: int) -> list[SavedSearch]:
        """See `kaput.store.base.Searches.of`."""
        query = (
            select(_saved.name, _saved.query).where(_saved.account_id == account_id).order_by(_saved.time, _saved.name)
        )
        with self._database.read() as connection:
            return [SavedSearch(*row) for row in connection.execute(query)]

    def save(self, account_id: int, search: SavedSearch) -> None:
        """See `kaput.store.base.Searches.save`."""
        now = self._clock()
        parse(search.query, now)
        values = {"account_id": account_id, "name": search.name, "query": search.query, "time": now}
        changed = insert(schema.saved_search).values(values).on_conflict_do_update(set_={"query": search.query})
        mine = select(func.count()).where(_saved.account_id == account_id, _saved.name != search.name)
        with self._database.write() as connection:
            if connection.execute(mine).scalar_one() >= MOST:
                raise QueryError(f"You keep {MOST} searches, which is the most. Remove one first.", 0)
            connection.execute(changed)

    def remove(self, account_id: int, name: str) -> None:
        """See `kaput.store.base.Searches.remove`."""
        with self._database.write() as connection:
            connection.execute(delete(schema.saved_search).where(_saved.account_id == account_id, _saved.name == name))
