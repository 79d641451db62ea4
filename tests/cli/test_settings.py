"""`kaput config`: every setting, its value and where it came from."""

from dataclasses import fields

from kaput.config import Settings
from tests.cli.shell import Shell


def test_sources(shell: Shell) -> None:
    """A value names its source: the flag, the environment, the file or the default."""
    (shell.data / "kaput.toml").write_text('smtp_host = "mail.example.org"\nport = 1\n')
    done = type(shell)(shell.data, {"KAPUT_PORT": "9200"}).json("config", "--data", str(shell.data))
    found = {row["name"]: (row["value"], row["source"]) for row in done}
    assert list(found) == [item.name for item in fields(Settings)]
    assert found["data"] == (str(shell.data), "flag")
    assert found["port"] == ("9200", "environment")
    assert found["smtp_host"] == ("mail.example.org", "kaput.toml")
    assert found["host"] == ("127.0.0.1", "default")


def test_secrets_are_not_shown(shell: Shell) -> None:
    """A password is shown as set, and nowhere in full."""
    for style in ((), ("--json",), ("--markdown",)):
        done = shell("config", *style, KAPUT_SMTP_USER="kaput", KAPUT_SMTP_PASSWORD="tower-bridge-7")
        assert done.returncode == 0
        assert "tower-bridge-7" not in done.stdout + done.stderr


def test_markdown_is_the_same_everywhere(shell: Shell) -> None:
    """The table of the documentation has a row for each setting and holds no value of this machine."""
    plain = shell("config", "--markdown").stdout
    assert shell("config", "--markdown", KAPUT_PORT="9200", HOME="/nowhere").stdout == plain
    assert len(plain.splitlines()) == len(fields(Settings)) + 2
    assert {line.replace(r"\|", "").count("|") for line in plain.splitlines()} == {6}
    assert str(shell.data) not in plain


def test_unknown_variables_are_warned_of(shell: Shell) -> None:
    """A variable that looks like a setting and is none is named on stderr; stdout stays JSON alone."""
    done = shell("config", "--json", KAPUT_PROT="9200")
    assert done.returncode == 0
    assert done.stdout.startswith("[")
    assert "KAPUT_PROT" in done.stderr


def test_other_commands_do_not_warn(shell: Shell) -> None:
    """Commands for scripts stay silent about unknown variables."""
    assert shell("dsn", KAPUT_PROT="9200").stderr == ""


def test_a_broken_file_is_reported(shell: Shell) -> None:
    """A kaput.toml that cannot be read ends with 2 and names the file."""
    (shell.data / "kaput.toml").write_text("port = ")
    done = shell("config")
    assert (done.returncode, done.stdout) == (2, "")
    assert "kaput.toml" in done.stderr
