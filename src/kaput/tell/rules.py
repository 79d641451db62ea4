"""Which changes are told to whom.

In: the changes of a batch and the addresses of the members, by project. Out: drafts for the outbox. Pure.
Imported by the roots, which hand `evaluate` to the worker; the store writes its drafts in the transaction of the event.
"""

from collections.abc import Mapping, Sequence

from kaput.model import Change, Draft, Kind

TOLD = frozenset({Kind.NEW, Kind.REGRESSED, Kind.UNMUTED})
"""The kinds of change that make a notice."""


def evaluate(changes: Sequence[Change], members: Mapping[int, Sequence[str]]) -> list[Draft]:
    """Tells every new issue, every regression and every mute that ended to all members of its project.

    Args:
        changes: in the order in which they happened.
        members: addresses by project; a project without an entry has no members.

    Returns:
        One draft for each change and address, in the order of the changes, then of the members.
    """
    return [
        Draft(change, address)
        for change in changes
        if change.kind in TOLD
        for address in dict.fromkeys(members.get(change.project_id, ()))
    ]
