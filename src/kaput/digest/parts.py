"""The fields of an event, read part by part, each as far as it needs it.

In: the JSON text of an event. Out: its selected fields, scrubbed, with stacks and breadcrumbs of the usual shape as the
structs of the event already. Only `record.py` imports it.

A part is looked at for secrets as it was sent (`suspicion.py`), and walked through only when one may stand in it. What
has the usual shape and size (`regular.py`) needs nothing else; everything else is left for `normalise.py`. Frames recur
from event to event, so what became of one, without its variables, is remembered.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

import msgspec

from kaput.digest import regular
from kaput.digest.decode import NUL, slow_numbers
from kaput.digest.fields import Notes, moment
from kaput.digest.normalise import BREADCRUMB_DATA, OLD_NAMES, Read, modules, select
from kaput.digest.ration import values_in
from kaput.digest.scrub import HITS, Ledger, scrub_params, scrub_part
from kaput.digest.stack import VARS, frame, variables
from kaput.digest.suspicion import suspicious
from kaput.model import Breadcrumbs, FieldError, Frame, Stacktrace

LONGEST = 128 * 1024
"""Bytes of an event that is read part by part; a longer one is a rare one."""
VALUES, _MANY = 1500, 700
"""Values in all that has not the usual shape and size; an event of more is read as a whole, before much was done for it
in vain, and after many of them a number that is read slowly counts for ten."""
_PLACES = 100
"""Places in which a secret may stand; an event of more is read as a whole too, which has one bound for all of them."""
_FRAMES = 250
"""Frames of all stacks in a field; of more, some are left out."""
_REMEMBERED = 16 * 1024
"""Bytes of a list of packages that is remembered; a longer one is nobody's usual one."""
_FIELDS = regular.RegularFrame.__struct_fields__[:-1]

_NULL = msgspec.Raw(b"null")
_HAS_NUL = "There is NUL in a text, which no database keeps."

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class _KnownFrame(NamedTuple):
    """What becomes of a frame without its variables, and what was filtered in it."""

    frame: Frame
    filtered: int
    secrets: Counter[str]
    places: int


class _KnownModules(NamedTuple):
    """What becomes of the names and versions of an application's packages."""

    versions: dict[str, str]
    filtered: int
    secrets: Counter[str]
    places: int
    errors: list[FieldError]


