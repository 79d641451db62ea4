"""The stack trace as it is read."""

from typing import Any

import pytest

from kaput.model import ExceptionChain, ExceptionValue, Frame, Mechanism, Stacktrace
from kaput.view.stack import CONTEXT, DEEPEST, MOST_OPEN, Budget, Raised, Stretch, bare, raised


def own(function: str, line: int = 1, **more: Any) -> Frame:
    """Returns a frame of the application."""
    return Frame(filename="shop/pricing.py", function=function, lineno=line, in_app=True, **more)


def library(package: str, function: str = "call") -> Frame:
    """Returns a frame of a library."""
    return Frame(filename=f"{package}/app.py", module=f"{package}.app", function=function, lineno=7)


def trace(*frames: Frame, omitted: tuple[int, int] | None = None) -> Stacktrace:
    """Returns a stack trace, oldest call first."""
    return Stacktrace(list(frames), omitted)


def shape(one: Raised) -> list[tuple[str, str]]:
    """Returns kind and label of each stretch; for calls the names of their functions."""
    return [(part.kind, part.label or " ".join(call.function for call in part.calls)) for part in one.stretches]


def chained(*names: str, source: str = "") -> ExceptionChain:
    """Returns a chain as a client sends it, given raised first; `source` holds for all but the raised one."""
    values = [
        ExceptionValue(
            name,
            mechanism=Mechanism(
                exception_id=index, parent_id=index - 1 if index else None, source=source if index else ""
            ),
        )
        for index, name in enumerate(names)
    ]
    return ExceptionChain(values[::-1])


def relations(chain: ExceptionChain) -> list[tuple[str, str, int]]:
    """Returns relation, type and depth of each exception in the order of reading."""
    return [(one.relation, one.type, one.depth) for one in raised(chain, "python", Budget())]


def test_newest_call_first() -> None:
    """The newest call of the application comes first, and libraries are folded under the packages they are of."""
    found = bare(
        trace(library("werkzeug"), library("flask"), library("flask"), own("view"), own("price_cart")),
        "python",
        Budget(),
    )
    assert shape(found) == [("calls", "price_cart"), ("calls", "view"), ("library", "3 frames in flask, werkzeug")]


def test_own_calls_are_open_and_library_calls_are_not() -> None:
    """Source and locals of the application are there without a click, those of a library are not."""
    found = bare(trace(library("flask"), own("price_cart")), "python", Budget())
    first, second = (part.calls[0] for part in found.stretches)
    assert (first.own, first.open) == (True, True)
    assert (second.own, second.open) == (False, False)


def test_raising_library_is_folded_above_own_code() -> None:
    """A library that raised is folded, so that the application's own line is the first to be read."""
    found = bare(trace(own("save_order"), library("sqlalchemy")), "python", Budget())
    assert shape(found) == [("library", "1 frame in sqlalchemy"), ("calls", "save_order")]
    assert [part.calls[0].open for part in found.stretches] == [False, True]


def test_trace_without_own_code_opens_the_raising_call() -> None:
    """When nothing is the application's own, the newest call is open."""
    found = bare(trace(library("flask", "old"), library("jinja2", "new")), "python", Budget())
    assert shape(found) == [("calls", "new"), ("library", "1 frame in flask")]
    assert found.stretches[0].calls[0].open


def test_many_packages_are_counted() -> None:
    """A folded stretch names three packages and counts the others."""
    found = bare(trace(*(library(name) for name in "edcba"), own("view")), "python", Budget())
    assert shape(found)[1] == ("library", "5 frames in a, b, c and 2 more")


@pytest.mark.parametrize(
    ("path", "package"),
    [
        ("/srv/venv/lib/python3.11/site-packages/flask/app.py", "flask"),
        ("/srv/node_modules/express/lib/router.js", "express"),
        ("C:\\app\\vendor\\guzzle\\client.php", "guzzle"),
        ("./lib/http.rb", "lib"),
        ("main.c", "main.c"),
        ("", "a library"),
    ],
)
def test_package_of_a_path(path: str, package: str) -> None:
    """Without a module the package is read from the path."""
    found = bare(trace(Frame(filename=path), own("view")), "other", Budget())
    assert ("library", f"1 frame in {package}") == shape(found)[1]


