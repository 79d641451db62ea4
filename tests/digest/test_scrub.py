"""No secret of an event gets past the scrub."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.digest.scrub import scrub

EVENTS = Path(__file__).parent.parent / "corpus" / "events"
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["password", "cookies", "context_line", "pre_context", "vars", "modules", "--token"])
            | st.text(max_size=20),
            inner,
            max_size=4,
        )
    ),
    max_leaves=30,
)


def scrubbed(event: dict[str, Any]) -> dict[str, Any]:
    scrub(event)
    return event


@pytest.mark.parametrize("name", sorted(path.name for path in EVENTS.glob("*.json")))
def test_no_secret_of_a_real_event_stays(name: str) -> None:
    """Everything secret in the captured events has `hunter2` in it; nothing of it is left anywhere."""
    event = json.loads((EVENTS / name).read_text())
    text = json.dumps(scrubbed(event))
    assert "hunter2" not in text
    assert "4111 1111" not in text


LEAKS: dict[str, dict[str, Any]] = {
    "JSON string body": {"request": {"data": '{"user": {"password": "hunter2"}, "page": 2}'}},
    "JSON in a JSON string": {"request": {"data": json.dumps({"body": json.dumps({"password": "hunter2"})})}},
    "cut JSON body": {"request": {"data": '{"user": {"password": "hunter2"}, "pa'}},
    "form body": {"request": {"data": "user=bob&password=hunter2"}},
    "JSON as the key of a form": {"request": {"data": {'{"password": "hunter2"}': ""}}},
    "key and its text": {"extra": {"https://bob:hunter2@x/": "token=hunter2"}},
    "nested key": {"request": {"data": {"user": {"password": "hunter2"}}}},
    "key in a list": {"extra": {"all": [[[{"api_key": ["hunter2"]}]]]}},
    "pairs": {"request": {"data": [["user", "bob"], ["password", "hunter2"]]}},
    "entries": {
        "request": {"data": [{"name": "password", "value": "hunter2"}, {"key": "token", "value": "pw=hunter2 hunter2"}]}
    },
    "query string": {"request": {"query_string": "user=bob&password=hunter2"}},
    "query pairs": {"request": {"query_string": [["password", "hunter2"]]}},
    "address": {"request": {"url": "https://shop.example/?token=hunter2"}},
    "Referer": {"request": {"headers": {"Referer": "https://shop.example/login?password=hunter2&next=/"}}},
    "header": {"request": {"headers": {"Authorization": "Basic hunter2"}}},
    "header pairs": {"request": {"headers": [["X-Api-Key", "hunter2"], ["Cookie", "session=hunter2"]]}},
    "session cookie": {"request": {"cookies": {"session": "hunter2", "theme": "dark"}}},
    "cookie text": {"request": {"cookies": "session=hunter2; theme=dark"}},
    "environ": {"request": {"env": {"HTTP_COOKIE": "a=hunter2", "QUERY_STRING": "password=hunter2"}}},
    "message": {"message": "login failed, password=hunter2"},
    "parameter": {"logentry": {"message": "login of %s with password=%s", "params": ["bob", "hunter2"]}},
    "exception value": {"exception": {"values": [{"value": "no route to postgres://shop:hunter2@db/shop"}]}},
    "secret_key local": {
        "exception": {"values": [{"stacktrace": {"frames": [{"vars": {"secret_key": "'hunter2'"}}]}}]}
    },
    "repr of a local": {"stacktrace": {"frames": [{"vars": {"user": "{'name': 'bob', 'password': 'hunter2'}"}}]}},
    "environ of a frame": {
        "stacktrace": {"frames": [{"vars": {"environ": {"QUERY_STRING": "'password=hunter2&x=1'"}}}]}
    },
    "request of a frame": {"stacktrace": {"frames": [{"vars": {"r": "<Request 'http://x/?password=hunter2' [GET]>"}}]}},
    "context line": {"stacktrace": {"frames": [{"context_line": "    login(user, password='hunter2')"}]}},
    "line before": {"stacktrace": {"frames": [{"pre_context": ["", "TOKEN = 'hunter2'"], "context_line": "x"}]}},
    "line after alone": {"stacktrace": {"frames": [{"post_context": ["api_key: str = 'hunter2'"]}]}},
    "string over lines": {
        "stacktrace": {"frames": [{"pre_context": ["secret = '''", "hunter2", "'''"], "context_line": "x"}]}
    },
    "breadcrumb": {"breadcrumbs": [{"message": "GET https://bob:hunter2@x/"}, {"data": {"auth": "hunter2"}}]},
    "tag": {"tags": [["token", "hunter2"]]},
    "arguments": {"extra": {"sys.argv": ["run", "--password", "hunter2", "--token=hunter2"]}},
    "user": {"user": {"id": 1, "password": "hunter2"}},
    "context": {"contexts": {"app": {"client_secret": {"value": "hunter2"}}}},
}


@pytest.mark.parametrize("where", LEAKS)
def test_a_secret_is_filtered_wherever_it_stands(where: str) -> None:
    """Each place from which today's clients leak is scrubbed, and counted."""
    event = copy.deepcopy(LEAKS[where])
    assert scrub(event) > 0
    text = json.dumps(event)
    assert "hunter2" not in text
    assert "[Filtered]" in text


