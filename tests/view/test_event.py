"""One event as the page shows it."""

from typing import Any

import pytest

from kaput.model import (
    Breadcrumb,
    Breadcrumbs,
    Event,
    ExceptionChain,
    ExceptionValue,
    FieldError,
    Frame,
    LogEntry,
    Request,
    Sdk,
    Stacktrace,
    Thread,
    Threads,
    User,
)
from kaput.view.event import MOST_CRUMBS, EventView, view_of
from kaput.view.stack import MOST_COLOURED, MOST_OPEN

TRACE = Stacktrace([Frame(filename="a.py", function="f", lineno=1, in_app=True)])


def view(**more: Any) -> EventView:
    """Returns the view of an event that has nothing but what the test gives."""
    return view_of(Event(event_id="0" * 32, timestamp=1.0, received=2.0, **more))


def functions(found: EventView) -> list[str]:
    """Returns the functions of all traces, in the order of reading."""
    return [call.function for one in found.traces for part in one.stretches for call in part.calls]


def test_empty_event_has_empty_parts() -> None:
    """An event that tells nothing leaves every part of the page empty."""
    found = view()
    parts = (
        found.traces,
        found.threads,
        found.crumbs,
        found.user,
        found.tags,
        found.contexts,
        found.extra,
        found.notes,
    )
    assert not any(parts)
    assert (found.message, found.request, found.text, found.facts) == (None, None, "", ())


def test_parts_that_hold_nothing_are_empty() -> None:
    """A part that is there and holds nothing is not shown either."""
    found = view(
        request=Request(),
        user=User(),
        logentry=LogEntry(),
        exception=ExceptionChain(),
        breadcrumbs=Breadcrumbs(),
        contexts={"runtime": {"type": "runtime"}, "trace": {}},
    )
    assert (found.request, found.message) == (None, None)
    assert not any((found.user, found.traces, found.crumbs, found.contexts))


def test_exception_goes_before_other_traces() -> None:
    """The exception's trace is the one that is read, then a bare one, then that of the thread that crashed."""
    chain = ExceptionChain([ExceptionValue("E", stacktrace=Stacktrace([Frame(function="of_exception", in_app=True)]))])
    stack = Stacktrace([Frame(function="of_message", in_app=True)])
    threads = Threads(
        [
            Thread("1", stacktrace=Stacktrace([Frame(function="idle")])),
            Thread("2", crashed=True, stacktrace=Stacktrace([Frame(function="of_thread", in_app=True)])),
        ]
    )
    assert functions(view(exception=chain, stacktrace=stack, threads=threads)) == ["of_exception"]
    assert functions(view(stacktrace=stack, threads=threads)) == ["of_message"]
    assert functions(view(threads=threads)) == ["of_thread"]


def test_threads_are_named() -> None:
    """Threads with a trace are shown with their name or number and what they did."""
    threads = Threads(
        [
            Thread("1", "Main", stacktrace=TRACE),
            Thread("2", crashed=True, stacktrace=TRACE),
            Thread("3", "w", current=True, stacktrace=TRACE),
            Thread("4", "idle"),
        ]
    )
    found = [(one.name, one.state) for one in view(threads=threads).threads]
    assert found == [("Main", ""), ("thread 2", "crashed"), ("w", "current")]


def test_all_threads_share_what_is_coloured() -> None:
    """An event with many threads costs no more colouring, and opens no more frames, than one with a single stack."""
    frame = Frame(filename="a.py", function="f", lineno=1, context_line="return 1", in_app=True)
    threads = [Thread(id=str(number), stacktrace=Stacktrace([frame])) for number in range(2 * MOST_COLOURED)]
    found = view(threads=Threads(threads)).threads
    calls = [call for one in found for part in one.trace.stretches for call in part.calls]
    assert [call.open for call in calls].count(True) == MOST_OPEN
    assert ["span" in call.lines[0].html for call in calls].count(True) == MOST_COLOURED


def test_message_with_parameters() -> None:
    """A log message shows its text, and the template and the parameters it was made of."""
    message = view(logentry=LogEntry("order %s", ["8812"], "order 8812"), platform="python").message
    assert message is not None
    assert (message.text.short, message.template and message.template.short) == ("order 8812", "order %s")
    assert message.params is not None
    assert message.params.short == "[8812]"


