"""Which changes are told to whom."""

from kaput.model import Change, Draft, Kind
from kaput.tell.rules import evaluate


def _change(kind: Kind, project_id: int, issue_id: int) -> Change:
    return Change(kind, project_id, issue_id, event_row=issue_id, time=1.0)


def test_everyone() -> None:
    """A new issue, a regression and an ended mute are told to every member of their project, and to nobody else."""
    new, regressed, other = _change(Kind.NEW, 1, 5), _change(Kind.REGRESSED, 1, 6), _change(Kind.UNMUTED, 2, 7)
    members = {1: ["ada@example.org", "bob@example.org"], 2: ["eve@example.org"]}
    assert evaluate([new, other, regressed], members) == [
        Draft(new, "ada@example.org"),
        Draft(new, "bob@example.org"),
        Draft(other, "eve@example.org"),
        Draft(regressed, "ada@example.org"),
        Draft(regressed, "bob@example.org"),
    ]


def test_nobody() -> None:
    """A project without members makes no notices."""
    assert evaluate([_change(Kind.NEW, 1, 5)], {2: ["ada@example.org"]}) == []


def test_once() -> None:
    """An address that is listed twice is told once."""
    change = _change(Kind.NEW, 1, 5)
    assert evaluate([change], {1: ["ada@example.org", "ada@example.org"]}) == [Draft(change, "ada@example.org")]
