"""People and their passwords.

In: addresses and passwords. Out: rows without passwords. Handed out as `store.base.Accounts`.
"""

import re

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Connection, delete, exists, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import IntegrityError

from kaput.errors import Conflict, NotFound
from kaput.model import Clock
from kaput.store import schema
from kaput.store.base import AccountRow
from kaput.store.engine import Database
from kaput.store.projects import account_row

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1000
LONGEST_EMAIL = 254
EMAIL = re.compile(r"[^@\s,;<>\"()\x00-\x1f]+@[^@\s,;<>\"()\x00-\x1f]+")

_account = schema.account.c
_ended = schema.ended_login.c


class SqlAccounts:
    """Implements `kaput.store.base.Accounts`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        # 19 MiB and two passes: the smallest of OWASP's argon2id settings, since the whole tree has 100 MB.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

    def any(self) -> bool:
        """See `kaput.store.base.Accounts.any`."""
        with self._database.read() as connection:
            return _any(connection)

    def all(self) -> list[AccountRow]:
        """See `kaput.store.base.Accounts.all`."""
        with self._database.read() as connection:
            query = select(schema.account).order_by(_account.email)
            return [account_row(row) for row in connection.execute(query)]

    def get(self, account_id: int) -> AccountRow:
        """See `kaput.store.base.Accounts.get`."""
        with self._database.read() as connection:
            row = connection.execute(select(schema.account).where(_account.id == account_id)).one_or_none()
        if row is None:
            raise NotFound(f"There is no account {account_id}.")
        return account_row(row)

    def add(self, email: str, password: str, *, admin: bool) -> AccountRow:
        """See `kaput.store.base.Accounts.add`."""
        values = self._values(email, password, admin=admin)
        with self._database.write() as connection:
            return _insert(connection, values)

    def add_first(self, email: str, password: str) -> AccountRow:
        """See `kaput.store.base.Accounts.add_first`."""
        values = self._values(email, password, admin=True)
        with self._database.write() as connection:
            if _any(connection):
                raise Conflict("An account exists already; log in with it, or have it add yours.")
            return _insert(connection, values)

    def set_password(self, email: str, password: str) -> None:
        """See `kaput.store.base.Accounts.set_password`."""
        new = {"password": self._hasher.hash(_password(password)), "epoch": _account.epoch + 1}
        with self._database.write() as connection:
            changed = connection.execute(update(schema.account).where(_account.email == _email(email)).values(new))
            if not changed.rowcount:
                raise NotFound(f"There is no account {email!r}; `kaput user add` makes one.")

    def in_login(self, account_id: int, login: str) -> AccountRow:
        """See `kaput.store.base.Accounts.in_login`."""
        query = select(schema.account).where(_account.id == account_id, ~exists().where(_ended.login == login))
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("This login is over. Log in again.")
        return account_row(row)

    def end_login(self, login: str, seconds: float) -> None:
        """See `kaput.store.base.Accounts.end_login`."""
        now = self._clock()
        with self._database.write() as connection:
            connection.execute(delete(schema.ended_login).where(_ended.until < now))
            ended = insert(schema.ended_login).values(login=login, until=now + seconds)
            connection.execute(ended.on_conflict_do_nothing())

    def set_admin(self, email: str, *, admin: bool) -> None:
        """See `kaput.store.base.Accounts.set_admin`."""
        with self._database.write() as connection:
            account_id = _there(connection, email, losing_an_admin=not admin)
            connection.execute(update(schema.account).where(_account.id == account_id).values(admin=admin))

    def remove(self, email: str) -> None:
        """See `kaput.store.base.Accounts.remove`."""
        with self._database.write() as connection:
            account_id = _there(connection, email, losing_an_admin=True)
            _let_go(connection, account_id)
            connection.execute(delete(schema.account).where(_account.id == account_id))

    def verify(self, email: str, password: str) -> AccountRow | None:
        """See `kaput.store.base.Accounts.verify`."""
        with self._database.read() as connection:
            query = select(schema.account).where(_account.email == email.strip().lower()[:LONGEST_EMAIL])
            row = connection.execute(query).one_or_none()
        if row is None:
            self._hasher.hash(password[:LONGEST_PASSWORD])  # takes as long as a check would
            return None
        try:
            self._hasher.verify(row.password, password[:LONGEST_PASSWORD])
        except (VerifyMismatchError, InvalidHashError):
            return None
        return account_row(row) if len(password) <= LONGEST_PASSWORD else None

    def _values(self, email: str, password: str, *, admin: bool) -> dict[str, object]:
        return {
            "email": _email(email),
            "password": self._hasher.hash(_password(password)),
            "admin": admin,
            "epoch": int(self._clock() * 1000),
            "created": self._clock(),
        }


def _any(connection: Connection) -> bool:
    return bool(connection.execute(select(exists().where(_account.id.is_not(None)))).scalar())


def _there(connection: Connection, email: str, *, losing_an_admin: bool) -> int:
    """Returns the id of an account; raises Conflict when no admin would be left, NotFound when there is none."""
    row = connection.execute(select(schema.account).where(_account.email == email.strip().lower())).one_or_none()
    if row is None:
        raise NotFound(f"There is no account {email[:LONGEST_EMAIL]!r}.")
    if losing_an_admin and row.admin:
        admins = connection.execute(select(func.count()).select_from(schema.account).where(_account.admin)).scalar_one()
        if admins == 1:
            raise Conflict(f"{row.email} is the last admin; make somebody else an admin first.")
    return int(row.id)


def _let_go(connection: Connection, account_id: int) -> None:
    """Takes an account out of everything that refers to it: what cannot be without an account goes."""
    for table in schema.metadata.sorted_tables:
        for column in table.c:
            if any(key.column is _account.id for key in column.foreign_keys):
                of_it = column == account_id
                change = update(table).values({column.name: None}) if column.nullable else delete(table)
                connection.execute(change.where(of_it))
    # To take such a step back would give issues to nobody.
    connection.execute(delete(schema.undo).where(schema.undo.c.content.contains(f'"assignee_id":{account_id}')))


def _insert(connection: Connection, values: dict[str, object]) -> AccountRow:
    try:
        row = connection.execute(insert(schema.account).values(values).returning(schema.account)).one()
    except IntegrityError as error:
        raise Conflict(f"There is an account {values['email']!r} already.") from error
    return account_row(row)


def _email(email: str) -> str:
    email = email.strip().lower()
    if len(email) > LONGEST_EMAIL or not EMAIL.fullmatch(email):
        raise ValueError(f"{email[:LONGEST_EMAIL]!r} is no mail address; it must look like name@example.org.")
    return email


def _password(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise ValueError(f"The password must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    return password
