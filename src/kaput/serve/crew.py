"""The crew of the worker: more processes for the digest while there is a backlog, none otherwise.

In: records, and which ones will be asked for next. Out: what the digest makes of each, as if the worker did it alone.
`serve/work.py` makes it.

The digest is pure, so it may happen anywhere and in any order. The worker takes records one by one; a hand
(`serve/hand.py`) takes several that lie ahead. When the worker comes to records that a hand still has, it digests
others in the meantime, the last ones first. A hand that dies, or does not answer, costs nothing but its work.
"""

import logging
import queue
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from kaput.model import EVENT, Aside, Digested, Record

AT_ONCE = 5  # records in one message
MOST_GIVEN = 4  # messages that a hand may owe while the worker digests too
BUSY_SECONDS = 0.15
IDLE_SECONDS = 20.0
PATIENCE_SECONDS = 20.0
PAUSE_SECONDS = 60.0  # before hands are hired again after one was lost

Read = Callable[[Record], Digested | Aside]
"""The digest of one record: raises Undigestible, or whatever a bug raises."""

_log = logging.getLogger(__name__)


class Hand:
    """One process of the crew.

    Attributes:
        owed: what it was given and has not answered, in order.
        ready: it has loaded its code.
        wire: how its messages are written and read.
    """

    def __init__(self, answers: "queue.SimpleQueue[tuple[Hand, bytes]]") -> None:
        from kaput.serve import hand

        self.wire = hand
        self.owed: deque[_Task] = deque()
        self.ready = False
        self._line, other = socket.socketpair()
        with other:
            arguments = [sys.executable, "-m", hand.__name__]
            self._process: subprocess.Popen[bytes] = subprocess.Popen(arguments, stdin=other.fileno())
        heard = partial(_put, answers, self)
        threading.Thread(target=hand.listen, args=(self._line, heard), name="kaput-hand", daemon=True).start()

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def give(self, task: "_Task") -> None:
        """Asks for the digest of some records; raises OSError when the process is gone."""
        self._line.sendall(self.wire.question(task.records))
        self.owed.append(task)

    def end(self) -> None:
        """Ends the process, whatever it does."""
        self._line.close()
        self._process.kill()
        self._process.wait()


@dataclass(eq=False, slots=True)
class _Task:
    """Some records that lie ahead, and by the id of each object what became of it; None until that is known."""

    records: Sequence[Record]
    made: dict[int, Digested | Aside | None] | None = None


@dataclass(slots=True)
class Crew:
    """Implements the digest of one record over several processes; used by one thread.

    Attributes:
        read: the digest of this process.
        most: hands at the most; with none this is the digest of this process.
        clock: seconds that are never set.
    """

    read: Read
    most: int
    clock: Callable[[], float] = time.monotonic
    hands: list[Hand] = field(default_factory=list)
    _answers: "queue.SimpleQueue[tuple[Hand, bytes]]" = field(default_factory=queue.SimpleQueue)
    _waiting: deque[_Task] = field(default_factory=deque)
    _tasks: dict[int, _Task] = field(default_factory=dict)
    _busy_since: float | None = None
    _idle_since: float = 0.0
    _not_before: float = 0.0

    def expect(self, records: Sequence[Record]) -> None:
        """Is told what will be asked for next, in order; nothing, when nothing lies ahead."""
        self._hire_or_dismiss(busy=bool(records))
        if not any(one.ready for one in self.hands):
            self._listen()
            return
        events = [record for record in records if record.kind == EVENT]
        for start in range(0, len(events), AT_ONCE):
            few = events[start : start + AT_ONCE]
            task = _Task(few)
            self._waiting.append(task)
            self._tasks |= dict.fromkeys(map(id, few), task)
        self._share()

    def __call__(self, record: Record) -> Digested | Aside:
        """Digests a record; raises what the digest raises."""
        task = self._tasks.pop(id(record), None)
        if task is None:
            return self.read(record)
        if task in self._waiting:  # it is the first of its few: they are at the end of what lies ahead
            self._waiting.remove(task)
            task.made = {}
        self._share()
        while task.made is None:
            self._use_the_time()
        return task.made.pop(id(record), None) or self.read(record)

    def leave(self, count: int) -> None:
        """Gives the hands enough for the time in which this process could digest so many records, and does not."""
        self._share(max(MOST_GIVEN, count // AT_ONCE))

    def close(self) -> None:
        """Ends all hands; what they owe is digested by this process."""
        while self.hands:
            self._part_from(self.hands[0])

    def _hire_or_dismiss(self, *, busy: bool) -> None:
        now = self.clock()
        if busy:
            self._idle_since = now
            self._busy_since = now if self._busy_since is None else self._busy_since
            if not self.hands and now >= max(self._busy_since + BUSY_SECONDS, self._not_before):
                self.hands += [Hand(self._answers) for _ in range(self.most)]
            return
        self._busy_since = None
        if self.hands and now >= self._idle_since + IDLE_SECONDS:
            self.close()

    def _share(self, most: int = MOST_GIVEN) -> None:
        """Takes what the hands have done, and gives them more, until each owes so many messages."""
        self._listen()
        for one in self._free(most):
            if not self._waiting:
                return
            task = self._waiting.popleft()
            try:
                one.give(task)
            except OSError:
                task.made = {}
                self._lose(one)

    def _free(self, most: int) -> Iterator[Hand]:
        """Yields hands that can be given more, again and again, the idlest first."""
        while free := [one for one in self.hands if one.ready and len(one.owed) < most]:
            yield min(free, key=lambda one: len(one.owed))

    def _use_the_time(self) -> None:
        """Digests something that lies ahead; when all of that is given, waits for an answer."""
        if not self._waiting:
            self._listen(PATIENCE_SECONDS)
            return
        task = self._waiting.pop()
        task.made = {id(record): self._try(record) for record in task.records}
        self._share()

    def _try(self, record: Record) -> Digested | Aside | None:
        try:
            return self.read(record)
        except Exception:  # noqa: BLE001  it is met again, and handled, when its turn comes
            return None

    def _listen(self, patience: float = 0.0) -> None:
        """Takes all answers that are there; waits for the first one, and parts from all who owe one after that."""
        try:
            while True:
                self._take(*self._answers.get(block=patience > 0, timeout=patience or None))
                patience = 0.0
        except queue.Empty:
            if patience:
                for one in [one for one in self.hands if one.owed]:
                    _log.error("The process %d did not answer for %.0f s; it is ended.", one.pid, patience)
                    self._lose(one)

    def _take(self, one: Hand, message: bytes) -> None:
        if one not in self.hands:
            return
        if not message:
            _log.error("The process %d, which helped the worker, is gone.", one.pid)
            self._lose(one)
        elif not one.ready:
            one.ready = True
        else:
            task = one.owed.popleft()
            task.made = dict(zip(map(id, task.records), one.wire.answered(message), strict=True))

    def _lose(self, one: Hand) -> None:
        self._not_before = self.clock() + PAUSE_SECONDS
        self._part_from(one)

    def _part_from(self, one: Hand) -> None:
        self.hands.remove(one)
        one.end()
        for task in one.owed:
            task.made = {}  # as if each could not be digested: this process tries


def _put(answers: "queue.SimpleQueue[tuple[Hand, bytes]]", one: Hand, message: bytes) -> None:
    answers.put((one, message))
