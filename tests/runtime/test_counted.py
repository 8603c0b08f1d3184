"""What the stations count, by the batch: into totals that last, and into metrics."""

from flows.counted import MemberCounts, StitchCounts
from flows.runtime.metrics import Metrics
from schemas.states import MemberTotals, Totals
from schemas.stitched import Emit
from tests.sinks.examples import alert, identity


def test_identity_changes_and_alerts_count_by_kind() -> None:
    """The stitcher's, over several batches; both in the totals and in the metrics."""
    metrics, totals = Metrics(), Totals()
    counts = StitchCounts(metrics, totals)
    counts.batch({}, [identity(1, "link", "ada", ("cookie:c",)), identity(2, "split", "ada", (), "bob")], [alert(1)])
    counts.batch({}, [identity(3, "split", "ada", (), "eve")])
    assert (totals.changes, totals.alerts) == ({"link": 1, "split": 2}, {"shared_identifier": 1})
    value = metrics.registry.get_sample_value
    assert value("balanza_identity_changes_total", {"kind": "split"}) == 2
    assert value("balanza_alerts_total", {"kind": "shared_identifier"}) == 1


def test_alerts_of_members_count_too() -> None:
    """Those that a member's machine raised."""
    metrics, totals, emit = Metrics(), MemberTotals(), Emit(lambda *_: None)
    emit.alerts.append(alert(1))
    MemberCounts(metrics, totals).batch(emit, 0)
    assert totals.alerts == {"shared_identifier": 1}
    assert metrics.registry.get_sample_value("balanza_alerts_total", {"kind": "shared_identifier"}) == 1
