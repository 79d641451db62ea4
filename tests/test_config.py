"""Settings: where they come from, what is refused, and what is shown."""

from pathlib import Path

import pytest

from kaput.config import Settings, Share, Size, describe, load
from kaput.errors import ConfigError


def problems(environment: dict[str, str], flags: dict[str, str] | None = None) -> tuple[str, ...]:
    """Returns what is wrong with these settings."""
    with pytest.raises(ConfigError) as caught:
        load(environment, flags or {})
    return caught.value.problems


@pytest.fixture
def data(tmp_path: Path) -> dict[str, str]:
    """An environment that names an empty data directory."""
    return {"KAPUT_DATA": str(tmp_path)}


def test_defaults_are_used_without_any_setting(data: dict[str, str]) -> None:
    """Nobody has to set anything."""
    loaded = load(data, {})
    assert Settings(data=Path(data["KAPUT_DATA"])) == loaded.settings
    assert loaded.sources == {"data": "environment"}


def test_flag_comes_before_environment_before_file(data: dict[str, str], tmp_path: Path) -> None:
    """The nearer to the command, the stronger; the source says which one won."""
    (tmp_path / "kaput.toml").write_text('port = 1\nhost = "10.0.0.1"\nmail_from = "file@example.org"\n')
    loaded = load(data | {"KAPUT_PORT": "2", "KAPUT_HOST": "10.0.0.2"}, {"port": "3"})
    settings = loaded.settings
    assert (settings.port, settings.host, settings.mail_from) == (3, "10.0.0.2", "file@example.org")
    assert tuple(loaded.sources[name] for name in ("port", "host", "mail_from")) == (
        "flag",
        "environment",
        "kaput.toml",
    )


