"""`kaput dsn` and `kaput project`: addresses for clients, and their keys."""

import re

from tests.cli.shell import Shell


def test_dsn_is_printed_alone(fresh: Shell) -> None:
    """`dsn` prints the first project's DSN and nothing else on stdout, before the server ever ran too."""
    done = fresh("dsn")
    assert done.returncode == 0
    assert re.fullmatch(r"http://[0-9a-f]{32}@127\.0\.0\.1:9110/1\n", done.stdout)


def test_dsn_follows_the_url_with_its_prefix(shell: Shell) -> None:
    """KAPUT_URL gives the DSN its scheme, host and path prefix."""
    out = shell("dsn", KAPUT_URL="https://errors.example.org/kaput/").stdout
    assert re.fullmatch(r"https://[0-9a-f]{32}@errors\.example\.org/kaput/1\n", out)


def test_a_login_in_the_url_is_refused(shell: Shell) -> None:
    """A name and password in KAPUT_URL would stand in every DSN and mail: a wrong setting, which is not repeated."""
    done = shell("dsn", KAPUT_URL="https://ann:hunter2@errors.example.org")
    assert (done.returncode, done.stdout) == (2, "")
    assert "KAPUT_URL holds a login" in done.stderr
    assert "hunter2" not in done.stderr


def test_added_project_has_a_dsn(shell: Shell) -> None:
    """`project add` prints the DSN that `dsn PROJECT` prints from then on."""
    added = shell("project", "add", "Front Desk")
    assert added.returncode == 0
    assert "front-desk" in added.stderr
    assert shell("dsn", "front-desk").stdout == added.stdout
    assert ("front-desk", "Front Desk") in {
        (found["project"], found["name"]) for found in shell.json("project", "list")
    }


def test_project_twice(shell: Shell) -> None:
    """A name that is taken ends with 1 and one line; so does one without a letter."""
    shell("project", "add", "shop")
    for name in ("Shop", "!!!"):
        done = shell("project", "add", name)
        assert (done.returncode, done.stdout) == (1, "")
        assert len(done.stderr.splitlines()) == 1


def test_keys(shell: Shell) -> None:
    """A disabled key is no longer given out; enabled again it is."""
    shell("project", "add", "shop")
    (first,) = shell.json("project", "key", "list", "shop")
    second = shell("project", "key", "add", "shop", "mobile").stdout.strip()
    assert shell("project", "key", "disable", "shop", first["key"]).returncode == 0
    assert shell("dsn", "shop").stdout.strip() == second
    states = {key["dsn"]: (key["label"], key["disabled"]) for key in shell.json("project", "key", "list", "shop")}
    assert states == {first["dsn"]: ("default", True), second: ("mobile", False)}
    assert shell("project", "key", "enable", "shop", str(first["id"])).returncode == 0
    assert shell("dsn", "shop").stdout.strip() == first["dsn"]


def test_a_key_is_limited(shell: Shell) -> None:
    """A limit is two numbers, `--off` takes it away; anything in between is refused and changes nothing."""
    shell("project", "add", "shop")
    (key,) = shell.json("project", "key", "list", "shop")
    assert key["limit"] is None
    done = shell("project", "key", "limit", "shop", key["key"], "--events", "1000", "--seconds", "60")
    assert (done.returncode, "takes 1000 events in 60 seconds" in done.stderr) == (0, True)
    for wrong in (
        *(("--events", "5"), ("--seconds", "5"), (), ("--off", "--events", "5", "--seconds", "5")),
        *(("--events", "0", "--seconds", "0"), ("--events", "-1", "--seconds", "5")),
        *(("--events", "5", "--seconds", "86401"), ("--events", "1000000001", "--seconds", "1")),
    ):
        assert shell("project", "key", "limit", "shop", key["key"], *wrong).returncode != 0
    (key,) = shell.json("project", "key", "list", "shop")
    assert key["limit"] == {"events": 1000, "seconds": 60}
    assert shell("project", "key", "limit", "shop", str(key["id"]), "--off").returncode == 0
    (key,) = shell.json("project", "key", "list", "shop")
    assert key["limit"] is None


def test_no_key_left(shell: Shell) -> None:
    """A project whose keys are all disabled has no DSN, and the message says how to make one."""
    shell("project", "add", "shop")
    (only,) = shell.json("project", "key", "list", "shop")
    shell("project", "key", "disable", "shop", only["key"])
    done = shell("dsn", "shop")
    assert (done.returncode, done.stdout) == (1, "")
    assert "kaput project key add shop" in done.stderr


def test_key_of_another_project(shell: Shell) -> None:
    """A key is looked for in the named project only."""
    shell("project", "add", "one")
    shell("project", "add", "two")
    (key,) = shell.json("project", "key", "list", "two")
    assert shell("project", "key", "disable", "one", key["key"]).returncode == 1
    assert shell.json("project", "key", "list", "two") == [key]
