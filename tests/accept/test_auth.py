import pytest

from kaput.accept import auth
from kaput.accept.auth import Presented
from kaput.errors import Refused
from tests.accept.door import KEY, KEYS, OTHER_KEY


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"x-sentry-auth": f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client=sdk/1"}, ""),
        ({"x-sentry-auth": f"Sentry sentry_client=sdk/1,sentry_version=6,sentry_secret=s,sentry_key={KEY}"}, ""),
        ({"x-sentry-auth": f'sentry Sentry_Key="{KEY}" , sentry_client = sdk/1'}, ""),
        ({"x-sentry-auth": f"sentry_key={KEY}, sentry_client=sdk/1"}, ""),
        ({"authorization": f"Sentry sentry_key={KEY}, sentry_client=sdk/1"}, ""),
        ({}, f"sentry_key={KEY}&sentry_version=7&sentry_client=sdk%2F1"),
        ({"authorization": "Bearer abc"}, f"sentry_key={KEY}&sentry_client=sdk/1"),
        (
            {"x-sentry-auth": f"Sentry sentry_key={KEY}, sentry_client=sdk/1", "user-agent": "other"},
            f"sentry_key={KEY}",
        ),
    ],
)
def test_every_form_presents_the_key(headers: dict[str, str], query: str) -> None:
    """The key and the client are found in every form that clients use."""
    assert auth.present(headers, auth.pairs_of(query)) == Presented(KEY, "sdk/1")


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"x-sentry-auth": f"Sentry sentry_key={KEY}"}, f"sentry_key={OTHER_KEY}"),
        ({"x-sentry-auth": f"Sentry sentry_key={KEY}", "authorization": f"Sentry sentry_key={OTHER_KEY}"}, ""),
        ({"x-sentry-auth": f"Sentry sentry_key={KEY}, Sentry sentry_key={OTHER_KEY}"}, ""),
        ({}, f"sentry_key={KEY}&sentry_key={OTHER_KEY}"),
    ],
)
def test_two_keys_at_once_are_refused(headers: dict[str, str], query: str) -> None:
    """A request that presents two different keys is turned away, wherever they stand."""
    with pytest.raises(Refused) as caught:
        auth.present(headers, auth.pairs_of(query))
    assert (caught.value.status, caught.value.reason) == (400, "key_conflict")


def test_client_falls_back_to_the_user_agent() -> None:
    """Without a name of its own the client is called by its User-Agent, cut at 200 characters."""
    assert auth.present({"user-agent": "a" * 300}, []) == Presented("", "a" * 200)


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        (f"https://{KEY}@host.example/7", KEY),
        (f"https://{KEY}:secret@host.example/prefix/7", KEY),
        ("https://host.example/7", ""),
        ("http://[::1", ""),
        (None, ""),
        (7, ""),
        ({"a": 1}, ""),
    ],
)
def test_key_of_a_dsn(dsn: object, expected: str) -> None:
    """The public key is the user part of a DSN; what is no DSN has none."""
    assert auth.key_of_dsn(dsn) == expected


@pytest.mark.parametrize("project_id", [7, None])
def test_key_opens_its_project(project_id: int | None) -> None:
    """A known key opens its project, with and without the project in the path."""
    assert auth.authorise(KEY, project_id, KEYS) == 7


@pytest.mark.parametrize(
    ("key", "project_id", "status", "reason"),
    [
        ("", 7, 401, "key_missing"),
        ("deadbeef", 7, 403, "key_unknown"),
        (KEY.upper(), 7, 403, "key_unknown"),
        (OTHER_KEY, 7, 403, "key_wrong_project"),
        (KEY, 99, 403, "key_wrong_project"),
    ],
)
def test_other_keys_are_refused(key: str, project_id: int, status: int, reason: str) -> None:
    """No key is a 401; an unknown one, or one of another project, is a 403."""
    with pytest.raises(Refused) as caught:
        auth.authorise(key, project_id, KEYS)
    assert (caught.value.status, caught.value.reason) == (status, reason)


def test_fields_of_a_query_are_bounded() -> None:
    """A query with too many fields is a 400, not a long computation."""
    with pytest.raises(Refused) as caught:
        auth.pairs_of("&".join(f"a{i}=1" for i in range(1000)))
    assert caught.value.status == 400
