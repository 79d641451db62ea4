"""Every error that Kaput raises on purpose; imports no stage, anyone may import it.

    KaputError
    ├── ConfigError      settings that cannot be used, all of them at once     exit code 2
    ├── StartError       the server cannot start                               exit code 1
    ├── NotFound         the thing that was asked for is not there             exit code 1, HTTP 404
    ├── Conflict         the thing to be made is there already                 exit code 1, HTTP 409
    ├── QueryError       a search that cannot be read; points at the character exit code 1, HTTP 400
    ├── RuleError        a rule of grouping that cannot be read; line, column  exit code 1, HTTP 400
    ├── Refused          a request that accept turns away, with its status     HTTP 4xx, 429, 503
    ├── BufferUnwritable the disk does not take another record now             HTTP 503
    ├── StoreUnavailable the database cannot be used now: locked, or disk full  HTTP 503
    ├── Undigestible     a record that cannot become an event                  goes to dead/
    └── DeliveryFailed   an alert that its receiver did not take, in its own words
        └── MailFailed   a mail that the server did not take

A message says what happened, with the value, and what to do.
"""

from collections.abc import Sequence


class KaputError(Exception):
    """Base of all; `str()` of it is fit to be shown to an operator."""


class ConfigError(KaputError):
    """Settings that cannot be used.

    Attributes:
        problems: one sentence for each wrong setting, each with its fix.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class StartError(KaputError):
    """The server cannot start: port in use, directory not writable, database from a newer version."""


class NotFound(KaputError):
    """The thing that was asked for is not there, or not for the one who asks."""


class Conflict(KaputError):
    """The thing to be made is there already."""


class QueryError(KaputError):
    """A search that cannot be read.

    Attributes:
        position: index of the character in the query where reading stopped.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class RuleError(KaputError):
    """A rule of grouping that cannot be read.

    Attributes:
        line: of the text, from 1; `column` is the character in it, from 1.
    """

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(f"Line {line}, character {column}: {message}")
        self.line = line
        self.column = column


class Refused(KaputError):
    """A request that accept turns away.

    Attributes:
        status: HTTP status of the answer, 400 to 503.
        reason: the name it is counted under in `dropped`, snake_case.
        retry_after: seconds the client is asked to wait, for 429 and 503.
    """

    def __init__(self, status: int, reason: str, detail: str, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


class BufferUnwritable(KaputError):
    """The disk does not take another record now; nothing of the append was kept."""


class StoreUnavailable(KaputError):
    """The database cannot be used now: locked by another program, or its disk is full. Trying again later is right."""


class Undigestible(KaputError):
    """A record that cannot become an event; it goes to `dead/` with this text as its reason."""


class DeliveryFailed(KaputError):
    """An alert that did not arrive.

    Attributes:
        permanent: True when the receiver refused this one for good (mail: 5xx for the recipient or the content).
        away: True when the receiver was not reached or did not let Kaput in, so that no other alert would go either.
    """

    def __init__(self, message: str, *, permanent: bool = False, away: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.away = away


class MailFailed(DeliveryFailed):
    """A mail that the server did not take."""
