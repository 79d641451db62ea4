"""What a customer wants to buy.

In: nothing. Out: frozen rows that the rest of the shop works on. For the files of this package.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One product of a cart."""

    sku: str
    quantity: int


@dataclass(frozen=True)
class Cart:
    """Everything a customer wants at once."""

    number: int
    customer: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Customer:
    """Someone who buys."""

    id: str
    email: str
    plan: str
