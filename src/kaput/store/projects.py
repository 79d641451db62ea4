"""Projects, their keys and members.

In: names, ids. Out: rows. Handed out as `store.base.Projects`.
"""

import re
import secrets

from sqlalchemy import Connection, Row, Select, delete, or_, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import IntegrityError

from kaput.errors import Conflict, NotFound
from kaput.model import Clock, Filters
from kaput.store import filters as columns
from kaput.store import schema
from kaput.store.base import AccountRow, KeyRow, ProjectRow
from kaput.store.engine import Database
from kaput.store.regroupings import begin_regrouping
from kaput.store.rules import insert_defaults

LONGEST_SLUG = 40
LARGEST_ID = 2**63 - 1
INTERNAL_SLUG = "kaput"
MOST_EVENTS = 1_000_000_000
LONGEST_WINDOW = 86_400

_project = schema.project.c
_key = schema.project_key.c
_account = schema.account.c
_member = schema.member.c


class SqlProjects:
    """Implements `kaput.store.base.Projects`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def all(self) -> list[ProjectRow]:
        """See `kaput.store.base.Projects.all`."""
        with self._database.read() as connection:
            return _rows(connection, _select())

    def get(self, ref: int | str) -> ProjectRow:
        """See `kaput.store.base.Projects.get`."""
        condition = _project.id == ref if isinstance(ref, int) else _project.slug == ref
        if isinstance(ref, int) and not 0 <= ref <= LARGEST_ID:
            raise NotFound(f"There is no project {ref}.")
        with self._database.read() as connection:
            rows = _rows(connection, _select().where(condition))
        if not rows:
            raise NotFound(f"There is no project {ref!r}; `kaput project list` shows them all.")
        return rows[0]

    def add(self, name: str) -> ProjectRow:
        """See `kaput.store.base.Projects.add`."""
        with self._database.write() as connection:
            return insert_project(connection, name, self._clock())

    def rename(self, project_id: int, name: str) -> None:
        """See `kaput.store.base.Projects.rename`."""
        statement = update(schema.project).where(_project.id == project_id).values(name=_name(name))
        with self._database.write() as connection:
            if not connection.execute(statement).rowcount:
                raise NotFound(f"There is no project {project_id}.")

    def keys(self, project_id: int | None = None) -> list[KeyRow]:
        """See `kaput.store.base.Projects.keys`."""
        query = select(schema.project_key).order_by(_key.id)
        if project_id is not None:
            query = query.where(_key.project_id == project_id)
        with self._database.read() as connection:
            return [_key_row(row) for row in connection.execute(query)]

    def add_key(self, project_id: int, label: str) -> KeyRow:
        """See `kaput.store.base.Projects.add_key`."""
        with self._database.write() as connection:
            if not _rows(connection, _select().where(_project.id == project_id)):
                raise NotFound(f"There is no project {project_id}.")
            return _insert_key(connection, project_id, label.strip()[:100] or "key", self._clock())

    def set_key_disabled(self, key_id: int, *, disabled: bool) -> None:
        """See `kaput.store.base.Projects.set_key_disabled`."""
        statement = update(schema.project_key).where(_key.id == key_id).values(disabled=disabled)
        with self._database.write() as connection:
            if not connection.execute(statement).rowcount:
                raise NotFound(f"There is no key {key_id}.")

    def set_key_limit(self, key_id: int, events: int, seconds: int) -> None:
        """See `kaput.store.base.Projects.set_key_limit`."""
        if (events, seconds) != (0, 0):
            _check_limit(events, seconds)
        values = {"limit_events": events, "limit_seconds": seconds}
        with self._database.write() as connection:
            if not connection.execute(update(schema.project_key).where(_key.id == key_id).values(values)).rowcount:
                raise NotFound(f"There is no key {key_id}.")

    def filters(self) -> dict[int, Filters]:
        """See `kaput.store.base.Projects.filters`."""
        query = select(_project.id, _project.filters).where(_project.filters != "")
        with self._database.read() as connection:
            return {row.id: columns.read(row.filters) for row in connection.execute(query)}

    def set_filters(self, project_id: int, filters: Filters) -> None:
        """See `kaput.store.base.Projects.set_filters`."""
        statement = update(schema.project).where(_project.id == project_id).values(filters=columns.written(filters))
        with self._database.write() as connection:
            if not connection.execute(statement).rowcount:
                raise NotFound(f"There is no project {project_id}.")

    def grouping(self) -> dict[int, str]:
        """See `kaput.store.base.Projects.grouping`."""
        query = select(_project.id, _project.grouping).where(_project.grouping.is_not(None))
        with self._database.read() as connection:
            return {row.id: row.grouping for row in connection.execute(query)}

    def set_grouping(self, project_id: int, text: str) -> None:
        """See `kaput.store.base.Projects.set_grouping`."""
        statement = update(schema.project).where(_project.id == project_id).values(grouping=text or None)
        with self._database.write() as connection:
            if not connection.execute(statement).rowcount:
                raise NotFound(f"There is no project {project_id}.")
            begin_regrouping(connection, project_id, self._clock())

    def members(self, project_id: int) -> list[AccountRow]:
        """See `kaput.store.base.Projects.members`."""
        with self._database.read() as connection:
            return members_of(connection, project_id)

    def add_member(self, project_id: int, account_id: int) -> None:
        """See `kaput.store.base.Projects.add_member`."""
        statement = insert(schema.member).values(project_id=project_id, account_id=account_id)
        try:
            with self._database.write() as connection:
                connection.execute(statement.on_conflict_do_nothing())
        except IntegrityError as error:
            raise NotFound(f"There is no project {project_id} or no account {account_id}.") from error

    def remove_member(self, project_id: int, account_id: int) -> None:
        """See `kaput.store.base.Projects.remove_member`."""
        both = (_member.project_id == project_id, _member.account_id == account_id)
        with self._database.write() as connection:
            connection.execute(delete(schema.member).where(*both))

    def of(self, account: AccountRow) -> list[ProjectRow]:
        """See `kaput.store.base.Projects.of`."""
        query = _select()
        if not account.admin:
            mine = select(_member.project_id).where(_member.account_id == account.id)
            query = query.where(_project.id.in_(mine))
        with self._database.read() as connection:
            return _rows(connection, query)


def insert_project(connection: Connection, name: str, now: float, *, internal: bool = False) -> ProjectRow:
    """Makes a project with one key within an open transaction; raises Conflict or ValueError as `Projects.add`."""
    name = _name(name)
    slug = INTERNAL_SLUG if internal else slug_of(name)
    if not internal and slug == INTERNAL_SLUG:
        raise Conflict(f"The name {name!r} is kept for Kaput's own problems; choose another.")
    values = {
        "slug": slug,
        "name": name,
        "internal": internal,
        "last_number": 0,
        "digested": 0,
        "sessions": 0,
        "filters": "",
        "created": now,
    }
    try:
        result = connection.execute(insert(schema.project).values(values).returning(_project.id))
    except IntegrityError as error:
        raise Conflict(f"There is a project {slug!r} already; choose a name that differs in more.") from error
    project_id = result.scalar_one()
    _insert_key(connection, project_id, "default", now)
    insert_defaults(connection, project_id, now)
    return ProjectRow(project_id, slug, name, internal, now)


def members_of(connection: Connection, project_id: int) -> list[AccountRow]:
    """Returns the members of a project and every admin, within an open transaction."""
    mine = select(_member.account_id).where(_member.project_id == project_id)
    query = select(schema.account).where(or_(_account.admin, _account.id.in_(mine))).order_by(_account.email)
    return [account_row(row) for row in connection.execute(query)]


def account_row(row: Row[tuple[object, ...]]) -> AccountRow:
    """Makes a row of the seam from one of the table."""
    return AccountRow(row.id, row.email, row.admin, row.epoch, row.created)


def slug_of(name: str) -> str:
    """Returns the name in lower case, dashes for all but letters and digits; raises ValueError when nothing is left."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LONGEST_SLUG].strip("-")
    if not slug:
        raise ValueError(f"The name {name!r} has no letter from a to z and no digit; a project's id is made of those.")
    return slug


