from kaput.model import Run, RunStatus
from kaput.view.runs import HEIGHT, MOST, STEP, strip

NOW = 1_800_000_000.0


def run(number: int, status: RunStatus = RunStatus.OK, duration: float | None = None) -> Run:
    return Run(f"{number:032x}", status, NOW - 60 * number, duration=duration)


def test_the_newest_run_stands_at_the_right() -> None:
    """With few runs the left end is empty; more than fit are left out at the old end."""
    assert [mark.x for mark in strip([run(0), run(1)], NOW).marks] == [(MOST - 2) * STEP + 1, (MOST - 1) * STEP + 1]
    many = strip([run(number) for number in range(50)], NOW)
    assert len(many.marks) == MOST
    assert (many.marks[0].x, many.marks[-1].words) == (1, "ok, just now")


def test_each_outcome_has_its_shape() -> None:
    """A bad run is taller than a good one, so that it is seen without colour."""
    runs = [run(1), run(2, RunStatus.ERROR, 65.0), run(3, RunStatus.MISSED), run(4, RunStatus.IN_PROGRESS)]
    drawn = {mark.kind: mark for mark in strip(runs, NOW).marks}
    assert drawn["error"].height == drawn["missed"].height > drawn["ok"].height
    assert all(mark.y + mark.height == HEIGHT - 1 for mark in drawn.values())
    assert drawn["error"].words == "failed after 1 min 5 s, 2 m ago"


def test_a_strip_has_words() -> None:
    """Who cannot see it hears what became of the runs."""
    assert strip([run(1), run(2), run(3, RunStatus.TIMEOUT)], NOW).words == "last 3 runs: 2 ok, 1 timed out"
    assert strip([], NOW).words == "no runs yet"
