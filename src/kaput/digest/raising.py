"""Functions that raise for everyone: what has to be mended is who called them.

In: a frame. Out: whether it only passes on what it was handed. Pure; `place.py` imports it.

What a function was handed is seen in the lines above the one that failed, as far as the client sent them.
"""

import re
from collections.abc import Sequence

from kaput.digest.frames import is_wrapper
from kaput.digest.source import statement
from kaput.model import Frame

_ABOVE, _WIDE, _NAMES = 6, 200, 4
"""Lines above that are looked at, their characters, and names of what was handed over."""
_OCCURRENCES, _ARGUMENTS = 3, 6
_RAISES = ("raise ", "throw ", "assert ")
_RAISED = re.compile(r"^(?:raise|throw)\s+(?:new\s+)?([\w.$:\\]+)\s*(?:\((.*)\)|,\s*([^,\s]+))?\s*(?:from\s+\w+)?;?$")
_ASSERTED = re.compile(r"^assert\s+([^,]+)(?:,\s*(\w+)\s*)?$")
_ARGUMENT = re.compile(r"^(?:\w+\s*[=:]\s*)?\$?(\w+)$")
_FILLED = re.compile(r"^(?:f['\"]|`)")
_FIELD = re.compile(r"\$?\{(\w+)(?:![rsa])?\}")
_WORDS = re.compile(
    r"^(?:.*_)?(?:message|msg|text|reason|details?|description|error|err|exc|exception|cause|why)(?:_text)?$",
    re.IGNORECASE,
)
_LABELS = frozenset({"field", "what", "label", "argument", "param", "parameter", "attribute", "option", "setting"})
"""Names of what a caller says about its own values, which it would not say about those of a user."""
_VARIABLE = re.compile(r"^[a-z_$][\w$]*$")
_DEMANDING = re.compile(
    r"^_*(?:(?:require|ensure|demand|enforce|invariant|expect)(?:_?(?:that|true|not_?none|not_?null|non_?null|present|value|arg|param))?"
    r"|unwrap|\w+_or_(?:fail|raise|throw|die|abort|404))_*$",
    re.IGNORECASE,
)
_SPEAKING = re.compile(
    r"^_*(?:fail|fail_?with|panic|abort|die|bail(?:_?out)?|invariant|assert(?:_?(?:that|true|not_?null|defined))?"
    r"|(?:raise|throw)(?:_?(?:an?_?)?(?:\w*error|exception))?|(?:raise|throw)_?(?:if|unless)\w*)_*$",
    re.IGNORECASE,
)
"""Names that say it, when no source line does."""
_WHOLE = re.compile(r"^([^{:]{1,200}(?::[^{]{0,100})?[{:])\s*((?:raise|throw|assert) [^}]{1,200}?)\s*\}?$")
"""A function or condition in one line: its head, and what it raises."""
_CONDITIONAL = re.compile(r"^((?:\}\s*)?(?:else\s+)?if\s*\([^;{}]{1,200}\))\s*(throw [^{}]{1,200})$")
_BEFORE = re.compile(r"\b(?:def|function|func|fn|fun)\s+(?:self\.)?$")
_BEHIND = re.compile(r"[?!]?\s*\(")
_BEHIND_NAME = re.compile(
    r"\s*(?:[=:]\s*(?:async\s+)?(?:function\b\s*\w*\s*)?)?\((?=[^()]{0,200}\)[^(){}]{0,60}\{)|\s*=\s*(?:async\s+)?(?=\w+\s*=>)"
)
"""What stands before and behind the name of a function where it begins, with a word for that and without one."""
_KINDS = frozenset({"kind", "cls", "klass", "class", "type", "factory"})
_FORWARDS = re.compile(
    r"\*\w|\.\.\.\w|\.(?:apply|call)\(|\b(?:func|function|fn|f|method|callback|handler|wrapped|view|view_func|target|call)\("
)


def is_passing(frame: Frame) -> bool:
    """Whether what failed is the caller's matter: the function wraps others, or raises what it was handed."""
    return _is_forwarding(frame) if is_wrapper(frame.function) else _is_helper(frame)


