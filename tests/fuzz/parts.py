"""The parts in which the inputs of the fuzzer are tried, each by one process."""

from collections.abc import Iterator

from tests.fuzz.targets import Fault, faults

PART = 5_000


def parts(inputs: int, seed: int) -> Iterator[tuple[int, str]]:
    """Yields for each part how many inputs it has and its seed."""
    for number, start in enumerate(range(0, inputs, PART)):
        yield min(PART, inputs - start), f"{seed}-{number}"


def tried(part: tuple[int, str]) -> list[Fault]:
    """Tries the inputs of one part."""
    return list(faults(*part))
