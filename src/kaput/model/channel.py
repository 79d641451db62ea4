"""A way out beside mail: to whom a notice goes when it goes to no person.

In: nothing. Out: names. Imported through `kaput.model`.
"""

from collections.abc import Mapping
from enum import StrEnum

MAIL_LANE = ""
"""The lane of everything that goes by mail; every channel is a lane of its own."""

_PREFIX = "channel:"


class ChannelKind(StrEnum):
    """How a channel is reached: by a service that Apprise knows, or by a signed webhook."""

    SERVICE = "service"
    WEBHOOK = "webhook"


def channel_recipient(channel_id: int) -> str:
    """Returns what a notice for a channel has as its recipient; no mail address looks so."""
    return f"{_PREFIX}{channel_id}"


def channel_of(recipient: str) -> int | None:
    """Returns the id of the channel that a notice goes to; None when it goes by mail."""
    number = recipient.removeprefix(_PREFIX)
    return int(number) if number != recipient and number.isascii() and number.isdecimal() else None


def lane_of(recipient: str) -> str:
    """Returns the lane of a notice: what is sent on one way, in order, and waits together while it is closed."""
    return MAIL_LANE if channel_of(recipient) is None else recipient


def lane_name(lane: str, names: Mapping[int, str]) -> str:
    """Returns how a person calls a lane: `mail`, or `channel` and its name.

    Args:
        lane: see `lane_of`.
        names: of the channels, by id.
    """
    channel_id = channel_of(lane)
    return "mail" if channel_id is None else f"channel {names.get(channel_id, channel_id)}"
