"""Takes the secrets out of an event before anything else sees it.

In: the decoded event, before anything is cut (a cut can hide a secret's name from its value). Out: the same
dictionary, changed in place, with `[Filtered]` where a secret stood. The digest stage imports it, and the
extension, for what it writes to logs.

One walk decides by key, each key once (`secrets.py`), and collects the texts; one scan over all texts together finds
the places to look at (`literals.py`). A typical event has some thousand texts and a dozen such places.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from kaput.digest.decode import slow_numbers
from kaput.digest.echo import filter_echoes, telling
from kaput.digest.literals import SCAN, filter_text, secret_places
from kaput.digest.secrets import FILTERED, NAME_LIMIT, is_card, package_name, secret_cookie, secret_name

_SOURCE = frozenset({"pre_context", "context_line", "post_context"})
_SHORTEST = 4
"""A shorter text holds no name with its value and nothing of a known shape."""
_LONG_KEY = 12
"""A longer key is looked at as a text too: forms carry whole JSON documents as keys."""
_BIG = 10**12
"""From here on a number may be a payment card."""
_NESTED = 3
"""How many times JSON may stand in a string of JSON."""
_NESTED_VALUES, _DOCUMENT = 2000, 20
"""Commas in such strings of one event, and for how many each counts, as a number that is read slowly does for ten; what
is beyond is filtered as text."""
_TEMPLATE = 16 * 1024
"""Characters of a template of which it is known which parameters are secret; of a longer one all are taken for it."""
HITS = 600
"""Places of one event that are looked at; a text is cut off at the first that is beyond."""
_CUT = 100
"""Texts behind the last such place that are looked at, to be cut off at the first place in each."""
_KEPT_EMPTY = frozenset({"", "None", "null", "True", "False", "true", "false", "''", '""', FILTERED})

_TEXT, _CODE, _KEY = range(3)

Named = Callable[[str], bool]
"""Whether a name is secret."""
Place = tuple[Any, Any, int]
"""Container, key or index, and what stands there; for source code the container is the frame."""

_NAMED_UNDER: dict[str, Named] = {"cookies": secret_cookie, "modules": package_name}
"""Keys whose contents have names of another kind."""


Hit = tuple[int, int, int]
"""A group of `SCAN`, and where it begins and ends in its text."""


class Ledger:
    """What the scrub of one event has found, and how much more it may look at.

    Attributes:
        secrets: those that would be known again elsewhere, and how often each stood under a secret name.
        hits: places that may still be looked at.
        commas: values in strings of JSON that may still be looked at, about.
    """

    def __init__(self) -> None:
        self.secrets: Counter[str] = Counter()
        self.hits = HITS
        self.commas = _NESTED_VALUES


class _Text(NamedTuple):
    """A text in which the scan found something; `is_cut`: what stood behind it was not looked at."""

    place: Place
    text: bytes
    hits: list[Hit]
    is_cut: bool


def scrub(event: dict[str, Any]) -> int:
    """Replaces every secret in the event, in place.

    Returns:
        How many were replaced.
    """
    ledger = Ledger()
    count = scrub_params(event) + scrub_part(event, ledger)
    return count + (filter_echoes(event, ledger.secrets) if ledger.secrets else 0)


def scrub_part(part: Any, ledger: Ledger) -> int:
    """Replaces the secrets in a part of an event, in place, but not their echoes elsewhere.

    Args:
        part: an object or a list.
        ledger: of the whole event.

    Returns:
        How many were replaced.
    """
    return _scrub(part, 0, ledger)


def scrub_params(event: dict[str, Any]) -> int:
    """Replaces the parameters of log messages that their templates put behind a secret name; returns how many."""
    return sum(_scrub_params(event.get(key)) for key in ("logentry", "message"))


def _scrub_params(entry: Any) -> int:
    if not isinstance(entry, dict):
        return 0
    template, params = entry.get("message"), entry.get("params")
    if not isinstance(template, str) or not isinstance(params, list):
        return 0
    if len(template) > _TEMPLATE:
        params[:] = [FILTERED] * len(params)
        return len(params)
    places = [index for index in secret_places(template.encode()) if index < len(params)]
    for index in places:
        params[index] = FILTERED
    return len(places)


def _scrub(root: Any, level: int, ledger: Ledger) -> int:
    walk = _Walk(ledger)
    walk.collect(root)
    return walk.count + walk.filter_texts(level)


class _Walk:
    """One pass over a tree of JSON; `count` is how many values were replaced for their key's sake."""

    def __init__(self, ledger: Ledger) -> None:
        self.count = 0
        self._ledger = ledger
        self.texts: list[str] = []
        self.places: list[Place] = []
        self._stack: list[tuple[Any, Named]] = []

    def collect(self, root: Any) -> None:
        """Replaces what stands under a secret key, and notes every other text with its place."""
        stack = self._stack
        stack.append((root, secret_name))
        while stack:
            node, named = stack.pop()
            if type(node) is dict:
                if "value" in node:
                    self._entry(node, named)
                self._object(node, named)
            else:
                self._array(node, named)

    def _object(self, node: dict[str, Any], named: Named) -> None:
        texts, places = self.texts, self.places
        source = False
        for key, value in node.items():
            kind = type(value)
            name = key
            if len(key) > _LONG_KEY:
                texts.append(key)
                places.append((node, key, _KEY))
                name = key[-NAME_LIMIT:]
            if named(name):
                self._named(node, key, value)
            elif key in _SOURCE and (kind is str or kind is list):
                source = True
            elif kind is str:
                if len(value) >= _SHORTEST:
                    texts.append(value)
                    places.append((node, key, _TEXT))
            elif kind is dict or kind is list:
                self._stack.append((value, _NAMED_UNDER.get(key, named)))
            elif kind is int and value >= _BIG:
                self._number(node, key, value)
        if source:
            self._source(node)

    def _entry(self, node: dict[str, Any], named: Named) -> None:
        """`{"name": "password", "value": ...}`, as forms and HTTP archives have it."""
        name = node.get("name") or node.get("key")
        if isinstance(name, str) and named(name[-NAME_LIMIT:]):
            self._replace(node, "value", node["value"])

    def _named(self, node: dict[str, Any], key: str, value: Any) -> None:
        """Cookies are decided one by one where they stand one by one."""
        if key in _NAMED_UNDER and type(value) in (dict, list):
            self._stack.append((value, _NAMED_UNDER[key]))
        else:
            self._replace(node, key, value)

    def _array(self, node: list[Any], named: Named) -> None:
        option = False
        pair = len(node) == 2 and type(node[0]) is str and named(node[0][-NAME_LIMIT:])
        for at, value in enumerate(node):
            kind = type(value)
            if option or (pair and at == 1):
                self._replace(node, at, value)
                option = False
            elif kind is str:
                if len(value) >= _SHORTEST:
                    self.texts.append(value)
                    self.places.append((node, at, _TEXT))
                    option = value[:3].lstrip("'\"")[:1] == "-" and len(value) < NAME_LIMIT and _is_option(value)
            elif kind is dict or kind is list:
                self._stack.append((value, named))
            elif kind is int and value >= _BIG:
                self._number(node, at, value)

    def _replace(self, node: Any, key: Any, value: Any) -> None:
        """An absent or empty value says something and betrays nothing, so it stays."""
        if value is None or value is True or value is False or (type(value) is str and value in _KEPT_EMPTY):
            return
        if type(value) in (dict, list) and not value:
            return
        node[key] = FILTERED
        self.count += 1
        if type(value) is str and (secret := telling(value)):
            self._ledger.secrets[secret] += 1

    def _number(self, node: Any, key: Any, value: int) -> None:
        self._ledger.hits -= 1
        if self._ledger.hits < 0 or is_card(str(value)[:20]):
            node[key] = FILTERED
            self.count += 1

    def _source(self, frame: dict[str, Any]) -> None:
        """A frame's source lines are one text, since a key or a string may go over several of them."""
        lines = _source_lines(frame)
        texts = "\n".join(lines)
        if texts.count("\n") >= len(lines):
            texts = "\n".join(line.replace("\n", " ") for line in lines)
        if texts:
            self.texts.append(texts)
            self.places.append((frame, len(lines), _CODE))

    def filter_texts(self, level: int) -> int:
        """Scans all texts at once and rewrites those that hold a secret.

        Returns:
            How many secrets were replaced.
        """
        if not self.texts:
            return 0
        data = "\0".join(self.texts).encode()
        count = 0
        keys: list[_Text] = []
        for index, text, hits, is_cut in _found(data, self._ledger):
            container, key, kind = self.places[index]
            if is_cut and not text and kind == _TEXT:
                container[key] = FILTERED
                count += 1
                continue
            found = _Text(self.places[index], text, hits, is_cut)
            if found.place[2] == _KEY:
                keys.append(found)
            else:
                count += self._filter(found, level)
        # Keys last, since a text is put back under the key that it was found under.
        return count + sum(self._filter(found, level) for found in keys)

    def _filter(self, found: _Text, level: int) -> int:
        container, key, kind = found.place
        text = found.text
        if kind == _TEXT and text[:1] in b"{[" and level < _NESTED and not found.is_cut:
            document, count = self._filter_json(text, level)
            if document is not None:
                container[key] = document.decode()
                return count
        filtered, count = filter_text(text, found.hits, code=kind == _CODE)
        if found.is_cut:
            filtered, count = filtered + FILTERED.encode(), count + 1
        if not count:
            return 0
        if kind == _CODE:
            lines = filtered.decode().split("\n")
            _write_source(container, lines + [""] * (key - len(lines)))
        elif kind == _KEY:
            container[filtered.decode()] = container.pop(key)
        else:
            container[key] = filtered.decode()
        return count

    def _filter_json(self, text: bytes, level: int) -> tuple[bytes | None, int]:
        """Scrubs a text that is itself JSON as a tree; None when it is not JSON, or too much of it."""
        self._ledger.commas -= text.count(b",") + _DOCUMENT
        if b"\\u0000" in text or self._ledger.commas < 0:
            return None, 0
        self._ledger.commas -= 10 * slow_numbers(text)
        if self._ledger.commas < 0:
            return None, 0
        try:
            document = msgspec.json.decode(text)
            count = _scrub(document, level + 1, self._ledger)
            return (msgspec.json.encode(document), count) if count else (text, 0)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None, 0