def test_recursion_is_folded() -> None:
    """The same call over and over is shown once, and the others are folded under their number."""
    found = bare(trace(own("start", 1), *[own("walk", 5)] * 40), "python", Budget())
    assert shape(found) == [("calls", "walk"), ("repeats", "the same call 39 more times"), ("calls", "start")]


def test_recursion_through_several_calls_is_folded() -> None:
    """Calls that call each other in turn are shown for one round, however many rounds there are."""
    rounds = [own("walk", 5), own("visit", 9), own("enter", 2)] * 30
    found = bare(trace(own("start", 1), *rounds, own("walk", 5)), "python", Budget())
    assert shape(found) == [
        ("calls", "walk enter visit"),
        ("repeats", "the same 3 calls 29 more times"),
        ("calls", "walk"),
        ("calls", "start"),
    ]
    assert [len(part.calls) for part in found.stretches] == [3, 87, 1, 1]


def test_folded_recursion_keeps_its_locals() -> None:
    """A folded round has its own locals, which differ; its source stands in the round above."""
    frames = [own("walk", 5, context_line="walk(left)", vars={"left": str(number)}) for number in range(5)]
    shown, folded = bare(trace(*frames), "python", Budget()).stretches
    assert [len(call.lines) for call in (*shown.calls, *folded.calls)] == [1, 0, 0, 0, 0]
    assert [call.locals[0].value.short for call in (*shown.calls, *folded.calls)] == ["4", "3", "2", "1", "0"]


def test_calls_that_come_twice_are_no_recursion() -> None:
    """Calls that come only twice are shown one by one."""
    found = bare(trace(*[own("walk", 5), own("visit", 9)] * 2), "python", Budget())
    assert {part.kind for part in found.stretches} == {"calls"}
    assert sum(len(part.calls) for part in found.stretches) == 4


def test_locals_of_the_running_line_come_first() -> None:
    """Local variables that stand on the running line are put before the others."""
    frame = own("f", context_line="total += prices[sku]", vars={"cart": "c", "sku": "s", "tot": "t", "total": "0"})
    call = bare(trace(frame), "python", Budget()).stretches[0].calls[0]
    assert [member.name for member in call.locals] == ["sku", "total", "cart", "tot"]
    assert call.used == 2


def test_open_calls_are_bounded() -> None:
    """A deep stack of the application opens its newest calls only."""
    found = bare(trace(*(own("walk", line) for line in range(100))), "python", Budget())
    calls = [call for part in found.stretches for call in part.calls]
    assert len(calls) == 100
    assert [call.open for call in calls] == [True] * MOST_OPEN + [False] * (100 - MOST_OPEN)


def test_omitted_frames_are_told_where_they_were() -> None:
    """Frames that were cut out leave a line at their place."""
    found = bare(trace(own("oldest"), own("old"), own("new"), omitted=(200, 2)), "python", Budget())
    expected = [("calls", "new"), ("omitted", "200 frames left out"), ("calls", "old"), ("calls", "oldest")]
    assert expected == shape(found)


def test_source_around_the_running_line() -> None:
    """A call has at most five lines before and after the running one, numbered from it."""
    frame = own("f", 88, pre_context=list("abcdefg"), context_line="x = 1", post_context=list("hijklmn"))
    lines = bare(trace(frame), "python", Budget()).stretches[0].calls[0].lines
    assert len(lines) == 2 * CONTEXT + 1
    assert [lines[0].number, lines[5].number, lines[10].number] == [83, 88, 93]
    assert [index for index, line in enumerate(lines) if line.running] == [5]
    assert [str(lines[0].html), str(lines[-1].html)] == ["c", "l"]


def test_call_without_source_or_line() -> None:
    """A frame that tells next to nothing is still a call."""
    call = bare(trace(Frame()), "native", Budget()).stretches[0].calls[0]
    assert (call.function, call.place, call.lines, call.locals) == ("", "unknown file", (), ())


def test_the_column_tells_where_in_a_minified_line() -> None:
    """A place is file and line, and the column where the client knows it."""
    frames = (own("f", 88), own("g", 1, colno=35_191), Frame(filename="a.js", function="h", colno=5))
    calls = [call for part in bare(trace(*frames), "javascript", Budget()).stretches for call in part.calls]
    assert [call.place for call in calls] == ["a.js", "shop/pricing.py:1:35191", "shop/pricing.py:88"]


