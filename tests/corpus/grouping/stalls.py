"""Makes the part of the corpus that is in JavaScript: a stall in Node, on pages as it is, and on pages minified.

In: `stall/`, and the clients in `tests/live/javascript`. Out: `javascript.jsonl.xz`. Run it as
`python -m tests.corpus.grouping.stalls`; what a cause and a world are says `making.py`. Causes begin with
`node`, `page` or `built`, since nothing ties a minified script to its source.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Route

from tests.browser import chromium
from tests.corpus.grouping.making import HERE, ROOT, keep
from tests.corpus.grouping.report import LEFT_OUT

CORPUS = HERE / "javascript.jsonl.xz"
STALL = HERE / "stall"
NODE = ROOT / ".venv-programs/bin/node"
MODULES = ROOT / "tests/live/javascript/node_modules"
ESBUILD = MODULES / ".bin/esbuild"

_SAME = "notes."
"""What counts by its words: minified or not."""

CALLERS = {
    "views": "export const enter = (fail) => checkout(fail);\n\nfunction checkout(fail) {\n  return fail();\n}\n",
    "handlers": (
        "class Handler {\n  post(fail) {\n    return this.run(fail);\n  }\n\n  run(call) {\n    const made = call();\n"
        "    return made;\n  }\n}\n\nexport function enter(fail, depth) {\n  return new Handler().post(fail);\n}\n"
    ),
    "recursive": "export function enter(fail, depth) {\n  return depth ? enter(fail, depth - 1) : fail();\n}\n",
    "library": "export const enter = (fail, depth) => [fail].map((one) => one())[0];\n",
    "wrapped": (
        "const traced = (fn) => function wrapper(...args) {\n  return fn.apply(this, args);\n};\n\n"
        "export const enter = traced((fail, depth) => fail());\n"
    ),
}


@dataclass(frozen=True)
class World:
    """One deployment: a folder in Node, an address on a page. `build` is a name of a bundle, with what it minifies."""

    name: str
    base: str
    page: str = ""
    build: str = ""
    callers: str = "views"
    moved: int = 0
    way: str = "caught"
    depth: int = 0
    options: tuple[str, ...] = ()


NODES = (
    World("first", "srv/stall"),
    World("release", "srv/app/releases/20240101120000", moved=3),
    World("next release", "srv/app/releases/20240209080000", callers="handlers", moved=40),
    World("container", "app", callers="library"),
    World("shallow recursion", "home/ann/src/stall", callers="recursive", depth=2),
    World("deep recursion", "home/ann/src/stall", callers="recursive", depth=30, moved=1),
    World("decorated", "srv/app/current", callers="wrapped", moved=7),
    World("hashed folder", "data/apps/stall-3f9c2ab1", moved=5),
    World("packages", "opt/packages/stall", callers="handlers"),
    World("again", "var/www/stall", callers="wrapped", moved=11),
)
PAGES = (
    World("first", "https://stall.example/js/front/", "https://stall.example/"),
    World("other host", "https://www.stall.example/js/front/", "https://www.stall.example/basket?id=12", moved=3),
    World("another cdn", "https://cdn-7.example.net/js/front/", "https://stall.example/", callers="handlers", moved=40),
    World("version", "https://cdn.example.net/v2.14.0/js/front/", "https://stall.example/order/81234/edit"),
    World("date", "https://cdn.example.net/20240209/js/front/", "https://stall.example/", moved=9, way="later"),
    World("port", "http://127.0.0.1:8080/js/front/", "http://127.0.0.1:8080/", callers="library"),
    World("recursion", "https://stall.example/js/front/", "https://stall.example/", callers="recursive", depth=3),
    World(
        "deep recursion", "https://stall.example/js/front/", "https://stall.example/x", callers="recursive", depth=30
    ),
    World("lost", "https://stall.example/static/js/front/", "https://stall.example/", way="lost", moved=1),
    World(
        "clicked", "https://stall.example/js/front/", "https://stall.example/?utm=a7f", way="clicked", callers="wrapped"
    ),
    World("commit", "https://stall.example/assets/3f9c2ab1d/js/front/", "https://stall.example/", moved=12),
)
BUILDS = (
    World("first", "https://stall.example/js/", "https://stall.example/", "stall.min.js"),
    World("hashed", "https://stall.example/assets/", "https://stall.example/", "stall-3f9c2ab1.js", moved=3),
    World("hashed again", "https://cdn.example.net/assets/", "https://stall.example/", "stall-BX3k9_aQ.js", moved=30),
    World("handlers", "https://stall.example/js/", "https://stall.example/", "stall.min.js", callers="handlers"),
    World("query", "https://stall.example/js/", "https://stall.example/", "stall.min.js?v=81234", callers="library"),
    World("later", "https://stall.example/js/", "https://stall.example/", "stall.min.js", moved=5, way="later"),
    World("lost", "https://stall.example/js/", "https://stall.example/", "stall.1f3a9.js", moved=6, way="lost"),
    World("clicked", "https://stall.example/js/", "https://stall.example/", "stall.min.js", way="clicked"),
    World("depth", "https://stall.example/js/", "https://stall.example/", "stall.min.js", callers="recursive", depth=9),
    World("other names", "https://stall.example/js/", "https://stall.example/", "stall.min.js", moved=90),
)


def make() -> list[dict[str, object]]:
    """Runs all worlds; returns the lines of the corpus."""
    lines = [line for seed, world in enumerate(NODES, 1) for line in _lines("node", world, _node(world, seed))]
    with TemporaryDirectory(prefix="kaput-") as folder, chromium() as browser:
        sdk = _esbuild(STALL / "sdk.js", Path(folder) / "sdk.js", "--minify", "--keep-names")
        for kind, worlds in (("page", PAGES), ("built", BUILDS)):
            for seed, world in enumerate(worlds, 1):
                lines += _lines(kind, world, _paged(browser, sdk, world, seed))
    return lines


def _lines(kind: str, world: World, found: list[tuple[str, dict[str, Any]]]) -> Iterator[dict[str, object]]:
    for cause, event in found:
        kept = {key: value for key, value in event.items() if key not in LEFT_OUT}
        whose = "web" if kind != "node" and cause.startswith(_SAME) else kind
        yield {"cause": f"{whose}.{cause}", "world": world.name, "event": kept}


def _node(world: World, seed: int) -> list[tuple[str, dict[str, Any]]]:
    with TemporaryDirectory(prefix="kaput-") as temporary:
        root = Path(temporary) / world.base
        _build(root / "src", world)
        shutil.copy(STALL / "node.js", root)
        (root / "package.json").write_text('{"type": "module"}')
        (root / "node_modules").symlink_to(MODULES)
        subprocess.run(
            [NODE, "node.js", json.dumps({"way": world.way, "depth": world.depth, "seed": seed})],
            cwd=root,
            timeout=120,
            check=True,
        )
        return [json.loads(line) for line in (root / "events.jsonl").read_text().split("\n")]


def _paged(browser: Browser, sdk: str, world: World, seed: int) -> list[tuple[str, dict[str, Any]]]:
    """Opens the page of a world, whose scripts come from wherever it says; nothing leaves the browser."""
    with TemporaryDirectory(prefix="kaput-") as temporary:
        root = Path(temporary)
        _build(root, world)
        entry = "page.js"
        if world.build:
            entry = world.build
            file = root / entry.partition("?")[0]
            _esbuild(root / "page.js", file, "--minify", *world.options)
        page = browser.new_page()

        def answer(route: Route) -> None:
            url = route.request.url
            if url == world.page:
                body, kind = (
                    f'<script src="/sdk.js"></script><script type="module" src="{world.base}{entry}"></script>',
                    "html",
                )
            elif url.endswith("/sdk.js"):
                body, kind = sdk, "javascript"
            else:
                file = root / url.removeprefix(world.base).partition("?")[0]
                body, kind = file.read_text() if file.is_file() else "", "javascript"
            route.fulfill(body=body, content_type=f"text/{kind}", headers={"Access-Control-Allow-Origin": "*"})

        page.route("**/*", answer)
        page.goto(world.page)
        page.wait_for_function("() => Boolean(globalThis.stall)")
        given = {"way": world.way, "depth": world.depth, "seed": seed}
        found: list[tuple[str, dict[str, Any]]] = page.evaluate("given => globalThis.stall(given)", given)
        page.close()
    return found


def _esbuild(source: Path, target: Path, *options: str) -> str:
    command = [
        str(NODE),
        str(ESBUILD),
        str(source),
        "--bundle",
        "--format=esm",
        f"--outfile={target}",
        "--allow-overwrite",
        *options,
    ]
    environment = {"PATH": os.environ["PATH"], "NODE_PATH": str(MODULES)}
    subprocess.run(command, check=True, capture_output=True, timeout=60, env=environment)
    return target.read_text()


def _build(root: Path, world: World) -> None:
    """Writes the stall as this deployment has it, with comments before each function."""
    root.mkdir(parents=True, exist_ok=True)
    gap = "// Nothing to see here.\n" * world.moved
    for path in STALL.glob("*.js"):
        text = re.sub(r"\n\n(?=export (?!const CAUSES)|async |function |const odd)", f"\n\n{gap}", path.read_text())
        (root / path.name).write_text(gap + text)
    (root / "callers.js").write_text(CALLERS[world.callers])


def main() -> None:
    """Makes the corpus anew."""
    keep(CORPUS, make())


if __name__ == "__main__":
    main()
