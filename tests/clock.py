"""A clock that tests set."""

from dataclasses import dataclass


@dataclass
class SettableClock:
    """Implements `kaput.model.Clock`: stands still until it is set."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        """Returns the time it was set to."""
        return self.now
