"""Makes the labelled corpus: a small shop, wrong in many ways, runs in many worlds, and real clients report.

In: `shop/`, and the environments of the clients. Out: `python.jsonl.xz`, one `{cause, world, event}` a line. Run it as
`python -m tests.corpus.grouping.making`; the file is kept in the repository, since it needs interpreters and clients
that not every machine has.

A cause is a function that fails, named like `pricing.price_of`; two ways in which one function fails are
`pricing.reserve#closed` and `pricing.reserve#cannot`. A world is a deployment: interpreter, client, folder, callers,
decorators, moved lines, what varies.
"""

import json
import lzma
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.corpus.grouping.others import others

HERE = Path(__file__).parent
ROOT = HERE.parent.parent.parent
CORPUS = HERE / "python.jsonl.xz"
OWN = sys.executable
RAVEN = str(ROOT / ".venv-raven/bin/python")
FIRST = str(ROOT / ".venv-sentry1/bin/python")
LIBRARIES = next((ROOT / ".venv/lib").glob("python*/site-packages"))

CALLERS = {
    "views": "def enter(fail, depth):\n    return checkout(fail)\n\n\ndef checkout(fail):\n    return fail()\n",
    "handlers": (
        "class Handler:\n    def post(self, fail):\n        return self.run(fail)\n\n    def run(self, call):\n"
        "        result = call()\n        return result\n\n\ndef enter(fail, depth):\n    return Handler().post(fail)\n"
    ),
    "recursive": "def enter(fail, depth):\n    if depth:\n        return enter(fail, depth - 1)\n    return fail()\n",
    "lambda": "enter = lambda fail, depth: [fail() for _ in (0,)][0]\n",
    "library": (
        "import functools\n\n\ndef enter(fail, depth):\n"
        "    return functools.reduce(lambda _, one: one(), [fail], None)\n"
    ),
}


@dataclass(frozen=True)
class World:
    """One deployment. `folder` is where the shop lies, `moved` how many lines everything went down."""

    name: str
    folder: str
    python: str = OWN
    client: str = "sentry"
    callers: str = "views"
    decorator: str = ""
    moved: int = 0
    reversed: bool = False
    way: str = "plain"
    depth: int = 0
    from_root: bool = False


def worlds() -> list[World]:
    """Returns all deployments that this machine can run."""
    found = [
        World("first", "srv/shop"),
        World("again", "srv/shop"),
        World("release", "srv/app/releases/20240101120000", moved=3),
        World("next release", "srv/app/releases/20240209080000", moved=40, callers="handlers"),
        World("container", "app", reversed=True, callers="lambda"),
        World("shallow recursion", "home/ann/src/shop", callers="recursive", depth=2),
        World("deep recursion", "home/ann/src/shop", callers="recursive", depth=70, moved=1),
        World("decorated", "srv/shop", decorator="traced", callers="library"),
        World("decorated twice", "srv/app/current", decorator="retried", moved=7),
        World("threads", "srv/shop", way="thread", callers="handlers"),
        World("loop", "var/www/shop", way="loop", moved=11),
        World("from the root", "opt/shop", from_root=True),
        World("first sdk", "srv/shop", python=FIRST),
        World("first sdk, moved", "data/apps/shop-3f9c2ab1", python=FIRST, moved=5, callers="handlers"),
        World("raven", "srv/shop", python=RAVEN, client="raven"),
        World("raven, decorated", "srv/app/releases/88", python=RAVEN, client="raven", decorator="traced", moved=2),
    ]
    others = {version: _interpreter(version) for version in ("3.10", "3.12")}
    found += [
        World(f"python {version}", f"srv/{version}/shop", python=python, moved=9, callers="handlers")
        for version, python in others.items()
        if python
    ]
    return [world for world in found if Path(world.python).exists()]


def make() -> list[dict[str, object]]:
    """Runs all worlds; returns the lines of the corpus."""
    return [line for seed, world in enumerate(worlds()) for line in _run(world, seed)]


def read() -> list[dict[str, object]]:
    """Reads the corpus that is kept, of every language, and the events that are written by hand."""
    found: list[dict[str, object]] = []
    for path in sorted(HERE.glob("*.jsonl.xz")):
        with lzma.open(path, "rt", encoding="utf-8") as file:
            found += map(json.loads, file)
    return [*found, *others()]


def write(path: Path, lines: list[dict[str, object]]) -> None:
    """Writes a corpus, those of one cause together, so that it is small."""
    lines.sort(key=lambda line: str(line["cause"]))
    with lzma.open(path, "wt", encoding="utf-8", preset=9 | lzma.PRESET_EXTREME) as file:
        file.writelines(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)


def _interpreter(version: str) -> str:
    """Returns the path of another interpreter, empty when there is none."""
    for folder in sorted(Path.home().glob(f".pyenv/versions/{version}.*")):
        return str(folder / "bin/python")
    return ""


def _run(world: World, seed: int) -> Iterator[dict[str, object]]:
    with TemporaryDirectory(prefix="kaput-") as temporary:
        root = Path(temporary) / world.folder
        _build(root, world)
        given = {
            "root": str(root),
            "libraries": str(LIBRARIES),
            "client": world.client,
            "way": world.way,
            "depth": world.depth,
            "seed": 1 if world.name == "again" else seed,
        }
        done = subprocess.run(
            [world.python, str(HERE / "report.py"), json.dumps(given)],
            cwd="/" if world.from_root else root,
            stdout=subprocess.PIPE,
            text=True,
            timeout=120,
            check=True,
        )
    for line in done.stdout.splitlines():
        cause, event = json.loads(line)
        yield {"cause": cause, "world": world.name, "event": event}


def _build(root: Path, world: World) -> None:
    """Writes the shop as this deployment has it."""
    shop = root / "shop"
    (shop / "templates").mkdir(parents=True)
    (shop / "__init__.py").write_text("")
    (shop / "callers.py").write_text(CALLERS[world.callers])
    for path in (HERE / "shop").glob("*.py.in"):
        (shop / path.stem).write_text(_changed(path.read_text(), path.name, world))
    for path in (HERE / "shop/templates").iterdir():
        lines = "\n" * world.moved if not path.read_text().startswith("{% extends") else ""
        (shop / "templates" / path.name).write_text(lines + path.read_text())


def _changed(text: str, name: str, world: World) -> str:
    blocks = re.split(r"\n\n\n(?=\S)", text)
    head, body, tail = blocks[0], blocks[1:-1], blocks[-1]
    functions = [block for block in body if block.startswith(("def ", "async def "))]
    if world.reversed and len(functions) == len(body):
        body.reverse()
    if world.decorator and name not in {"tracing.py.in", "helpers.py.in"}:
        head += f"\nfrom shop.tracing import {world.decorator}"
        body = [f"@{world.decorator}\n{block}" if block in functions else block for block in body]
    gap = "# Nothing to see here.\n" * world.moved
    return "\n\n\n".join([f"{gap}{head}", *(f"{gap}{block}" for block in body), tail])


def keep(path: Path, lines: list[dict[str, object]]) -> None:
    """Writes a corpus and says what it holds."""
    write(path, lines)
    counts = Counter(str(line["cause"]) for line in lines)
    sys.stdout.write(f"{len(lines)} events, {len(counts)} causes, {path.stat().st_size} bytes\n")
    few = {cause: count for cause, count in counts.items() if count < 10}
    sys.stdout.write(f"fewer than 10 events: {few}\n")


def main() -> None:
    """Makes the corpus anew."""
    keep(CORPUS, make())


if __name__ == "__main__":
    main()
