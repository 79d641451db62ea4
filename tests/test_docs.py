"""The documentation against the code: what it names exists, and the pages that are made from the code are fresh."""

import json
import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from docs import commands, flask_settings, settings
from flask_kaput.settings import Settings as FlaskSettings
from kaput.cli.main import COMMANDS
from kaput.config import ENVIRONMENT_PREFIX, Settings

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
STAGES = ("accept", "buffer", "digest", "store", "tell", "view")
PIN = re.compile(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*")


def text_of(name: str) -> str:
    """Returns the text of a file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def pins(name: str) -> list[str]:
    """Returns the lines of a requirements file that are no comments."""
    return [line for line in text_of(name).splitlines() if line and not line.startswith("#")]


def plain(name: str) -> str:
    """Returns the name of a distribution in its one normal form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    """Every link of a page to a file of the repository has that file."""
    targets = re.findall(r"\]\(([^)#\s]+)", text_of(name))
    inside = [target for target in targets if not target.startswith(("http://", "https://", "mailto:"))]
    assert [target for target in inside if not ((ROOT / name).parent / target).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_files_that_are_named_exist(name: str) -> None:
    """A path in the text is a file or folder of the tree; a pattern with <angles> is none."""
    paths = re.findall(r"`((?:src|tests|docs|benchmarks|\.ci)/[^`\s<*]*)`", text_of(name))
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_commands_that_are_named_exist(name: str) -> None:
    """A command in the text is a command of the program."""
    named = set(re.findall(r"(?:^|`|\$ )kaput ([a-z][a-z-]*)", text_of(name), re.MULTILINE))
    assert named - set(COMMANDS) == set()


@pytest.mark.parametrize("name", NAMES)
def test_settings_that_are_named_exist(name: str) -> None:
    """A setting in the text is a setting of the table."""
    known = {ENVIRONMENT_PREFIX + item.name.upper() for table in (Settings, FlaskSettings) for item in fields(table)}
    named = set(re.findall(r"\bKAPUT_[A-Z_]*[A-Z]\b", text_of(name)))
    assert named - known == set()


@pytest.mark.parametrize("name", NAMES)
def test_make_targets_that_are_named_exist(name: str) -> None:
    """A target in the text is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`|\$ )make ([a-z]+)", text_of(name), re.MULTILINE)) - targets == set()


def test_settings_page_is_fresh() -> None:
    """The settings page is what the table makes; `make docs` writes it."""
    assert text_of("docs/settings.md") == settings.page() + "\n"


def test_settings_page_of_the_extension_is_fresh() -> None:
    """The page of the Flask extension's settings is what its table makes; `make docs` writes it."""
    assert text_of("docs/flask-settings.md") == flask_settings.page() + "\n"


def test_commands_page_is_fresh() -> None:
    """The commands page is what the commands make, and has them all; `make docs` writes it."""
    page = text_of("docs/commands.md")
    assert page == commands.page() + "\n"
    assert [name for name in COMMANDS if f"## kaput {name}" not in page] == []


def test_lifecycle_follows_the_stages() -> None:
    """The path of an event is told in the order of time, each stage with its files."""
    _, *parts = re.split(r"^## [1-9]\. ([a-z]+):", text_of("docs/lifecycle.md"), flags=re.MULTILINE)
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    assert tuple(sections) == STAGES
    assert [stage for stage, text in sections.items() if f"`src/kaput/{stage}/" not in text] == []


def test_checks_run_what_the_readme_says() -> None:
    """The commands that every change must pass are those that README names."""
    commands_run = re.findall(r"^make [a-z]+$", text_of(".ci/run"), re.MULTILINE)
    assert commands_run == ["make check", "make test"]
    assert [command for command in commands_run if command not in text_of("README.md")] == []


@pytest.mark.parametrize("name", sorted(path.name for path in ROOT.glob("requirements*.txt")))
def test_pins_are_plain(name: str) -> None:
    """A pin is a name and a version, with no address."""
    assert [line for line in pins(name) if not PIN.fullmatch(line)] == []


def test_javascript_is_pinned() -> None:
    """The clients in JavaScript have exact versions, and the lock holds no address to fetch them from."""
    folder = "tests/live/javascript"
    asked = json.loads(text_of(f"{folder}/package.json"))["dependencies"]
    locked = json.loads(text_of(f"{folder}/package-lock.json"))["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in asked} == asked
    assert [name for name, package in locked.items() if "://" in json.dumps(package)] == []


def test_every_dependency_is_pinned() -> None:
    """What the distribution asks for has its exact version in requirements.txt."""
    asked = tomllib.loads(text_of("pyproject.toml"))["project"]["dependencies"]
    names = {plain(re.split(r"[<>=; ]", line)[0]) for line in asked}
    assert names - {plain(line.partition("==")[0]) for line in pins("requirements.txt")} == set()