class Parts:
    """Reads one event.

    Attributes:
        notes: what could not be kept as it came.
        filtered: how many secrets were replaced.
    """

    def __init__(self) -> None:
        self.notes = Notes()
        self.filtered = 0
        self._ledger = Ledger()
        self._left = VALUES

    @property
    def secrets(self) -> Counter[str]:
        """Those that stood under a secret name and would be known again elsewhere, and how often."""
        return self._ledger.secrets

    def read(self, body: bytes) -> dict[str, Any]:
        """Reads the fields that an event has.

        Raises:
            msgspec.MsgspecError: it is no well-formed object.
            ValueError: it has NUL in it, or too many values or places to be read like this.
        """
        try:
            given: dict[str, Any] = regular.event(body)
            if not OLD_NAMES.isdisjoint(given):
                given = select(given)
        except msgspec.ValidationError:
            given = select(_fields(body))
        read: dict[str, Any] = {}
        for name, reader in self._readers.items():
            if name in given:
                try:
                    read[name] = reader(self, given[name])
                except msgspec.ValidationError:
                    if not isinstance(given[name], bytes):
                        given[name] = _fields(body)[name]
                    continue
                del given[name]
        return read | self._others(given)

    def _others(self, raws: dict[str, bytes]) -> dict[str, Any]:
        """Reads fields of any shape."""
        text = b"{%b}" % b",".join(map(b'"%b":%b'.__mod__, zip(map(str.encode, raws), raws.values(), strict=True)))
        found: dict[str, Any] = self._decoded(text)
        names = list(raws)
        self.filtered += scrub_params(found)
        return found | self._scrubbed({names[index]: found[names[index]] for index in _suspicious(list(raws.values()))})

    def _decoded(self, raw: bytes) -> Any:
        """Decodes what may have any shape."""
        self._count(raw)
        return _decode(raw)

    def _count(self, raw: bytes) -> None:
        self._left -= values_in(raw)
        if self._left < VALUES - _MANY:
            self._left -= 10 * slow_numbers(raw)
        if self._left < 0:
            raise ValueError(f"There are more than {VALUES} values of an unusual shape or size.")

    def _modules(self, raw: bytes) -> Read:
        if len(raw) > _REMEMBERED:
            self._count(raw)
        modules = (_known_modules if len(raw) <= _REMEMBERED else _read_modules)(raw)
        self._add(modules)
        self.notes.errors += modules.errors
        return Read(modules.versions)

    def _add(self, known: _KnownFrame | _KnownModules) -> None:
        self.filtered += known.filtered
        if known.secrets:
            self.secrets.update(known.secrets)
        self._look(known.places)

    def _scrubbed(self, part: dict[str, Any]) -> dict[str, Any]:
        if part:
            self.filtered += scrub_part(part, self._ledger)
            self._look(0)
        return part

    def _look(self, places: int) -> None:
        """Counts places that were looked at elsewhere."""
        self._ledger.hits -= places
        if self._ledger.hits < HITS - _PLACES:
            raise ValueError(f"There are more than {_PLACES} places in which a secret may stand.")

    def _exceptions(self, given: bytes | regular.RegularExceptions) -> dict[str, Any]:
        found = regular.exceptions(given) if isinstance(given, bytes) else given
        return self._holders(found.values, "exception.values.")

    def _threads(self, given: bytes | regular.RegularThreads) -> dict[str, Any]:
        found = regular.threads(given) if isinstance(given, bytes) else given
        return self._holders(found.values, "threads.values.")

    def _stacktrace(self, given: bytes | regular.RegularStack) -> Stacktrace | None:
        return self._stack(regular.stack(given) if isinstance(given, bytes) else given, "stacktrace.")

    def _holders(self, holders: Sequence[regular.Holder], path: str) -> dict[str, Any]:
        """Reads exceptions or threads, the last ones first as `stack.py` does."""
        if sum(len(one.stacktrace.frames) for one in holders if one.stacktrace) > _FRAMES:
            raise msgspec.ValidationError
        found = [msgspec.structs.asdict(one) for one in holders]
        stacks = [one.pop("stacktrace") for one in found]
        # The names of these fields are known; `value` would make each exception suspicious.
        texts = [_encode(list(one.values())) for one in found]
        self._count(b"".join(texts))
        for index in _suspicious(texts):
            self._scrubbed(found[index])
        for index in reversed(range(len(found))):
            if stacks[index]:
                found[index]["stacktrace"] = self._stack(stacks[index], f"{path}{index}.stacktrace.")
        return {"values": found}

    def _stack(self, stack: regular.RegularStack, path: str) -> Stacktrace | None:
        if len(stack.frames) > _FRAMES:
            raise msgspec.ValidationError
        frames: list[Frame] = []
        for one, held in zip(stack.frames, self._variables(stack.frames, path), strict=True):
            known = _known_frame(msgspec.structs.astuple(one)[:-1])
            frames.append(msgspec.structs.replace(known.frame, vars=held) if held else known.frame)
            if known.places:
                self._add(known)
        return Stacktrace(frames) if frames else None

    def _variables(self, frames: Sequence[regular.RegularFrame], path: str) -> list[Any]:
        """Reads the variables of a stack, all regular ones at once; what can stay as it is stays JSON text."""
        raws = [bytes(one.vars) for one in frames]
        odd = _suspicious(raws)
        if max(map(len, raws), default=0) > VARS:
            odd |= {index for index, raw in enumerate(raws) if len(raw) > VARS}
        usual = raws.copy()
        for index in odd:
            usual[index] = b"{}"
        found: list[Any] = [None if raw == b"{}" else one.vars for one, raw in zip(frames, usual, strict=True)]
        if not regular.are_canonical(usual):
            try:
                found = regular.objects(usual)
            except msgspec.ValidationError:
                odd = set(range(len(raws)))
        for index in sorted(odd):
            part = {"vars": self._object(raws[index])}
            found[index] = variables(part, self.notes, f"{path}frames.{index}.")
        return found

    def _object(self, raw: bytes) -> Any:
        """Reads variables among which a secret may stand, and walks through those only that are suspicious."""
        stays = len(raw) <= VARS and regular.are_canonical([raw])
        found: Any = regular.fields(raw) if stays else self._decoded(raw)
        if type(found) is not dict:
            return self._scrubbed({"vars": found})["vars"]
        if "value" in found:  # whose name stands under another key
            return self._scrubbed({"vars": self._values(found)})["vars"]
        names = list(found)
        raws = found if stays else regular.fields(raw)
        odd = _suspicious([b"%b:%b" % (_encode(name), value) for name, value in raws.items()])
        part = self._values({names[index]: found[names[index]] for index in sorted(odd)})
        scrubbed = self._scrubbed({"vars": part})["vars"]
        for name in [names[index] for index in odd if names[index] not in scrubbed]:
            del found[name]  # there was a secret in the name itself
        found |= scrubbed
        return self._values(found) if stays and len(_encode(found)) > VARS else found

    def _values(self, part: dict[str, Any]) -> dict[str, Any]:
        """Decodes what still is JSON text."""
        return {
            name: self._decoded(bytes(value)) if type(value) is msgspec.Raw else value for name, value in part.items()
        }

    def _breadcrumbs(self, raw: bytes) -> list[Any] | Breadcrumbs:
        """Reads breadcrumbs: those of the usual shape and size as structs, the others as they are."""
        if not _suspicious([raw]):
            with suppress(msgspec.ValidationError):
                return Breadcrumbs([*_timed(regular.breadcrumbs(raw))])
        raws = [bytes(one) for one in regular.trail(raw)]
        odd = _suspicious(raws) | {index for index, one in enumerate(raws) if len(one) > BREADCRUMB_DATA}
        plain = [index for index in range(len(raws)) if index not in odd]
        texts = b",".join(raws[index] for index in plain)
        crumbs = _timed(regular.breadcrumbs(b"[%b]" % texts))  # first: once it fails, nothing may be counted
        found = self._scrubbed({str(index): self._decoded(raws[index]) for index in odd})
        for index, crumb in zip(plain, crumbs, strict=True):
            found[str(index)] = crumb
        return [found[str(index)] for index in range(len(raws))]

    _readers: ClassVar = {
        "exception": _exceptions,
        "stacktrace": _stacktrace,
        "threads": _threads,
        "breadcrumbs": _breadcrumbs,
        "modules": _modules,
    }


