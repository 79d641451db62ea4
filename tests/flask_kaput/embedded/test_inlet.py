"""Events that one process of an application keeps, or takes from others."""

import json
import time
from pathlib import Path

import pytest

from flask_kaput.embedded.inlet import CLIENT, PROJECT, Inlet
from flask_kaput.feedback import Said, payload
from kaput.buffer.reader import SegmentReader
from kaput.installation import open_installation
from kaput.model import FEEDBACK, Drop, Record
from tests.accept.door import envelope
from tests.accept.test_wsgi import ask
from tests.flask_kaput.embedded.home import home

ID = "9d3b4c2a1f0e4d5c8b7a69584736251f"
EVENT = json.dumps({"event_id": ID, "message": "a"}).encode()


def entries(data: Path) -> list[Record | Drop | bytes]:
    """Reads all that stands in the buffer."""
    reader = SegmentReader(data / "spool", [])
    found = [entry.content for entry in reader.read(100)]
    reader.close()
    return found


def test_an_event_is_durable_when_it_is_kept(tmp_path: Path) -> None:
    """What `keep` returned from can be read by another process, with nobody else at work."""
    inlet = Inlet(home(tmp_path).settings, clock=lambda: 12.0)
    inlet.keep(ID, EVENT)
    found = entries(tmp_path)
    inlet.close()
    assert found == [Record(PROJECT, ID, 12.0, EVENT, CLIENT)]


def test_what_a_person_says_is_kept_as_such(tmp_path: Path) -> None:
    """The words of the form on an error page are a record of their kind, about their event."""
    inlet = Inlet(home(tmp_path).settings, clock=lambda: 12.0)
    inlet.keep("ab" * 16, payload(Said(ID, "I paid", "joe@example.org"), "ab" * 16, 12.0))
    [found] = entries(tmp_path)
    inlet.close()
    assert isinstance(found, Record)
    assert (found.kind, found.event_id) == (FEEDBACK, "ab" * 16)
    said = json.loads(found.body)
    assert (said["event_id"], said["comments"], said["email"]) == (ID, "I paid", "joe@example.org")


def test_nothing_heavy_is_needed(tmp_path: Path) -> None:
    """An event is kept before there is any database."""
    inlet = Inlet(home(tmp_path).settings)
    inlet.keep(ID, EVENT)
    inlet.close()
    assert not (tmp_path / "kaput.db").exists()


def test_a_full_disk_costs_the_event_only(tmp_path: Path) -> None:
    """With too little room the event is counted and not kept, and nothing is raised."""
    inlet = Inlet(home(tmp_path, min_free="1000000GiB").settings, clock=lambda: 3600.0)
    inlet.keep(ID, EVENT)
    assert "MB left" in inlet.problems()[0]
    inlet.close()
    assert entries(tmp_path) == [Drop("disk_full", 1, 3600.0, PROJECT)]


def test_a_browser_waits_for_the_first_start(tmp_path: Path) -> None:
    """While there is no database yet, a client is told to come again."""
    inlet = Inlet(home(tmp_path).settings)
    answered = ask(inlet.door, path="/api/1/envelope/")
    inlet.close()
    assert (answered.status, answered.json["detail"]) == (503, "Kaput is starting; send the event again in a moment.")


def test_a_browser_reports(tmp_path: Path) -> None:
    """A key of the database opens the door, and one that is disabled no longer does, within a second or so."""
    settings = home(tmp_path).settings
    with open_installation(settings) as installation:
        (key,) = installation.store.projects.keys(PROJECT)
        inlet = Inlet(settings)
        given = {"HTTP_X_SENTRY_AUTH": f"Sentry sentry_key={key.public}"}
        body = envelope(("event", EVENT))
        assert ask(inlet.door, body, "/api/1/envelope/", **given).json == {"id": ID}
        installation.store.projects.set_key_disabled(key.id, disabled=True)
        deadline = time.monotonic() + 10
        while ask(inlet.door, body, "/api/1/envelope/", **given).status != 403:
            assert time.monotonic() < deadline
        inlet.close()


def test_a_directory_that_cannot_be_used(tmp_path: Path) -> None:
    """A file in the place of the directory is an error with what to do."""
    (tmp_path / "data").write_text("")
    with pytest.raises(Exception, match="cannot be used"):
        Inlet(home(tmp_path / "data").settings)
