"""The rules of projects.

In: decisions of people. Out: rules. Handed out as `store.base.Rules`. What rules count is written by
`store/situation.py` within the worker's transaction.
"""

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from kaput.errors import NotFound
from kaput.model import Clock, History, Rule, default_rules
from kaput.store import schema
from kaput.store.base import RuleRow
from kaput.store.definition import check, read, written
from kaput.store.engine import Database
from kaput.store.payload import Payloads
from kaput.store.replay import history

MOST = 100
"""Rules of one project."""
KEPT_SECONDS = 86400.0
"""For so long a deleted rule can be had back."""

_rule = schema.rule.c


class SqlRules:
    """Implements `kaput.store.base.Rules`."""

    def __init__(self, database: Database, payloads: Payloads, clock: Clock) -> None:
        self._database = database
        self._payloads = payloads
        self._clock = clock

    def of_project(self, project_id: int) -> list[RuleRow]:
        """See `kaput.store.base.Rules.of_project`."""
        query = select(schema.rule).where(_rule.project_id == project_id, _rule.deleted.is_(None)).order_by(_rule.id)
        with self._database.read() as connection:
            return [_row(row) for row in connection.execute(query)]

    def get(self, rule_id: int) -> RuleRow:
        """See `kaput.store.base.Rules.get`."""
        with self._database.read() as connection:
            return _found(connection, rule_id)

    def history(self, rule: Rule, since: float, *, rich: bool) -> History:
        """See `kaput.store.base.Rules.history`."""
        check(rule)
        with self._database.read() as connection:
            return history(connection, self._payloads, rule.project_id, since, rich=rich)

    def add(self, rule: Rule) -> RuleRow:
        """See `kaput.store.base.Rules.add`."""
        now = self._clock()
        with self._database.write() as connection:
            if connection.execute(select(schema.project.c.id).where(schema.project.c.id == rule.project_id)).first():
                _check_room(connection, rule.project_id)
                return _found(connection, _insert(connection, rule, now))
        raise NotFound(f"There is no project {rule.project_id}.")

    def change(self, rule: Rule) -> RuleRow:
        """See `kaput.store.base.Rules.change`."""
        values = {"name": rule.name, "enabled": rule.enabled, "definition": written(rule)}
        with self._database.write() as connection:
            before = _found(connection, rule.id).rule
            connection.execute(update(schema.rule).where(_rule.id == rule.id).values(values))
            if _counts_other(before, rule):
                _forget_counts(connection, rule.id)
            return _found(connection, rule.id)

    def delete(self, rule_id: int) -> None:
        """See `kaput.store.base.Rules.delete`."""
        now = self._clock()
        with self._database.write() as connection:
            _found(connection, rule_id)
            connection.execute(delete(schema.rule).where(_rule.deleted < now - KEPT_SECONDS))
            connection.execute(update(schema.rule).where(_rule.id == rule_id).values(deleted=now))

    def restore(self, rule_id: int, project_id: int) -> RuleRow:
        """See `kaput.store.base.Rules.restore`."""
        with self._database.write() as connection:
            row = _found(connection, rule_id, deleted=True)
            if row.rule.project_id != project_id:
                raise NotFound(f"There is no rule {rule_id}.")
            if row.deleted is not None:
                _check_room(connection, row.rule.project_id)
                connection.execute(update(schema.rule).where(_rule.id == rule_id).values(deleted=None))
            return _found(connection, rule_id)


def insert_defaults(connection: Connection, project_id: int, now: float) -> None:
    """Gives a new project its rules, within an open transaction."""
    for rule in default_rules():
        _insert(connection, msgspec.structs.replace(rule, project_id=project_id), now)


def _found(connection: Connection, rule_id: int, *, deleted: bool = False) -> RuleRow:
    query = select(schema.rule).where(_rule.id == rule_id)
    row = connection.execute(query if deleted else query.where(_rule.deleted.is_(None))).one_or_none()
    if row is None:
        raise NotFound(f"There is no rule {rule_id}.")
    return _row(row)


def _row(row: Row[Any]) -> RuleRow:
    return RuleRow(
        read(row.id, row.project_id, row.name, row.definition, enabled=row.enabled), row.created, row.deleted, row.fired
    )


def _insert(connection: Connection, rule: Rule, now: float) -> int:
    values = {
        "project_id": rule.project_id,
        "name": rule.name,
        "enabled": rule.enabled,
        "definition": written(rule),
        "created": now,
        "deleted": None,
        "fired": None,
    }
    made: int = connection.execute(insert(schema.rule).values(values).returning(_rule.id)).scalar_one()
    return made


def _counts_other(before: Rule, after: Rule) -> bool:
    """Answers whether what was counted for a rule means nothing to it any more."""
    return any(getattr(before, name) != getattr(after, name) for name in ("trigger", "number", "seconds", "conditions"))


def _forget_counts(connection: Connection, rule_id: int) -> None:
    for table in (schema.rule_window, schema.rule_pause):
        connection.execute(delete(table).where(table.c.rule_id == rule_id))


def _check_room(connection: Connection, project_id: int) -> None:
    mine = (_rule.project_id == project_id, _rule.deleted.is_(None))
    if connection.execute(select(func.count()).select_from(schema.rule).where(*mine)).scalar_one() >= MOST:
        raise ValueError(f"A project has {MOST} rules at most; delete one first.")
