"""The development server: which debugger runs, and a real one that is attached."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

import flask_kaput
from flask_kaput.development import Plan, plan
from tests.flask_kaput.debug_adapter import Editor

PROGRAM = Path(__file__).parent / "programs" / "served.py"
PATIENCE = 60.0


@dataclass
class Served:
    """A development server that runs."""

    output: list[str]

    def found(self, pattern: str) -> str:
        """Returns the first group of a pattern in what the server said, once it says so."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if match := re.search(pattern, "".join(self.output)):
                return match[1]
            time.sleep(0.02)
        raise AssertionError(f"no {pattern} in {self.output}")

    def get(self, path: str) -> tuple[int, str]:
        """Asks for a path; returns status and body."""
        port = self.found(r"Running on http://127\.0\.0\.1:(\d+)")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


@contextmanager
def serving(folder: Path, config: str, host: str = "127.0.0.1", **environment: str) -> Iterator[Served]:
    """Runs the program with a configuration in YAML."""
    file = folder / "config.yaml"
    file.write_text("FLASK:\n" + "".join(f"    {line}\n" for line in config.splitlines()), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(file), host],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1", **environment},
    )
    served = Served([])
    assert process.stdout is not None
    lines = process.stdout
    reader = threading.Thread(target=lambda: served.output.extend(iter(lines.readline, "")))
    reader.start()
    try:
        yield served
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # with the reloader's child
        process.wait(PATIENCE)
        reader.join(PATIENCE)
        lines.close()


@pytest.mark.parametrize("debugger", ["werkzeug", "debugpy", "none"])
def test_there_is_never_a_debugger_outside_of_debug_mode(debugger: str) -> None:
    """Without debug mode neither a debugger nor the reloader starts, whatever is set."""
    chosen = plan(debugger, "127.0.0.1", debug=False)
    assert (chosen.use_debugger, chosen.use_reloader, chosen.listens) == (False, False, False)


@pytest.mark.parametrize(
    ("debugger", "host", "expected"),
    [
        ("werkzeug", "127.0.0.1", Plan(use_debugger=True, use_reloader=True)),
        ("werkzeug", "localhost", Plan(use_debugger=True, use_reloader=True)),
        ("werkzeug", "::1", Plan(use_debugger=True, use_reloader=True)),
        (
            "werkzeug",
            "0.0.0.0",
            Plan(use_reloader=True, refused="Werkzeug's debugger is not started: others can reach 0.0.0.0"),
        ),
        ("debugpy", "0.0.0.0", Plan(listens=True)),
        ("none", "127.0.0.1", Plan()),
    ],
)
def test_each_debugger_gets_what_it_needs(debugger: str, host: str, expected: Plan) -> None:
    """An external debugger runs without Werkzeug's and without the reloader; Werkzeug's is for this machine alone."""
    assert plan(debugger, host, debug=True) == expected


def test_in_production_there_is_no_console(tmp_path: Path) -> None:
    """The document's main.py serves a console with `DEBUG: False` and no `DEBUG_WITH_APTANA`; ours does not."""
    with serving(tmp_path, "DEBUG: False") as served:
        assert served.get("/") == (200, "hello there")
        assert served.get("/console")[0] == 404
        assert "Traceback" not in served.get("/fail")[1]


def test_in_debug_mode_the_debugger_of_werkzeug_runs(tmp_path: Path) -> None:
    """On this machine, in debug mode, an error shows where it happened, and there is a console."""
    with serving(tmp_path, "DEBUG: True") as served:
        assert "ZeroDivisionError" in served.get("/fail")[1]
        assert served.get("/console")[0] == 200
        assert served.found("(Restarting with)")


def test_where_others_reach_it_no_debugger_starts(tmp_path: Path) -> None:
    """In debug mode on all addresses the server runs without debugger, and says why."""
    with serving(tmp_path, "DEBUG: True", "0.0.0.0") as served:
        assert served.found(r"(debugger is not started: others can reach 0\.0\.0\.0)")
        assert served.get("/console")[0] == 404
        assert "ZeroDivisionError" not in served.get("/fail")[1]


def test_an_external_debugger_has_the_process_alone(tmp_path: Path) -> None:
    """`DEBUG_WITH_APTANA` starts neither Werkzeug's debugger nor the reloader."""
    with serving(tmp_path, "DEBUG: True\nDEBUG_WITH_APTANA: True") as served:
        assert served.get("/")[0] == 200
        assert served.get("/console")[0] == 404
        assert "Restarting with" not in "".join(served.output)


def test_debugpy_is_attached(tmp_path: Path) -> None:
    """An editor attaches to debugpy, and a request stops at its breakpoint with the values of that moment."""
    source = PROGRAM.read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(source, 1) if 'return greeting + " there"' in text)
    config = "DEBUG: True\nKAPUT_DEBUGGER: debugpy\nKAPUT_DEBUGGER_PORT: 0"
    with (
        serving(tmp_path, config) as served,
        Editor(int(served.found(r"debugpy listens on 127\.0\.0\.1:(\d+)"))) as editor,
    ):
        editor.answer(editor.ask("initialize", adapterID="test", pathFormat="path"))
        attached = editor.ask("attach", justMyCode=False)
        editor.event("initialized")
        editor.answer(editor.ask("setBreakpoints", source={"path": str(PROGRAM)}, breakpoints=[{"line": line}]))
        editor.answer(editor.ask("configurationDone"))
        editor.answer(attached)
        answers: list[tuple[int, str]] = []
        request = threading.Thread(target=lambda: answers.append(served.get("/")))
        request.start()
        thread = editor.event("stopped")["threadId"]
        frame = editor.answer(editor.ask("stackTrace", threadId=thread))["stackFrames"][0]
        value = editor.answer(editor.ask("evaluate", expression="greeting", frameId=frame["id"]))
        editor.answer(editor.ask("continue", threadId=thread))
        request.join(PATIENCE)
    assert (frame["name"], frame["line"], value["result"], answers) == (
        "index",
        line,
        "'hello'",
        [(200, "hello there")],
    )


def test_an_application_without_kaput_can_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """`run` reads the settings of an application that has no Kaput, and hands other options on."""
    app = Flask("plain")
    app.config.update(DEBUG=True, KAPUT_DEBUGGER="none")
    given: dict[str, object] = {}
    monkeypatch.setattr(app, "run", lambda host, port, **options: given.update(options, host=host, port=port))
    flask_kaput.run(app, port=5050, threaded=False)
    assert given == {
        "host": "127.0.0.1",
        "port": 5050,
        "debug": True,
        "use_debugger": False,
        "use_reloader": False,
        "threaded": False,
    }
