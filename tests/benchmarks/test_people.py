"""The crowd that identity is measured on is what it says it is."""

from config.loader import load_program
from flows.stations import StitchHost, Wiring
from schemas.log import LogBatch, Row
from tests.benchmarks.people import EVENTS_PER_IDENTIFIER, PEOPLE_PER_IDENTIFIER, Crowd
from tests.benchmarks.tasks import CORNER_SHOP

IDENTIFIERS, MERGED_SHARE = 10_000, 0.05


def all_of(crowd: Crowd) -> list[Row]:
    """Its rows, in order."""
    return [row for batch in crowd.batches(1_000) for row in batch]


def test_a_crowd_has_the_people_identifiers_and_merges_it_names() -> None:
    """Stitched, it is as many members and identifiers; one event in twenty merges two members."""
    crowd = Crowd(IDENTIFIERS)
    station = StitchHost(Wiring(load_program(CORNER_SHOP)), 0)
    station.work(LogBatch(all_of(crowd), None, 0, 0.0))
    totals = station.totals
    assert (totals.applied, totals.links, totals.members, totals.merges) == (
        crowd.events, crowd.identifiers, crowd.people, crowd.merges,
    )  # fmt: skip
    assert crowd.identifiers == IDENTIFIERS
    assert crowd.people == IDENTIFIERS * PEOPLE_PER_IDENTIFIER
    assert crowd.events == IDENTIFIERS * EVENTS_PER_IDENTIFIER
    assert crowd.merges == crowd.events * MERGED_SHARE


def test_a_crowd_is_the_same_every_time() -> None:
    """Byte for byte, so that two measurements are of one thing."""
    assert [row[:5] for row in all_of(Crowd(300))] == [row[:5] for row in all_of(Crowd(300))]


def test_what_comes_after_names_people_who_are_there() -> None:
    """Nobody new, and later than everything else."""
    crowd = Crowd(IDENTIFIERS)
    station = StitchHost(Wiring(load_program(CORNER_SHOP)), 0)
    rows = all_of(crowd)
    station.work(LogBatch(rows, None, 0, 0.0))
    more = crowd.one_more_batch(500)
    station.work(LogBatch(more, None, 0, 0.0))
    assert (station.totals.members, station.totals.duplicate) == (crowd.people, 0)
    assert more[0][0] > rows[-1][0]


def test_a_bad_feed_is_one_member_with_ever_new_cookies() -> None:
    """Beside the crowd's batches, whatever their number; each event of its own links one more."""
    crowd = Crowd(300)
    station = StitchHost(Wiring(load_program(CORNER_SHOP)), 0)
    for number, rows in enumerate(crowd.batches(100), 1):
        station.work(LogBatch(rows, None, 0, 0.0))
        station.work(LogBatch(crowd.bad_feed(number * 10, 10, rows[-1][0]), None, 0, 0.0))
    bad = number * 10
    assert (station.totals.members, station.totals.links, station.totals.duplicate) == (
        crowd.people + 1, crowd.identifiers + bad + 1, 0,
    )  # fmt: skip
