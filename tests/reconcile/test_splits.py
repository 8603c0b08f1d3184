"""Members who were split are recomputed on both sides, by the identifier under which everything came."""

import random
from pathlib import Path

import pytest

from tests.flow.lives import live, settings
from tests.reconcile.asked import ask, reconcile
from tests.reconcile.made import EXPIRING, FOR_EVER, Event, crowded, drawn, write
from tests.reconcile.test_tiers import of_all_measures


def with_splits(seed: int, count: int) -> list[Event]:
    """Drawn events; every now and then the cookie of an event before is taken from the card that it came with."""
    chance, events = random.Random(seed), []
    for number, event in enumerate(drawn(seed, count)):
        events.append(event)
        latest = [one["data"].get("ids", {}) for one in events[-30:]]
        joined = [ids for ids in latest if {"loyalty", "cookie"} <= ids.keys()]
        if number % 8 == 0 and joined:
            ids = chance.choice(joined)
            part = {"keep": {"loyalty": ids["loyalty"]}, "part": {"cookie": ids["cookie"]}}
            data = {**part, "actor": "desk", "reason": "two people"}
            events.append({**event, "type": "split", "source": "desk", "id": f"split {number}", "data": data})
    return events


@pytest.mark.parametrize(
    ("currencies", "seed"), [(FOR_EVER, 6), (EXPIRING, 7), (EXPIRING, 10)], ids=["for ever", "expiring", "expiring too"]
)
def test_members_who_were_split_are_equal(tmp_path: Path, currencies: str, seed: int) -> None:
    """Orders that are divided, redemptions from the other side's lots, adjustments: nobody is left out."""
    log = write(tmp_path / "log", with_splits(seed, 160))
    live(log, tmp_path / "out", settings(epoch_seconds=1), crowded(currencies))
    told = reconcile(tmp_path / "out", log, "--json").told
    assert (told["equal"], told["drifting"], told["lots_drifting"], told["left_out"]) == (True, [], [], 0)
    assert ask(tmp_path / "out", "SELECT count(*) FROM postings WHERE rule LIKE 'split.%'")[0][0] > 5


def test_tiers_of_members_who_were_split_are_equal(tmp_path: Path) -> None:
    """Each side has what its identifiers counted."""
    log = write(tmp_path / "log", with_splits(4, 160))
    live(log, tmp_path / "out", settings(epoch_seconds=1), of_all_measures("period: rolling, rolling_days: 9"))
    told = reconcile(tmp_path / "out", log, "--json").told
    assert (told["equal"], told["tiers"]["drifting"]) == (True, 0)
    assert ask(tmp_path / "out", "SELECT count(*) FROM tiers WHERE reason = 'SPLIT'")[0][0] > 0
