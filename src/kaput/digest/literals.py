"""Secrets inside of text: the literal to the right of a secret-looking name, and values of a known shape.

In: one text as UTF-8 bytes and where the scan found something. Out: the text with `[Filtered]` in their places.
The digest stage imports it, and the extension, for what it writes to logs.

`SCAN` runs over many texts at once, in time linear in their length; everything after a hit only moves forward.
In prose a literal is quoted, in brackets, or the next word. In source code it is quoted, a number, or a bracket that
holds nothing but literals, so that `token = make_token(user)` stays readable; inside of a string or a comment of the
source the rule for prose holds.
"""

import re
import string
from collections.abc import Callable, Iterable

import re2

from kaput.digest.secrets import (
    FILTERED,
    NAME_LIMIT,
    is_basic,
    is_bearer,
    is_card,
    is_iban,
    is_ssn,
    secret_name,
    weak_name,
)

_MASK = FILTERED.encode()

NAMES = (
    r"pass|pwd|secret|token|auth|cred|csrf|xsrf|cookie|jwt|bearer|cvv|cvc|ssn|iban|otp|sess(?:ion)?[_-]?id"
    r"|sess(?:ion)?[_-]?key|connect\.sid|(?:api|app|private|access|signing|encryption|master|ssh|account|shared)[_-]?key"
    r"|card[_-]?number|credit[_-]?card|kennwort|contrase|motdepasse"
)
SCHEMES = r"(?i:bearer|basic) +[\w.~+/=-]{6}"
ADDRESS = r"://[^\s/:@?#\"'<>\x00]*:[^\s/?#\"'<>\x00]+@|\w:[^\s/:@?#\"'<>\x00]+@"
TOKENS = (
    r"AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|[srp]k_(?:live|test)_|sk-|xox[a-z]-|xapp-|AIza|SG\.|npm_|pypi-|hf_|whsec_"
    r"|dop_v1_"
)
_ISSUER = r"(?:3[04-9]|4[0-9]|5[1-5]|2[2-7]|6[0-9])"
CARDS = (
    rf"{_ISSUER}[0-9]{{11,17}}|{_ISSUER}[0-9]{{2}}[ -][0-9]{{4}}[ -][0-9]{{4}}[ -][0-9]{{1,7}}"
    rf"|{_ISSUER}[0-9]{{2}}[ -][0-9]{{6}}[ -][0-9]{{4,5}}"
)
IBANS = r"[A-Z]{2}[0-9]{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?)"
PEM = r"-----(?:BEGIN|END) [A-Z0-9 ]*PRIVATE KEY"

SCAN = re2.compile(
    "|".join((
        rf"\b({SCHEMES})",
        rf"((?i:{NAMES}|\bpw))",
        f"({ADDRESS})",
        rf"\b({TOKENS})",
        rf"\b({CARDS})\b",
        r"\b([0-9]{3}-[0-9]{2}-[0-9]{4})\b",
        rf"\b({IBANS})\b",
        f"({PEM})",
        r"\b(eyJ[\w-]{6})",
    )).encode()
)  # fmt: skip
"""Finds where a secret may stand; its groups are numbered like `_HANDLERS`. Texts are parted by NUL.

It holds no counted repetition that could begin at many places at once: each would multiply the states of its automaton,
which a hostile text would make it build all. The handlers look at the rest, forward from the hit.
"""

