"""The rules of the tree, checked by reading it: who may import whom, how long things may be, how they are called."""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PROGRAMS = sorted(path for folder in ("src", "tests", "benchmarks", "docs") for path in (ROOT / folder).rglob("*.py"))

LONGEST_FUNCTION = 60
LONGEST_FILE = 500

SHARED = {"errors", "model", "config", "stats"}
STAGES = {"accept", "buffer", "digest", "store", "tell", "view"}
COMPOSING = {"app", "directory", "installation", "space", "serve", "cli", "demo", "__main__"}
EXTENSION = "flask_kaput"
EXTENSION_COMPOSER = "flask_kaput.extension"
EXTENSION_STAGES = {"embedded", "secrets"}
"""The rooms of the extension that work with Kaput's stages; its other files know the shared modules only."""

NEIGHBOURS = {
    "accept": {"buffer.base"},
    "digest.worker": {"buffer.base", "store.base"},
    "tell": {"store.base"},
    "view": {"store.base"},
    "flask_kaput.scrub": {"digest.secrets"},
}
"""What a stage, or one file of it, may import of other stages."""

WEB = {"flask", "flask_login", "flask_wtf", "wtforms", "werkzeug", "a2wsgi"}
WEB_ROOMS = ("accept.asgi", "view", "app", "demo", EXTENSION)

ENVIRONMENT_ROOMS = ("config", "cli", "serve", "demo", EXTENSION_COMPOSER)

LATE_IMPORTS = {
    ("app.page", "kaput.view.pages.create_pages"): "Flask is a third of the start, and no SDK needs it",
    ("app.page", "kaput.view.parts.Parts"): "it comes with Flask",
    ("serve.crew", "kaput.serve.hand"): "its decoders are memory that only a backlog needs",
    ("flask_kaput.mails", "flask_kaput.embedded.outage.StandIn"): "it loads nearly all of Kaput, for a rare day",
    (
        "flask_kaput.extension",
        "flask_kaput.embedded.part.attach",
    ): "an application that reports to a server takes no events itself",
    (
        "flask_kaput.embedded.tracker",
        "flask_kaput.embedded.leader.Leading",
    ): "it loads SQLAlchemy, which only the process that leads needs",
    ("flask_kaput.embedded.tracker", "flask_kaput.embedded.page.open_page"): "the page is for those who look at it",
    (
        "installation",
        "kaput.tell.mail.Composer",
    ): "templates and mail are an eighth of the start, and a test mail is rare",
    ("serve.work", "kaput.tell.mail.Composer"): "4 MB, and nothing to tell is the usual state of the outbox",
    ("serve.work", "kaput.tell.outbox.Teller"): "as above",
    ("serve.work", "kaput.tell.smtp.SmtpChannel"): "as above",
    ("installation", "kaput.tell.probe.send_test"): "as above",
    ("installation", "kaput.tell.preview.tried"): "to try rules is rare",
    ("installation", "kaput.digest.rehearsal.rehearse"): "it comes with google-re2, and to try rules is rare",
    ("installation", "kaput.tell.smtp.SmtpChannel"): "as above",
    ("installation", "kaput.tell.seal.Seal"): "a command and the accept path sign nothing",
    ("serve.work", "kaput.tell.lanes.Lanes"): "as above",
    ("installation", "kaput.tell.routes.route_of"): "as above",
    ("installation", "kaput.tell.routes.read_address"): "as above",
    ("config", "platformdirs"): "a third of a MB in each process that is told its directory",
    ("config", "tomllib"): "only who reads the settings needs it, and the processes of a server are told theirs",
    ("view.metrics", "kaput.view.exposition.CONTENT_TYPE"): "Prometheus' client is 1 MB that only a scrape needs",
    ("view.metrics", "kaput.view.exposition.exposed"): "as above",
    ("view.source", "kaput.view.colours.by_line"): "Pygments is most of a MB that only a page with source needs",
    ("store.versions", "semver.Version"): "a quarter MB that only who resolves in a release needs",
    ("digest.schedule", "cronsim.CronSim"): "2 MB that only who has a job with a crontab needs",
    ("digest.schedule", "cronsim.CronSimError"): "as above",
    ("digest.schedule", "zoneinfo.ZoneInfo"): "1 MB that only who has a job with a schedule needs",
    ("digest.schedule", "zoneinfo.ZoneInfoNotFoundError"): "as above",
    ("flask_kaput.extension", "flask_kaput.embedded.trial.probe"): "templates and mail, which only a check needs",
    ("flask_kaput.extension", "flask_kaput.embedded.trial.send"): "as above",
    (
        "flask_kaput.formatters",
        "flask_kaput.secrets.without_secrets",
    ): "9 MB that only an application that writes a log needs",
    ("flask_kaput.development", "debugpy"): "an optional driver, which only a developer's machine has",
    ("flask_kaput.documents", "yaml"): "2 MB that only who has such a file needs",
    ("flask_kaput.json_lines", "flask_kaput.secrets.document_without_secrets"): "as above",
}
"""Imports inside a function, by module and what it imports, each with its reason."""

