"""`kaput issues` and `kaput issue`: the lists that scripts and people read."""

import pytest

from kaput.installation import Installation
from kaput.store.base import Limits
from tests.cli.samples import Fill, digested
from tests.cli.shell import Shell

FIELDS = ["id", "short_id", "project", "title", "type", "value", "culprit", "status", "level", "count", "users"]
FIELDS += ["first_seen", "last_seen"]


def test_a_new_directory_has_no_issues(fresh: Shell) -> None:
    """On a directory that is not there yet the list is an empty array, and stderr says once that the path is new."""
    done = fresh("issues", "--json")
    assert (done.returncode, done.stdout.strip()) == (0, "[]")
    assert done.stderr == f"kaput: {fresh.data} had no data; it is a new, empty installation now.\n"
    assert fresh.json("issues") == []


def test_fields_of_an_issue(shell: Shell, fill: Fill) -> None:
    """An issue has exactly the documented fields, with times as ISO 8601 in UTC."""
    fill(digested(1, issue="a"), digested(2, issue="a"))
    (found,) = shell.json("issues")
    assert list(found) == FIELDS
    assert found["project"] in found["short_id"].lower()
    assert {name: found[name] for name in ("title", "culprit", "status", "level", "count", "last_seen")} == {
        "title": "KeyError: 'sku'",
        "culprit": "total in shop/cart.py",
        "status": "unresolved",
        "level": "error",
        "count": 2,
        "last_seen": "2026-09-21T14:13:22.000000Z",
    }


def test_every_issue_is_listed_newest_first(shell: Shell, fill: Fill) -> None:
    """Without a query and a limit all issues come, more than a page of the store, each once."""
    fill(*(digested(number) for number in range(1, 1202)))
    times = [found["last_seen"] for found in shell.json("issues")]
    assert len(times) == 1201
    assert times == sorted(times, reverse=True)


def test_limit(shell: Shell, fill: Fill) -> None:
    """`--limit` keeps the newest."""
    fill(*(digested(number, value=f"v{number}") for number in range(1, 6)))
    assert [found["value"] for found in shell.json("issues", "--limit", "2")] == ["v5", "v4"]


def test_query_and_project(shell: Shell, fill: Fill, installation: Installation) -> None:
    """`--query` and `--project` narrow the list, the project by its short name or its number."""
    other = installation.store.projects.add("Other")
    fill(digested(1, value="apple"), digested(2, value="pear"), digested(3, value="apple", project=other.id))
    assert [found["value"] for found in shell.json("issues", "--query", "pear")] == ["pear"]
    for name in ("other", "Other", str(other.id)):
        assert [found["project"] for found in shell.json("issues", "--project", name)] == ["other"]


def test_internal_project_is_shown_when_asked_for(shell: Shell, fill: Fill, installation: Installation) -> None:
    """Kaput's own problems are left out of the list unless asked for by name."""
    own = next(project for project in installation.store.projects.all() if project.internal)
    fill(digested(1, project=own.id))
    assert shell.json("issues") == []
    assert [found["project"] for found in shell.json("issues", "--project", "kaput")] == ["kaput"]


def test_unknown_project(shell: Shell) -> None:
    """A project that is not there ends the command with 1, names those that are, and prints nothing."""
    done = shell("issues", "--project", "nowhere", "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert "'nowhere'" in done.stderr
    assert "kaput" in done.stderr


def test_query_that_cannot_be_read(shell: Shell) -> None:
    """A search that cannot be read ends the command with 1 and says where."""
    done = shell("issues", "--query", "text is:nonsense", "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert "at character 6" in done.stderr


@pytest.mark.parametrize("command", ["issues", "issue", "events", "event"])
def test_no_event_can_command_the_terminal(command: str, shell: Shell, fill: Fill) -> None:
    """Escape sequences and characters that turn the direction of text are shown as escapes."""
    fill(digested(1, value="\x1b]0;owned\x07 \u202etxt\r\n\x9b2J", line="\x1b[31mred"))
    first = shell.json("issues")[0]
    arguments = {"issues": [], "event": [f"{1:032x}"]}.get(command, [first["short_id"]])
    done = shell(command, *arguments)
    assert done.returncode == 0
    assert f"{1:032x}" in done.stdout or "\\x1b]0;owned\\x07 \\u202etxt" in done.stdout
    assert [char for char in done.stdout if char not in "\n\t" and not char.isprintable()] == []


def test_plain_list_is_one_line_an_issue(shell: Shell, fill: Fill) -> None:
    """In a pipe an issue is one line with tabs between, whole, however long it is."""
    fill(digested(1, value="v" * 300), digested(2, value="two\nlines"))
    lines = shell("issues").stdout.splitlines()
    assert len(lines) == 2
    assert lines[0].split("\t")[1] == "KeyError: two\\nlines"
    assert lines[1].split("\t")[1] == f"KeyError: {'v' * 300}"


def test_one_issue(shell: Shell, fill: Fill) -> None:
    """An issue is found by number and by short id in any case, with tags and the newest event's payload."""
    fill(digested(1, issue="a"), digested(2, issue="a"))
    listed = shell.json("issues")[0]
    by_number = shell.json("issue", str(listed["id"]))
    assert shell.json("issue", listed["short_id"].lower()) == by_number
    assert {name: by_number[name] for name in FIELDS} == listed
    assert by_number["tags"]["host"] == [{"value": "a", "count": 2}]
    assert by_number["event"]["event_id"] == f"{2:032x}"
    assert by_number["event"]["exception"]["values"][0]["stacktrace"]["frames"][1]["vars"] == {"n": "1"}


def test_one_issue_for_people(shell: Shell, fill: Fill) -> None:
    """In the terminal an issue shows its title, its stack and the local variables of the application's frames."""
    fill(digested(1))
    out = shell("issue", "1").stdout
    parts = ["KeyError: 'sku'", 'File "flask/app.py"', 'File "shop/cart.py", line 7, in total', "a[b]", "n = 1"]
    assert [part for part in parts if part not in out] == []
    assert "hidden" not in out


@pytest.mark.parametrize("name", ["77", "NOPE-1", "nonsense", "9" * 40])
def test_unknown_issue(name: str, shell: Shell) -> None:
    """An issue that is not there ends the command with 1 and one line."""
    done = shell("issue", name)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1


def test_an_issue_says_what_is_kept_of_it(shell: Shell, fill: Fill, installation: Installation) -> None:
    """`kept` and `thinned` tell how many events are stored and since when others are not; text says it in words."""
    fill(*(digested(number, issue="a") for number in range(1, 41)))
    found = shell.json("issue", "1")
    assert (found["count"], found["kept"], found["thinned"]) == (40, 40, None)
    list(installation.store.retention.crowd(Limits(events_per_issue=8)))
    found = shell.json("issue", "1")
    assert (found["count"], found["kept"], found["thinned"][:2]) == (40, 6, "20")
    assert "6 of the events are kept; the others were thinned out since 20" in shell("issue", "1").stdout
    assert len(shell.json("events", "1")) == 6
    assert (shell.json("stats")["events"], shell.json("stats")["thinned"]) == (6, 34)
