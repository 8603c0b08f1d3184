"""Online Retail whole: 541,909 lines of a real wholesaler, every cancellation accounted for."""

from collections import defaultdict
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from connectors.simulate.base import BaseOrder
from tests.flow.lives import live, settings
from tests.identity.public_data import data
from tests.reconcile.asked import ask, reconcile
from tests.reconcile.retail import FILE, read_invoices, write_log

pytestmark = [pytest.mark.external, pytest.mark.slow, pytest.mark.timeout(1200)]

LINES: Final = 541_909
INVOICES, CANCELLATIONS = 25_900, 3_836
FATES: Final = {"whole": 3_110, "in part": 33, "no order": 693}
PENCE_A_POINT: Final = 100


class Shop(NamedTuple):
    """The invoices, their log, and what a run over it left."""

    invoices: list[BaseOrder]
    lines: int
    log: Path
    out: Path


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A run over the whole data."""
    folder = tmp_path_factory.mktemp("retail")
    invoices, lines = read_invoices(data(FILE))
    write_log(invoices, folder / "log")
    live(folder / "log", folder / "out", settings(epoch_seconds=2))
    return Shop(invoices, lines, folder / "log", folder / "out")


def test_every_invoice_is_an_event(shop: Shop) -> None:
    """Nothing is refused or taken for a duplicate: identical lines are facts."""
    assert (shop.lines, len(shop.invoices)) == (LINES, INVOICES)
    kinds = dict(ask(shop.out, "SELECT type, count(*) FROM stored.events GROUP BY type"))
    assert kinds == {"purchase": INVOICES - CANCELLATIONS, "return": CANCELLATIONS}
    assert ask(shop.out, "SELECT sum(json_array_length(data, '$.lines'))::BIGINT FROM stored.events") == [(LINES,)]
    assert ask(shop.out, "SELECT count(*) FROM dead_letters") == [(0,)]


def test_postings_sum_to_balances(shop: Shop) -> None:
    """V1: every entry sums to zero, and what was posted to members is what they have, less what they owe."""
    assert ask(shop.out, "SELECT entry_id FROM postings GROUP BY entry_id, member_id HAVING sum(points) != 0") == []
    posted = "SELECT sum(points)::BIGINT FROM postings WHERE account IN ('available', 'receivable')"
    assert ask(shop.out, posted) == ask(shop.out, "SELECT sum(available - receivable)::BIGINT FROM balances")


def test_every_cancellation_is_accounted_for(shop: Shop) -> None:
    """It found its order and took back in proportion, only in part since more came back than was bought, or none."""
    orders: dict[tuple[str, str], list[int]] = {}
    taken: dict[str, int] = defaultdict(int)
    fates: dict[str, set[str]] = {"whole": set(), "in part": set(), "no order": set()}
    for invoice in shop.invoices:
        key = (invoice.customer, invoice.order_id)
        if invoice.kind == "purchase":
            assert key not in orders
            orders[key] = [invoice.total, 0, 0]
        elif key not in orders:
            fates["no order"].add(invoice.id)
        else:
            total, returned, before = orders[key]
            fates["whole" if returned + invoice.total <= total else "in part"].add(invoice.id)
            returned += invoice.total
            back = (total // PENCE_A_POINT) * min(returned, total) // total if total else 0
            orders[key] = [total, returned, back]
            taken[invoice.id] = back - before
    refused = ask(shop.out, "SELECT cause_id, reason FROM refusals WHERE kind = 'return'")
    assert {cause for cause, reason in refused if reason == "RETURN_BEFORE_PURCHASE"} == fates["no order"]
    assert {cause for cause, reason in refused if reason == "RETURN_BEYOND_ORDER"} == fates["in part"]
    assert {fate: len(ids) for fate, ids in fates.items()} == FATES
    found = ask(shop.out, "SELECT cause_id, sum(points)::BIGINT FROM postings "
                          "WHERE rule LIKE 'return.%' AND account = 'issued' GROUP BY cause_id")  # fmt: skip
    assert dict(found) == {invoice: points for invoice, points in taken.items() if points}


def test_it_equals_the_recomputation_from_the_log(shop: Shop) -> None:
    """V8 on the whole data."""
    answer = reconcile(shop.out, shop.log, "--json")
    told = answer.told
    assert (answer.status, told["equal"], told["lines"]) == (0, True, {"applied": INVOICES})
    (points,) = told["currencies"]
    assert points["expected"] == points["streamed"] > 4_000_000
