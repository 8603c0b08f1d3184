"""The events of the ledger's benchmark."""

from config.loader import load_program
from tests.benchmarks.flyers import BATCH_ROWS, TURN, WHAT, Flyers
from tests.benchmarks.ledger import AIRLINE


def test_every_kind_takes_its_turn() -> None:
    """A batch holds one kind, in order of time; the same number of events gives the same events."""
    program = load_program(AIRLINE)
    batches = list(Flyers(program, 0).batches())
    again = [rows[0][4] for _, rows in Flyers(program, 0).batches()]

    assert list(TURN) == [kind for kind, _ in batches]
    assert set(WHAT) == set(TURN)
    assert [rows[0][4] for _, rows in batches] == again
    times = [row[0] for _, rows in batches for row in rows]
    assert sorted(times) == times
    assert len(TURN) * BATCH_ROWS == len(times)
