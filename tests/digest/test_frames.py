"""Whose code a frame is, and what its module and function are called."""

import pytest

from kaput.digest.frames import function_of, is_generated, is_own, method_of, module_of


@pytest.mark.parametrize(
    ("filename", "abs_path", "module", "expected"),
    [
        ("shop/app.py", "/srv/shop/shop/app.py", "shop.app", True),
        ("flask/app.py", "/srv/venv/lib/python3.11/site-packages/flask/app.py", "flask.app", False),
        ("yaml/__init__.py", "/usr/lib/python3/dist-packages/yaml/__init__.py", "yaml", False),
        ("json/decoder.py", "/usr/lib/python3.11/json/decoder.py", "json.decoder", False),
        ("x.py", "/home/bob/.local/share/tool/x.py", "x", False),
        ("x.py", r"C:\Python311\Lib\site-packages\x.py", "x", False),
        ("app.js", "/srv/shop/node_modules/express/app.js", "", False),
        ("node:internal/process", "node:internal/process", "", False),
        ("<frozen importlib._bootstrap>", "", "importlib", False),
        ("<string>", "", "", True),
        ("", "", "java.util.ArrayList", False),
        ("", "", "com.shop.Cart", True),
        ("", "", "", False),
    ],
)
def test_whose_code_it_is(filename: str, abs_path: str, module: str, expected: bool) -> None:
    """Folders of packages and of the language are a library's; a module alone is judged by its name."""
    assert is_own(filename, abs_path, module) is expected


@pytest.mark.parametrize(
    ("module", "filename", "abs_path", "expected"),
    [
        ("shop.app", "other.py", "", "shop.app"),
        ("__main__", "run.py", "/srv/run.py", "run"),
        ("", "shop/pricing.py", "", "shop.pricing"),
        ("", "shop/__init__.py", "", "shop"),
        ("", "/srv/releases/20261122/shop/pricing.py", "", "shop.pricing"),
        ("", "/srv/venv/lib/python3.12/site-packages/flask/app.py", "", "flask.app"),
        ("", "/opt/v2/Pricing.py", "", "pricing"),
        ("", "", "/opt/v3/Pricing.py", "pricing"),
        ("", "https://shop.example/static/app.3f2a1bcd.js?v=3", "", "app"),
        ("", "https://cdn-7.example/v2.1.0/assets/js/front/app.js", "", "front.app"),
        ("", "https://shop.example/order/81234", "", "order"),
        ("src:cart", "/srv/shop/src/cart.js", "", "cart"),
        ("dist:cart", "/srv/shop/dist/cart.js", "", "cart"),
        ("Shop.Orders+<PlaceAsync>d__5", "", "", "Shop.Orders"),
        ("", "webpack:///./src/cart.ts", "", "cart"),
    ],
)
def test_the_module_does_not_depend_on_the_deployment(module: str, filename: str, abs_path: str, expected: str) -> None:
    """Release folders, virtual environments, hosts and hashes of builds are left out."""
    assert module_of(module, filename, abs_path) == expected


def test_functions_lose_what_is_put_around_them() -> None:
    """Local scopes, addresses and prefixes of the language go; generated names are known."""
    assert function_of("make.<locals>.price_cart") == "make.price_cart"
    assert function_of("async Cart.total [as sum]") == "Cart.total"
    assert function_of("<function f at 0x7fe5a73e2fc0>") == "<function f at >"
    assert function_of("HTMLButtonElement.pay") == function_of("async Proxy.pay") == "pay"
    assert function_of("Server.<anonymous>") == "<anonymous>"
    assert function_of("block (2 levels) in Order#total") == function_of("block in total") == "total"
    names = ("<lambda>", "<listcomp>", "?", "", "<anonymous>", "price_cart", "<module>")
    assert [is_generated(name) for name in names] == [True] * 5 + [False] * 2


def test_a_method_cut_into_states_keeps_its_name() -> None:
    """Two asynchronous methods of one class have the same function and a number of the compiler."""
    assert method_of("Shop.Orders+<PlaceAsync>d__5", "MoveNext") == "PlaceAsync"
    assert method_of("Shop.Orders", "MoveNext") == "MoveNext"
    assert method_of("Shop.Orders+<PlaceAsync>d__5", "Place") == "Place"
