"""How SQLite finds the rows of the statements that a piece of code runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from kaput.store.engine import Database


@contextmanager
def planned(database: Database) -> Iterator[list[str]]:
    """Collects the steps of the plans of all statements inside, such as `SCAN event`."""
    steps: list[str] = []

    def explain(_connection: Any, cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        if statement.split(None, 1)[0] in {"SELECT", "INSERT", "UPDATE", "DELETE"}:
            plan = cursor.connection.cursor()
            plan.execute(f"EXPLAIN QUERY PLAN {statement}", values[0] if many else values)
            steps.extend(row[3] for row in plan)

    event.listen(database.engine, "before_cursor_execute", explain)
    try:
        yield steps
    finally:
        event.remove(database.engine, "before_cursor_execute", explain)
