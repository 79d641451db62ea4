"""A project's filters as one column.

In: `Filters`. Out: their JSON text, and back; nothing wanted is an empty text. `store/projects.py` imports it.
"""

import msgspec

from kaput.model import Filters

MOST_GLOBS = 50
MOST_STARS = 5
LONGEST_GLOB = 200

_decoder = msgspec.json.Decoder(Filters)


def written(filters: Filters) -> str:
    """Returns the text of the column.

    Raises:
        ValueError: a glob that is too long or empty, or too many of them; fit to be shown.
    """
    for globs in (filters.error_types, filters.messages, filters.releases, filters.environments):
        if len(globs) > MOST_GLOBS:
            raise ValueError(f"A filter has at most {MOST_GLOBS} patterns, not {len(globs)}; join some with a *.")
        for glob in globs:
            if not 1 <= len(glob) <= LONGEST_GLOB:
                raise ValueError(f"A pattern has 1 to {LONGEST_GLOB} characters, not {len(glob)}: {glob[:40]!r}.")
            if glob.count("*") > MOST_STARS:
                raise ValueError(f"A pattern has at most {MOST_STARS} stars: {glob[:40]!r}.")
            if not glob.isprintable():
                raise ValueError(f"A pattern has printable characters only; {glob[:40]!r} has others. Use a ?.")
    return "" if filters == Filters() else msgspec.json.encode(filters).decode()


def read(text: str) -> Filters:
    """Returns the filters that a column holds."""
    return _decoder.decode(text) if text else Filters()
