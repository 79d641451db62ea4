"""Where a program failed, seen from its stack."""

from typing import Any

import pytest

from kaput.digest.place import place, places
from kaput.model import Frame, Stacktrace


def frame(function: str, line: str | None = "run()", *above: str, **names: Any) -> Frame:
    given: dict[str, Any] = {"module": "shop.pricing", "filename": "shop/pricing.py", "in_app": True} | names
    return Frame(function=function, context_line=line, pre_context=list(above), **given)


def name(*frames: Frame) -> str:
    found = place(Stacktrace(list(frames)))
    return found.name if found else ""


CALLER = frame("checkout", "price(cart)")


@pytest.mark.parametrize(
    ("helper", "passed"),
    [
        (frame("fail", "raise ShopError(message)", "def fail(message):"), True),
        (frame("fail", "raise ShopError(message) from None", "async def fail(message: str, code: int = 1):"), True),
        (frame("raise_", "raise error", "def raise_(error):"), True),
        (frame("ensure", "raise kind(text)", "def ensure(ok, text, kind=ShopError):", "    if not ok:"), True),
        (frame("require", 'raise ValueError(f"{name} is required")', "    if value is None:"), True),
        (frame("get_or_404", "raise NotFound()"), True),
        (frame("fail", "throw new ShopError(message);", "function fail(message) {"), True),
        (frame("fail", "function fail(message) { throw new ShopError(message); }"), True),
        (frame("fail", "def fail(message: str) -> None: raise ShopError(message)"), True),
        (frame("fail", "throw new ShopError(message);", "  fail(message) {"), True),
        (frame("Shop.fail", "throw new ShopError(message);", "  async fail(message, code = 1) {"), True),
        (frame("fail", "throw new ShopError(message);", "const fail = (message) => {"), True),
        (frame("fail", "throw new ShopError(text);", "export const fail = async text => {"), True),
        (frame("check", "if (!open) throw new ShopError(message);", "function check(open, message) {"), True),
        (frame("fail", "raise ShopError, message", "  def fail(message)"), True),
        (frame("check", "assert condition, message", "def check(condition, message):"), True),
        (frame("check", "assert condition", "def check(condition):"), True),
        (frame("missing", 'raise ShopError(f"{field} is missing")', "def missing(field):"), True),
        (frame("fail", "raise ShopError(", "def fail(message):", post_context=["message", ")"]), True),
        (frame("price", 'raise ShopError(f"no price of {sku}")', "def price(sku):"), False),
        (frame("stock", "assert level >= 0, name", "def stock(level, name):"), False),
        (frame("reserve", "if (!sku) throw new OutOfStock(sku);", "function reserve(sku) {"), False),
        (frame("reserve", "throw new ShopError(message);", "if (message) {"), False),
        (frame("reserve", "function reserve(sku) { throw new OutOfStock(sku); }"), False),
        (frame("reserve", "raise OutOfStock(sku)", "def reserve(sku):"), False),
        (frame("reserve", "raise ShopError(message)", "def reserve(sku):", '    message = f"no {sku}"'), False),
        (frame("parse", "raise error", "    except ValueError as error:"), False),
        (frame("fail", 'raise ShopError("no stock")', "def fail(message):"), False),
        (frame("raise_value_error", 'raise ValueError(f"bad {number}")', "def raise_value_error(number):"), False),
        (frame("reserve", "raise ShopError(message)"), False),
    ],
)
def test_who_raises_for_everyone_is_passed_over(helper: Frame, passed: bool) -> None:
    """What a function was handed is its caller's fault; what it says itself is its own."""
    assert name(CALLER, helper) == ("shop.pricing.checkout" if passed else f"shop.pricing.{helper.function}")


def test_a_helper_that_nobody_called_is_the_place() -> None:
    """Something has to be."""
    helper = frame("fail", "raise ShopError(message)", "def fail(message):")
    assert name(helper) == "shop.pricing.fail"


@pytest.mark.parametrize("wrapper", ["wrapper", "wrapped", "inner", "_wrapper", "decorated", "async_wrapper"])
def test_functions_of_decorators_are_passed_over(wrapper: str) -> None:
    """What a decorator raises is about the call that it stands around."""
    assert name(CALLER, frame(wrapper, "raise Locked()")) == "shop.pricing.checkout"


def test_a_wrapper_that_fails_itself_is_the_place() -> None:
    """It is passed over where it calls what it wraps, and where it refuses; its other lines are code as any other."""
    for line in ("return function(*args, **kwargs)", "return fn.apply(this, args)", "raise Locked()", None):
        assert name(CALLER, frame("wrapper", line)) == "shop.pricing.checkout"
    assert name(CALLER, frame("wrapper", 'if user["admin"]:')) == "shop.pricing.wrapper"


def test_wrappers_on_the_way_to_a_helper_never_count() -> None:
    """A function that was decorated stays the same place."""
    helper = frame("fail", "raise ShopError(message)", "def fail(message):")
    wrapper = frame("wrapper", "return function(*args)")
    assert place(Stacktrace([CALLER, wrapper, helper])) == place(Stacktrace([CALLER, helper]))


def test_comprehensions_within_each_other_count_as_the_function_around_them() -> None:
    """However many there are."""
    inner = frame("<listcomp>", "return [[one / 2 for one in row] for row in rows]")
    assert name(CALLER, frame("halves"), inner, inner) == "shop.pricing.halves"


