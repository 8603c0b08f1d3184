"""What the made-up shop sells: articles with a category and a price in pence, the same for every seed."""

from typing import NamedTuple

CATEGORIES = ("bakery", "coffee", "dairy", "fruit", "household", "stationery", "toys", "garden")
ARTICLES = 400
PRICE_MIN = 95
PRICE_SPREAD = 3100


class Article(NamedTuple):
    """An article; `price` is in pence."""

    sku: str
    category: str
    price: int


CATALOGUE = tuple(
    Article(
        sku=f"SKU-{1000 + number}",
        category=CATEGORIES[number % len(CATEGORIES)],
        price=PRICE_MIN + number * number * 37 % PRICE_SPREAD,
    )
    for number in range(ARTICLES)
)
