"""The standstill: told when accepted events wait and nothing moves, and not before."""

from dataclasses import dataclass, field

from kaput.app.standstill import LONGEST_SECONDS, Standstill
from kaput.model import Position


@dataclass
class Line:
    """What the worker did, and the time."""

    waiting: int = 0
    now: float = 100.0
    positions: list[Position] = field(default_factory=list)

    def look(self, standstill: Standstill, seconds: float) -> list[str]:
        """Lets time pass, looks, and returns what is told."""
        self.now += seconds
        standstill.measure()
        return standstill.problems()


def made(line: Line) -> Standstill:
    return Standstill(lambda: list(line.positions), lambda: line.waiting, lambda: line.now)


def test_it_is_told_after_a_while_and_ends() -> None:
    """Events wait and no position moves: it is told with the seconds, until one moves."""
    line = Line()
    standstill = made(line)
    assert line.look(standstill, 100) == []
    line.waiting = 5000
    assert line.look(standstill, LONGEST_SECONDS - 1) == []
    (problem,) = line.look(standstill, 1)
    assert "none has become visible for 15 s" in problem
    line.positions = [Position("1a-000000.seg", 40)]
    assert line.look(standstill, 1) == []


def test_a_worker_that_is_slow_is_no_standstill() -> None:
    """However long events wait, nothing is told while the positions move, or when none wait."""
    line = Line(waiting=5000)
    standstill = made(line)
    for offset in range(10):
        line.positions = [Position("1a-000000.seg", offset)]
        assert line.look(standstill, LONGEST_SECONDS - 1) == []
    line.waiting = 0
    assert line.look(standstill, 10 * LONGEST_SECONDS) == []
