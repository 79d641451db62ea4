"""The shelves and which stands within which.

In: the name of a shelf. Out: the way to it. Fails, as ordered, when two shelves stand within each other. For `web.py`.
"""

from collections.abc import Mapping


def way_to(shelf: str, parents: Mapping[str, str]) -> list[str]:
    """Returns the shelves from the outermost to this one."""
    parent = parents.get(shelf)
    if parent is None:
        return [shelf]
    return [*way_to(parent, parents), shelf]
