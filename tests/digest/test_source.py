"""The statement that failed."""

import pytest

from kaput.digest.source import LONG, statement
from kaput.model import Frame


@pytest.mark.parametrize(
    ("line", "behind", "expected"),
    [
        ("  return  a +\tb", ["more()"], "return a + b"),
        ("raise ShopError(", ["    'closed'", ")", "more()"], "raise ShopError( 'closed' )"),
        ("raise ShopError(", ["a,", "b,", "c,", "d,"], "raise ShopError( a, b, c,"),
        ("call(a,", ["b)", "more()"], "call(a, b)"),
        ("raise ShopError(", ["x" * LONG], "raise ShopError("),
        ("x" * (LONG + 1), [], ""),
        (None, ["a"], ""),
    ],
)
def test_a_statement_goes_on_while_brackets_are_open(line: str | None, behind: list[str], expected: str) -> None:
    """Two raises of one function may begin with the same line; not more than some lines are taken."""
    assert statement(Frame(context_line=line, post_context=behind)) == expected