CLAIM = re.compile(r"(?:[^.;:`]|`[\w/]+\.py`)+ imports? it\b(?:[^.;:`]|`[\w/]+\.py`)*")
"""The sentence in which a docstring names the files that import its module."""

UNEXPLAINED = re.compile(r"# (?:noqa(?:: [A-Z0-9, ]+)?|type: ignore(?:\[[a-z, -]+\])?)\s*$")

EMPTY_WORDS = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc"}


@dataclass(frozen=True)
class Import:
    """One import: the full name that was asked for, its line, and whether it stands inside a function."""

    target: str
    line: int
    late: bool


def module_name(path: Path) -> str:
    """Returns `buffer.base` for `src/kaput/buffer/base.py`, and an empty text for the package itself.

    The extension's modules keep their full name: `flask_kaput.settings`.
    """
    package, *parts = path.relative_to(ROOT / "src").with_suffix("").parts
    named = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join([package, *named] if package == EXTENSION else named)


def imports(tree: ast.Module) -> Iterator[Import]:
    """Yields every import of a module; `from a import b` is `a.b`, since b may be a module."""
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, id(node) in inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield from (Import(f"{base}.{alias.name}", node.lineno, id(node) in inside) for alias in node.names)


def within(module: str, room: str) -> bool:
    """Answers whether a module is the room or stands in it."""
    return module == room or module.startswith(f"{room}.")


def may_import(module: str, target: str) -> bool:
    """Answers whether a module of Kaput may import a name of Kaput; both without the leading `kaput.`."""
    stage, wanted = module.partition(".")[0], target.partition(".")[0]
    if stage in COMPOSING or module.split(".")[:2] in [[EXTENSION, room] for room in EXTENSION_STAGES]:
        return True
    if wanted in SHARED or wanted == "__version__":
        return True
    if stage in SHARED:
        return False
    allowed = set().union(*(names for room, names in NEIGHBOURS.items() if within(module, room)))
    return wanted == stage or any(within(target, room) for room in allowed)


def may_import_extension(module: str, target: str) -> bool:
    """Answers whether a module may import a name of the extension, of which only its package knows the composer."""
    return module == EXTENSION or (within(module, EXTENSION) and not within(target, EXTENSION_COMPOSER))


def import_faults(module: str, tree: ast.Module) -> Iterator[str]:
    """Yields what a module imports against the rules."""
    for found in imports(tree):
        where = f"{module}:{found.line} imports {found.target}"
        root, _, rest = found.target.partition(".")
        if found.target.startswith("."):
            yield f"{where}: name modules in full"
        if root == "kaput" and not may_import(module, rest):
            yield f"{where}: not a neighbour's base; let a root hand it in"
        if root == EXTENSION and not may_import_extension(module, found.target):
            yield f"{where}: the extension is a root, and extension.py is its own; let it hand things in"
        if root in WEB and not any(within(module, room) for room in WEB_ROOMS):
            yield f"{where}: web frameworks stay in {', '.join(WEB_ROOMS)}"
        if found.late and (module, found.target) not in LATE_IMPORTS:
            yield f"{where}: inside a function"


def importers() -> dict[str, set[str]]:
    """Returns for each module of the tree the modules that import it or something of it."""
    names = {module_name(path) for path in SOURCES}
    found: dict[str, set[str]] = {name: set() for name in names}
    for path in SOURCES:
        module = module_name(path)
        for one in imports(ast.parse(path.read_text(encoding="utf-8"))):
            target = one.target.removeprefix("kaput.")
            for wanted in {target, target.rpartition(".")[0]} & names:
                found[wanted].add(module)
    return found


def claim_faults(module: str, docstring: str, known: set[str]) -> Iterator[str]:
    """Yields who imports a module that names its importers, and is not among them."""
    for claim in CLAIM.findall(" ".join(docstring.split())):
        named = {name.replace("/", ".") for name in re.findall(r"`([\w/]+)\.py`", claim)}
        for importer in known:
            root = importer.partition(".")[0] in COMPOSING | {EXTENSION}
            if (
                named
                and not (root and "roots" in claim)
                and not any(f".{importer}".endswith(f".{name}") for name in named)
            ):
                yield f"{module} says{claim}, and {importer} does too"


