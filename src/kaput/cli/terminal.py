"""What the commands print: tables and styled lines on a terminal, plain lines in a pipe, JSON when it is asked for.

In: texts from events, which may hold anything. Out: stdout. For the commands of this package. Everything but JSON goes
through `visible`, so that no event can move the cursor, change colours or rename the window of who looks at it.
"""

import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

OBEYED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that a terminal obeys or cannot take: controls, directions, halves of a pair, line ends."""
JOINERS = frozenset("\u200c\u200d")
"""Format characters without which some scripts and emoji fall apart; they change no direction."""

Line = tuple[str, str]
"""One line and its style in rich's words, e.g. `bold red`; an empty style is plain."""


def visible(text: str) -> str:
    r"""Returns the text with every character that a terminal would obey written as its escape (`\x1b`, `\u202e`)."""
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def moment(seconds: float) -> str:
    """Returns a time for people: `2026-11-22 14:48:53`, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]], cut: Sequence[str] = ()) -> None:
    """Prints rows: as a table on a terminal, else one line each with tabs between and no heads, whole.

    Args:
        heads: of the columns.
        rows: one text for each column.
        cut: heads of columns that end in an ellipsis where the terminal ends; the others are folded.
    """
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(visible(cell) for cell in row))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in heads:
        table.add_column(head, overflow="ellipsis" if head in cut else "fold", no_wrap=head in cut)
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    Console().print(table)


def print_lines(lines: Iterable[Line]) -> None:
    """Prints lines, styled on a terminal."""
    console = Console(soft_wrap=True, highlight=False)
    for text, style in lines:
        console.print(Text(visible(text), style=style))


def print_json(value: Any) -> None:
    """Prints one JSON value on one line, in UTF-8 whatever the terminal's encoding is."""
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")


def print_json_array(values: Iterable[Any]) -> None:
    """Prints one JSON array, a value a line, as the values come; nothing when asking for the first one fails."""
    out = sys.stdout.buffer
    before = b"[\n"
    for value in values:
        out.write(before + msgspec.json.encode(value))
        before = b",\n"
    out.write(b"[]\n" if before == b"[\n" else b"\n]\n")


def _shown(character: str) -> str:
    if character in JOINERS or unicodedata.category(character) not in OBEYED:
        return character
    return character.encode("unicode_escape").decode("ascii")
