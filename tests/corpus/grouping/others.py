"""Makes events of other platforms: Java, Kotlin, C#, Go, Ruby, PHP and Rust, in the shapes in which their SDKs send.

In: the table below. Out: lines of the corpus, as `making.py` has them. No program of these platforms runs: what is
written here is what their clients send for one fault, and how it differs between ten deployments of it.
"""

from collections.abc import Callable, Iterator
from typing import Any

DEPLOYMENTS = 10

Frame = dict[str, Any]
Chain = list[tuple[str, str, list[Frame]]]
"""Type, value and frames of each exception, the oldest cause first."""


def _frame(function: str, file: str, line: int, *, own: bool = True, **more: Any) -> Frame:
    return {"function": function, "filename": file, "lineno": line, "in_app": own, **more}


def _java(module: str, function: str, line: int, *, own: bool = True) -> Frame:
    return _frame(function, module.rpartition(".")[2].partition("$")[0] + ".java", line, own=own, module=module)


def _spring(seed: int) -> list[Frame]:
    """How a request comes in: a reflection accessor with a number, a proxy with another."""
    caller = ("com.shop.OrderController", "create") if seed % 2 else ("com.shop.CartController", "lambda$checkout$3")
    return [
        _java("java.lang.Thread", "run", 833, own=False),
        _java(f"jdk.internal.reflect.GeneratedMethodAccessor{seed + 40}", "invoke", 1, own=False),
        _java(*caller, 30 + seed),
        _java(f"com.shop.OrderService$$SpringCGLIB$${seed}", "total", 1),
    ]


def _null(seed: int) -> Chain:
    return [
        (
            "NullPointerException",
            f"cart {seed} is null",
            [*_spring(seed), _java("com.shop.OrderService", "total", 51 + seed)],
        )
    ]


def _lambda(seed: int) -> Chain:
    frames = [
        *_spring(seed),
        _java("java.util.stream.ReferencePipeline", "map", 197, own=False),
        _java("com.shop.OrderService", f"lambda$rates${seed}", 80 + seed),
    ]
    return [("IllegalStateException", f"no rate for {seed}", frames)]


def _future(seed: int) -> Chain:
    pool = _java("java.util.concurrent.ThreadPoolExecutor", "runWorker", 1136, own=False)
    get = _java("java.util.concurrent.FutureTask", "get", 191, own=False)
    return [
        ("ArithmeticException", "/ by zero", [pool, _java("com.shop.Stock", "share", 12 + seed)]),
        ("ExecutionException", "java.lang.ArithmeticException: / by zero", [*_spring(seed), get]),
    ]


def _refused(seed: int) -> Chain:
    driver = _java("org.postgresql.core.v3.ConnectionFactoryImpl", "openConnectionImpl", 319, own=False)
    said = f"Connection to db-{seed}.internal:5432 refused."
    return [("PSQLException", said, [*_spring(seed), _java("com.shop.OrderRepository", "find", 22 + seed), driver])]


def _kotlin(seed: int) -> Chain:
    base = _java("kotlin.coroutines.jvm.internal.BaseContinuationImpl", "resumeWith", 33, own=False)
    return [
        (
            "IllegalArgumentException",
            f"order {seed}",
            [base, _java(f"com.shop.Orders$place${seed}", "invokeSuspend", seed)],
        )
    ]


def _async(method: str) -> Callable[[int], Chain]:
    def made(seed: int) -> Chain:
        path = f"C:\\builds\\{seed}\\Shop\\Orders.cs"
        caller = _frame("Invoke", path, seed, module="Shop.Controllers.OrderController")
        failing = _frame("MoveNext", path, 40 + seed, module=f"Shop.Orders+<{method}>d__{seed}")
        return [("System.InvalidOperationException", f"Order {seed} is closed.", [caller, failing])]

    return made


def _go(seed: int) -> Chain:
    root = f"/go/src/app-{seed}" if seed % 2 else "/srv/shop"
    frames = [
        _frame("(*conn).serve", "/usr/local/go/src/net/http/server.go", 2009, own=False, module="net/http"),
        _frame(f"(*Server).Routes.func{seed}", f"{root}/routes.go", seed, module="github.com/acme/shop"),
        _frame("(*Service).Total", f"{root}/orders.go", 70 + seed, module="github.com/acme/shop/orders"),
    ]
    return [("*errors.errorString", f"order {seed} has no lines", frames)]


def _ruby(seed: int) -> Chain:
    root = f"/srv/shop/releases/2024010{seed}120000"
    name = "Order#total" if seed % 2 else "total"
    gem = f"/usr/local/bundle/gems/activerecord-7.{seed}.0/lib/relation.rb"
    failing = _frame(
        f"block in {name}",
        "app/models/order.rb",
        9 + seed,
        abs_path=f"{root}/app/models/order.rb",
        context_line="  rows.sum { _1.fee }",
    )
    return [
        ("NoMethodError", f"undefined method 'fee' for #<Row id: {seed}>", [_frame("each", gem, 9, own=False), failing])
    ]


def _php(seed: int) -> Chain:
    root = f"/var/www/releases/{seed + 100}"
    closure = f"{{closure:App\\Orders::total():{seed}}}" if seed % 2 else "App\\Orders::total"
    frames = [
        _frame("Illuminate\\Routing\\Router::run", f"{root}/vendor/laravel/Router.php", 9, own=False),
        _frame(closure, f"{root}/app/Orders.php", 20 + seed, abs_path=f"{root}/app/Orders.php"),
    ]
    return [("ErrorException", f"Undefined array key {seed}", frames)]


def _rust(seed: int) -> Chain:
    frames = [
        _frame("std::rt::lang_start", f"/rustc/{seed:040x}/library/std/src/rt.rs", 9, own=False),
        _frame(f"shop::orders::total::h{seed:016x}", "src/orders.rs", 30 + seed),
        _frame("core::panicking::panic_fmt", f"/rustc/{seed:040x}/library/core/src/panicking.rs", 9, own=False),
    ]
    return [("panic", f"index out of bounds: the len is {seed} but the index is {seed + 1}", frames)]


CAUSES: dict[str, tuple[str, Callable[[int], Chain]]] = {
    "java.OrderService.total": ("java", _null),
    "java.OrderService.rates": ("java", _lambda),
    "java.Stock.share": ("java", _future),
    "java.OrderRepository.find": ("java", _refused),
    "kotlin.Orders.place": ("java", _kotlin),
    "csharp.Orders.PlaceAsync": ("csharp", _async("PlaceAsync")),
    "csharp.Orders.CloseAsync": ("csharp", _async("CloseAsync")),
    "go.Service.Total": ("go", _go),
    "ruby.Order.total": ("ruby", _ruby),
    "php.Orders.total": ("php", _php),
    "rust.orders.total": ("native", _rust),
}


def others() -> Iterator[dict[str, object]]:
    """Yields the lines of all causes."""
    for cause, (platform, made) in CAUSES.items():
        for seed in range(DEPLOYMENTS):
            values = [
                {"type": kind, "value": value, "stacktrace": {"frames": frames}} for kind, value, frames in made(seed)
            ]
            event = {"platform": platform, "exception": {"values": values}}
            yield {"cause": cause, "world": f"deployment {seed}", "event": event}
