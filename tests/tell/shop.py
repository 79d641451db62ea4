"""A shop whose cart breaks: its events, issues and notices, and a store on disk that holds them."""

from hashlib import md5
from pathlib import Path
from typing import Any

from kaput.model import (
    Batch,
    Digested,
    Event,
    ExceptionChain,
    ExceptionValue,
    Frame,
    Grouping,
    Kind,
    Request,
    Stacktrace,
    Title,
    User,
)
from kaput.store.base import IssueRow, NoticeRow, Status, Store
from kaput.store.database import open_store
from kaput.tell.rules import evaluate
from tests.migrated import migrated

START = 1_790_000_000.0


def make_event(number: int = 1, **fields: Any) -> Event:
    """A key that is missing from a price list."""
    frame = Frame(
        filename="shop/pricing.py",
        function="price_cart",
        lineno=88,
        pre_context=[
            "def price_cart(cart):",
            "    for line in cart.lines:",
            "        product = catalogue.get(line.sku)",
        ],
        context_line="        total += prices[line.sku] * line.qty",
        post_context=["    return total", "", "def tax(total):"],
        in_app=True,
        vars={"line": "Line(sku='sku-9', qty=2)", "prices": {"sku-1": 1.5}, "total": "Decimal('41.50')"},
    )
    library = Frame(filename="flask/app.py", function="dispatch_request", lineno=900)
    values: dict[str, Any] = {
        "event_id": f"{number:032x}",
        "timestamp": START,
        "received": START,
        "exception": ExceptionChain(
            [
                ExceptionValue(type="LookupError", value="no price list for 'b2b'"),
                ExceptionValue(type="KeyError", value="'sku-9'", stacktrace=Stacktrace(frames=[library, frame])),
            ]
        ),
        "request": Request(method="POST", url="https://shop.example.org/checkout/3"),
        "user": User(id="12", email="ada@example.org"),
        "release": "2.4.1",
        "environment": "production",
        "server_name": "web-3",
    }
    return Event(**(values | fields))


def make_issue(**fields: Any) -> IssueRow:
    """The issue of `make_event`."""
    values: dict[str, Any] = {
        "id": 41,
        "short_id": "SHOP-41",
        "project_id": 1,
        "project": "shop",
        "title": "KeyError: 'sku-9'",
        "type": "KeyError",
        "value": "'sku-9'",
        "culprit": "price_cart in shop/pricing.py",
        "status": Status.UNRESOLVED,
        "level": "error",
        "count": 1204,
        "users": 318,
        "first_seen": START - 3600,
        "last_seen": START,
        "regressed": False,
        "release": "2.4.1",
        "environment": "production",
        "platform": "python",
        "grouped_by": "",
        "kept": 1204,
        "thinned": None,
    }
    return IssueRow(**(values | fields))


def make_notice(number: int = 1, created: float = START, **fields: Any) -> NoticeRow:
    """A notice that nobody has looked at yet."""
    values: dict[str, Any] = {
        "id": number,
        "kind": Kind.NEW,
        "project_id": 1,
        "issue_id": 41,
        "event_row": number,
        "recipient": "ada@example.org",
        "state": "pending",
        "created": created,
        "due": created,
        "attempts": 0,
        "sequence": 0,
        "error": "",
    }
    return NoticeRow(**(values | fields))


class Shop:
    """A store on disk with the project Shop, its members, and a clock to be set.

    Attributes:
        now: what its clock says.
    """

    def __init__(self, path: Path) -> None:
        migrated(path)
        self.path = path
        self.now = START
        self.store: Store = open_store(path, lambda: self.now, busy_seconds=0.2)
        self.project = self.store.projects.add("Shop")
        self._events = 0

    def join(self, address: str) -> None:
        """Adds a member."""
        account = self.store.accounts.add(address, "a long enough password", admin=False)
        self.store.projects.add_member(self.project.id, account.id)

    def breaks(self, *names: str) -> None:
        """Stores one event for each name in one transaction; events of one name are one issue."""
        digested = []
        for name in names:
            self._events += 1
            event = make_event(self._events, timestamp=self.now, received=self.now)
            grouping = Grouping("v1", (md5(name.encode(), usedforsecurity=False).hexdigest(),), "its name")
            title = Title("KeyError", repr(name), "price_cart in shop/pricing.py")
            digested.append(Digested(self.project.id, event, grouping, title))
        self.store.batches.commit(Batch(digested, [], [], []), evaluate)

    @property
    def notices(self) -> dict[str, int]:
        """Notices by state."""
        return self.store.facts.tallies().notices