_NAMED = 2
"""The group of `SCAN` that is the stem of a name."""
_FOLLOWING = re.compile(
    rb"""(?i)[\w-]{0,32}+(?:(?:[\\"'\]]|%2[27]|%5d)*(?:\s*(?:=>|[:!=]?==?|:)|>|%3[ad]|["'],)[ \t]*| +(?=[^\s-]))"""
)
"""What stands between the stem of a name and its literal."""
_TOKEN = re.compile(
    rb"(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_\w{20,}+|github_pat_\w{20,}+|glpat-[\w-]{16,}+|[srp]k_(?:live|test)_\w{8,}+"
    rb"|sk-[\w-]{20,}+|xox[a-z]-[\w-]{8,}+|xapp-[\w-]{8,}+|AIza[\w-]{30,}+|SG\.[\w-]{16,}+\.[\w-]{16,}+|npm_\w{30,}+"
    rb"|pypi-[\w-]{30,}+|hf_[A-Za-z]{30,}+|whsec_\w{16,}+|dop_v1_\w{32,}+"
)
_CREDENTIAL = re.compile(rb"[\w.~+/=-]*+")
_QUOTED = re.compile(
    rb"""[bBuUrRfF]{0,2}(?:"{3}(?s:.*?)(?:"{3}|\Z)|'{3}(?s:.*?)(?:'{3}|\Z)"""
    rb"""|"(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?|`[^`]*`?)"""
)
_LONG_QUOTED = re.compile(rb"""[bBuUrRfF]{0,2}(?s:"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')""")
_ESCAPED = re.compile(rb"""\\+"[^"]*"?|\\+'[^']*'?""")
_EMPTY = re.compile(rb"""[bBuUrRfF]{0,2}(?:(?:"{2}(?!")|'{2}(?!'))|\\+"\\+"|\\+'\\+')""")
_MASKED = re.compile(rb"""["']?""" + re.escape(_MASK))
_WORD = re.compile(rb"""(?!//|:)[^\s&;"'<>)\]}\[({,](?:[^\s&;"'<>)\]},]|'(?=\w)|,(?=[^\s"']))*""")
_LINE = re.compile(rb"""[^\r\n"']+""")
_ANGLED = re.compile(rb"<[^<>\n]*>")
_ELEMENT = re.compile(rb"[^<]{1,4096}+(?=</)")
_ENCODED = re.compile(rb"(?:%2[27])?[^\s&;\"'<>]+")
_HARMLESS = re.compile(
    rb"(?:None|null|nil|undefined|True|False|true|false|NaN|%(?:\(\w+\))?[-+#0-9.]*[sdrfixXeEgG]|\?|\*+)(?![\w%])"
)
_PROSE = re.compile(rb"[A-Za-z]{1,15}(?![\w=+/-])")
_ANNOTATION = re.compile(rb"[\w.\[\], |]{1,80}=(?!=)\s*")
_NUMBER = re.compile(rb"[0-9]{3,}\b(?![.(])")
_BRACKET = re.compile(rb"[(\[{]")
_LITERALS = re.compile(
    rb"""[(\[{](?:\s|,|:|[0-9.]+|None|True|False|[bBuUrRfF]?"(?:[^"\\\n]|\\.)*+"|[bBuUrRfF]?'(?:[^'\\\n]|\\.)*+')*+[)\]}]"""
)
_NEXT = re.compile(rb"""\s*\+?\s*(?=[bBuUrRfF]{0,2}["'])""")
_STRINGS = re.compile(rb"""("(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')|["'`#]|//""")
_NAME = re.compile(rb"[\w.-]+")
_WHOLE_LINE = re.compile(rb"(?i)(?:authorization|cookie)\Z")
_JWT = re.compile(rb"[\w-]{9,2000}+\.[\w-]{1,9000}+\.[\w-]*+")
_PEM_END = re.compile(rb"-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----")
_PEM_BYTES = string.ascii_letters.encode() + string.digits.encode() + b"+/= \n\r\t\\\"',"
_NAME_BYTES = string.ascii_letters.encode() + string.digits.encode() + b"_.-"
_PEM_REACH = 8192
_NO_USERS = frozenset(
    {b"mailto", b"email", b"e-mail", b"mail", b"to", b"from", b"cc", b"bcc", b"sip", b"xmpp", b"acct", b"user"}
)
_PLACE = re.compile(rb"%[-+#0 ]{0,5}\d{0,5}(?:\.\d{1,5})?[sdrfiouxXeEgGc]|\{\w{0,100}\}")
_NAME_REACH = 64
_REACH = 4096
"""Bytes within which a bracket is closed; one that is not takes the rest of the text with it."""
_FAR = 400
_QUOTES = b"\"'`"

Span = tuple[int, int]
"""Where to put the mask: from, to. An empty span: leave everything."""


def filter_text(text: bytes, hits: Iterable[tuple[int, int, int]], *, code: bool) -> tuple[bytes, int]:
    """Replaces what is secret at the hits.

    Args:
        text: UTF-8 without NUL.
        hits: group of `SCAN`, start and end in `text`, in their order.
        code: the text is source code.

    Returns:
        The text, and how many secrets were replaced.
    """
    pieces: list[bytes] = []
    done = 0
    count = 0
    for group, start, end in hits:
        if start < done:
            continue
        span = _named(text, start, end, code=code) if group == _NAMED else _HANDLERS[group](text, start, end)
        if span[0] < span[1] and span[0] >= done:
            lines = text.count(b"\n", *span) if code else 0
            pieces += (text[done : span[0]], _MASK, b"\n" * lines)
            done = span[1]
            count += 1
    if not count:
        return text, 0
    pieces.append(text[done:])
    return b"".join(pieces), count


