"""Ways out beside mail, and who wants no mail of a project.

In: decisions of people. Out: rows. Handed out as `store.base.Channels`.
"""

from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import IntegrityError

from kaput.errors import Conflict, NotFound
from kaput.model import ChannelKind, Clock, channel_recipient
from kaput.store import schema
from kaput.store.base import Address, ChannelRow
from kaput.store.engine import Database

MOST = 50
"""Channels of one project."""
MOST_LENT = 10
"""Channels of other projects that tell of Kaput's own problems."""
LONGEST_NAME = 80
LONGEST_URL = 2000

DISABLED = "The channel was disabled before it was sent."
DELETED = "The channel was deleted before it was sent."
UNSUBSCRIBED = "The recipient unsubscribed before it was sent."

_channel = schema.channel.c
_notice = schema.notice.c
_unsubscribed = schema.unsubscribed.c


class SqlChannels:
    """Implements `kaput.store.base.Channels`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def all(self, project_id: int | None = None) -> list[ChannelRow]:
        """See `kaput.store.base.Channels.all`."""
        query = select(schema.channel).order_by(func.lower(_channel.name), _channel.id)
        if project_id is not None:
            query = query.where(_channel.project_id == project_id)
        with self._database.read() as connection:
            return [_row(row) for row in connection.execute(query)]

    def get(self, channel_id: int) -> ChannelRow:
        """See `kaput.store.base.Channels.get`."""
        with self._database.read() as connection:
            return _row(_found(connection, channel_id))

    def address(self, channel_id: int) -> Address:
        """See `kaput.store.base.Channels.address`."""
        with self._database.read() as connection:
            row = _found(connection, channel_id)
            return Address(row.url, row.secret)

    def add(self, project_id: int, kind: ChannelKind, name: str, shown: str, address: Address) -> ChannelRow:
        """See `kaput.store.base.Channels.add`."""
        values = {
            "project_id": project_id,
            "kind": kind.value,
            "name": _named(name),
            "shown": shown,
            "url": _bounded(address.url),
            "secret": address.secret,
            "disabled": False,
            "created": self._clock(),
        }
        with self._database.write() as connection:
            if connection.execute(select(schema.project.c.id).where(schema.project.c.id == project_id)).first() is None:
                raise NotFound(f"There is no project {project_id}.")
            mine = select(func.count()).select_from(schema.channel).where(_channel.project_id == project_id)
            if connection.execute(mine).scalar_one() >= MOST:
                raise ValueError(f"A project has {MOST} channels at most; delete one first.")
            try:
                made = insert(schema.channel).values(values).returning(schema.channel)
                return _row(connection.execute(made).one())
            except IntegrityError as error:
                raise Conflict(f"There is a channel {values['name']!r} already; choose another name.") from error

    def set_disabled(self, channel_id: int, *, disabled: bool) -> None:
        """See `kaput.store.base.Channels.set_disabled`."""
        with self._database.write() as connection:
            _found(connection, channel_id)
            connection.execute(update(schema.channel).where(_channel.id == channel_id).values(disabled=disabled))
            if disabled:
                _give_up(connection, DISABLED, _notice.recipient == channel_recipient(channel_id))

    def delete(self, channel_id: int) -> None:
        """See `kaput.store.base.Channels.delete`."""
        with self._database.write() as connection:
            _found(connection, channel_id)
            _give_up(connection, DELETED, _notice.recipient == channel_recipient(channel_id))
            connection.execute(delete(schema.channel).where(_channel.id == channel_id))

    def unsubscribe(self, project_id: int, address: str) -> bool:
        """See `kaput.store.base.Channels.unsubscribe`."""
        values = {"project_id": project_id, "address": address.lower(), "time": self._clock()}
        statement = insert(schema.unsubscribed).values(values).on_conflict_do_nothing()
        with self._database.write() as connection:
            new = connection.execute(statement).rowcount > 0
            mine = (_notice.project_id == project_id, func.lower(_notice.recipient) == address.lower())
            _give_up(connection, UNSUBSCRIBED, *mine)
        return new

    def resubscribe(self, project_id: int, address: str) -> None:
        """See `kaput.store.base.Channels.resubscribe`."""
        mine = (_unsubscribed.project_id == project_id, _unsubscribed.address == address.lower())
        with self._database.write() as connection:
            connection.execute(delete(schema.unsubscribed).where(*mine))

    def unsubscribed(self, project_id: int) -> set[str]:
        """See `kaput.store.base.Channels.unsubscribed`."""
        with self._database.read() as connection:
            return unsubscribed_of(connection, project_id)


def channels_of(connection: Connection, project_id: int) -> list[int]:
    """Returns the channels on which a project's alerts go: its own that are not disabled.

    Kaput's own problems, as long as its project has no channel, go on the oldest one of each other project: that mails
    fail must be told on another way.
    """
    usable = select(_channel.id).where(~_channel.disabled).order_by(_channel.id)
    own = list(connection.execute(usable.where(_channel.project_id == project_id)).scalars())
    internal = select(schema.project.c.id).where(schema.project.c.id == project_id, schema.project.c.internal)
    if own or connection.execute(internal).first() is None:
        return own
    first = select(func.min(_channel.id)).where(~_channel.disabled).group_by(_channel.project_id)
    return list(connection.execute(usable.where(_channel.id.in_(first)).limit(MOST_LENT)).scalars())


def unsubscribed_of(connection: Connection, project_id: int) -> set[str]:
    """Returns the addresses that want no mail of a project, in lower case, within an open transaction."""
    query = select(_unsubscribed.address).where(_unsubscribed.project_id == project_id)
    return set(connection.execute(query).scalars())


def _give_up(connection: Connection, reason: str, *mine: Any) -> None:
    waiting = _notice.state.in_(("pending", "held"))
    connection.execute(update(schema.notice).where(waiting, *mine).values(state="unwanted", error=reason))


def _found(connection: Connection, channel_id: int) -> Row[Any]:
    row = connection.execute(select(schema.channel).where(_channel.id == channel_id)).one_or_none()
    if row is None:
        raise NotFound(f"There is no channel {channel_id}.")
    return row


def _row(row: Row[Any]) -> ChannelRow:
    kind = ChannelKind(row.kind)
    return ChannelRow(row.id, row.project_id, kind, row.name, row.shown, row.disabled, row.created)


def _named(name: str) -> str:
    found = " ".join(name.split())
    if not 0 < len(found) <= LONGEST_NAME:
        raise ValueError(f"The name of a channel has 1 to {LONGEST_NAME} characters.")
    return found


def _bounded(url: str) -> str:
    if len(url) > LONGEST_URL:
        raise ValueError(f"The address of a channel has at most {LONGEST_URL} characters.")
    return url