def _is_forwarding(frame: Frame) -> bool:
    """Whether a wrapper failed at the call of what it wraps, or refused; its other lines are code as any other."""
    line = frame.context_line
    return not line or _FORWARDS.search(line) is not None or line.lstrip().startswith(_RAISES)


def _is_helper(frame: Frame) -> bool:
    """Whether the function raises for everyone: an exception, a class or words that it was handed.

    `raise ShopError(message)` is that when `message` is a parameter of the function, as far as the lines above show it.
    `raise OutOfStock(sku)` is not: a function that knows what is wrong says so in a class or in words of its own.
    """
    text = frame.context_line
    if not text:
        return _SPEAKING.match(frame.function.rpartition(".")[2]) is not None
    if not any(word in text for word in _RAISES):
        return False
    line, above = statement(frame), frame.pre_context
    if whole := _WHOLE.match(line) or _CONDITIONAL.match(line):
        line, above = whole[2], [*above, whole[1]]
    if line.startswith("assert "):
        names = _asserted(line)
    elif line.startswith(_RAISES):
        match = _RAISED.match(line)
        if match is None:
            return False
        if _DEMANDING.match(frame.function.rpartition(".")[2]):
            return True
        names = _raised(match[1], match[2] or match[3])
    else:
        return False
    return bool(names) and _handed(frame.function, above, names)


def _asserted(line: str) -> list[str]:
    """The names in `assert condition, message`, when nothing of it is the function's own but a condition."""
    match = _ASSERTED.match(line)
    if match is None:
        return []
    condition, message = match[1].strip(), match[2]
    if message:
        return [message] if _WORDS.match(message) or _VARIABLE.match(condition) else []
    return [condition] if _VARIABLE.match(condition) else []


def _raised(raised: str, arguments: str | None) -> list[str]:
    """The names that say what is wrong: of the exception or class itself, of its message, of a field in the message."""
    names = []
    if _VARIABLE.match(raised) and (arguments is None or _WORDS.match(raised) or raised.rpartition("_")[2] in _KINDS):
        names.append(raised)
    for argument in (arguments or "").split(",", _ARGUMENTS)[:_ARGUMENTS]:
        text = argument.strip()
        found = _ARGUMENT.match(text)
        if found and _WORDS.match(found[1]):
            names.append(found[1])
        elif _FILLED.match(text):
            names += [name for name in _FIELD.findall(text) if name in _LABELS]
    return list(dict.fromkeys(names))[:_NAMES]


def _handed(function: str, above: Sequence[str], names: Sequence[str]) -> bool:
    """Whether all names are parameters of the function, which nothing in the lines between gives another value."""
    between: list[str] = []
    name = function.rpartition(".")[2].rpartition("#")[2]
    for text in above[: -_ABOVE - 1 : -1]:
        line = text[:_WIDE]
        parameters = _parameters(line, name) if name else ""
        if parameters:
            return set(re.findall(r"\w+", parameters)).issuperset(names) and not _assigned(between, names)
        between.append(line)
    return False


def _parameters(line: str, name: str) -> str:
    """Returns what stands behind the name where the function begins, empty when it does not begin in this line."""
    at = line.find(name)
    for _ in range(_OCCURRENCES):
        if at < 0:
            break
        behind = at + len(name)
        if not line[at - 1 : at].isalnum():
            match = (_BEHIND if _BEFORE.search(line, 0, at) else _BEHIND_NAME).match(line, behind)
            if match:
                return line[match.end() :] or " "
        at = line.find(name, behind)
    return ""


def _assigned(lines: Sequence[str], names: Sequence[str]) -> bool:
    changed = re.compile(
        r"(?:^|\bas |\bfor )\s*(?:const |let |var )?\$?(?:" + "|".join(map(re.escape, names)) + r")\s*(?:=(?!=)|:|in\b)"
    )
    return any(changed.search(line.strip()) for line in lines)
