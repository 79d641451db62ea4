"""`kaput events`, `event`, `export` and `tail`: what scripts read of single events."""

import json
import select
import signal
import subprocess
import time
from typing import Any

import pytest
from msgspec.structs import replace

from kaput.installation import Installation
from kaput.model import Attachment, Batch, Feedback, Verdict
from tests.cli.samples import Fill, digested
from tests.cli.shell import Shell

FIELDS = ["event_id", "issue_id", "project", "timestamp", "received", "level", "release", "environment"]


def _lines(done: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_export_has_the_documented_fields(shell: Shell, fill: Fill) -> None:
    """Each line is one event, in the order of storing, with its payload."""
    fill(digested(1), digested(2))
    first, second = _lines(shell("export"))
    assert list(first) == [*FIELDS, "payload"]
    assert [first["event_id"], second["event_id"]] == [f"{1:032x}", f"{2:032x}"]
    assert first["received"] == "2026-09-21T14:13:21.500000Z"
    assert (first["level"], first["release"], first["environment"]) == ("error", "1.0", "live")
    assert first["payload"]["exception"]["values"][0]["value"] == "'sku'"


def test_export_without_payload(shell: Shell, fill: Fill) -> None:
    """`--no-payload` leaves out the payload and nothing else."""
    fill(digested(1))
    assert [list(line) for line in _lines(shell("export", "--no-payload"))] == [FIELDS]


def test_export_of_a_project(shell: Shell, fill: Fill, installation: Installation) -> None:
    """Without a project Kaput's own events are left out; with one only its own come."""
    own = next(project for project in installation.store.projects.all() if project.internal)
    fill(digested(1), digested(2, project=own.id))
    assert [line["event_id"] for line in _lines(shell("export"))] == [f"{1:032x}"]
    assert [line["event_id"] for line in _lines(shell("export", "--project", "kaput"))] == [f"{2:032x}"]


def test_events_of_an_issue(shell: Shell, fill: Fill) -> None:
    """All events of an issue come, more than a page of the store, newest first."""
    fill(*(digested(number, issue="a") for number in range(1, 601)), digested(900, issue="b"))
    found = shell.json("events", "1")
    assert list(found[0]) == FIELDS
    assert [line["event_id"] for line in found] == [f"{number:032x}" for number in range(600, 0, -1)]
    assert len(shell.json("events", "1", "--limit", "3")) == 3


def test_event_is_its_payload(shell: Shell, fill: Fill) -> None:
    """`event --json` is what `export` has as the payload; dashes and upper case in the id do not matter."""
    fill(digested(0xABC))
    (line,) = _lines(shell("export"))
    beside: dict[str, Any] = {"attachments": [], "feedback": []}
    assert shell.json("event", "00000000-0000-0000-0000-000000000ABC") == line["payload"] | beside


def test_event_has_what_came_beside_it(shell: Shell, fill: Fill, installation: Installation) -> None:
    """Attachments with their files, and feedback with its own; the terminal names them too, harmlessly."""
    fill(digested(1))
    event_id, said_id = f"{1:032x}", "cd" * 16
    said = Feedback(1, said_id, event_id, "Joe", "", "It broke.", 5.5, "https://a/b")
    files = [
        Attachment(1, "ab" * 16, event_id, "a\x1b.csv", "text/csv", "event.attachment", 5.5, b"1,2"),
        Attachment(1, "ef" * 16, said_id, "shot.png", "image/png", "event.attachment", 5.5, b""),
    ]
    installation.store.batches.commit(Batch([], [], [], [], [said, *files]), lambda _changes, _members: Verdict([]))
    found = shell.json("event", event_id)
    names = {"content_type": "text/csv", "type": "event.attachment", "received": "1970-01-01T00:00:05.500000Z"}
    own: dict[str, Any] = {"id": "ab" * 16, "name": "a\x1b.csv", **names, "size": 3, "file": f"files/{'ab' * 16}"}
    assert found["attachments"] == [own]
    assert (installation.settings.data / own["file"]).read_bytes() == b"1,2"
    (told,) = found["feedback"]
    assert (told["id"], told["comments"], told["url"]) == (said_id, "It broke.", "https://a/b")
    assert [file["name"] for file in told["attachments"]] == ["shot.png"]
    (installation.settings.data / own["file"]).unlink()
    assert shell.json("event", event_id)["attachments"][0]["file"] is None
    text = shell("event", event_id).stdout
    assert "Attached a\\x1b.csv (3 bytes): its file is gone" in text
    assert "Joe said: It broke." in text


def test_the_beginning_of_an_id_will_do(shell: Shell, fill: Fill) -> None:
    """Eight digits, or the number of an error page, lead to the event; if several are meant, they are named."""
    first, second, third = "d4253d596484" + "0" * 20, "d4253d596485" + "0" * 20, "a" * 32
    for number, event_id in enumerate((first, second, third), 1):
        one = digested(number)
        fill(replace(one, event=replace(one.event, event_id=event_id)))
    for typed in ("d425-3d59-6484", "D4253D596484", first[:20]):
        assert shell.json("event", typed)["event_id"] == first
    assert shell.json("event", "aaaaaaaa")["event_id"] == third
    done = shell("event", "d4253d59")
    assert (done.returncode, done.stdout) == (1, "")
    named = f"{second}, {first}"
    assert done.stderr == f"kaput: Several events have ids that begin with d4253d59: {named}. Give more digits.\n"


@pytest.mark.parametrize("event_id", ["f" * 32, "xyz", "f" * 31, "f" * 8, "f" * 33, "1", "0" * 7])
def test_unknown_event(event_id: str, shell: Shell) -> None:
    """An event that is not there, or an id that is none, ends the command with 1 and one line."""
    done = shell("event", event_id, "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1


def test_tail_shows_what_comes_and_ends_on_interrupt(shell: Shell, fill: Fill) -> None:
    """Events stored after the start come as they are stored; Ctrl-C ends it with 130 and no traceback."""
    fill(digested(1))
    with shell.running("tail", "--json") as process:
        assert process.stdout is not None
        deadline, number = time.monotonic() + 30, 2
        while not select.select([process.stdout], [], [], 0.05)[0] and time.monotonic() < deadline:
            fill(digested(number))  # until it looks for the first time, it shows nothing of what came before
            number += 1
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "Traceback" not in err
    first = json.loads(out.splitlines()[0])
    assert list(first) == [*FIELDS, "title"]
    assert first["event_id"] != f"{1:032x}"
    assert first["title"] == "KeyError: 'sku'"
