"""Which names and which values are secret; decided once for a name and remembered.

In: the name of a key or variable, or a candidate value. Out: a decision. The digest stage imports it, and
the extension.

A name is taken apart at capitals, digits and signs (`X-Api-Key`, `userPassword` and `DB_PASSWD2` are words). It is
secret when it contains one of `STEMS` anywhere, or has one of `WORDS` as a whole word: so `author`, `authority`,
`tokenizer` and `passenger` stay. What merely describes a secret (`auth_type`, `token_count`, `max_tokens`) stays too,
but only for `WORDS`: a name with a stem is always secret.
"""

import base64
import binascii
import re
from functools import lru_cache

FILTERED = "[Filtered]"

STEMS = (
    "password", "passwort", "passwd", "passphrase", "passcode", "secret", "apikey", "appkey", "privatekey", "accesskey",
    "signingkey", "encryptionkey", "masterkey", "sshkey", "accountkey", "sharedkey", "credential", "mysqlpwd",
    "authtoken", "accesstoken", "refreshtoken", "csrf", "xsrf", "authorization", "sessionid", "sessid", "sessionkey",
    "connectsid", "cardnumber", "creditcard", "kennwort", "contrasena", "motdepasse",
)  # fmt: skip
"""Matched against the name in lower case without its signs."""
_STEMS = re.compile("|".join(STEMS).replace("secret", "secret(?!ar)"))
"""A secretary has no secrets."""

WORDS = frozenset({
    "auth", "token", "tokens", "pwd", "pw", "pass", "jwt", "bearer", "cookie", "cookies", "cvv", "cvc",
    "cvv2", "ssn", "iban", "otp", "totp", "hotp", "creds", "passkey",
})  # fmt: skip
"""Matched against each of its words."""

_COOKIES = frozenset({"session", "sid", "sess", "remember", "login", "identity"})
"""Names that are secret when they name a cookie, and harmless elsewhere (`session` is often a database session)."""

_DESCRIBES = frozenset({
    "type", "types", "url", "uri", "method", "methods", "scheme", "enabled", "required", "backend", "backends",
    "provider", "providers", "count", "limit", "usage", "length", "len", "size", "expires", "expiry", "expiration",
    "ttl", "age", "endpoint", "mode", "status", "error", "errors", "failed", "attempts", "kind", "index", "position",
    "domain", "path", "name", "secure", "samesite", "httponly", "class", "fn", "func", "parser", "rate", "version",
    "user", "username",
})  # fmt: skip
_COUNTS = frozenset({"max", "min", "num", "total", "n", "prompt", "completion", "input", "output", "reasoning", "by"})
"""Before `token` or `tokens`: a number of them."""

_SPLIT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
NAME_LIMIT = 120
"""Characters of a name that are looked at, so that the remembered names stay small."""


@lru_cache(maxsize=16384)
def secret_name(name: str) -> bool:
    """Whether what stands under this name is secret; callers give the last `NAME_LIMIT` characters of a longer one."""
    words = [word.lower() for word in _SPLIT.findall(name)]
    if _STEMS.search("".join(word for word in words if not word.isdigit())):
        return True
    named = [at for at, word in enumerate(words) if word in WORDS]
    if not named or words[-1] in _DESCRIBES:
        return False
    return any(not words[at].startswith("token") or at == 0 or words[at - 1] not in _COUNTS for at in named)


@lru_cache(maxsize=2048)
def secret_cookie(name: str) -> bool:
    """Whether a cookie of this name is secret: session and CSRF cookies, and what `secret_name` says."""
    return secret_name(name) or any(word.lower() in _COOKIES for word in _SPLIT.findall(name))


def package_name(_name: str) -> bool:
    """Whether the version of a package of this name is secret: never (`google-auth`, `pyjwt`)."""
    return False


@lru_cache(maxsize=2048)
def weak_name(name: bytes) -> bool:
    """Whether a secret name is also an everyday word, so that in prose (`auth: failed`) no literal follows it."""
    return name.lower() in {b"auth", b"pass", b"pw", b"cookie", b"cookies", b"bearer", b"otp", b"tokens", b"token"}


# --- values of known shape ------------------------------------------------------------------------------------------

_CARD_ISSUERS = re.compile("3[47][0-9]{13}|(?:4|5[1-5]|2[2-7]|6|3[05689])[0-9]{11,17}")


def is_card(digits: str) -> bool:
    """Whether the digits are a payment card number: an issuer's prefix, 13 to 19 digits, the Luhn check sum."""
    if not 13 <= len(digits) <= 19 or not _CARD_ISSUERS.fullmatch(digits):
        return False
    odd, even = digits[-1::-2], digits[-2::-2]
    total = sum(map(int, odd)) + sum(sum(divmod(2 * int(digit), 10)) for digit in even)
    return total % 10 == 0


def is_iban(text: str) -> bool:
    """Whether the letters and digits are an IBAN: 15 to 34 characters, remainder 1 modulo 97 (ISO 13616)."""
    if not 15 <= len(text) <= 34:
        return False
    return int("".join(str(int(character, 36)) for character in text[4:] + text[:4])) % 97 == 1


def is_ssn(text: str) -> bool:
    """Whether `123-45-6789` can be a US social security number (areas 000, 666 and 900 up are not given out)."""
    area, group, serial = text.split("-")
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def is_basic(text: str) -> bool:
    """Whether the text is the base64 of `user:password`, as HTTP Basic has it."""
    try:
        return b":" in base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False


def is_bearer(text: str) -> bool:
    """Whether the text after `Bearer` is a token and not a word of a sentence."""
    return len(text) >= 20 or any(character.isdigit() or character in "-._~+/" for character in text[:-1])
