"""Secrets inside of texts and source lines."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.digest.literals import SCAN, filter_text, secret_places

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAK\n-----END RSA PRIVATE KEY-----"


def filtered(text: str, *, code: bool = False) -> str:
    data = text.encode()
    hits = [(match.lastindex, *match.span()) for match in SCAN.finditer(data)]
    return filter_text(data, hits, code=code)[0].decode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password=hunter2", "password=[Filtered]"),
        ("user=bob&password=hunter2&page=2", "user=bob&password=[Filtered]&page=2"),
        ("/pay?user[password]=hunter2&x=1", "/pay?user[password]=[Filtered]&x=1"),
        ("user%5Bpassword%5D=hunter2&x=1", "user%5Bpassword%5D=[Filtered]&x=1"),
        ("%22password%22%3A%22hunter2%22&x=1", "%22password%22%3A[Filtered]&x=1"),
        ("https://shop.example/?token=hunter2#top", "https://shop.example/?token=[Filtered]"),
        ("{'password': 'hunter2', 'page': 2}", "{'password': '[Filtered]', 'page': 2}"),
        ('{"password": "hun\\"ter2", "page": 2', '{"password": "[Filtered]", "page": 2'),
        (r"{\"password\": \"hunter2\"}", r"{\"password\": \"[Filtered]\"}"),
        ("User(password='hunter2', token=None)", "User(password='[Filtered]', token=None)"),
        ("MultiDict([('a', 'b'), ('password', 'hunter2')])", "MultiDict([('a', 'b'), ('password', '[Filtered]')])"),
        ("credentials={'user': 'x', 'all': [1, 'hunter2']} left", "credentials=[Filtered] left"),
        ("auth=('bob', 'hunter2') left", "auth=[Filtered] left"),
        ("password: hunter2, user bob", "password: [Filtered], user bob"),
        ("api_key => 'hunter2'", "api_key => '[Filtered]'"),
        ("<password>hunter2</password>", "<password>[Filtered]</password>"),
        ("psql --password hunter2 -h x", "psql --password [Filtered] -h x"),
        ("Authorization: Basic Ym9iOmh1bnRlcjI=", "Authorization: [Filtered]"),
        ("Cookie: session=hunter2; theme=dark", "Cookie: [Filtered]"),
        ("sent Bearer hunter2-abc to it", "sent Bearer [Filtered] to it"),
        ("secret = 42", "secret = [Filtered]"),
        ("token=<Token hunter2>", "token=[Filtered]"),
        ("password='hunter2", "password='[Filtered]"),
        ('password="hun\nter2" left', 'password="[Filtered]" left'),
    ],
)
def test_the_literal_to_the_right_is_filtered(text: str, expected: str) -> None:
    """After `=`, `:` or `=>` behind a secret name the literal goes and the rest stays readable."""
    assert filtered(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("paid with 4111 1111 1111 1111 today", "paid with [Filtered] today"),
        ("to DE89370400440532013000 or DE89 3704 0044 0532 0130 00", "to [Filtered] or [Filtered]"),
        ("number 123-45-6789", "number [Filtered]"),
        ("postgres://bob:hunter2@db/shop", "postgres://bob:[Filtered]@db/shop"),
        ("redis://:hunter2@cache:6379/0", "redis://:[Filtered]@cache:6379/0"),
        ("Host: shop:hunter2@127.0.0.1:9", "Host: shop:[Filtered]@127.0.0.1:9"),
        ("key AKIAIOSFODNN7EXAMPLE", "key [Filtered]"),
        ("ghp_" + "a1" * 18, "[Filtered]"),
        ("sk_live_" + "a1" * 12, "[Filtered]"),
        ("xoxb-1234567890-abc", "[Filtered]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "[Filtered]"),
        (f"key {PEM} end", "key [Filtered] end"),
        ("cut -----BEGIN PRIVATE KEY-----\nMIIB", "cut [Filtered]"),
    ],
)
def test_values_of_a_known_shape_are_filtered(text: str, expected: str) -> None:
    """Cards, accounts, keys and passwords in addresses are filtered without a name beside them."""
    assert filtered(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "AuthError: token expired",
        "auth: failed for bob",
        "token: expected ';'",
        "author: Bob",
        "password=None",
        "password=''",
        "password=%s for %s",
        "App::Auth::Login",
        "http://host:80/page?email=a@b",
        "mailto:ann@example.com",
        "max_tokens=4096",
        "Bearer authentication is required",
        "4111111111111112",
        "2026-11-22 14:55:01",
        "the password is wrong",
        "12:30@noon",
    ],
)
def test_harmless_text_stays(text: str) -> None:
    """Prose, placeholders and empty values are not touched."""
    assert filtered(text) == text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("password = 'hunter2'", "password = '[Filtered]'"),
        ("login('bob', password=\"hunter2\", x=get())", "login('bob', password=\"[Filtered]\", x=get())"),
        ("settings = {'api_key': 'hunter2', 'x': y}", "settings = {'api_key': '[Filtered]', 'x': y}"),
        ("password: str = 'hunter2'", "password: str = '[Filtered]'"),
        ("os.environ['PASSWORD'] = b'hunter2'", "os.environ['PASSWORD'] = b'[Filtered]'"),
        ("get('DB_PASSWORD', 'hunter2')", "get('DB_PASSWORD', '[Filtered]')"),
        ("auth=('bob', 'hunter2'))", "auth=[Filtered])"),
        ("pin_token = 123456", "pin_token = [Filtered]"),
        ("urlopen('http://x/?password=hunter2&a=1')", "urlopen('http://x/?password=[Filtered]&a=1')"),
        ("connect('password=hunter2 dbname=shop')", "connect('password=[Filtered] dbname=shop')"),
        ("# password: hunter2", "# password: [Filtered]"),
        ("if token == 'hunter2':", "if token == '[Filtered]':"),
        ("password = 'hun' 'ter' + '2'", "password = '[Filtered]'"),
        ("password => 'hunter2',", "password => '[Filtered]',"),
        ("secret = `hunter2`", "secret = `[Filtered]`"),
    ],
)
def test_literals_in_source_are_filtered(line: str, expected: str) -> None:
    """Strings, numbers and brackets of them go; names and calls stay."""
    assert filtered(line, code=True) == expected


@pytest.mark.parametrize(
    "line",
    [
        "    token = make_token(user)",
        "password = config['password']",
        "def connect(gateway, user, password):",
        "auth = (user, key)",
        'f"password={password}"',
        "SECRET_KEY = os.environ['SECRET_KEY']",
        'fields = ("user", "password", "email")',
        "raise AuthError(x)",
    ],
)
def test_expressions_in_source_stay(line: str) -> None:
    """What holds no literal is no secret, and the line must be readable."""
    assert filtered(line, code=True) == line


@pytest.mark.parametrize(
    "text", [PEM, PEM[:45] + "\nMIIB\nMIIC", "MIIB\nMIIC\n" + PEM[-29:], 'token = """hun\nter2"""\nx = 1']
)
def test_source_keeps_its_number_of_lines(text: str) -> None:
    """A secret over several lines leaves empty lines behind, so that the others stay at their numbers."""
    result = filtered(text, code=True)
    assert result.count("\n") == text.count("\n")
    assert "[Filtered]" in result
    assert "MII" not in result
    assert "ter2" not in result


@given(st.text(), st.booleans())
def test_any_text_can_be_filtered(text: str, code: bool) -> None:
    """No text makes the filter fail."""
    filtered(text.replace("\0", ""), code=code)


SIGNS = [
    *"=:([ ,@x\n\\\"'",
    "password",
    "token",
    "é",
    "://",
    "-----BEGIN PRIVATE KEY",
    "-----END PRIVATE KEY",
    "4111",
    "%s",
]


@given(st.lists(st.sampled_from(SIGNS)), st.booleans())
def test_any_mixture_of_signs_can_be_filtered(pieces: list[str], code: bool) -> None:
    """No order of names, quotes and brackets makes the filter fail or break a character."""
    filtered("".join(pieces), code=code)


@pytest.mark.parametrize(
    "piece",
    [
        "password='",
        'password="',
        "token=(",
        "password=\\",
        "://a:",
        "a:b@",
        "-----END PRIVATE KEY",
        "auth",
        "'",
        "4111 ",
        "4111-",
        "--4111-4111-4111-4111",
        "eyJaaaaaa-",
    ],
)
@pytest.mark.parametrize("code", [False, True])
def test_time_is_linear(piece: str, code: bool) -> None:
    """Repeating anything 4,000 times takes no more than seconds, where a square of it would take minutes."""
    begun = time.process_time()
    filtered(piece * 4_000, code=code)
    assert time.process_time() - begun < 6.0


def test_places_of_a_template_behind_a_secret_name_are_known() -> None:
    """The parameter of `password=%s` is secret, the others are not."""
    assert secret_places(b"user %s with password=%s and token='%s' at %d") == [1, 2]
    assert secret_places(b"user %s") == []
