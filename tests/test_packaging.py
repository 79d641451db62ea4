"""The wheel that is built from the tree holds everything that Kaput needs, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
PATIENCE = 60.0


def run(*arguments: str, path: Path | None = None, folder: Path = ROOT) -> str:
    """Runs a program of this environment, with the packages of `path` first, and returns what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(path)} if path else None
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built as `pip install .` builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    run("-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder))
    (built,) = folder.glob("*.whl")
    return built


def test_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    """Templates, styles and migrations are in the wheel like the code, and it adds two packages to the environment."""
    tree = {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src").rglob("*") if path.is_file()}
    source = {name for name in tree if "__pycache__" not in name}
    held = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == source
    assert {name.partition("/")[0] for name in held} == {"kaput", "flask_kaput"}


def test_wheel_runs(wheel: Path, tmp_path: Path) -> None:
    """What is in the wheel is enough to make a database and to show a page of help."""
    place = tmp_path / "place"
    ZipFile(wheel).extractall(place)
    where = run("-c", "import kaput; print(kaput.__file__)", path=place, folder=tmp_path)
    run("-m", "kaput.store.migrate", str(tmp_path / "kaput.db"), path=place, folder=tmp_path)
    assert where.startswith(str(place))
    assert (tmp_path / "kaput.db").stat().st_size > 0
    assert "Run everything" in run("-m", "kaput", "--help", path=place, folder=tmp_path)
