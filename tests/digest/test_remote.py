"""The stack that another process wrote as text."""

import subprocess
import sys
from pathlib import Path

from kaput.digest.fingerprint import group
from kaput.digest.remote import told
from kaput.model import Event, ExceptionChain, ExceptionValue, Frame, Stacktrace

OWN = Frame(module="shop", filename="shop.py", function="run_all", context_line="pool.map(run, jobs)", in_app=True)
PROGRAM = """
import sys
from concurrent.futures import ProcessPoolExecutor

def halve(number):
    return number / 0

def third(number):
    return [][number] / 3

if __name__ == "__main__":
    with ProcessPoolExecutor(1) as pool:
        print(pool.submit(globals()[sys.argv[1]], 4).exception().__cause__)
"""


def text_of(work: str, folder: Path) -> str:
    program = folder / "shop.py"
    program.write_text(PROGRAM)
    done = subprocess.run([sys.executable, program, work], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def chain(text: str) -> Event:
    raised = ExceptionValue(type="ZeroDivisionError", value="x", stacktrace=Stacktrace([OWN]))
    told_first = ExceptionValue(type="_RemoteTraceback", value=text)
    return Event(event_id="a" * 32, timestamp=1.0, received=1.0, exception=ExceptionChain([told_first, raised]))


def test_the_stack_of_a_pool_of_processes_is_read(tmp_path: Path) -> None:
    """What Python itself wrote, with the line that failed."""
    stack = told("_RemoteTraceback", text_of("halve", tmp_path))
    assert stack is not None
    assert (stack.frames[-1].function, stack.frames[-1].context_line) == ("halve", "return number / 0")
    assert stack.frames[-1].abs_path == str(tmp_path / "shop.py")
    assert not stack.frames[0].in_app


def test_what_failed_in_another_process_tells_issues_apart(tmp_path: Path) -> None:
    """One line that starts all jobs is not where they fail."""
    (tmp_path / "moved").mkdir()
    halved, third = text_of("halve", tmp_path), text_of("third", tmp_path)
    assert group(chain(halved)).hashes[0] != group(chain(third)).hashes[0]
    moved = text_of("halve", tmp_path / "moved").replace("line 6", "line 66")
    assert group(chain(moved)).hashes[0] == group(chain(halved)).hashes[0]


def test_other_values_hold_no_stack() -> None:
    """Nor does a text that is none."""
    text = '  File "/srv/shop.py", line 6, in halve\n    return number / 0'
    assert told("_RemoteTraceback", text) is not None
    assert told("KeyError", text) is None
    assert told("_RemoteTraceback", "gone") is None
