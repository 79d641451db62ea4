"""What the reasons of drops mean."""

import ast
import re
from pathlib import Path

from kaput.view.reasons import WORDS, words_of

ROOT = Path(__file__).parent.parent.parent
NOT_COUNTED = {"starting", "elsewhere"}
"""Refusals that the same client, or the other process, gets an answer for a moment later."""


def test_every_refusal_is_explained() -> None:
    """Whatever reason stands in the code with a refusal has words on the server page."""
    reasons = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refused" and len(node.args) > 1:
                reasons |= {node.args[1].value} if isinstance(node.args[1], ast.Constant) else set()
    assert "key_unknown" in reasons
    assert {str(reason) for reason in reasons if not words_of(str(reason))} == NOT_COUNTED


def test_the_manual_explains_the_same() -> None:
    """docs/operate.md has a row for each reason that the page has words for, and no other."""
    text = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    table = text[text.index("| reason | what happened |") :].partition("\n\n")[0]
    first_cells = " ".join(line.split("|")[1] for line in table.splitlines()[2:])
    assert set(re.findall(r"`([a-z_]+:?)(?:\.\.\.)?`", first_cells)) == set(WORDS)


def test_a_reason_of_a_group_has_its_words() -> None:
    """What a client or a filter names itself is explained by its beginning; what nobody knows has no words."""
    assert words_of("client:before_send") == WORDS["client:"]
    assert words_of("filter:crawlers") == WORDS["filter:"]
    assert words_of("from another version") == ""