def secret_places(template: bytes) -> list[int]:
    """Which places of a message template (`password=%s`) stand where a secret would, counted from 0."""
    places = [match.start() for match in _PLACE.finditer(template)]
    if not places:
        return []
    secret = set()
    for match in SCAN.finditer(template):
        following = _FOLLOWING.match(template, match.end()) if match.lastindex == _NAMED else None
        if following and secret_name(_whole_name(template, match.start())[0].decode()):
            quotes = template[following.end() : following.end() + 4]
            secret.add(following.end() + len(quotes) - len(quotes.lstrip(b"\"'\\")))
    return [index for index, start in enumerate(places) if start in secret]


# --- the literal to the right of a name -----------------------------------------------------------------------------


def _named(text: bytes, start: int, end: int, *, code: bool) -> Span:
    """Finds the literal that follows the name of which the scan found the stem."""
    following = _FOLLOWING.match(text, end)
    if not following:
        return end, end
    name, name_end = _whole_name(text, start)
    if not secret_name(name.decode()):
        return end, end
    end = following.end()
    separator = text[name_end:end].strip(b"\\\"'] \t")
    if not separator and b"--" not in name:
        return end, end
    if _MASKED.match(text, end) or _EMPTY.match(text, end):
        return end, end
    if not separator:  # --password hunter2
        return _matched(_WORD, text, end)
    if separator == b",":
        return _pair(text, start, end)
    if separator == b">":
        return _matched(_ELEMENT, text, end)
    if separator[:1] == b"%":
        return _matched(_ENCODED, text, end)
    inside = code and _in_string(text, end)
    if code and not inside:
        return _code_literal(text, end)
    return _text_literal(text, end, name, loose=separator == b":" and text[end - 1 : end] == b" ", inside=inside)


def _pair(text: bytes, start: int, end: int) -> Span:
    """`('password', 'hunter2')`: the second of two strings in brackets, of which the first is the name."""
    low = max(0, start - _NAME_REACH)
    before = text[low:start].rstrip(_NAME_BYTES)
    quoted = _quoted(text, end)
    if quoted is None or before[-2:-1] not in (b"(", b"["):
        return end, end
    after = text[quoted[1] + 1 : quoted[1] + 2]
    return quoted if after in (b")", b"]") else (end, end)


def _whole_name(text: bytes, start: int) -> tuple[bytes, int]:
    low = max(0, start - _NAME_REACH)
    first = low + len(text[low:start].rstrip(_NAME_BYTES))
    if first and first < start:
        first = min(start, first + {0x25: 2, 0x5C: 1}.get(text[first - 1], 0))  # %5Btoken, \ntoken
    match = _NAME.match(text, start)
    last = match.end() if match else start
    return text[first:last][-NAME_LIMIT:], last


def _matched(pattern: re.Pattern[bytes], text: bytes, at: int) -> Span:
    match = pattern.match(text, at)
    return match.span() if match else (at, at)


def _text_literal(text: bytes, at: int, name: bytes, *, loose: bool, inside: bool) -> Span:
    if long := _LONG_QUOTED.match(text, at):
        return long.start() + _opening(long[0]), long.end() - 1
    if (quoted := _quoted(text, at)) is not None:
        return quoted
    if _HARMLESS.match(text, at) or (loose and weak_name(name) and _PROSE.match(text, at)):
        return at, at
    if _WHOLE_LINE.search(name):
        return _matched(_LINE, text, at)
    if _BRACKET.match(text, at):
        return (at, at) if inside else (at, _closing(text, at))
    angled = _ANGLED.match(text, at)
    return angled.span() if angled else _matched(_WORD, text, at)


def _code_literal(text: bytes, at: int) -> Span:
    annotation = _ANNOTATION.match(text, at)
    if annotation:
        at = annotation.end()
    if (quoted := _quoted(text, at)) is not None:
        return quoted
    for pattern in (_NUMBER, _LITERALS):
        if (match := pattern.match(text, at)) and re.search(rb"[\w]", match[0]):
            return match.span()
    return at, at