def test_locals_keep_their_order() -> None:
    """Local variables are shown in the order the client sent them."""
    frame = own("f", vars={"line": "Line(sku='sku-9')", "api_key": "[Filtered]", "cart": None})
    call = bare(trace(frame), "python", Budget()).stretches[0].calls[0]
    assert [(member.name, member.value.short) for member in call.locals] == [
        ("line", "Line(sku='sku-9')"),
        ("api_key", "filtered"),
        ("cart", "None"),
    ]


def test_long_path_keeps_its_end() -> None:
    """A long path is cut in the middle and whole in the tooltip."""
    path = "/srv/" + "deep/" * 40 + "pricing.py"
    call = bare(trace(Frame(filename=path, lineno=3)), "python", Budget()).stretches[0].calls[0]
    assert call.place.endswith("deep/pricing.py:3")
    assert "…" in call.place
    assert f"{path}:3" == call.path


def test_raised_exception_comes_first() -> None:
    """The raised exception is read first, what caused it after it."""
    chain = ExceptionChain([ExceptionValue("Cause"), ExceptionValue("Raised")])
    assert relations(chain) == [("", "Raised", 0), ("caused by", "Cause", 0)]


def test_relation_tells_cause_from_context() -> None:
    """`raise ... from` is a cause; an exception that came while another was handled is not."""
    assert relations(chained("A", "B", source="__cause__")) == [("", "A", 0), ("caused by", "B", 0)]
    assert relations(chained("A", "B", source="__context__")) == [("", "A", 0), ("during handling of", "B", 0)]


def test_members_of_a_group_lie_deeper() -> None:
    """The members of an exception group are indented, in the order they have in the group."""
    values = [
        ExceptionValue("Group", mechanism=Mechanism(exception_id=0, is_exception_group=True)),
        ExceptionValue("First", mechanism=Mechanism(exception_id=1, parent_id=0, source="exceptions[0]")),
        ExceptionValue("Root", mechanism=Mechanism(exception_id=2, parent_id=1, source="__cause__")),
        ExceptionValue("Second", mechanism=Mechanism(exception_id=3, parent_id=0, source="exceptions[1]")),
    ]
    expected = [("", "Group", 0), ("one of", "First", 1), ("caused by", "Root", 1), ("one of", "Second", 1)]
    assert expected == relations(ExceptionChain(values[::-1]))


def test_ids_that_lie_lose_nothing() -> None:
    """Exceptions that claim to be their own parent, or each other's, are shown once each."""
    values = [
        ExceptionValue("Own", mechanism=Mechanism(exception_id=1, parent_id=1)),
        ExceptionValue("Left", mechanism=Mechanism(exception_id=2, parent_id=3)),
        ExceptionValue("Right", mechanism=Mechanism(exception_id=3, parent_id=2)),
        ExceptionValue("Twin", mechanism=Mechanism(exception_id=3, parent_id=2)),
        ExceptionValue("Plain"),
    ]
    assert relations(ExceptionChain(values[:1])) == [("", "Own", 0)]
    assert sorted(name for _, name, _ in relations(ExceptionChain(values))) == ["Left", "Own", "Plain", "Right", "Twin"]


def test_depth_is_bounded() -> None:
    """Groups within groups stop being indented at some depth."""
    values = [
        ExceptionValue(
            "Group",
            mechanism=Mechanism(
                exception_id=index,
                parent_id=index - 1 if index else None,
                is_exception_group=True,
                source=f"exceptions[{index}]",
            ),
        )
        for index in range(300)
    ]
    depths = [depth for _, _, depth in relations(ExceptionChain(values[::-1]))]
    assert len(depths) == 300
    assert max(depths) == DEEPEST


def test_mechanism_says_how_it_arrived() -> None:
    """An exception nobody caught is told from one that was reported on purpose."""
    values = [
        ExceptionValue("A", mechanism=Mechanism("flask", handled=False)),
        ExceptionValue("B", mechanism=Mechanism("generic", handled=True)),
        ExceptionValue("C"),
    ]
    found = raised(ExceptionChain(values), "python", Budget())
    assert [(one.how, one.through) for one in found] == [("", ""), ("handled", ""), ("unhandled", "flask")]


def test_exception_without_a_type() -> None:
    """An exception that has only a value is an error with that value; one without a trace has no stretches."""
    found = raised(ExceptionChain([ExceptionValue(value="boom")]), "other", Budget())[0]
    stretches: tuple[Stretch, ...] = ()
    assert ("Error", "boom", stretches) == (found.type, found.value and found.value.short, found.stretches)
