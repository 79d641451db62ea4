"""`kaput project rule`."""

import json

from tests.cli.shell import Shell


def listed(shell: Shell) -> list[dict[str, object]]:
    """Returns the rules of the project Shop."""
    found: list[dict[str, object]] = json.loads(shell("project", "rule", "list", "shop", "--json").stdout)
    return found


def test_rules_from_the_shell(shell: Shell) -> None:
    """A rule is made, listed, switched off, deleted and restored; what is none is told in words."""
    shell("project", "add", "Shop")
    words = ("--when", "users", "--number", "20", "--within", "10min", "--if", "environment is production")
    shell("project", "rule", "add", "shop", "Many users", *words, "--to", "ops@example.org", "--pause", "1h")
    made = listed(shell)[-1]
    assert (made["when"], made["number"], made["seconds"], made["pause"]) == ("users", 20, 600, 3600)
    assert (made["if"], made["then"], made["enabled"]) == (["environment is production"], "ops@example.org", True)
    number = str(made["id"])
    assert shell("project", "rule", "preview", "shop", number).stdout == "0\n"
    shell("project", "rule", "off", "shop", number)
    assert listed(shell)[-1]["enabled"] is False
    assert "20 users or more of one issue in 10 min" in shell("project", "rule", "list", "shop").stdout
    shell("project", "rule", "on", "shop", number)
    shell("project", "rule", "delete", "shop", number)
    assert len(listed(shell)) == 3
    shell("project", "rule", "restore", "shop", number)
    assert listed(shell)[-1]["name"] == "Many users"


def test_a_test_without_anybody(shell: Shell) -> None:
    """A test says whom nothing goes to, and why, and fails."""
    shell("project", "add", "Shop")
    shell("project", "rule", "add", "shop", "Mine", "--when", "every", "--to", "assignee", "--to", "members")
    tested = shell.process("project", "rule", "test", "shop", str(listed(shell)[-1]["id"]))
    assert tested.returncode == 1
    assert "Nobody is assigned to an issue that does not exist yet." in tested.stdout
    assert "The project has no members." in tested.stdout
    assert "The test alert of Mine reached 0 of 0." in tested.stderr
    assert shell.json("stats")["notices"]["pending"] == 0
