"""What a test alert is about in a project to which no event has come yet.

In: a time. Out: an issue and its event, made up. Pure. Imported by `tell/outbox.py`.
"""

from kaput.model import Event, ExceptionChain, ExceptionValue, Frame, Stacktrace
from kaput.store.base import IssueRow, NoticeRow, Status


def sample_issue(notice: NoticeRow, slug: str) -> IssueRow:
    """Makes the issue; it is stored nowhere, so its short id has no number that an issue could have."""
    return IssueRow(
        id=0,
        short_id=f"{slug.upper()}-0",
        project_id=notice.project_id,
        project=slug,
        title="KeyError: 'sku-9'",
        type="KeyError",
        value="'sku-9'",
        culprit="price_cart in shop/pricing.py",
        status=Status.UNRESOLVED,
        level="error",
        count=1,
        users=0,
        first_seen=notice.created,
        last_seen=notice.created,
        regressed=False,
        release="",
        environment="example",
        platform="python",
        grouped_by="",
        kept=0,
        thinned=None,
    )


def sample_event(notice: NoticeRow) -> Event:
    """Makes the event."""
    frame = Frame(
        filename="shop/pricing.py",
        function="price_cart",
        lineno=88,
        pre_context=["    for line in cart.lines:"],
        context_line="        total += prices[line.sku] * line.qty",
        post_context=["    return total"],
        in_app=True,
        vars={"prices": "{'sku-1': Decimal('1.50')}"},
    )
    error = ExceptionValue(type="KeyError", value="'sku-9'", stacktrace=Stacktrace(frames=[frame]))
    return Event(
        event_id=f"{notice.id:032x}",
        timestamp=notice.created,
        received=notice.created,
        environment="example",
        exception=ExceptionChain([error]),
    )
