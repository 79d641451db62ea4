"""Which events a project does not want: by name, by glob, by who asked.

In: a project's `Filters`, an event. Out: the name of the first filter that leaves it out. Pure. The roots compile
filters and put them between the digest and the worker.

Globs match whole texts, whatever their case. They are read by google-re2, so the time is linear in the text.
"""

from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

import re2

from kaput.model import Event, Filters, Frame

Judge = Callable[[Event], str]
"""Answers the name of the filter that leaves an event out, or an empty text."""

PREFIX = "filter:"
"""Before the name of the filter, in what is counted as dropped."""

EXTENSION_SCHEMES = (
    *("chrome-extension://", "moz-extension://", "safari-extension://", "safari-web-extension://"),
    *("ms-browser-extension://", "extension://"),
)
EXTENSION_WORDS = (
    "Extension context invalidated",
    "Receiving end does not exist",
    "message port closed before a response was received",
    "message channel closed before a response was received",
    "Invocation of form runtime.",
    "Cannot redefine property: ethereum",
    "__gCrWeb",
    "__firefox__",
)
"""What the interfaces for extensions, and scripts that browsers and wallets put into every page, say when they fail."""

CRAWLERS = (
    *("googlebot", "adsbot-google", "mediapartners-google", "google-inspectiontool", "bingbot", "bingpreview"),
    *("yandexbot", "yandeximages", "baiduspider", "duckduckbot", "applebot", "petalbot", "seznambot", "slurp"),
    *("ahrefsbot", "semrushbot", "mj12bot", "dotbot", "rogerbot", "dataforseobot", "amazonbot", "bytespider"),
    *("ccbot", "perplexitybot", "facebookexternalhit", "facebot", "twitterbot", "linkedinbot"),
    *("pinterestbot", "redditbot", "slackbot", "discordbot", "telegrambot", "ia_archiver", "archive.org_bot"),
    *("headlesschrome", "chrome-lighthouse", "pingdom", "uptimerobot", "statuscake", "crawler", "spider"),
)
"""Names in user agents. Not `bot` alone: there are phones that are called so."""

_CRAWLER = re2.compile(r"(?i)bot/[0-9]|" + "|".join(map(re2.escape, CRAWLERS)))


def compiled(filters: Filters) -> Judge:
    """Makes the function that judges the events of one project."""
    checks: list[tuple[str, Callable[[Event], bool]]] = [
        (name, matching(globs, texts))
        for name, globs, texts in (
            ("error_types", filters.error_types, _error_types),
            ("messages", filters.messages, _messages),
            ("releases", filters.releases, lambda event: (event.release,)),
            ("environments", filters.environments, lambda event: (event.environment,)),
        )
        if globs
    ]
    switches = (("crawlers", is_crawler), ("localhost", is_localhost), ("extensions", is_extension))
    checks += [(name, check) for name, check in switches if getattr(filters, name)]

    def judge(event: Event) -> str:
        return next((name for name, check in checks if check(event)), "")

    return judge


def matching(globs: Sequence[str], texts: Callable[[Event], Iterable[str]]) -> Callable[[Event], bool]:
    """Makes the check whether any of an event's texts is matched by any of the globs."""
    options = re2.Options()
    options.log_errors = False  # else it tells stderr when it takes its slower way, which is linear too
    pattern = re2.compile("(?is)(?:" + "|".join(_expression(glob) for glob in globs) + ")", options)

    def check(event: Event) -> bool:
        return any(pattern.fullmatch(text) is not None for text in texts(event))

    return check


def is_crawler(event: Event) -> bool:
    """Says whether the request came from a program that visits pages on its own, as far as it says so."""
    headers = event.request.headers.items() if event.request else ()
    agent = next((value for name, value in headers if name.lower() == "user-agent"), "")
    return _CRAWLER.search(agent) is not None


def is_localhost(event: Event) -> bool:
    """Says whether the page or the user was on the machine itself."""
    return _is_loopback(event.user.ip_address if event.user else "") or _is_loopback(_host(event))


def is_extension(event: Event) -> bool:
    """Says whether the error comes from an extension of a browser: by the address of a frame, or by its words."""
    if any(frame.abs_path.startswith(EXTENSION_SCHEMES) for frame in _frames(event)):
        return True
    if any(frame.filename.startswith(EXTENSION_SCHEMES) for frame in _frames(event)):
        return True
    return any(word in text for text in _messages(event) for word in EXTENSION_WORDS)


def _expression(glob: str) -> str:
    parts = {"*": ".*", "?": "."}
    return "".join(parts.get(character) or re2.escape(character) for character in glob)


def _error_types(event: Event) -> tuple[str, ...]:
    return (event.exception.values[-1].type,) if event.exception and event.exception.values else ()


def _messages(event: Event) -> list[str]:
    texts = [event.logentry.formatted, event.logentry.message] if event.logentry else []
    if event.exception and event.exception.values:
        raised = event.exception.values[-1]
        texts += [raised.value, raised.text]
    return [text for text in texts if text]


def _frames(event: Event) -> list[Frame]:
    stacks = [event.stacktrace]
    stacks += [one.stacktrace for one in event.exception.values] if event.exception else []
    return [frame for stack in stacks if stack is not None for frame in stack.frames]


def _host(event: Event) -> str:
    try:
        return urlsplit(event.request.url).hostname or "" if event.request else ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
