"""A backlog is digested by more than one process, and no event is lost or doubled when they are killed."""

import os
import signal
from contextlib import closing, suppress
from pathlib import Path

from tests.live.poster import Poster, envelope, error_event
from tests.live.server import Server, running, wait_for
from tests.processes import tree

EVENTS = 1200


def hands(server: Server) -> list[int]:
    """Returns the processes that help the worker."""
    assert server.process is not None
    return [pid for pid, command in tree(server.process.pid).items() if "kaput.serve.hand" in command]


def test_hands_that_are_killed(tmp_path: Path) -> None:
    """A worker that was stopped for a while has help, which is killed twice: all events are there once."""
    with running(tmp_path, KAPUT_DIGEST_PROCESSES="3", KAPUT_RETENTION_EVENTS_PER_ISSUE="0") as server:
        poster = Poster(server.dsn)
        worker = server.pids["work"]
        os.kill(worker, signal.SIGSTOP)
        ids = [f"{number:032x}" for number in range(1, EVENTS + 1)]
        extra = {f"key{number}": "value" * 20 for number in range(100)}
        with closing(poster.connect()) as connection:
            for start in range(0, EVENTS, 20):
                some = [error_event(one, extra=extra) for one in ids[start : start + 20]]
                assert poster.post(connection, envelope(*some))[0] == 200
        os.kill(worker, signal.SIGCONT)
        wait_for(lambda: len(hands(server)) == 2, "nobody helps")
        for pid in hands(server):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert server.settle()["dropped"] == {}
        assert server.pids["work"] == worker
        assert sorted(event["event_id"] for event in server.export()) == ids