def _is_option(word: str) -> bool:
    """Whether the word of a command line says that the next one is secret: `--password`."""
    return "=" not in word and " " not in word and secret_name(word)


def _found(data: bytes, ledger: Ledger) -> Iterator[tuple[int, bytes, list[Hit], bool]]:
    """Groups what the scan finds by text: its index, the text, the hits in it, and whether it is cut at one more."""
    index = first = 0
    last = -1
    hits: list[Hit] = []
    for match in SCAN.finditer(data):
        start, end = match.span()
        if start > last:
            if hits:
                yield index, data[first:last], hits, False
            hits = []
            index += data.count(b"\0", first, start)
            first = data.rfind(b"\0", first, start) + 1 or first
            last = data.find(b"\0", start)
            last = len(data) if last < 0 else last
        if ledger.hits <= 0:
            yield index, data[first:start], hits, True
            yield from _beyond(data[last + 1 :].split(b"\0"), index + 1)
            return
        ledger.hits -= 1
        hits.append((match.lastindex, start - first, end - first))
    if hits:
        yield index, data[first:last], hits, False


def _beyond(texts: Sequence[bytes], index: int) -> Iterator[tuple[int, bytes, list[Hit], bool]]:
    """The texts behind the last place that is looked at: each is cut where something may stand, the last ones whole."""
    for at, text in enumerate(texts, index):
        if at - index >= _CUT:
            yield at, b"", [], True
        elif match := SCAN.search(text):
            yield at, text[: match.start()], [], True


def _source_lines(frame: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for key in ("pre_context", "context_line", "post_context"):
        value = frame.get(key)
        if type(value) is str:
            lines.append(value)
        elif type(value) is list:
            lines += [line if type(line) is str else "" for line in value]
    return lines


def _write_source(frame: dict[str, Any], lines: list[str]) -> None:
    at = 0
    for key in ("pre_context", "context_line", "post_context"):
        value = frame.get(key)
        if type(value) is str:
            frame[key] = lines[at]
            at += 1
        elif type(value) is list:
            frame[key] = lines[at : at + len(value)]
            at += len(value)
