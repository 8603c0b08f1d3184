"""Timers against a list: they fire in order, survive what was committed, and leave no rows behind."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from flows.runtime.store import Store
from flows.runtime.timers import Timers
from schemas.hosting import Timer

NEVER = 1 << 63
TIMERS = st.builds(
    Timer, st.integers(0, 3), st.sampled_from(["ada", "ben"]), st.sampled_from(["cart"]),
    st.sampled_from(["", "c1"]),
)  # fmt: skip


def test_timers_fire_by_due_time_then_owner(tmp_path: Path) -> None:
    """Whatever the order of arming; nothing fires before it is due."""
    timers = Timers(Store(tmp_path, 0), 8)
    armed = [Timer(9, "a", "k", ""), Timer(3, "b", "k", ""), Timer(3, "a", "z", "2"), Timer(3, "a", "z", "1")]
    for timer in armed:
        timers.arm(timer)
    assert timers.next_us == 3
    assert timers.pop_due(2) is None
    assert [timers.pop_due(8) for _ in range(4)] == [*sorted(armed)[:3], None]
    assert timers.next_us == 9
    assert timers.pop_due(9) == armed[0]
    assert timers.next_us == NEVER


def test_a_timer_of_one_epoch_leaves_no_row(tmp_path: Path) -> None:
    """Armed and fired between two flushes it costs nothing in the store."""
    store = Store(tmp_path, 0)
    timers = Timers(store, 8)
    for due_us in range(100):
        timers.arm(Timer(due_us, "ada", "cart", str(due_us)))
        assert timers.pop_due(due_us) is not None
    timers.flush()
    assert store.scan(b"") == []
    assert store.checkpoint() == 0


def test_a_stored_timer_that_is_taken_armed_and_taken_again_leaves_no_row(tmp_path: Path) -> None:
    """What the store had from an epoch before goes, however often the same timer came and went in this one."""
    store, timer = Store(tmp_path, 0), Timer(1, "ada", "cart", "")
    timers = Timers(store, 8)
    timers.arm(timer)
    timers.flush()
    for _ in range(2):
        assert timers.pop_due(5) == timer
        timers.arm(timer)
    assert timers.pop_due(5) == timer
    timers.flush()
    assert store.scan(b"") == []


class Pending(RuleBasedStateMachine):
    """Timers over a store, beside the sorted list of those pending."""

    @initialize(groups=st.sampled_from([1, 5, 300]))
    def begin(self, groups: int) -> None:
        """Open a store without timers."""
        self.folder, self.groups = Path(tempfile.mkdtemp(prefix="timers")), groups
        self.pending: list[Timer] = []
        self.committed: list[Timer] = []
        self.number = 0
        self.open()

    def open(self) -> None:
        """Open at the last checkpoint."""
        self.store = Store(self.folder, self.number)
        self.timers = Timers(self.store, self.groups)

    @rule(timer=TIMERS)
    def arm(self, timer: Timer) -> None:
        """A timer may be armed again while it is pending."""
        self.pending.append(timer)
        self.timers.arm(timer)

    @rule(until_us=st.integers(0, 4))
    def fire(self, until_us: int) -> None:
        """All that are due fire, in order."""
        fired = []
        while (timer := self.timers.pop_due(until_us)) is not None:
            fired.append(timer)
        assert fired == sorted(timer for timer in self.pending if timer.due_us <= until_us)
        self.pending = [timer for timer in self.pending if timer.due_us > until_us]

    @rule()
    def end_epoch(self) -> None:
        """The store holds exactly the pending timers."""
        self.timers.flush()
        self.number = self.store.checkpoint()
        self.committed = list(dict.fromkeys(self.pending))
        assert len(self.store.scan(b"")) == len(self.committed)

    @rule()
    def restart(self) -> None:
        """A kill: the timers of the last checkpoint are pending."""
        self.store.close()
        self.open()
        self.pending = [*self.committed]
        assert len(self.timers) == len(self.pending)
        assert self.timers.next_us == min((timer.due_us for timer in self.pending), default=NEVER)

    def teardown(self) -> None:
        """Fire the rest."""
        if hasattr(self, "timers"):
            self.fire(9)
            self.store.close()
            shutil.rmtree(self.folder)


TestPending = Pending.TestCase
TestPending.settings = settings(max_examples=25, stateful_step_count=25)
