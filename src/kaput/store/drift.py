"""How well the payloads of each project compress, and so when a project needs a dictionary, or a better one.

In: what the worker wrote. Out: projects that are due, each with rows to learn from. In memory only: after a start it
is learned again. `store/batches.py` writes it, `store/trainer.py` reads it, each in a thread of its own.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

FIRST = 100
"""Events of a project before its first dictionary."""
WINDOW = 1000
"""Events over which the ratio is watched; with each attempt to train, a project's window doubles."""
LONGEST_WINDOW = 64_000
WORSE = 1.25
"""How much worse than when it was trained a dictionary may do."""
SAMPLES = 400
MOST_BARE = 4000
MOST_PROJECTS = 64


@dataclass(slots=True)
class Course:
    """The events of a project in the current window.

    Attributes:
        recent: rows of the newest events.
        bare: rows that were compressed without a dictionary.
    """

    window: int = FIRST
    events: int = 0
    raw: int = 0
    packed: int = 0
    recent: deque[int] = field(default_factory=lambda: deque(maxlen=SAMPLES))
    bare: list[int] = field(default_factory=list)

    def add(self, rows: Sequence[int], raw: int, packed: int, ratio: float | None) -> bool:
        """Adds events, and answers whether a dictionary is due.

        Args:
            rows: of the events.
            raw: bytes of their JSON.
            packed: bytes of their payloads.
            ratio: what their dictionary did when it was trained; None when there is none.
        """
        self.recent.extend(rows)
        if ratio is None:
            self.bare += rows[: MOST_BARE - len(self.bare)]
        else:
            self.window = max(self.window, WINDOW)
        self.events += len(rows)
        self.raw += raw
        self.packed += packed
        if self.events < self.window:
            return False
        due = ratio is None or self.packed > WORSE * ratio * self.raw
        self.events = self.raw = self.packed = 0
        return due

    def tried(self) -> None:
        """Lets the next attempt wait for longer."""
        self.window = min(max(WINDOW, 2 * self.window), LONGEST_WINDOW)


class Drift:
    """The courses of all projects."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._courses: OrderedDict[int, Course] = OrderedDict()
        self._due: OrderedDict[int, None] = OrderedDict()

    def add(self, project_id: int, rows: Sequence[int], raw: int, packed: int, ratio: float | None) -> None:
        """Adds committed events of a project; see `Course.add`."""
        with self._lock:
            course = self._courses.setdefault(project_id, Course())
            self._courses.move_to_end(project_id)
            if course.add(rows, raw, packed, ratio):
                self._due[project_id] = None
                self._wake.set()
            while len(self._courses) > MOST_PROJECTS:
                self._courses.popitem(last=False)

    def wait(self, seconds: float) -> None:
        """Waits until a project is due, or as long."""
        self._wake.wait(seconds)

    def wake(self) -> None:
        """Lets `wait` return at once."""
        self._wake.set()

    def next(self) -> tuple[int, list[int]] | None:
        """Returns a project that is due and rows to learn from, and lets its course begin again."""
        with self._lock:
            self._wake.clear()
            while self._due:
                project_id, _ = self._due.popitem(last=False)
                if (course := self._courses.get(project_id)) is not None:
                    course.tried()
                    return project_id, list(course.recent)
        return None

    def bare(self, project_id: int, most: int) -> list[int]:
        """Returns rows of a project that were compressed without a dictionary, each once."""
        with self._lock:
            course = self._courses.get(project_id)
            if course is None:
                return []
            rows, course.bare = course.bare[:most], course.bare[most:]
            return rows
