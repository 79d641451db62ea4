"""Which names and values are secret."""

import pytest

from kaput.digest.secrets import is_basic, is_bearer, is_card, is_iban, is_ssn, secret_cookie, secret_name


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "Password",
        "user_password",
        "userPassword",
        "old-password2",
        "passwd",
        "PASSWD",
        "passphrase",
        "secret",
        "client_secret",
        "SECRET_KEY",
        "secretKey",
        "api_key",
        "apiKey",
        "API_KEY",
        "X-Api-Key",
        "x_api_key",
        "apikey",
        "auth",
        "Authorization",
        "HTTP_AUTHORIZATION",
        "Proxy-Authorization",
        "X-Sentry-Auth",
        "credentials",
        "aws_credentials",
        "mysql_pwd",
        "mysqlpwd",
        "privatekey",
        "private_key",
        "privateKey",
        "token",
        "accessToken",
        "refresh_token",
        "id_token",
        "X-CSRF-Token",
        "csrfmiddlewaretoken",
        "xsrf",
        "bearer",
        "cookie",
        "Set-Cookie",
        "HTTP_COOKIE",
        "sessionid",
        "session_id",
        "PHPSESSID",
        "JSESSIONID",
        "connect.sid",
        "jwt",
        "cvv",
        "ssn",
        "'password'",
        "db.password",
        "access_key",
        "AWS_SECRET_ACCESS_KEY",
        "signing_key",
        "card_number",
        "pwd",
        "pass",
    ],
)
def test_secret_names_are_known(name: str) -> None:
    """Names are taken apart at capitals, dashes, dots and underscores."""
    assert secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "author",
        "authors",
        "authority",
        "authored_by",
        "authenticated",
        "tokenizer_name",
        "max_tokens",
        "token_count",
        "total_tokens",
        "secretary",
        "compass",
        "passenger",
        "passed",
        "bypass",
        "key",
        "keys",
        "monkey",
        "keyboard",
        "session",
        "user",
        "name",
        "auth_type",
        "auth_backend",
        "token_type",
        "cookie_name",
        "MAX_COOKIE_SIZE",
        "context_line",
        "username",
        "email",
        "exception",
        "stacktrace",
        "vars",
        "",
    ],
)
def test_harmless_names_stay(name: str) -> None:
    """A name that only looks like a secret one, or describes one, keeps its value."""
    assert not secret_name(name)


def test_session_cookies_are_secret_among_cookies_only() -> None:
    """`session` is a secret cookie, and elsewhere a database session."""
    assert secret_cookie("session")
    assert secret_cookie("csrftoken")
    assert not secret_cookie("theme")
    assert not secret_name("session")


def test_cards_have_an_issuer_and_a_check_sum() -> None:
    """Neither a wrong check digit nor a timestamp in nanoseconds is a card."""
    cards = ["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "3530111333300000"]
    assert [is_card(number) for number in cards] == [True] * 5
    others = ["4111111111111112", "1795359306998302208", "0000000000000000", "411111111111"]
    assert [is_card(number) for number in others] == [False] * 4


def test_other_shapes_are_checked_too() -> None:
    """An IBAN has a check sum, a social security number a possible area, Basic a colon, Bearer no word."""
    assert is_iban("DE89370400440532013000")
    assert not is_iban("DE89370400440532013001")
    assert is_ssn("123-45-6789")
    assert not any(map(is_ssn, ("000-45-6789", "666-45-6789", "900-45-6789", "123-00-6789", "123-45-0000")))
    assert is_basic("Ym9iOmh1bnRlcjI=")
    assert not is_basic("authentication")
    assert is_bearer("abcdef123456")
    assert not is_bearer("authentication")
