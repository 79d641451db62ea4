"""The packages that are installed."""

import sys
from importlib.metadata import distributions
from pathlib import Path

from flask_kaput.packages import MOST, installed


def test_what_the_metadata_says_is_found() -> None:
    """Names and versions are those that every package's own metadata has."""
    known: dict[str, str] = {}
    for one in distributions():  # in the order of the path
        known.setdefault(one.metadata["Name"].lower().replace("_", "-").replace(".", "-"), one.version)
    assert installed(sys.path) == known


def test_the_first_folder_of_the_path_counts(tmp_path: Path) -> None:
    """What Python would import is told; what is no package, or no folder, is left aside."""
    for name in (
        "one/Own_Thing-2.0.dist-info",
        "two/own.thing-1.0-py3.11.egg-info",
        "two/no-version",
        "two/old.egg-info",
    ):
        (tmp_path / name).mkdir(parents=True)
    folders = [str(tmp_path / name) for name in ("missing", "one", "two")]
    assert installed(folders) == {"own-thing": "2.0"}
    assert installed(folders[2:]) == {"own-thing": "1.0"}


def test_there_is_a_bound(tmp_path: Path) -> None:
    """However many there are, an event stays small."""
    for number in range(MOST + 1):
        (tmp_path / f"p{number}-1.dist-info").mkdir()
    assert len(installed([str(tmp_path)])) == MOST
