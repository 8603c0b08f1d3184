"""V4 and V6 under SIGKILL: whenever a worker dies, what its successors leave is what one that lived leaves."""

import random
from pathlib import Path

import pytest

from tests.conftest import IN_CI
from tests.flow.dooms import Doom, When, half_an_engine
from tests.flow.lives import Life, settings
from tests.flow.outcomes import Outcome, differences, outcome, repeated

pytestmark = pytest.mark.crash

KILLED = -9
RANDOM_KILLS = 10
SECONDS_LIVED_MAX = 1.2

PLACES: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("connectors.file_log.journal:Journal.append",      (1,)),
    ("flows.runtime.engine:init_db_dir",                 (1,)),
    ("flows.runtime.deployment:Deployment.remember_program", (1,)),
    ("flows.runtime.store:Store.checkpoint",            (1, 2, 3, 4)),
    ("connectors.engine:LogPartition.snapshot",         (1, 2, 3)),
    ("sinks.group:Destinations.recover",                (1,)),
    ("sinks.group:Destinations.seal",                   (1, 3)),
    ("sinks.group:Destinations.publish",                (1, 3)),
    ("sinks.lines:LineFile.publish",                    (2, 5)),
    ("sinks.publisher:save_manifest",                   (1,)),
    ("sinks.surface_writer:SurfaceWriter._apply",       (1,)),
    ("sinks.group:Destinations.close",                  (1,)),
)  # fmt: skip


def assert_same(expected: Outcome, out: Path) -> None:
    """Nothing is missing, nothing is there twice, and everything stands in the same order."""
    assert differences(expected, outcome(out)) == {}
    assert repeated(out) == {}


def test_ten_kills_at_random_leave_no_trace(tmp_path: Path, shop_log: Path, undisturbed: Outcome) -> None:
    """Killed ten times wherever it was, with epochs that come thick, the worker ends as one never killed."""
    seed, landed = 7 if IN_CI else random.SystemRandom().randrange(10**6), 0
    draw = random.Random(seed)
    print(f"seed {seed}")  # noqa: T201  shown when the test fails
    for _ in range(RANDOM_KILLS):
        chosen = settings(epoch_seconds=0.1, batch_lines=draw.choice([17, 100, 400, 1000]))
        landed += Life(shop_log, tmp_path, chosen).end(draw.uniform(0.02, SECONDS_LIVED_MAX)) == KILLED
    assert Life(shop_log, tmp_path, settings()).end() == 0
    print(f"{landed} of {RANDOM_KILLS} kills found the worker alive")  # noqa: T201  shown when the test fails
    assert landed
    assert_same(undisturbed, tmp_path)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("name", "calls"), PLACES, ids=[name.partition(":")[2] for name, _ in PLACES])
def test_a_kill_at_a_chosen_place_leaves_no_trace(
    tmp_path: Path, small_log: Path, small_undisturbed: Outcome, name: str, calls: tuple[int, ...], when: When
) -> None:  # fmt: skip
    """One life after another dies just before or after the call; the last one ends as if there had been no other."""
    chosen = settings(epoch_seconds=0.01, batch_lines=700)
    for nth in calls:
        assert Life(small_log, tmp_path, chosen, Doom(name, nth, when)).end() == KILLED
    assert Life(small_log, tmp_path, chosen).end() == 0
    assert_same(small_undisturbed, tmp_path)


def test_a_kill_while_the_first_run_is_set_up_leaves_no_trace(
    tmp_path: Path, small_log: Path, small_undisturbed: Outcome
) -> None:
    """A folder whose making was cut short is made again."""
    assert Life(small_log, tmp_path, settings(), half_an_engine).end() == KILLED
    assert Life(small_log, tmp_path, settings()).end() == 0
    assert_same(small_undisturbed, tmp_path)