def _suspicious(pieces: Sequence[bytes]) -> set[int]:
    """Names the pieces in which a secret may stand; NUL, which is suspicious too, is for who reads an event as a whole.

    Raises:
        ValueError: there is NUL.
    """
    odd = suspicious(pieces)
    if any(NUL in pieces[index] for index in odd):
        raise ValueError(_HAS_NUL)
    return odd


def _fields(body: bytes) -> dict[str, bytes]:
    return {name: bytes(raw) for name, raw in regular.fields(body).items() if raw != _NULL}


def _timed(crumbs: list[regular.RegularBreadcrumb]) -> list[regular.RegularBreadcrumb]:
    """Reads the times of breadcrumbs that nobody else has yet; raises msgspec.ValidationError when one is too large."""
    for crumb in crumbs:
        if crumb.data and len(_encode(crumb.data)) > BREADCRUMB_DATA:
            raise msgspec.ValidationError
        msgspec.structs.force_setattr(crumb, "timestamp", moment(crumb.timestamp))
    return crumbs


@lru_cache(maxsize=1024)
def _known_frame(fields: tuple[Any, ...]) -> _KnownFrame:
    """Scrubs and reads a frame without its variables."""
    raw = {
        name: list(value) if isinstance(value, tuple) else value for name, value in zip(_FIELDS, fields, strict=True)
    }
    if NUL in _encode(raw):
        raise ValueError(_HAS_NUL)
    ledger = Ledger()
    filtered = scrub_part(raw, ledger)
    return _KnownFrame(frame(raw, Notes(), "") or Frame(), filtered, ledger.secrets, HITS - ledger.hits)


def _read_modules(raw: bytes) -> _KnownModules:
    if NUL in raw:
        raise ValueError(_HAS_NUL)
    fields = {"modules": regular.versions(raw)}
    ledger = Ledger()
    notes = Notes()
    filtered = scrub_part(fields, ledger)
    return _KnownModules(modules(fields, notes), filtered, ledger.secrets, HITS - ledger.hits, notes.errors)


_known_modules = lru_cache(maxsize=256)(_read_modules)
