"""What things cost.

In: a cart, the price list, ratings. Out: sums. Fails, as ordered, when the list lacks a product or nobody rated it.
For `web.py`.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from kaput.demo.shop.cart import Cart


def price_cart(cart: Cart, prices: Mapping[str, Decimal]) -> Decimal:
    """Returns what the whole cart costs."""
    total = Decimal(0)
    for line in cart.lines:
        total += prices[line.sku] * line.quantity
    return total


def average_rating(sku: str, ratings: Mapping[str, Sequence[int]]) -> float:
    """Returns the mean number of stars of a product."""
    given = ratings[sku]
    stars = sum(given)
    return stars / len(given)
