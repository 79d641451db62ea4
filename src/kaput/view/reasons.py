"""Why something was refused or left out, in words.

In: a reason under which drops are counted. Out: a sentence without its full stop. Pure; `view/pages.py` imports it. The
list of docs/operate.md has the same reasons, which a test compares.
"""

from collections.abc import Mapping

_UNREAD = "it could not be read; stderr has the reason"

WORDS: Mapping[str, str] = {
    "key_missing": "the request had no key",
    "key_unknown": "the key is unknown or disabled",
    "key_wrong_project": "the key is another project's",
    "key_conflict": "the request had two different keys",
    "malformed": "it is not what the protocol says",
    "encoding": "it is compressed in a way that is not known",
    "method": "the address takes no such request",
    "unknown_path": "the address is none of the protocol",
    "too_large": "it was larger than a limit",
    "too_slow": "it took longer than a limit to arrive",
    "client_gone": "the client went away before its end",
    "rate_limited": "the key had brought as many events as its limit says",
    "overload": "more was coming than could be held or digested",
    "disk_full": "the disk had less than KAPUT_MIN_FREE left",
    "buffer_unwritable": "the disk did not take it",
    "internal_error": "a fault of Kaput's own; stderr has the traceback",
    "client:": "a client left it out by itself and told of it; it never came here",
    "unsupported:": "this version keeps nothing of this kind",
    "too_many_reports": "a browser sent more than 100 reports at once",
    "filter:": "a filter of its project leaves it out",
    "duplicate": "an event with its id is stored already",
    "ignored": "its issue is ignored",
    "deleted": "its issue was deleted",
    "dead": "a dead record that somebody dropped",
    "sessions_malformed": "sessions without a release or a time of their start",
    "sessions_too_old": "sessions that began more than five days before",
    "sessions_beyond_limit": "sessions of too many releases or environments",
    "sessions_failed": f"sessions: {_UNREAD}",
    "attachment_too_large": "an attachment was larger than KAPUT_MAX_ATTACHMENT",
    "attachment_too_many": "the event had KAPUT_MAX_ATTACHMENTS already",
    "attachment_no_room": "attachments take all that KAPUT_ATTACHMENT_SHARE and KAPUT_MIN_FREE leave them",
    "attachment_without_event": "the event of an attachment did not come within a day",
    "attachment_duplicate": "an attachment that was sent again",
    "feedback_duplicate": "feedback that was sent again",
    "attachment_unwritable": "the disk did not take an attachment",
    "attachment_failed": f"an attachment: {_UNREAD}",
    "too_many_monitors": "a new job in a project that has 500 monitors",
    "check_in_failed": f"a check-in: {_UNREAD}",
    "feedback_failed": f"feedback: {_UNREAD}",
    "torn_tail": "half written when its process was killed; nothing of it was acknowledged",
}
"""What each reason means; one that ends with a colon is how a group of them begins."""


def words_of(reason: str) -> str:
    """Returns what a reason means; empty for one that another version counted."""
    return WORDS.get(reason) or WORDS.get(reason.partition(":")[0] + ":", "")
