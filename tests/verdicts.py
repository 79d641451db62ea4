"""Verdicts and drops for tests that are not about rules."""

from collections.abc import Iterable, Sequence

from kaput.model import Batch, Change, Draft, Drop, Happened, Situation, Verdict
from kaput.store.base import Store


def tell(happened: Sequence[Happened], situation: Situation, recipients: Iterable[str]) -> Verdict:
    """Tells what happened to issues to some recipients."""
    addresses = list(recipients)
    changes = [
        Change(one.kind, one.project_id, one.issue_id, one.event_row, situation.now)
        for one in happened
        if one.kind is not None
    ]
    return Verdict([Draft(change, address) for change in changes for address in addresses])


def tell_members(happened: Sequence[Happened], situation: Situation) -> Verdict:
    """Tells what happened to issues of project 1 to its members."""
    return tell(happened, situation, situation.audience(1).members)


def leave_out(store: Store, drops: Sequence[Drop]) -> None:
    """Stores drops as a batch of the worker does."""
    store.batches.commit(Batch([], [], list(drops), []), lambda _happened, _situation: Verdict([]))