def _name(name: str) -> str:
    name = " ".join(name.split())[:100]
    if not name:
        raise ValueError("A project needs a name.")
    return name


def _insert_key(connection: Connection, project_id: int, label: str, now: float) -> KeyRow:
    values = {
        "project_id": project_id,
        "public": secrets.token_hex(16),
        "label": label,
        "disabled": False,
        "limit_events": 0,
        "limit_seconds": 0,
        "created": now,
    }
    row = connection.execute(insert(schema.project_key).values(values).returning(schema.project_key)).one()
    return _key_row(row)


def _select() -> Select[tuple[object, ...]]:
    columns = (_project.id, _project.slug, _project.name, _project.internal, _project.created)
    return select(*columns).order_by(_project.id)


def _rows(connection: Connection, query: Select[tuple[object, ...]]) -> list[ProjectRow]:
    return [ProjectRow(r.id, r.slug, r.name, r.internal, r.created) for r in connection.execute(query)]


def _key_row(row: Row[tuple[object, ...]]) -> KeyRow:
    limit = (row.limit_events, row.limit_seconds)
    return KeyRow(row.id, row.project_id, row.public, row.label, row.disabled, row.created, *limit)


def _check_limit(events: int, seconds: int) -> None:
    if not 1 <= events <= MOST_EVENTS:
        raise ValueError(f"A limit has 1 to {MOST_EVENTS} events, not {events}.")
    if not 1 <= seconds <= LONGEST_WINDOW:
        raise ValueError(f"The window of a limit has 1 to {LONGEST_WINDOW} seconds (a day), not {seconds}.")
