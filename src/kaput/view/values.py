"""A value of an event as a tree that opens: short enough to be read at a glance, whole on demand.

In: any JSON value of a normalised event. Out: frozen `Value` trees for the templates. Pure; `view/` alone imports it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from kaput.view.render import plural

FILTERED = "[Filtered]"
SHORT = 160
LINES = 4
INLINE = 72
MOST_MEMBERS = 100
DEEPEST = 8

Kind = Literal["text", "word", "filtered", "tree"]

CONTROLS = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"} | {0x7F: 0x2421, ord("\r"): None}
WORDS = {"python": {None: "None", True: "True", False: "False"}}
OTHER_WORDS = {None: "null", True: "true", False: "false"}


@dataclass(frozen=True, slots=True)
class Value:
    """One value.

    Attributes:
        kind: `text` (a string, or a collection small enough for one line), `word` (a number, true, null), `filtered`
            (a secret that was taken out), or `tree`.
        short: what is shown before anything is opened.
        whole: the full text when `short` is a part of it, else empty.
        members: of a tree.
        left_out: how many members are not among `members`.
    """

    kind: Kind
    short: str
    whole: str = ""
    members: tuple["Member", ...] = field(default=())
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """One named value: a local variable, a header, an entry of a dictionary, an item of a list by its index."""

    name: str
    value: Value


def visible(text: str) -> str:
    """Returns the text with control characters as their pictures; tabs and line ends stay."""
    return text.translate(CONTROLS)


def end_cut(text: str, most: int) -> str:
    """Returns at most `most` characters, with an ellipsis where the end is missing."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def value_of(raw: Any, platform: str, depth: int = 0) -> Value:
    """Returns the tree of a value.

    Args:
        raw: any JSON value.
        platform: of the event; says how nothing and truth are spelt.
        depth: how deep the value lies; below `DEEPEST` only its size is told.
    """
    if isinstance(raw, str):
        return _text(raw)
    if isinstance(raw, Mapping):
        return _tree([(str(name), inner) for name, inner in raw.items()], "{}", platform, depth)
    if isinstance(raw, list | tuple):
        return _tree([(str(index), inner) for index, inner in enumerate(raw)], "[]", platform, depth)
    return Value("word", _word(raw, platform))


def members_of(raw: Mapping[str, Any], platform: str) -> tuple[Member, ...]:
    """Returns the members of a mapping in its order, at most `MOST_MEMBERS` of them."""
    return tuple(_members(list(raw.items()), platform, 0))


def _text(raw: str) -> Value:
    if raw == FILTERED:
        return Value("filtered", "filtered")
    text = visible(raw)
    lines = text.split("\n", LINES)
    short = end_cut("\n".join(lines[:LINES]), SHORT)
    if len(lines) > LINES and not short.endswith("…"):
        short += "…"
    return Value("text", short, text if short != text else "")


def _word(raw: Any, platform: str) -> str:
    if raw is None or isinstance(raw, bool):
        return WORDS.get(platform, OTHER_WORDS)[raw]
    return end_cut(str(raw), SHORT)


def _members(pairs: Iterable[tuple[str, Any]], platform: str, depth: int) -> Iterable[Member]:
    for name, inner in list(pairs)[:MOST_MEMBERS]:
        yield Member(end_cut(visible(str(name)), SHORT), value_of(inner, platform, depth + 1))


def _tree(pairs: list[tuple[str, Any]], brackets: str, platform: str, depth: int) -> Value:
    if not pairs:
        return Value("word", brackets)
    if depth >= DEEPEST:
        return Value("word", f"{brackets[0]}…{brackets[1]} {plural(len(pairs), 'item')}")
    members = tuple(_members(pairs, platform, depth))
    shown = [m.value.short if brackets == "[]" else f"{m.name}: {m.value.short}" for m in members]
    whole = len(members) == len(pairs) and not any(
        m.value.whole or m.value.kind in ("tree", "filtered") for m in members
    )
    line = brackets[0] + ", ".join(shown) + brackets[1]
    if whole and len(line) <= INLINE and "\n" not in line:
        return Value("text", line)
    preview = end_cut(" ".join(line.split()), INLINE)
    return Value("tree", f"{preview} {plural(len(pairs), 'item')}", "", members, len(pairs) - len(members))
