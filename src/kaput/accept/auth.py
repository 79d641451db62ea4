"""Who sends: the key of a request, in every form in which clients present it, and the project it opens.

In: headers, query, the `dsn` of an envelope's header, the keys in memory. Out: a `Presented` key, a project's id.
The files of accept import it; the roots make `Keys`.
"""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from kaput.accept.quota import Quota
from kaput.errors import Refused

MAX_CLIENT = 200
MAX_FIELDS = 50
_FIX = "use the DSN that `kaput dsn` prints"


class Keys(Struct, frozen=True):
    """The keys that open something now.

    Attributes:
        public: the project's id by the public part of each enabled key.
        projects: the ids of all projects.
        quotas: how many events a key may bring, for those keys that have a limit.
    """

    public: Mapping[str, int]
    projects: frozenset[int]
    quotas: Mapping[str, Quota] = {}


class Presented(Struct, frozen=True):
    """What a client said about itself; `key` is empty when it presented none."""

    key: str
    client: str


def pairs_of(query: str) -> list[tuple[str, str]]:
    """Reads a query string.

    Raises:
        Refused: 400, too many fields.
    """
    if not query:
        return []
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Refused(400, "malformed", f"The query has more than {MAX_FIELDS} fields; send fewer.") from None


def present(headers: Mapping[str, str], query: Sequence[tuple[str, str]]) -> Presented:
    """Finds the key in `X-Sentry-Auth`, `Authorization: Sentry ...` and `?sentry_key=`.

    Raises:
        Refused: 400, two different keys at once.
    """
    pairs = _auth_pairs(headers.get("x-sentry-auth", ""))
    standard = headers.get("authorization", "")
    if standard[:7].lower() == "sentry ":
        pairs += _auth_pairs(standard)
    pairs += query
    key = single(value for name, value in pairs if name == "sentry_key")
    client = next((value for name, value in pairs if name == "sentry_client" and value), "")
    return Presented(key, (client or headers.get("user-agent", ""))[:MAX_CLIENT])


def key_of_dsn(dsn: object) -> str:
    """Returns the public key of a DSN, or nothing when it has none or is no DSN."""
    if not isinstance(dsn, str):
        return ""
    try:
        return urlsplit(dsn).username or ""
    except ValueError:
        return ""


def single(keys: Iterable[str]) -> str:
    """Returns the one key that is given, or nothing.

    Raises:
        Refused: 400, two different keys at once.
    """
    given = {key for key in keys if key}
    if len(given) > 1:
        raise Refused(400, "key_conflict", "The request presents two different keys; send one.")
    return given.pop() if given else ""


def authorise(key: str, project_id: int | None, keys: Keys) -> int:
    """Returns the id of the project that the key opens.

    Args:
        key: the public key that was presented; may be empty.
        project_id: the project that the path names; `None` when the key alone decides.
        keys: all keys that open something now.

    Raises:
        Refused: 401 without a key; 403 for a key that is unknown, disabled or another project's.
    """
    if not key:
        raise Refused(401, "key_missing", f"The request has no sentry_key; {_FIX}.")
    opened = keys.public.get(key)
    if opened is None:
        raise Refused(403, "key_unknown", f"The key {key[:32]!r} is unknown or disabled; {_FIX}.")
    if project_id is not None and project_id != opened:
        raise Refused(403, "key_wrong_project", f"The key {key[:32]!r} is not one of project {project_id}; {_FIX}.")
    return opened


def _auth_pairs(header: str) -> list[tuple[str, str]]:
    """Reads `Sentry sentry_key=..., sentry_version=7`; the first word may be missing, or come twice when joined."""
    parts = (part.strip().partition("=") for part in header.split(",", MAX_FIELDS)) if header else ()
    return [(name.strip().lower().removeprefix("sentry ").lstrip(), value.strip(' "')) for name, _, value in parts]
