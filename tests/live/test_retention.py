"""A server with small limits: events go while others come, and every sum stays exact."""

import secrets
from contextlib import closing
from pathlib import Path

from tests.live.poster import Poster, envelope, error_event
from tests.live.server import Server, running, wait_for

LIMIT = 20
AT_ONCE = 20


def post_until(server: Server, thinned: int) -> set[str]:
    """Posts until so many events are thinned out; returns the ids of those that were acknowledged."""
    poster, acknowledged = Poster(server.dsn), set[str]()
    with closing(poster.connect()) as connection:

        def enough() -> bool:
            for _ in range(10):
                ids = [secrets.token_hex(16) for _ in range(AT_ONCE)]
                assert poster.post(connection, envelope(*map(error_event, ids)))[0] == 200
                acknowledged.update(ids)
            return bool(server.stats()["thinned"] >= thinned)

        wait_for(enough, "too few events are thinned out")
    return acknowledged


def test_events_are_thinned_out_under_load(tmp_path: Path) -> None:
    """While a client posts the issue is kept small; a kill in between loses nothing, and all that came is counted."""
    with running(tmp_path / "data", KAPUT_RETENTION_EVENTS_PER_ISSUE=str(LIMIT)) as server:
        acknowledged = post_until(server, 1)
        server.kill("work")
        acknowledged |= post_until(server, 500)
        wait_for(lambda: 2 <= server.settle()["events"] <= LIMIT, "more events are kept than may be")
        stats = server.stats()
        assert (stats["digested"], stats["dropped"]) == (len(acknowledged), {})
        assert stats["events"] + stats["thinned"] == len(acknowledged)
        issue = server.shell.json("issue", "1")
        assert (issue["count"], issue["kept"]) == (len(acknowledged), stats["events"])
        exported = [line["event_id"] for line in server.export()]
        assert len(exported) == stats["events"]
        assert set(exported) <= acknowledged
        assert f"kaput_events_thinned_total {stats['thinned']:.1f}" in server.get("/metrics")[1]
