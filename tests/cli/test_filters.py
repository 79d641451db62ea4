"""`kaput project filter`: what a project leaves out."""

from tests.cli.shell import Shell


def test_filters_are_set_one_by_one(shell: Shell) -> None:
    """Setting one leaves the others; without a pattern, or with off, it is off again."""
    shell("project", "add", "shop")
    off = shell.json("project", "filter", "show", "shop")
    assert not any(off.values())
    assert shell("project", "filter", "set", "shop", "error_types", "KeyError", "Timeout*").returncode == 0
    done = shell("project", "filter", "set", "shop", "crawlers", "on")
    assert (done.returncode, done.stdout) == (0, "")
    found = shell.json("project", "filter", "show", "shop")
    assert found == off | {"error_types": ["KeyError", "Timeout*"], "crawlers": True}
    shell("project", "filter", "set", "shop", "error_types")
    shell("project", "filter", "set", "shop", "crawlers", "off")
    assert shell.json("project", "filter", "show", "shop") == off
    assert "crawlers\toff" in shell("project", "filter", "show", "shop").stdout


def test_what_no_filter_can_be(shell: Shell) -> None:
    """A switch that is neither on nor off, an unknown name and a pattern that is too long change nothing."""
    shell("project", "add", "shop")
    before = shell.json("project", "filter", "show", "shop")
    wrongs = (
        ("crawlers", "yes"),
        ("crawlers",),
        ("crawlers", "on", "off"),
        ("colours", "red"),
        ("messages", "x" * 201),
    )
    for wrong in wrongs:
        done = shell("project", "filter", "set", "shop", *wrong)
        assert (done.returncode != 0, done.stdout) == (True, "")
    assert shell.json("project", "filter", "show", "shop") == before