def _quoted(text: bytes, at: int) -> Span | None:
    """The inside of the string that begins at `at`, and of those that continue it."""
    match = _QUOTED.match(text, at) or _ESCAPED.match(text, at)
    if not match:
        return None
    first = match
    while (gap := _NEXT.match(text, match.end())) and (follower := _QUOTED.match(text, gap.end())):
        match = follower
    opening = _opening(first[0])
    closing = _opening(match[0][::-1]) if match[0][-1:] in (b'"', b"'", b"`") else 0
    if first[0][:1] == b"\\":
        closing = opening
    if match is first and len(first[0]) < opening + closing:
        closing = 0
    return first.start() + opening, match.end() - closing


def _opening(literal: bytes) -> int:
    """How many bytes are the string's prefix and quotes."""
    size = 0
    while size < len(literal) and literal[size] not in _QUOTES:
        size += 1
    if literal[size : size + 3] in (b'"""', b"'''"):
        return size + 3
    return size + 1


def _in_string(text: bytes, at: int) -> bool:
    """Whether `at` is inside of a string or comment that began on the same line of source.

    Far out on a line, which no person wrote, it is taken for the inside, where more is filtered.
    """
    begin = text.rfind(b"\n", max(0, at - _FAR), at) + 1
    if at - begin > _FAR:
        return True
    line = text[begin:at]
    return any(not match[1] for match in _STRINGS.finditer(line))


def _closing(text: bytes, at: int) -> int:
    """Where the bracket at `at` is closed, or the end of the text."""
    depth = 0
    end = at + _REACH
    while at < len(text):
        if at > end:
            return len(text)
        character = text[at]
        if character in b"([{":
            depth += 1
        elif character in b")]}":
            depth -= 1
        elif character in b"\"'" and (match := _QUOTED.match(text, at)):
            at = match.end()
            continue
        at += 1
        if depth == 0:
            break
    return at


# --- values of known shape ------------------------------------------------------------------------------------------


def _scheme(text: bytes, start: int, end: int) -> Span:
    """What follows `Basic` or `Bearer`; `end` is inside of it."""
    credential = _CREDENTIAL.match(text, end)
    end = credential.end() if credential else end
    scheme, _, value = text[start:end].partition(b" ")
    token = value.strip().decode("ascii", "replace")
    secret = is_basic(token) if scheme.lower() == b"basic" else is_bearer(token)
    return (end - len(value.lstrip()), end) if secret else (end, end)


def _url(text: bytes, start: int, end: int) -> Span:
    """The password of `scheme://user:password@host`, or of `user:password@host`, which is not `mailto:ann@host`."""
    if text.startswith(b"://", start):
        return text.index(b":", start + 3) + 1, end - 1
    low = max(0, start - _NAME_REACH)
    begin = low + len(text[low : start + 1].rstrip(_NAME_BYTES))
    user = text[begin : start + 1]
    return (end, end) if user.isdigit() or user.lower() in _NO_USERS else (start + 2, end - 1)


def _token(text: bytes, start: int, _end: int) -> Span:
    return _matched(_TOKEN, text, start)


def _card(text: bytes, start: int, end: int) -> Span:
    digits = text[start:end].replace(b" ", b"").replace(b"-", b"").decode()
    return (start, end) if is_card(digits) else (end, end)


def _ssn(text: bytes, start: int, end: int) -> Span:
    return (start, end) if is_ssn(text[start:end].decode()) else (end, end)


def _iban(text: bytes, start: int, end: int) -> Span:
    return (start, end) if is_iban(text[start:end].replace(b" ", b"").decode()) else (end, end)


def _pem(text: bytes, start: int, end: int) -> Span:
    """A private key from BEGIN to END; when its beginning was cut off, what stands before END."""
    if text.startswith(b"-----BEGIN", start):
        closing = _PEM_END.search(text, end)
        return start, closing.end() if closing else len(text)
    low = max(0, start - _PEM_REACH)
    finish = text.find(b"-----", end)
    return low + len(text[low:start].rstrip(_PEM_BYTES)), finish + 5 if finish >= 0 else end


def _jwt(text: bytes, start: int, end: int) -> Span:
    match = _JWT.match(text, start)
    return match.span() if match else (end, end)


_HANDLERS: dict[int, Callable[[bytes, int, int], Span]] = {
    1: _scheme, 3: _url, 4: _token, 5: _card, 6: _ssn, 7: _iban, 8: _pem, 9: _jwt,
}  # fmt: skip
