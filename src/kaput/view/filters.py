"""What a project leaves out: the form of its filters, and what they left out lately.

In: a form. Out: `Filters`, and rows for the template. `view/projects.py` imports it.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from kaput.model import DAY, Filters
from kaput.view.parts import parts

PREFIX = "filter:"
DAYS = 7


class Field(Struct, frozen=True):
    """One field of the form; `name` is that of `Filters`."""

    name: str
    label: str
    help: str


GLOBS = (
    Field(
        "error_types", "Error types", "The type of the exception that was raised last, such as ConnectionResetError."
    ),
    Field("messages", "Messages", "The exception's value, its type and value, or a log message: *timed out*"),
    Field("releases", "Releases", "Such as 1.*, once you no longer mend that version."),
    Field("environments", "Environments", "Such as test or staging-*."),
)
SWITCHES = (
    Field("crawlers", "Crawlers", "Requests by programs that visit pages on their own, by their user agent."),
    Field("localhost", "This machine", "Requests to localhost, and users whose address is 127.0.0.1 or ::1."),
    Field(
        "extensions", "Browser extensions", "Errors inside somebody's extension, or in a script of a browser itself."
    ),
)


def read(form: Mapping[str, str]) -> Filters:
    """Reads the form: a pattern a line, blank lines aside."""
    lines: dict[str, object] = {
        field.name: tuple(line.strip() for line in form.get(field.name, "").splitlines() if line.strip())
        for field in GLOBS
    }
    return msgspec.convert(lines | {field.name: form.get(field.name) == "1" for field in SWITCHES}, Filters)


def lately(project_id: int) -> list[tuple[str, int]]:
    """Returns how many events each filter left out in the last days, the most first."""
    dropped = parts().store.facts.drops_since(parts().clock() - DAYS * DAY, project_id)
    counts = {reason.removeprefix(PREFIX): count for reason, count in dropped.items() if reason.startswith(PREFIX)}
    labels = {field.name: field.label for field in (*GLOBS, *SWITCHES)}
    return sorted(
        ((labels.get(name, name), count) for name, count in counts.items()), key=lambda row: (-row[1], row[0])
    )
