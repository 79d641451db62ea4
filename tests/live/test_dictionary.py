"""Dictionaries in a running server: trained beside the traffic, and used from then on."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.live.poster import Poster, envelope, error_event
from tests.live.server import running, wait_for

EVENTS = 120


def test_payloads_are_compressed_with_a_dictionary(tmp_path: Path) -> None:
    """After some events the work process trains a dictionary by itself, and packs them with it; all stay readable."""

    def bare() -> int:
        with closing(sqlite3.connect(tmp_path / "kaput.db")) as database:
            found: int = database.execute("SELECT count(*) FROM event WHERE dictionary_id IS NULL").fetchone()[0]
            return found

    extra = {"lines": [f"what every event of this shop says in line {n}" for n in range(40)]}
    ids = [f"{n:032x}" for n in range(1, EVENTS + 1)]
    with running(tmp_path) as server:
        poster = Poster(server.dsn)
        with closing(poster.connect()) as connection:
            bodies = [error_event(event_id, extra=extra) for event_id in ids]
            for start in range(0, EVENTS, 20):
                assert poster.post(connection, envelope(*bodies[start : start + 20]))[0] == 200
        server.settle()
        wait_for(lambda: bare() == 0, "some events have no dictionary")
        lines = server.export()
    assert {line["event_id"] for line in lines} == set(ids)
    assert {json.dumps(line["payload"]["extra"]) for line in lines} == {json.dumps(extra)}
