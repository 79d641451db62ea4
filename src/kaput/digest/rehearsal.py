"""Tries rules of grouping on stored events, beside those that hold now.

In: events with the short ids of their issues, two texts of rules. Out: `Rehearsal`. Pure; the roots import it.
"""

from collections import Counter
from collections.abc import Iterable

from kaput.digest.fingerprint import grouper
from kaput.model import Event, Gathered, Parted, Rehearsal


def rehearse(events: Iterable[tuple[str, Event]], now: str, then: str) -> Rehearsal:
    """Groups events by the rules of now and by others; raises RuleError when the others cannot be read."""
    group_then, group_now = grouper(then), grouper(now)
    counts: Counter[str] = Counter()
    reasons: dict[str, str] = {}
    issues: dict[str, dict[str, None]] = {}
    before: dict[str, set[str]] = {}
    changed: Counter[str] = Counter()
    parts: dict[str, tuple[set[str], set[str]]] = {}
    total = 0
    for issue, event in events:
        total += 1
        old, new = group_now(event).hashes[0], group_then(event)
        first = new.hashes[0]
        counts[first] += 1
        changed[first] += old != first
        reasons.setdefault(first, new.reason)
        issues.setdefault(first, {})[issue] = None
        before.setdefault(first, set()).add(old)
        of_issue = parts.setdefault(issue, (set(), set()))
        of_issue[0].add(old)
        of_issue[1].add(first)
    gathered = [
        Gathered(reasons[one], counts[one], tuple(issues[one]), len(issues[one]) > 1 and len(before[one]) > 1)
        for one, count in changed.items()
        if count
    ]
    parted = [Parted(issue, len(new)) for issue, (old_ones, new) in parts.items() if len(new) > len(old_ones)]
    return Rehearsal(
        events=total,
        issues=len(parts),
        changed=changed.total(),
        gathered=tuple(sorted(gathered, key=lambda one: (-one.events, one.reason))),
        parted=tuple(sorted(parted, key=lambda one: (-one.parts, one.issue))),
    )
