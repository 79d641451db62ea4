"""The statement that failed."""

import pytest

from kaput.digest.source import LONG, scope, statement
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


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        (["class Pear:", "    def total(self):"], "Pear"),
        (["class Pear:", "    @traced", "    async def total(self):", "        a = 1"], "Pear"),
        (["def outer():", "    x = 1", "    def total():"], "outer"),
        (["class Pear:", "    x = 1", "", "def total(pear):"], ""),
        (["class Pear:", "    def price(self):", "        x", "    def total(self):"], ""),
        (["class Pear:", "x = 1", "    def total(self):"], ""),
        (["class Pear:", "    def price(self):"], ""),
        ([], ""),
    ],
)
def test_the_class_is_seen_above(above: list[str], expected: str) -> None:
    """Two classes of a module may have functions of one name, with the same line in them."""
    assert scope(Frame(function="total", pre_context=above), "total") == expected