def exemption_faults(name: str, source: str) -> Iterator[str]:
    """Yields exemptions from lint and types that give no reason."""
    for number, line in enumerate(source.splitlines(), start=1):
        if UNEXPLAINED.search(line):
            yield f"{name}:{number} gives no reason for its exemption; say it on the line"


def environment_faults(module: str, tree: ast.Module) -> Iterator[str]:
    """Yields reads of the environment, which belong to the settings."""
    if any(within(module, room) for room in ENVIRONMENT_ROOMS):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not (isinstance(node.value, ast.Name) and node.value.id == "os"):
            continue  # the environ of a request, for example
        if isinstance(node, ast.Attribute | ast.alias):
            name = node.attr if isinstance(node, ast.Attribute) else node.name
            if name in {"environ", "environb", "getenv"}:
                yield f"{module}:{node.lineno} reads the environment; take a setting as an argument"


def size_faults(name: str, source: str, tree: ast.Module) -> Iterator[str]:
    """Yields functions and files that are too long to be held in the head."""
    lines = len(source.splitlines())
    if lines > LONGEST_FILE:
        yield f"{name} has {lines} lines, more than {LONGEST_FILE}"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"{name}:{node.lineno} {node.name} has {length} lines, more than {LONGEST_FUNCTION}"


def words(name: str) -> set[str]:
    """Returns the words of `snake_case` or `CamelCase`, in lower case."""
    spaced = "".join(f" {letter}" if letter.isupper() else letter for letter in name)
    return set(spaced.replace("_", " ").lower().split())


def name_faults(name: str, tree: ast.Module) -> Iterator[str]:
    """Yields files, folders and classes whose name says nothing."""
    for part in Path(name).with_suffix("").parts:
        if words(part) & EMPTY_WORDS:
            yield f"{name}: {part!r} says nothing; a file is a noun of the field"
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and words(node.name) & EMPTY_WORDS:
            yield f"{name}:{node.lineno} {node.name!r} says nothing; name what it is"


