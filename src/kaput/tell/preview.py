"""How often a rule would have fired.

In: a rule, and the store's rules, which read what came lately. Out: a `Preview`. The same code judges as it does for
events that come (`tell/rules.py`), from an empty count on. Imported by the roots.
"""

from collections.abc import Sequence

from msgspec import structs

from kaput.model import DAY, Aim, Audience, Case, Field, History, IssueState, Preview, Rule, Target, Trigger
from kaput.store.base import Rules
from kaput.tell.rules import evaluate

DAYS = 7
_SOMEBODY = (Target(Aim.ADDRESS, "somebody@example.org"),)
_RETURNS = frozenset({Trigger.REGRESSED, Trigger.UNMUTED})


def tried(rules: Rules, rule: Rule, now: float) -> Preview:
    """Says how often a rule would have fired in the last `DAYS`; raises ValueError for what is no rule."""
    past = rules.history(rule, now - DAYS * DAY, rich=needs_all_of_it(rule))
    return Preview(firings(rule, past), DAYS, past.whole)


def needs_all_of_it(rule: Rule) -> bool:
    """Answers whether a rule asks for more of an event than stands beside its payload."""
    asked = {condition.field for condition in rule.conditions}
    return rule.trigger is Trigger.USERS or not asked.isdisjoint({Field.TAG, Field.PATH})


def firings(rule: Rule, past: History) -> int:
    """Counts how often a rule would have told somebody; what its pauses would have held back is not counted."""
    happened = past.returns if rule.trigger in _RETURNS else past.events
    return len(evaluate(happened, _Past(structs.replace(rule, targets=_SOMEBODY), past)).drafts)


class _Past:
    """A situation without any count, in which one rule is the only one."""

    now = 0.0

    def __init__(self, rule: Rule, past: History) -> None:
        self._rule = rule
        self._past = past

    def rules(self, project_id: int) -> Sequence[Rule]:
        """Returns the one rule."""
        del project_id
        return [self._rule]

    def window(self, case: Case) -> bytes:
        """Returns nothing: it begins to count."""
        del case
        return b""

    def paused_until(self, case: Case) -> float:
        """Returns 0: it never rested."""
        del case
        return 0.0

    def issue(self, issue_id: int) -> IssueState:
        """Returns an issue as it is now."""
        return self._past.issues[issue_id]

    def audience(self, project_id: int) -> Audience:
        """Returns nobody: the rule has an address of its own."""
        del project_id
        return Audience()