def test_a_card_number_is_filtered_as_text_and_as_number() -> None:
    """Cards are known by their shape, whatever their name."""
    event = {"extra": {"a": "4111 1111 1111 1111", "b": 4111111111111111, "c": [5555555555554444], "d": 1795359306998}}
    expected = {"a": "[Filtered]", "b": "[Filtered]", "c": ["[Filtered]"], "d": 1795359306998}
    assert scrubbed(event)["extra"] == expected


def test_the_rest_of_the_event_stays_as_it_was() -> None:
    """Names of the protocol, harmless names, absent values and source without literals are untouched."""
    event = {
        "exception": {"values": [{"type": "AuthError", "value": "token expired", "module": "shop.auth"}]},
        "modules": {"google-auth": "2.0", "django-auth-ldap": "4.1", "tokenizers": "0.2"},
        "stacktrace": {"frames": [{"context_line": "    token = make_token(user)", "vars": {"author": "'Bob'"}}]},
        "extra": {"password": None, "token": "", "secret": False, "api_key": "None", "session": "<Session 1>"},
        "request": {"cookies": {"theme": "dark"}, "headers": {"Content-Type": "text/html", "Accept-Language": "de"}},
    }
    before = copy.deepcopy(event)
    assert scrub(event) == 0
    assert event == before


def test_source_lines_keep_their_places() -> None:
    """A filtered literal changes its own line only."""
    frame = {"pre_context": ["a", "b\nb", "password = 'hunter2'"], "context_line": "c", "post_context": ["d", 5, "e"]}
    expected = {
        "pre_context": ["a", "b b", "password = '[Filtered]'"],
        "context_line": "c",
        "post_context": ["d", "", "e"],
    }
    assert scrubbed({"frames": [frame]}) == {"frames": [expected]}


def test_depth_has_no_limit() -> None:
    """The walk does not use the stack, so a secret cannot hide below it."""
    depth = 20_000
    inner: Any = {"password": "hunter2"}
    event = inner
    for _ in range(depth):
        event = {"a": event}
    scrub(event)
    assert inner == {"password": "[Filtered]"}


@given(st.dictionaries(st.text(max_size=20), JSON, max_size=5))
def test_any_tree_can_be_scrubbed_and_twice_changes_nothing(event: dict[str, Any]) -> None:
    """No JSON makes the scrub fail, and what is filtered stays filtered."""
    text = json.dumps(event).replace("\\u0000", "")
    event = json.loads(text)
    scrub(event)
    once = copy.deepcopy(event)
    scrub(event)
    assert event == once


def test_what_is_beyond_the_last_place_that_is_looked_at_is_not_kept() -> None:
    """Of very many places that look secret some are looked at, and nothing behind them is believed to be harmless."""
    event = scrubbed(
        {"message": "a password=hunter2 " * 2000, "extra": {str(n): f"token=hunter2-{n}" for n in range(2000)}}
    )
    assert "hunter2" not in json.dumps(event)
    lines = ["password = 'hunter2'"] * 1000
    frame = scrubbed({"frames": [{"pre_context": lines, "context_line": "x", "post_context": ["y"]}]})["frames"][0]
    assert "hunter2" not in json.dumps(frame)
    assert (len(frame["pre_context"]), len(frame["post_context"])) == (1000, 1)


def test_many_documents_in_texts_are_filtered_as_texts() -> None:
    """JSON in strings is taken apart a bounded number of times; the rest of it is filtered all the same."""
    event = {"extra": {"all": [json.dumps({"password": "hunter2", "n": n}) for n in range(300)]}}
    assert scrub(event) == 300
    assert "hunter2" not in json.dumps(event)


def test_a_document_of_numbers_that_are_read_slowly_is_filtered_as_text() -> None:
    """It keeps its blanks, which one that is taken apart loses."""
    for count, blank in ((2, ""), (250, " ")):
        numbers = ",".join(["1e308"] * count)
        event = {"extra": {"document": f'{{"password": "hunter2-x", "a": [{numbers}]}}'}}
        assert scrub(event) == 1
        assert event["extra"]["document"].startswith(f'{{"password":{blank}"[Filtered]"')