def test_a_function_without_a_name_counts_as_the_one_around_it() -> None:
    """Through what the engine or a library calls it by; without a source line there is nothing else."""
    native = frame("Array.map", None, module="", filename="<anonymous>")
    around, inner = frame("labels", None), frame("", None)
    assert name(CALLER, around, native, inner) == "shop.pricing.labels"
    found = place(Stacktrace([frame("later", None, module="shop.tasks"), inner]))
    assert found
    assert found.vague


@pytest.mark.parametrize(
    ("function", "passed"),
    [
        *((name, True) for name in ("fail", "throwError", "raise_if_missing", "assertTrue", "Shop.invariant")),
        *((name, False) for name in ("failure", "raise_salary", "check", "dieting")),
    ],
)
def test_without_source_its_name_says_who_raises_for_everyone(function: str, passed: bool) -> None:
    """Browsers send no source lines."""
    assert (name(CALLER, frame(function, None)) == "shop.pricing.checkout") is passed


def test_recursions_of_minified_functions_are_told_apart_by_their_number() -> None:
    """Their names are gone; how many of them call each other is not."""

    def circle(*names: str) -> tuple[object, ...]:
        frames = [frame(one, None, module="", filename="/a.min.js", colno=900, lineno=1) for one in names * 9]
        return places(Stacktrace(frames), "RangeError", "Maximum call stack size exceeded")

    assert circle("t") == circle("n") != circle("t", "n") == circle("a", "b")


def test_compiled_modules_are_libraries() -> None:
    """Their paths are made up, so that clients take them for the application's."""
    names = {"module": "sql._rows", "filename": "lib/sql/_rows.py", "abs_path": "/srv/shop/lib/sql/_rows.py"}
    assert name(CALLER, frame("sql._rows.Rows.one", None, **names)) == "shop.pricing.checkout"
    assert name(CALLER, frame("one", "return rows[0]", **names)) == "sql._rows.one"


def test_the_language_is_never_own_code() -> None:
    """Started in the root folder, clients take everything for the application's."""
    standard = frame("decode", module="json.decoder", abs_path="/usr/lib/python3.11/json/decoder.py")
    windows = frame("decode", module="json.decoder", abs_path=r"C:\Python311\Lib\json\decoder.py")
    assert name(CALLER, standard) == name(CALLER, windows) == "shop.pricing.checkout"


def test_a_client_that_knows_no_own_code_is_helped() -> None:
    """Then the path says whose it is; a package in site-packages is taken when there is nothing else."""
    mine = frame("price", in_app=False, abs_path="/srv/shop/shop/pricing.py")
    theirs = frame(
        "dispatch", in_app=False, module="flask.app", abs_path="/v/lib/python3.11/site-packages/flask/app.py"
    )
    standard = frame("decode", in_app=False, module="json.decoder", abs_path="/usr/lib/python3.11/json/decoder.py")
    assert name(theirs, mine, theirs) == "shop.pricing.price"
    assert name(theirs, standard) == "flask.app.dispatch"


def test_a_template_is_own_code() -> None:
    """Its engine runs it under its path; the folder that it lies in does not count."""
    for root in ("/srv/a", "/home/b/releases/3"):
        path = f"{root}/shop/templates/cart/show.html"
        template = frame(
            "top-level template code", "{{ a.b }}", filename=path, abs_path=path, module=path, in_app=False
        )
        assert name(CALLER, template) == "cart.show.top-level template code"


def test_a_lambda_is_known_by_its_line() -> None:
    """It may be called from anywhere; one within the line of its caller is a part of it."""
    somewhere, inside = frame("<lambda>", "lambda row: row.price"), frame("<lambda>", "price(cart)")
    found, within = place(Stacktrace([CALLER, somewhere])), place(Stacktrace([CALLER, inside]))
    assert (found and found.function, within and within.function) == ("<lambda>", "checkout")


def test_minified_code_keeps_only_names_that_a_person_gave() -> None:
    """Modules, lines and short names change with every build."""
    script: dict[str, Any] = {
        "module": "",
        "filename": "https://shop.example/assets/index-B3kd9aZ1.js",
        "lineno": 1,
        "colno": 40_213,
    }
    kept, made = place(Stacktrace([frame("e.total", None, **script)])), place(Stacktrace([frame("t", None, **script)]))
    assert (kept and kept[:3], made and made[:3]) == (("", "total", ""), ("", "", ""))
    cut = place(Stacktrace([frame("t", "{snip} e=>e.total {snip}", **script | {"colno": 9})]))
    assert cut is not None
    assert cut.minified


def test_an_endless_recursion_is_its_circle() -> None:
    """Callers that recursed before, decorators, and where it happened to end have no part."""
    around = [frame("enter")] * 70
    loop = [frame("even", "odd(n)"), frame("wrapper", "return f(n)"), frame("odd", "even(n)")] * 40
    short = places(Stacktrace([*around, *loop, frame("even", "n - 1")]), "RecursionError", "")
    assert [one.name for one in short] == ["shop.pricing.even", "shop.pricing.odd"]
    assert short == places(Stacktrace([*loop[1:90]]), "RecursionError", "")
    assert places(Stacktrace([*loop]), "RangeError", "Invalid array length")[0].name == "shop.pricing.odd"
    assert len(places(Stacktrace([*loop]), "RangeError", "Maximum call stack size exceeded")) == 2
