"""`kaput project grouping`: a project's own rules."""

from pathlib import Path

from tests.cli.shell import Shell

RULES = "type:KeyError path:**/pricing.py -> pricing-{{ transaction }}\n"


def test_rules_are_tested_and_set(shell: Shell, tmp_path: Path) -> None:
    """A file is tried without an effect, set, shown again, and taken away by an empty one."""
    shell("project", "add", "shop")
    file = tmp_path / "rules.txt"
    file.write_text(RULES)
    tried = shell.json("project", "grouping", "test", "shop", str(file))
    assert (tried["events"], tried["changed"]) == (0, 0)
    assert shell("project", "grouping", "show", "shop").stdout == ""
    done = shell("project", "grouping", "set", "shop", str(file))
    assert (done.returncode, done.stdout) == (0, "")
    assert shell("project", "grouping", "show", "shop").stdout == RULES
    file.write_text("")
    shell("project", "grouping", "set", "shop", str(file))
    assert shell("project", "grouping", "show", "shop").stdout == ""


def test_what_cannot_be_read_changes_nothing(shell: Shell, tmp_path: Path) -> None:
    """The error says line and character."""
    shell("project", "add", "shop")
    file = tmp_path / "rules.txt"
    file.write_text("# ours\ntype:KeyError colour:red -> x\n")
    done = shell("project", "grouping", "set", "shop", str(file))
    assert (done.returncode, done.stdout) == (1, "")
    assert "Line 2, character 15" in done.stderr
    assert shell("project", "grouping", "show", "shop").stdout == ""
