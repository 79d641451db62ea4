"""What a project leaves out.

In: nothing. Out: a frozen struct. Imported through `kaput.model`.
"""

from msgspec import Struct


class Filters(Struct, frozen=True, omit_defaults=True):
    """Which events of a project are left out; nothing by default. Texts are globs: `*` any characters, `?` one.

    Attributes:
        error_types: of the type of the exception that was raised last.
        messages: of its value, of `type: value`, or of a log message.
        crawlers: requests by programs that visit pages on their own, by their user agent.
        localhost: requests to this machine itself, and users whose address is this machine.
        extensions: errors that come from an extension of somebody's browser.
    """

    error_types: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    crawlers: bool = False
    localhost: bool = False
    extensions: bool = False