def test_data_flag_decides_which_file_is_read(data: dict[str, str], tmp_path: Path) -> None:
    """The file belongs to the directory that is used in the end."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "kaput.toml").write_text("port = 4\n")
    (tmp_path / "kaput.toml").write_text("port = 5\n")
    assert load(data, {"data": str(other)}).settings.port == 4


@pytest.mark.parametrize(
    ("text", "size"), [("20MiB", 20 * 1024**2), ("1GB", 10**9), ("1048576", 1048576), ("3 kB", 3000), ("7B", 7)]
)
def test_sizes_are_written_with_units(data: dict[str, str], text: str, size: int) -> None:
    """A size is digits, with a decimal or binary unit or none."""
    assert size == load(data | {"KAPUT_SEGMENT_SIZE": text}, {}).settings.segment_size


def test_lists_are_separated_by_commas(data: dict[str, str], tmp_path: Path) -> None:
    """A list is text with commas in the environment and a list in the file."""
    from_environment = load(data | {"KAPUT_TRUSTED_PROXIES": "10.0.0.0/8, ::1,"}, {})
    (tmp_path / "kaput.toml").write_text('trusted_proxies = ["10.0.0.0/8", "::1"]\n')
    from_file = load(data, {})
    assert ("10.0.0.0/8", "::1") == from_environment.settings.trusted_proxies == from_file.settings.trusted_proxies


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("KAPUT_PORT", "http", "'http'; it must be a whole number"),
        ("KAPUT_PORT", "70000", "70000; a port is a number from 0 to 65535"),
        ("KAPUT_SMTP_PORT", "-1", "a port is a number"),
        ("KAPUT_MAX_BODY", "20 cows", "'20 cows'; it must be a number of bytes such as 20MiB"),
        ("KAPUT_SMTP_TLS", "ssl", "'ssl'; it must be one of none, starttls, implicit"),
        ("KAPUT_URL", "kaput.example.org", "must look like https://kaput.example.org"),
        ("KAPUT_TRUSTED_PROXIES", "10.0.0.0/8,proxy", "'proxy'; each must be an address or a network"),
        ("KAPUT_SMTP_USER", "ada", "without KAPUT_SMTP_PASSWORD; set both, or neither"),
        ("KAPUT_SMTP_CA", "/no/such/file.pem", "which is no file"),
        ("KAPUT_MAX_UNPACKED", "1MiB", "smaller than KAPUT_MAX_BODY; raise it or lower the other"),
        ("KAPUT_DIGEST_PROCESSES", "-1", "it must be 0 or more"),
        ("KAPUT_ACCEPT_PROCESSES", "3", "it must be 0, 1 or 2"),
        ("KAPUT_DATA", "", "is empty; give a directory"),
    ],
)
def test_wrong_setting_is_named_with_its_value_and_the_fix(
    data: dict[str, str], name: str, text: str, words: str
) -> None:
    """One sentence says which setting, what it is now and what it should be."""
    found = problems(data | {name: text})
    assert len(found) == 1
    assert found[0].startswith(name)
    assert words in found[0]


def test_everything_wrong_is_reported_at_once(data: dict[str, str], tmp_path: Path) -> None:
    """Flags, environment and file are all read to the end before anything is reported."""
    (tmp_path / "kaput.toml").write_text('colour = "red"\nmax_body = "much"\n')
    found = problems(data | {"KAPUT_PORT": "x", "KAPUT_SMTP_TLS": "y"}, {"segment_size": "z"})
    assert {"KAPUT_PORT", "KAPUT_SMTP_TLS", "--segment-size", "kaput.toml:"} <= {text.split()[0] for text in found}
    assert any("'colour' is no setting" in text for text in found)


def test_file_that_cannot_be_read_is_a_problem(data: dict[str, str], tmp_path: Path) -> None:
    """A file that is no TOML is named, with what is wrong in it."""
    (tmp_path / "kaput.toml").write_text("port = \n")
    assert "kaput.toml cannot be read" in problems(data)[0]


def test_unknown_variable_is_noted_and_harms_nothing(data: dict[str, str]) -> None:
    """A misspelt variable is named, so that the command can warn of it."""
    assert load(data | {"KAPUT_PROT": "1", "PORT": "2"}, {}).unknown == ("KAPUT_PROT",)


def test_secrets_are_not_shown(data: dict[str, str]) -> None:
    """The list of settings says that a password is set, and not which."""
    rows = {row.name: row for row in describe(load(data | {"KAPUT_SMTP_PASSWORD": "tr0ub4dor"}, {}))}
    assert rows["smtp_password"].value == "[set]"
    assert "tr0ub4dor" not in repr(rows)
    assert {row.name: row for row in describe(load(data, {}))}["smtp_password"].value == ""


def test_values_are_shown_as_they_are_written(data: dict[str, str]) -> None:
    """What the list shows could be put into the environment as it is."""
    first = load(data | {"KAPUT_MAX_BODY": "3MB", "KAPUT_TRUSTED_PROXIES": "10.0.0.0/8,::1"}, {})
    again = load({f"KAPUT_{row.name.upper()}": row.value for row in describe(first)}, {})
    assert first.settings == again.settings


def test_mail_port_follows_the_encryption(data: dict[str, str]) -> None:
    """Without a port of its own, mail goes to the one that belongs to the kind of encryption."""
    ports = [load(data | {"KAPUT_SMTP_TLS": kind}, {}).settings.mail_port for kind in ("none", "starttls", "implicit")]
    assert ports == [25, 587, 465]
    assert load(data | {"KAPUT_SMTP_PORT": "2525"}, {}).settings.mail_port == 2525


def test_sender_is_made_of_the_address(data: dict[str, str]) -> None:
    """Mails come from kaput at the host of KAPUT_URL unless an address is set."""
    assert load(data | {"KAPUT_URL": "https://errors.example.org/k"}, {}).settings.sender == "kaput@errors.example.org"
    assert load(data, {}).settings.sender == "kaput@localhost"
    assert load(data | {"KAPUT_MAIL_FROM": "ops@example.org"}, {}).settings.sender == "ops@example.org"


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [("50%", Share, 50), (" 80 %", Share, 80), ("20GiB", Size, 20 * 1024**3), ("0", Size, 0)],
)
def test_the_budget_of_the_disk_is_a_size_or_a_part(data: dict[str, str], text: str, kind: type, value: int) -> None:
    """Bytes with a unit, or a part of the volume; each is shown as it is written."""
    loaded = load(data | {"KAPUT_RETENTION_DISK": text}, {})
    budget = loaded.settings.retention_disk
    assert (type(budget), budget) == (kind, value)
    (shown,) = [row.value for row in describe(loaded) if row.name == "retention_disk"]
    assert shown == text.replace(" ", "")


def test_a_limit_of_the_retention_that_makes_no_sense_is_refused(data: dict[str, str]) -> None:
    """Each with what would do."""
    given = {"DAYS": "-1", "EVENTS_PER_ISSUE": "1", "DISK": "101%"}
    found = problems(data | {f"KAPUT_RETENTION_{name}": text for name, text in given.items()})
    assert found == (
        "KAPUT_RETENTION_DISK is '101%'; it must be a number of bytes such as 20GiB, or a part such as 50%.",
        "KAPUT_RETENTION_DAYS is -1; it must be a number of days, or 0 for no limit.",
        "KAPUT_RETENTION_EVENTS_PER_ISSUE is 1; it must be from 2 to 100000, or 0 for no limit.",
    )