def sentence_faults(name: str, tree: ast.Module) -> Iterator[str]:
    """Yields tests that do not state a behaviour in a sentence."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not node.name.startswith("test_"):
            continue
        if not ast.get_docstring(node):
            yield f"{name}:{node.lineno} states no behaviour"


def test_modules_import_only_what_their_stage_may() -> None:
    """A stage imports the shared modules, itself and its neighbours' bases, and nobody imports a root."""
    faults = [
        fault
        for path in SOURCES
        for fault in import_faults(module_name(path), ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert faults == []


@pytest.mark.parametrize(
    ("module", "source", "wrong"),
    [
        ("accept.asgi", "from kaput.buffer.segments import Segment", True),
        ("accept.asgi", "import kaput.buffer.segments", True),
        ("accept.asgi", "from kaput.buffer import segments", True),
        ("accept.asgi", "from kaput.buffer import base", False),
        ("accept.asgi", "from kaput.buffer.base import Appender", False),
        ("accept.asgi", "from kaput.store.base import Projects", True),
        ("digest.worker", "from kaput.store.base import Batches", False),
        ("digest.title", "from kaput.store.base import Batches", True),
        ("tell.mail", "from kaput.digest.title import title", True),
        ("model", "from kaput.accept.limits import Limits", True),
        ("store.schema", "from kaput.app import make", True),
        ("view.render", "from kaput.cli.main import main", True),
        ("view.render", "from kaput import __version__", False),
        ("view.render", "from kaput import app", True),
        ("view.render", "from . import issues", True),
        ("serve", "from kaput.buffer.segments import Segment", False),
        ("tell.mail", "from flask import Flask", True),
        ("view.issues", "from flask import Flask", False),
        ("flask_kaput.report", "from kaput.config import Size", False),
        ("flask_kaput.report", "from kaput.store.base import Batches", True),
        ("flask_kaput.report", "from kaput.installation import Installation", True),
        ("flask_kaput.embedded.tracker", "from kaput.installation import Installation", False),
        ("flask_kaput.report", "from flask_kaput.settings import Settings", False),
        ("flask_kaput.report", "from flask_kaput.extension import Kaput", True),
        ("flask_kaput", "from flask_kaput.extension import Kaput", False),
        ("view.pages", "from flask_kaput.settings import Settings", True),
        ("buffer.segments", "def f():\n    import os", True),
        ("buffer.segments", "import os", False),
    ],
)
def test_import_rules_can_fail(module: str, source: str, wrong: bool) -> None:
    """The rules find what breaks them and leave alone what does not."""
    assert wrong == bool(list(import_faults(module, ast.parse(source))))


def test_docstrings_name_all_who_import_the_module() -> None:
    """A module that says which files import it is imported by no other."""
    known = importers()
    docstrings = {module_name(path): ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) for path in SOURCES}
    faults = [fault for module, text in docstrings.items() for fault in claim_faults(module, text or "", known[module])]
    assert faults == []


def test_the_rule_of_docstrings_can_fail() -> None:
    """An importer that is not named is found; one that is named, or a root where roots are, is not."""
    text = "Out: a title. Pure; only `record.py` and the roots import it."
    assert list(claim_faults("digest.title", text, {"digest.record", "serve.work"})) == []
    assert len(list(claim_faults("digest.title", text, {"digest.place"}))) == 1
    assert list(claim_faults("a", "`b.py` imports it, and `c.py` what counts. `d.py` is else.", {"b", "c"})) == []
    assert len(list(claim_faults("digest.title", "Only `record.py` imports it.", {"serve.work"}))) == 1


def test_every_room_is_known() -> None:
    """A new file or folder beside the stages gets its place in the rules before it is used."""
    rooms = {module_name(path).split(".")[0] for path in SOURCES} - {""}
    assert rooms <= SHARED | STAGES | COMPOSING | {EXTENSION}


def test_exceptions_are_used() -> None:
    """An exception from the import rule that nothing needs any more is taken out of the list."""
    late = {
        (module_name(path), found.target)
        for path in SOURCES
        for found in imports(ast.parse(path.read_text(encoding="utf-8")))
        if found.late
    }
    assert set(LATE_IMPORTS) - late == set()
    assert [entry for entry, reason in LATE_IMPORTS.items() if not reason] == []


def test_only_roots_and_settings_read_the_environment() -> None:
    """Configuration is read once, in one place."""
    faults = [
        fault
        for path in SOURCES
        for fault in environment_faults(module_name(path), ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert faults == []


@pytest.mark.parametrize(
    "source", ["import os\nos.environ['A']", "import os\nos.getenv('A')", "from os import environ"]
)
def test_environment_rule_can_fail(source: str) -> None:
    """Each way to read the environment is found, in a stage; the roots may."""
    assert len(list(environment_faults("store.schema", ast.parse(source)))) == 1
    assert list(environment_faults("cli.main", ast.parse(source))) == []


def test_modules_say_what_they_are_for() -> None:
    """Every module opens with what comes in, what goes out and who may import it."""
    silent = [path.name for path in SOURCES if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert silent == []


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_keep_to_their_size_and_name(path: Path) -> None:
    """Files and functions are short, and their names say what they are."""
    name, source = str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    faults = [*size_faults(name, source, tree), *name_faults(name, tree)]
    assert faults == []


def test_exemptions_give_their_reasons() -> None:
    """Each exemption from lint and types in the sources says why on its line."""
    sources = ((str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")) for path in SOURCES)
    assert [fault for name, source in sources for fault in exemption_faults(name, source)] == []


def test_the_rule_of_exemptions_can_fail() -> None:
    """One without a reason is found, one with a reason is not."""
    bare = ["f()  # noqa: S603", "f()  # type: ignore[override]", "f()  # noqa"]
    assert [bool(list(exemption_faults("a.py", line))) for line in bare] == [True, True, True]
    assert (
        list(exemption_faults("a.py", "f()  # noqa: S603  # a fixed program\ng()  # type: ignore[x]  # its stub")) == []
    )


def test_size_and_name_rules_can_fail() -> None:
    """A long function, a long file and an empty name are found."""
    source = "class PageManager:\n    pass\n\n\ndef long():\n" + "    pass\n" * LONGEST_FUNCTION + "\n" * LONGEST_FILE
    tree = ast.parse(source)
    assert len(list(size_faults("a.py", source, tree))) == 2
    assert len(list(name_faults("src/kaput/view/string_utils.py", tree))) == 2


def test_every_test_states_its_behaviour() -> None:
    """Each test has a sentence that says what must hold."""
    faults = [
        fault
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for fault in sentence_faults(str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert faults == []


def test_sentence_rule_can_fail() -> None:
    """A test without a sentence is found."""
    assert len(list(sentence_faults("test_a.py", ast.parse("def test_a():\n    assert True\n")))) == 1


def test_complexity_has_a_budget() -> None:
    """The linter counts branches, and nobody raised the limit."""
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    assert "C90" in lint["select"]
    assert [code for code in lint["ignore"] if code.startswith("C90")] == []
    assert lint["mccabe"]["max-complexity"] <= 10
