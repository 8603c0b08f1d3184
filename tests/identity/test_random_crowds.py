"""Untidy crowds: shared devices, households, changing addresses, aliases and repeated lines, drawn from a seed."""

import random
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from flows.stations import StitchHost, Wiring
from schemas.decode import EventDecoder, Rejected, time_us
from schemas.log import LogBatch, Place, Row
from tests.identity.stories import shop

EVENTS, PEOPLE, COOKIES, DEVICES = 1_500, 120, 90, 4
FIRST_SECOND = 1_767_268_800
GAPS_SECONDS = (1, 60, 3_600, 5, 5)
DAY_SECONDS, DAY_SHARE = 86_400, 0.02
ALIAS_SHARE, AGAIN_SHARE = 0.03, 0.02
SMALL_CACHE_BYTES = 1 << 14
BATCHES = (1, 50, 300)
PLACE = Place("crowd", 0)


def identifiers(dice: random.Random) -> dict[str, str | list[str]]:
    """What somebody of the crowd shows, in any order."""
    who = dice.randrange(PEOPLE)
    shown: list[tuple[float, str, str | list[str]]] = [
        (0.5, "cookie", f"c{dice.randrange(COOKIES)}"),
        (0.1, "device", f"d{dice.randrange(DEVICES)}"),
        (0.4, "email", dice.choice(("P{}@X.com", "p{}@x.com")).format(who)),
        (0.3, "loyalty", f"L{who}"),
        (0.1, "phone", f"+4477009{who // 3:05}"),
        (0.05, "crm", [f"k{who}", f"k{who + 1}"]),
    ]
    chosen = [(name, value) for share, name, value in shown if dice.random() < share]
    dice.shuffle(chosen)
    return dict(chosen or [("email", "null")])


def crowd(seed: int) -> list[Row]:
    """Rows in order of log time."""
    dice, decoder, second = random.Random(seed), EventDecoder(), FIRST_SECOND
    rows: list[Row] = []
    for at in range(EVENTS):
        if rows and dice.random() < AGAIN_SHARE:
            raw = dice.choice(rows)[4]
        else:
            second += DAY_SECONDS if dice.random() < DAY_SHARE else dice.choice(GAPS_SECONDS)
            alias = dice.random() < ALIAS_SHARE
            raw = msgspec.json.encode({
                "specversion": "1.0", "type": "alias" if alias else "activity", "source": "crowd", "id": f"e{at}",
                "time": datetime.fromtimestamp(second, UTC),
                "data": {"ids": identifiers(dice)} | ({} if alias else {"kind": "visit"}),
            })  # fmt: skip
        event = decoder.decode(raw)
        assert not isinstance(event, Rejected), event
        rows.append((second * 1_000_000, time_us(event.time), PLACE, at, raw, event))
    return rows


def told(station: StitchHost, rows: list[Row], dice: random.Random | None) -> dict[str, bytes]:
    """All records and steps as bytes; with dice, in batches of any size with epochs between them."""
    out: dict[str, bytes] = {}
    at = 0
    while at < len(rows):
        count = len(rows) if dice is None else dice.choice(BATCHES)
        stitched = station.work(LogBatch(rows[at : at + count], None, 0, 0.0))
        at += count
        for name, lines in {**stitched.lines, "steps": msgspec.json.encode(stitched.steps)[1:-1] + b","}.items():
            if lines != b",":
                out[name] = out.get(name, b"") + lines
        if dice is not None and dice.random() < 1 / 2:
            station.save()
    return out


@pytest.mark.parametrize("seed", [0, 5])
def test_neither_batches_nor_a_small_cache_decide_anything(seed: int, tmp_path: Path) -> None:
    """One batch in memory tells the same, byte for byte, as many over a store whose cache holds next to nothing."""
    rows = crowd(seed)
    plain = StitchHost(Wiring(shop()), 0)
    stored = StitchHost(Wiring(shop(), tmp_path, cache_bytes=SMALL_CACHE_BYTES), 0)
    expected = told(plain, rows, None)
    assert expected == told(stored, rows, random.Random(seed))
    assert min(plain.totals.merges, plain.totals.duplicate, plain.totals.left_out.get("device/quarantined", 0)) > 0


def listed(row: Row) -> Row:
    """The same event with every identifier in a list of its own: so it goes by all the rules, whatever its types."""
    fields = msgspec.json.decode(row[4])
    ids = fields["data"]["ids"]
    fields["data"]["ids"] = {name: [given] if isinstance(given, str) else given for name, given in ids.items()}
    raw = msgspec.json.encode(fields)
    event = EventDecoder().decode(raw)
    assert not isinstance(event, Rejected), event
    return (*row[:4], raw, event)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_plain_event_comes_to_what_all_the_rules_say(seed: int) -> None:
    """Who is who, whose every event is, and what was left out: as if none of the rules had been spared."""
    rows = crowd(seed)
    stations = StitchHost(Wiring(shop()), 0), StitchHost(Wiring(shop()), 0)
    spared, asked = (station.work(LogBatch(some, None, 0, 0.0)) for station, some in zip(
        stations, (rows, list(map(listed, rows))), strict=True
    ))  # fmt: skip
    for table in ("identity", "members", "alerts"):
        assert spared.lines[table] == asked.lines[table]
    assert [step.member_id for step in spared.steps] == [step.member_id for step in asked.steps]
    assert (spared.moved, spared.gone) == (asked.moved, asked.gone)
    assert stations[0].totals == stations[1].totals
