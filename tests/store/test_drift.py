"""When a project needs a dictionary, or a better one."""

from kaput.store.drift import FIRST, LONGEST_WINDOW, MOST_BARE, MOST_PROJECTS, SAMPLES, WINDOW, Drift


def add(drift: Drift, count: int, ratio: float | None, *, packed: float, project_id: int = 1) -> None:
    """Adds events of 1,000 bytes, one by one."""
    for row in range(count):
        drift.add(project_id, [row], 1000, int(1000 * packed), ratio)


def test_the_first_dictionary_is_due_after_some_events() -> None:
    """A project without one is due once it has enough to learn from, and later again when that was not worth it."""
    drift = Drift()
    add(drift, FIRST - 1, None, packed=0.3)
    assert drift.next() is None
    add(drift, 1, None, packed=0.3)
    assert drift.next() == (1, [*range(FIRST - 1), 0])
    add(drift, WINDOW - 1, None, packed=0.3)
    assert drift.next() is None
    add(drift, 1, None, packed=0.3)
    assert drift.next() is not None


def test_a_dictionary_that_does_as_well_as_ever_stays() -> None:
    """Only a ratio that is worse by a quarter over a whole window makes a project due."""
    drift = Drift()
    add(drift, 5 * WINDOW, 0.1, packed=0.12)
    assert drift.next() is None
    add(drift, WINDOW, 0.1, packed=0.13)
    due = drift.next()
    assert due is not None
    assert len(due[1]) == SAMPLES


def test_each_attempt_makes_the_next_one_later() -> None:
    """A project whose events will not compress is tried ever less often, down to a bound."""
    drift, seen = Drift(), 0
    attempts: list[int] = []
    while len(attempts) < 9:
        drift.add(1, range(500), 500_000, 400_000, 0.1)
        seen += 500
        if drift.next():
            attempts.append(seen)
            seen = 0
    assert attempts == [min(WINDOW * 2**n, LONGEST_WINDOW) for n in range(9)]


def test_rows_without_a_dictionary_are_handed_out_once() -> None:
    """They are remembered up to a bound, in order; those with a dictionary are not among them."""
    drift = Drift()
    drift.add(1, range(3), 3000, 900, None)
    drift.add(1, range(3, 9), 6000, 900, 0.1)
    assert [drift.bare(1, 2), drift.bare(1, 2), drift.bare(1, 2), drift.bare(2, 2)] == [[0, 1], [2], [], []]
    for start in range(0, 2 * MOST_BARE, 1000):
        drift.add(1, range(start, start + 1000), 1_000_000, 300_000, None)
    assert len(drift.bare(1, 2 * MOST_BARE)) == MOST_BARE


def test_few_projects_are_remembered() -> None:
    """A project that was silent for longest is forgotten first."""
    drift = Drift()
    for project_id in range(MOST_PROJECTS + 1):
        drift.add(project_id, [1], 1000, 300, None)
    assert (drift.bare(0, 9), drift.bare(1, 9)) == ([], [1])


def test_waiting_ends_when_a_project_is_due() -> None:
    """A thread that waits goes on at once."""
    drift = Drift()
    add(drift, FIRST, None, packed=0.3)
    drift.wait(60)
    assert drift.next() is not None
    drift.wake()
    drift.wait(60)
