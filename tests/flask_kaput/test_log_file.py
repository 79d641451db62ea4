"""The log file: many writers, rotation, and what happens when it cannot be written."""

import gzip
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flask_kaput.log_file import LogFile
from tests.clock import SettableClock
from tests.flask_kaput.applications import application

WRITER = Path(__file__).parent / "programs" / "writer.py"


def lines_of(folder: Path) -> list[str]:
    """Returns the lines of all files of a log, compressed or not."""
    texts = [
        gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text(encoding="utf-8")
        for path in folder.iterdir()
        if path.name.startswith("app.log")
    ]
    return [line for text in texts for line in text.splitlines()]


def test_no_line_of_many_processes_is_lost(tmp_path: Path) -> None:
    """Four processes write 20,000 lines while the file is rotated and compressed, and all of them are there once."""
    command = [sys.executable, str(WRITER), str(tmp_path / "app.log")]
    writers = [subprocess.Popen([*command, name, "5000"], stderr=subprocess.PIPE) for name in "abcd"]
    complaints = [writer.communicate(timeout=100)[1] for writer in writers]
    assert complaints == [b""] * 4
    expected = [f"line {name} {number} {'.' * 40}" for name in "abcd" for number in range(5000)]
    assert sorted(lines_of(tmp_path)) == sorted(expected)
    assert len(list(tmp_path.glob("app.log.*.gz"))) >= 8


def test_a_setting_turns_it_on(tmp_path: Path) -> None:
    """Warnings and errors of an application go to the file, with the request they came from; less does not."""
    file = tmp_path / "logs" / "app.log"
    with application(log_file=file) as app:

        @app.get("/stock")
        def stock() -> str:
            app.logger.info("looked")
            app.logger.warning("few %s left", "apples")
            raise LookupError("no apples")

        assert app.test_client().get("/stock").status_code == 500
    text = file.read_text(encoding="utf-8")
    first, second, *traceback = text.splitlines()
    assert "WARNING shop: few apples left [in " in first
    assert "ERROR shop: Exception on /stock [GET] [in " in second
    assert re.search(r" \[GET /stock stock 127\.0\.0\.1 - [0-9a-f]{32}\]$", first)
    assert traceback[0] == "    Traceback (most recent call last):"
    assert traceback[-1] == "    LookupError: no apples"
    assert "looked" not in text


def test_only_so_many_older_files_stay(tmp_path: Path) -> None:
    """The file is rotated by its size; older ones are compressed and counted."""
    handler = LogFile(tmp_path / "app.log", size=100, keep=2, compress=True)
    for number in range(20):
        handler.emit(logging.makeLogRecord({"msg": f"{number} {'.' * 60}"}))
    handler.close()
    assert sorted(path.name for path in tmp_path.glob("app*")) == ["app.log", "app.log.1.gz", "app.log.2.gz"]
    assert sorted(int(line.split()[0]) for line in lines_of(tmp_path)) == list(range(14, 20))


def test_the_file_is_rotated_by_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of yesterday is put aside when the first record of today comes."""
    clock = SettableClock(1_700_000_000.0)
    monkeypatch.setattr("time.time", clock)
    handler = LogFile(tmp_path / "app.log", every="day", keep=3)
    handler.emit(logging.makeLogRecord({"msg": "yesterday"}))
    clock.now += 86_400
    handler.emit(logging.makeLogRecord({"msg": "today"}))
    handler.close()
    assert (tmp_path / "app.log").read_text(encoding="utf-8") == "today\n"
    assert [path.read_text(encoding="utf-8") for path in tmp_path.glob("app.log.*")] == ["yesterday\n"]


def test_a_file_that_cannot_be_written_is_told_once_a_minute(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The application goes on, and stderr says which file it is, why, and how many records were lost."""
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    clock = SettableClock(1000.0)
    handler = LogFile(tmp_path / "file" / "app.log", clock=clock)
    for seconds in (0, 1, 1, 60):
        clock.now += seconds
        handler.handle(logging.makeLogRecord({"msg": "lost"}))
    first, second = capsys.readouterr().err.splitlines()
    assert "cannot write the log file" in first
    assert "File exists" in first
    assert "1 records were lost" in first
    assert "3 records were lost" in second


def test_nothing_is_opened_before_the_first_record(tmp_path: Path) -> None:
    """A command that another user runs leaves no file behind that the server cannot write."""
    with application(log_file=tmp_path / "logs" / "app.log") as app:
        app.logger.info("nothing that a log gets")
        assert list(tmp_path.iterdir()) == []


def test_tests_write_no_log(tmp_path: Path) -> None:
    """While the application is tested nothing is written."""
    with application(log_file=tmp_path / "app.log") as app:
        app.testing = True
        app.logger.error("of a test")
        app.testing = False
        app.logger.error("of the application")
    assert "of a test" not in (tmp_path / "app.log").read_text(encoding="utf-8")
