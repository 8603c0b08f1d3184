"""A point too much in what a run wrote down is found, whatever gave it, with the event at which both sides part."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.config.samples import program
from tests.flow.lives import live, settings
from tests.ledger.tables import event_of
from tests.reconcile.asked import reconcile
from tests.reconcile.made import Event, write
from tests.reconcile.tampered import halves, tamper

PROGRAM = """
time_zone: Europe/Paris
activities: [boarding]
currencies:
  points: {name: Points, expiry: {policy: days, days: 30}, returns: within_balance}
  miles: {name: Miles, expiry: {policy: activity_extends, days: 9}}
earn:
  - {id: spend, on: purchase, currency: points, points: 1, per: {amount: 100, currency: GBP}}
  - {id: app, on: purchase, currency: points, bonus: {percent: 50}, when: 'channel == "app" and hour >= 8'}
  - {id: goods, on: purchase, currency: points, points: 3, per: {amount: 100, currency: GBP},
     when: 'line.category != "card"', rates: [{points: 5, categories: [tea]}]}
  - {id: door, on: store_visit, currency: points, points: 7, when: 'store in ["Bath", "Bristol"]'}
  - {id: later, on: purchase, currency: points, points: 1, per: {amount: 500, currency: GBP},
     hold: {delay: 2d, rounding: up}}
  - {id: seat, on: purchase, currency: miles, points: 2, per: {amount: 100, currency: GBP}, hold: {event: boarding}}
  - {id: treat, on: purchase, currency: points, points: 1, per: {amount: 1000, currency: GBP}, expires_after: 3d}
"""
LINES = [
    {"sku": "card", "category": "card", "quantity": 1, "amount": 1000},
    {"sku": "tea", "category": "tea", "quantity": 2, "amount": 2000},
    {"sku": "cup", "category": "cups", "quantity": 1, "amount": 1000},
]


def events() -> Iterator[Event]:
    """What ada does, and bob, who is she."""
    total = {"amount": 4000, "currency": "GBP"}
    basket: Event = {"total": total, "lines": LINES, "channel": "app"}
    told: list[tuple[str, str, str, Event]] = [
        ("purchase", "buy", "2026-01-02T10:00", {"order_id": "o1", **basket}),
        ("store_visit", "visit", "2026-01-03T10:00", {"store": "Bath"}),
        ("boarding", "board", "2026-01-04T10:00", {}),
        ("redeem", "spend", "2026-01-06T10:00", {"redemption_id": "x1", "currency": "miles", "points": 30}),
        ("return", "back", "2026-01-07T10:00", {
            "return_id": "r1", "order_id": "o1", "total": {"amount": 1000, "currency": "GBP"}, "lines": LINES[2:],
        }),
        ("redeem_cancel", "undo", "2026-01-08T10:00", {"redemption_id": "x1"}),
        ("points_adjust", "gift", "2026-01-09T10:00", {
            "currency": "points", "points": 5, "reason": "goodwill", "actor": "desk",
        }),
        ("accrual", "partner", "2026-01-10T10:00", {"accrual_id": "a1", "currency": "miles", "points": 9}),
    ]  # fmt: skip
    for kind, name, at, data in told:
        yield event_of(kind, name, at, {"ids": {"loyalty": "ada"}, **data})
    both = {"loyalty": "ada", "cookie": "web"}
    bought = {"ids": {"cookie": "web"}, "order_id": "o2", "total": total}
    yield event_of("purchase", "bob", "2026-01-11T10:00", bought)
    yield event_of("alias", "one", "2026-01-12T10:00", {"ids": both})
    yield event_of("page_view", "end", "2026-03-12T10:00", {"ids": both})


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The log, and what a run over it left."""
    folder = tmp_path_factory.mktemp("lived")
    log = write(folder / "log", events())
    live(log, folder / "out", settings(epoch_seconds=1), program(PROGRAM))
    return log, folder / "out"


def test_nothing_drifts_before_anybody_tampers(lived: tuple[Path, Path]) -> None:
    """Everything is recomputed and nothing is believed."""
    log, out = lived
    told = reconcile(out, log, "--json").told
    assert (told["equal"], told["believed"], told["not_recomputed"]) == (True, {}, {})


@pytest.mark.parametrize(
    "rule",
    [
        "spend", "app", "goods", "door", "later", "seat", "treat", "release.later", "release.seat", "return.spend",
        "return.goods", "return.later", "redeem", "redeem_cancel", "points_adjust", "accrual", "expired",
    ],
)  # fmt: skip
def test_a_point_too_much_is_found_at_its_event(lived: tuple[Path, Path], tmp_path: Path, rule: str) -> None:
    """Of whatever kind the entry is; status 1."""
    log, out = lived
    cause_id = tamper(out, tmp_path / "out", rule)
    answer = reconcile(tmp_path / "out", log, "--json")
    assert answer.status == 1
    (parting,) = answer.told["parting"]
    name = parting["id"].partition(" ")[0] if rule == "expired" else parting["id"]
    assert name == ("expired" if rule == "expired" else cause_id)
    assert parting["streamed"] - parting["expected"] == 1


def test_several_folders_are_one_deployment(lived: tuple[Path, Path], tmp_path: Path) -> None:
    """Members are in one of them each; together they are equal, one alone lacks what the other has."""
    log, out = lived
    tamper(out, tmp_path / "tampered", "spend")
    for folder, status in ((out, 0), (tmp_path / "tampered", 1)):
        one, other = halves(folder, tmp_path / f"halves {status}")
        assert reconcile(one, log).status == 1
        answer = reconcile(one, log, "--out", str(other), "--json")
        assert (answer.status, len(answer.told["drifting"])) == (status, status)
        assert reconcile(other, log, "--out", str(one), "--json").told["drifting"] == answer.told["drifting"]
