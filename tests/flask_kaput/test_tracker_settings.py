"""The settings of a tracker inside an application: a server's, from where an application has its own."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_kaput import ConfigurationError, Kaput
from flask_kaput.tracker_settings import load_tracker
from kaput.config import Settings, default_data_directory


def read(tmp_path: Path, config: dict[str, Any] | None = None, **arguments: Any) -> Settings:
    """Returns the settings of an application with an instance folder that can be made."""
    return load_tracker("shop", tmp_path / "instance", arguments, config or {}, {}).settings


def test_where_the_data_is(tmp_path: Path) -> None:
    """It is in the instance folder, which nothing makes before it is used, unless it is set."""
    assert read(tmp_path).data == tmp_path / "instance" / "kaput"
    assert not (tmp_path / "instance").exists()
    assert read(tmp_path, {"KAPUT_DATA": str(tmp_path / "d")}).data == tmp_path / "d"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """Where a file is in the place of the instance folder, the data is in the user's directory, with a warning."""
    (tmp_path / "instance").write_text("")
    found = load_tracker("my shop", tmp_path / "instance", {}, {}, {})
    assert found.settings.data == default_data_directory().with_name("kaput-my-shop")
    assert found.warnings == (
        f"Kaput cannot write in {tmp_path / 'instance'}; it keeps its data in {found.settings.data}. Set KAPUT_DATA.",
    )


def test_settings_that_mean_nothing_are_told(tmp_path: Path) -> None:
    """Who sets where a server listens, or which proxies it trusts, reads what to do instead."""
    found = load_tracker("shop", tmp_path, {"port": 9}, {"KAPUT_TRUSTED_PROXIES": "10.0.0.0/8"}, {"KAPUT_HOST": "::1"})
    assert [text.partition(" ")[0] for text in found.warnings] == ["KAPUT_HOST", "KAPUT_PORT", "KAPUT_TRUSTED_PROXIES"]
    assert "wrap ProxyFix around app.wsgi_app" in found.warnings[2]


def test_the_order_of_sources(tmp_path: Path) -> None:
    """An argument comes before the configuration, which comes before the environment."""
    environment = {"KAPUT_RETENTION_DAYS": "1", "KAPUT_SMTP_HOST": "e", "KAPUT_SMTP_PORT": "1"}
    config = {"KAPUT_RETENTION_DAYS": 2, "KAPUT_SMTP_HOST": "c", "KAPUT_TRUSTED_PROXIES": ["10.0.0.0/8", "::1"]}
    found = load_tracker("shop", tmp_path, {"retention_days": 3}, config, environment).settings
    assert (found.retention_days, found.smtp_host, found.smtp_port) == (3, "c", 1)
    assert found.trusted_proxies == ("10.0.0.0/8", "::1")


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"MAIL_SERVER": "mx"}, ("mx", 25, "", "", "none", "kaput@localhost")),
        (
            {"MAIL_SERVER": "mx", "MAIL_PORT": 587, "MAIL_USE_TLS": True},
            ("mx", 587, "", "", "starttls", "kaput@localhost"),
        ),
        (
            {"MAIL_SERVER": "mx", "MAIL_USE_SSL": True, "MAIL_USERNAME": "u", "MAIL_PASSWORD": "p"},
            ("mx", 465, "u", "p", "implicit", "kaput@localhost"),
        ),
        ({"MAIL_SERVER": "mx", "MAIL_DEFAULT_SENDER": "a@b.c"}, ("mx", 25, "", "", "none", "a@b.c")),
        ({"MAIL_SERVER": "mx", "MAIL_DEFAULT_SENDER": ("A", "a@b.c")}, ("mx", 25, "", "", "none", "A <a@b.c>")),
        ({"MAIL_SERVER": "mx", "KAPUT_SMTP_HOST": "own"}, ("own", 25, "", "", "none", "kaput@localhost")),
        ({"MAIL_USE_TLS": True}, ("", 25, "", "", "none", "kaput@localhost")),
    ],
)
def test_the_keys_of_flask_mail(tmp_path: Path, config: dict[str, Any], expected: tuple[Any, ...]) -> None:
    """They name the mail server, its login, its encryption and the sender, unless our own keys do."""
    found = read(tmp_path, config)
    login = (found.smtp_user, found.smtp_password)
    assert (found.smtp_host, found.mail_port, *login, found.smtp_tls, found.sender) == expected


def test_one_process_digests(tmp_path: Path) -> None:
    """The tracker starts no processes beside those of the application's server, unless that is set."""
    assert read(tmp_path).digest_processes == 1
    assert read(tmp_path, digest_processes=2).digest_processes == 2


def test_all_errors_at_once(tmp_path: Path) -> None:
    """What is wrong in the tracker's settings is told with what is wrong in the extension's."""
    app = Flask("shop", instance_path=str(tmp_path))
    app.config.update(KAPUT_SMTP_TLS="yes", KAPUT_PATH="kaput", KAPUT_RETENTION_DAYS=-1)
    with pytest.raises(ConfigurationError) as raised:
        Kaput(app)
    told = "\n".join(raised.value.problems)
    assert "KAPUT_SMTP_TLS is 'yes'" in told
    assert "KAPUT_PATH is 'kaput'" in told


def test_nothing_is_made_before_the_first_request(tmp_path: Path) -> None:
    """To set the tracker up writes nothing, as in a command or in the parent of a reloader."""
    app = Flask("shop", instance_path=str(tmp_path / "instance"))
    Kaput(app)
    assert list(tmp_path.iterdir()) == []
