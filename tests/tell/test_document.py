"""The documents for webhooks."""

import json
from pathlib import Path

from kaput.model import Kind
from kaput.tell.document import DocumentComposer
from kaput.tell.mail import Listed
from tests.tell.shop import START, make_event, make_issue, make_notice

BASE = "https://kaput.example.org"
PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")


def test_one_issue() -> None:
    """A document is what docs/webhooks.md shows."""
    issue, event = make_issue(), make_event(1, tags={"plan": "pro"})
    made = DocumentComposer("a1b2").notice(make_notice(7), issue, event, "Shop", BASE)
    examples = [part.partition("```")[0] for part in PAGE.split("```json\n")[1:]]
    assert json.loads(made.body) == json.loads(examples[0])
    assert made.id == "notice-7.a1b2"


def test_many_issues() -> None:
    """A digest counts by kind, and lists the first issues, as docs/webhooks.md shows."""
    notices = [make_notice(number) for number in range(1, 4)] + [make_notice(4, kind=Kind.REGRESSED)]
    made = DocumentComposer("a1b2").digest(notices, [Listed(notices[0], make_issue())], "Shop", BASE, START + 300)
    examples = [part.partition("```")[0] for part in PAGE.split("```json\n")[1:]]
    assert json.loads(made.body) == json.loads(examples[1])
    assert made.id == "digest-1-4-4.a1b2"


def test_odd_texts() -> None:
    """Halves of characters, times that no calendar has and endless texts make a document all the same."""
    event = make_event(release="\ud800" + "r" * 9000, timestamp=1e300, tags={"\udfff": "x\x00y"})
    made = DocumentComposer("a1b2").notice(make_notice(), make_issue(title="\ud800"), event, "Shop", "")
    document = json.loads(made.body)
    assert document["event"]["timestamp"] is None
    assert len(document["event"]["release"]) == 500
