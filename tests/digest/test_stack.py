"""Stack traces, exceptions and threads of any shape."""

from typing import Any

import pytest

from kaput.digest.fields import Notes
from kaput.digest.stack import Stacks
from kaput.model import ExceptionChain, ExceptionValue, Frame, Mechanism, Stacktrace, Thread, Threads

KEY_ERROR = ExceptionValue(type="KeyError", value="'sku-9'")


@pytest.mark.parametrize(
    "raw",
    [
        [{"type": "KeyError", "value": "'sku-9'"}],
        {"values": [{"type": "KeyError", "value": "'sku-9'"}]},
        {"values": {"type": "KeyError", "value": "'sku-9'"}},
        {"type": "KeyError", "value": "'sku-9'"},
        [None, {"type": "KeyError", "value": "'sku-9'"}],
    ],
)
def test_exceptions_come_in_four_shapes(raw: Any) -> None:
    """A list, a list in `values`, one object in `values`, and one object are the same chain."""
    assert Stacks(Notes()).exceptions(raw) == ExceptionChain([KEY_ERROR])


def test_odd_exceptions_are_kept_as_far_as_they_go() -> None:
    """A text is a value, an object as value becomes JSON, and what says nothing is noted and left out."""
    notes = Notes()
    chain = Stacks(notes).exceptions(["boom", {"type": "E", "value": {"code": 5}}, 5, {"module": "m"}])
    assert chain == ExceptionChain([ExceptionValue(value="boom"), ExceptionValue(type="E", value='{"code":5}')])
    assert [error.name for error in notes.errors] == ["exception.values.3", "exception.values.2"]


def test_a_frame_keeps_its_fields() -> None:
    """Texts, numbers, lines and variables arrive where the page looks for them."""
    raw = {
        "filename": "shop/pricing.py",
        "abs_path": "/srv/shop/shop/pricing.py",
        "module": "shop.pricing",
        "function": "price_cart",
        "lineno": "88",
        "colno": 3,
        "pre_context": ["a", 5],
        "context_line": "b",
        "post_context": ["c"],
        "vars": {"sku": "'sku-9'"},
    }
    expected = Frame(
        filename="shop/pricing.py",
        abs_path="/srv/shop/shop/pricing.py",
        module="shop.pricing",
        function="price_cart",
        lineno=88,
        colno=3,
        pre_context=["a", ""],
        context_line="b",
        post_context=["c"],
        in_app=True,
        vars={"sku": "'sku-9'"},
    )
    assert Stacks(Notes()).stacktrace({"frames": [raw]}, "") == Stacktrace([expected])


def test_a_name_that_the_client_does_not_know_is_no_name() -> None:
    """JavaScript's SDKs say `?`."""
    assert Stacks(Notes()).stacktrace([{"filename": "a.js", "function": "?"}], "") == Stacktrace(
        [Frame(filename="a.js", in_app=True)]
    )


def test_the_client_says_whose_code_it_is() -> None:
    """Only a frame without `in_app` is judged by its path."""
    frames = [
        {"filename": "/x/site-packages/a.py", "in_app": True},
        {"filename": "b.py", "in_app": False},
        {"filename": "c.py"},
    ]
    stack = Stacks(Notes()).stacktrace({"frames": frames}, "")
    assert stack is not None
    assert [frame.in_app for frame in stack.frames] == [True, False, True]


def test_a_long_stack_keeps_its_ends() -> None:
    """The oldest 50 and the newest 200 frames stay, and how many were cut out is known."""
    notes = Notes()
    stack = Stacks(notes).stacktrace({"frames": [{"function": f"f{index}"} for index in range(1000)]}, "")
    assert stack is not None
    assert stack.omitted == (750, 50)
    assert [stack.frames[at].function for at in (0, 49, 50, -1)] == ["f0", "f49", "f800", "f999"]
    assert len(stack.frames) == 250
    assert [error.type for error in notes.errors] == ["trimmed"]


def test_many_stacks_share_one_number_of_frames() -> None:
    """An event of 60 long exceptions is bounded, and the one raised last keeps most."""
    one = {"type": "E", "stacktrace": {"frames": [{"function": "f"}] * 300}}
    chain = Stacks(Notes()).exceptions([one] * 60)
    assert chain is not None
    sizes = [len(one.stacktrace.frames) for one in chain.values if one.stacktrace]
    assert len(sizes) == 50
    assert sizes[-1] == 250
    assert sum(sizes) <= 1000 + 50 * 10


def test_variables_are_bounded_for_each_frame() -> None:
    """2,048 characters a frame, small variables whole, variables in a list by their place."""
    frames = [{"vars": {"huge": "x" * 10_000, "sku": "'sku-9'"}}, {"vars": ["a"]}, {"vars": 5}]
    stack = Stacks(Notes()).stacktrace({"frames": frames}, "")
    assert stack is not None
    assert len(stack.frames[0].vars["huge"]) < 2048
    assert [stack.frames[0].vars["sku"], stack.frames[1].vars, stack.frames[2].vars] == ["'sku-9'", {"0": "a"}, {}]


def test_mechanisms_are_read() -> None:
    """What groups exceptions into a tree is kept."""
    raw = {
        "type": "chained",
        "handled": False,
        "exception_id": 2,
        "parent_id": 0,
        "is_exception_group": True,
        "source": "x",
    }
    chain = Stacks(Notes()).exceptions([{"type": "E", "mechanism": raw}, {"type": "F", "mechanism": "generic"}])
    assert chain is not None
    first = Mechanism(type="chained", handled=False, exception_id=2, parent_id=0, is_exception_group=True, source="x")
    assert [one.mechanism for one in chain.values] == [first, Mechanism(type="generic")]


def test_threads_are_read() -> None:
    """Ids are texts; the stack is that of the thread."""
    raw = {"values": [{"id": 5, "name": "main", "crashed": True, "stacktrace": {"frames": [{"function": "f"}]}}, 7]}
    expected = Thread(id="5", name="main", crashed=True, stacktrace=Stacktrace([Frame(function="f")]))
    assert Stacks(Notes()).threads(raw) == Threads([expected])