def test_message_that_is_its_own_template() -> None:
    """A message without parameters is shown once."""
    message = view(logentry=LogEntry("disk full")).message
    assert message is not None
    assert (message.text.short, message.template, message.params) == ("disk full", None, None)


@pytest.mark.parametrize("text", ["KeyError: 'sku-9'", "'sku-9'"])
def test_message_that_repeats_the_exception_is_left_out(text: str) -> None:
    """Old clients send the exception's title as the message too; it is said once."""
    chain = ExceptionChain([ExceptionValue("KeyError", "'sku-9'")])
    assert view(logentry=LogEntry(text), exception=chain).message is None
    assert view(logentry=LogEntry("no price"), exception=chain).message is not None


def test_newest_breadcrumbs_are_kept() -> None:
    """Of very many breadcrumbs the newest are shown, last one last, and the others are counted."""
    crumbs = [Breadcrumb(float(number), message=str(number)) for number in range(MOST_CRUMBS + 5)]
    found = view(breadcrumbs=Breadcrumbs(crumbs))
    assert found.older_crumbs == 5
    assert [crumb.time for crumb in found.crumbs] == [float(number) for number in range(5, MOST_CRUMBS + 5)]


def test_a_breadcrumb_says_its_time_once() -> None:
    """The time that Python's logging leaves on a record is not shown again beside that of the breadcrumb."""
    crumb = Breadcrumb(1.0, message="paid", data={"asctime": "2026-11-22 10:00:00,000", "amount": 3})
    (shown,) = view(breadcrumbs=Breadcrumbs([crumb])).crumbs
    assert [member.name for member in shown.data] == ["amount"]


def test_breadcrumb_levels_are_known_ones() -> None:
    """A level that is none does not reach the page's classes; a category falls back to the type."""
    crumbs = [Breadcrumb(level='"><script>', type="http"), Breadcrumb(level="warning", category="db", type="query")]
    found = view(breadcrumbs=Breadcrumbs(crumbs), level="x y").crumbs
    assert [(crumb.level, crumb.category) for crumb in found] == [("", "http"), ("warning", "db")]
    assert view(level="x y").level == "error"


def test_request_parts() -> None:
    """Query, headers, cookies and environment are named, in this order, those that are there."""
    request = Request("http://shop/", "GET", "?a=1&b=%20x&c", headers={"Accept": "*/*"}, env={"REMOTE_ADDR": "::1"})
    found = view(request=request).request
    assert found is not None
    assert [name for name, _ in found.parts] == ["query", "headers", "environment"]
    assert [(one.name, one.value.short) for one in found.parts[0][1]] == [("a", "1"), ("b", "%20x"), ("c", "")]
    assert found.link == "http://shop/"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", " http://x", "//x", "ftp://x", "vbscript:x"]
)
def test_only_web_addresses_are_links(url: str) -> None:
    """An address is a link for http and https alone; any other is text."""
    found = view(request=Request(url)).request
    assert found is not None
    assert (found.url, found.link) == (url, "")


def test_user_shows_what_is_known() -> None:
    """Of the user, what is known is shown, with the fields of the client's own after it."""
    found = view(user=User(id="7", email="ann@example.com", data={"plan": "pro"})).user
    assert [(one.name, one.value.short) for one in found] == [
        ("id", "7"),
        ("email", "ann@example.com"),
        ("plan", "pro"),
    ]


def test_contexts_do_not_repeat_their_name() -> None:
    """The `type` of a context is its name again and is left out."""
    found = view(contexts={"runtime": {"type": "runtime", "name": "CPython"}}, platform="python").contexts
    assert [(one.name, one.value.short) for one in found] == [("runtime", "{name: CPython}")]


def test_notes_say_what_was_changed() -> None:
    """What could not be kept as it came is told in words, a kind that is not known by its name."""
    errors = [FieldError("clock_drift", "timestamp", "2031"), FieldError("odd_thing", "user")]
    found = [(note.field, note.words, note.value) for note in view(errors=errors).notes]
    assert found == [
        ("timestamp", "was too far from the time of arrival, which is used instead", "2031"),
        ("user", "odd thing", ""),
    ]


def test_facts_that_are_there() -> None:
    """The event's line has what is known, by name."""
    found = view(environment="production", sdk=Sdk("sentry.python", "2.75.0"), server_name="web-3").facts
    assert found == (("environment", "production"), ("server", "web-3"), ("client", "sentry.python 2.75.0"))
