"""What the digest makes of records, and what one transaction of the worker stores.

In: nothing. Out: frozen structs. Imported through `kaput.model`.
"""

import msgspec
from msgspec import Struct

from kaput.model.event import Event, titled
from kaput.model.monitor import CheckIn, Watched
from kaput.model.record import Drop
from kaput.model.session import Sessions

_decode = msgspec.json.Decoder(Event).decode


class Grouping(Struct, frozen=True):
    """Why an event belongs to its issue.

    Attributes:
        version: name of the frozen algorithm, e.g. `v1`.
        hashes: 32 hexadecimal digits each, strict first; at least one.
        reason: one sentence in words, e.g. `last own frame: shop.pricing.price_cart, its line`.
        target: `host:port` that could not be reached, of an error of a connection; empty for every other.
        plain: the first hash that it would have without the project's rules, when one of them decided; else empty.
    """

    version: str
    hashes: tuple[str, ...]
    reason: str
    target: str = ""
    plain: str = ""


class Title(Struct, frozen=True):
    """How an issue is called. For a message `type` is empty and `value` is the message.

    Attributes:
        culprit: where: the function or transaction, e.g. `price_cart in shop/pricing.py`.
    """

    type: str
    value: str
    culprit: str

    @property
    def text(self) -> str:
        """The title in one line: `KeyError: 'sku-9'`."""
        return titled(self.type, self.value)


class Digested(Struct, frozen=True):
    """A record after digest: ready to be stored.

    Attributes:
        event: variables in it may be JSON text still (`msgspec.Raw`), which is written as it is.
        text: the event as JSON, when somebody has made it already. Then only the text has all: `event` is without the
            breadcrumbs, modules and extra, and without the lines and variables of frames.
    """

    project_id: int
    event: Event
    grouping: Grouping
    title: Title
    text: bytes = b""

    def whole(self) -> Event:
        """Returns the event with all that it has; reads it again when only the text has that."""
        return _decode(self.text) if self.text else self.event


class Feedback(Struct, frozen=True):
    """What a person said about an event.

    Attributes:
        feedback_id: 32 hexadecimal digits, the client's own if it has one; the same at every digest of the same record.
        event_id: the event that it is about, which may not be there yet; empty when it is about none.
        url: the page on which it was said; empty when it is not known.
    """

    project_id: int
    feedback_id: str
    event_id: str
    name: str
    email: str
    comments: str
    created: float
    url: str = ""


class Attachment(Struct, frozen=True):
    """A file that came beside an event, or beside feedback.

    Attributes:
        attachment_id: 32 hexadecimal digits, made of the project, the event, the name and the content: the same file
            sent again is the same attachment.
        event_id: of the event, which may not be there yet, or of the feedback.
        name: as the client calls it; never the name of a file of ours.
        content_type: as the client says; not to be trusted.
        kind: `event.attachment`, `event.minidump` and so on.
    """

    project_id: int
    attachment_id: str
    event_id: str
    name: str
    content_type: str
    kind: str
    received: float
    content: bytes


Aside = Feedback | Attachment | Sessions | CheckIn
"""What the digest makes of a record that is no event; the store has a writer for each."""


class Dead(Struct, frozen=True):
    """A record that could not be digested. `name` is its file in `dead/`, without a path."""

    name: str
    reason: str
    project_id: int
    event_id: str
    received: float


class Position(Struct, frozen=True):
    """How far a segment has been read.

    Attributes:
        segment: the segment's file name.
        offset: bytes from the start of the file to the first record that was not read.
    """

    segment: str
    offset: int


class Healed(Struct, frozen=True):
    """An issue of Kaput's own, by its hash, whose cause is gone: it is resolved unless somebody muted it."""

    project_id: int
    hash: str


class Batch(Struct, frozen=True):
    """What one transaction of the worker stores. Counts say how many records of each kind the positions cover.

    Attributes:
        filtered: events that were digested and left out, each as a drop.
        watched: what the check-ins among the asides, and the clock, mean for their monitors.
        healed: issues of Kaput's own whose cause is gone.
    """

    digested: list[Digested]
    dead: list[Dead]
    drops: list[Drop]
    positions: list[Position]
    asides: list[Aside] = []
    filtered: list[Drop] = []
    watched: list[Watched] = []
    healed: list[Healed] = []
