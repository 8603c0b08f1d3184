"""What the stations count, by the batch: into totals that last, and into metrics."""

from typing import get_args

from flows.counted import MemberCounts, StitchCounts
from flows.runtime.metrics import Metrics
from schemas.reasons import TierReason
from schemas.records import OfferChanged, TierChanged, VoucherChanged
from schemas.standing import VoucherState
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


def test_tiers_offers_and_vouchers_count_by_name_and_state() -> None:
    """Over several batches; who left the last tier counts as none. Both in the totals and in the metrics."""
    metrics, totals, emit = Metrics(), MemberTotals(), Emit(lambda *_: None)
    counts = MemberCounts(metrics, totals)
    gold = TierChanged("ada:tier:1", "ada", "gold", None, 1, 2, TierReason.QUALIFIED)
    emit.tiers += [gold, TierChanged("ada:tier:2", "ada", None, "gold", 2, None, TierReason.PERIOD_ENDED)]
    emit.offers.append(OfferChanged("c1", "ada", "dash", "1", "completed", 3, 3, 1, None, "shop", "1"))
    emit.vouchers += [
        VoucherChanged("v1", number, "ada", "mug", "C0DE", state, 1, None, None, "shop", "1")
        for number, state in enumerate(get_args(VoucherState), 1)
    ]
    counts.batch(emit, 0)
    emit.clear()
    emit.tiers.append(gold)
    counts.batch(emit, 0)
    assert totals.tiers == {"gold QUALIFIED": 2, "none PERIOD_ENDED": 1}
    assert (totals.offers, totals.vouchers["mug used"]) == ({"dash completed": 1}, 1)
    value = metrics.registry.get_sample_value
    assert value("balanza_tier_changes_total", {"tier": "gold", "reason": "QUALIFIED"}) == 2
    assert value("balanza_tier_changes_total", {"tier": "none", "reason": "PERIOD_ENDED"}) == 1
    assert value("balanza_offers_total", {"offer": "dash", "state": "completed"}) == 1
    assert value("balanza_vouchers_total", {"reward": "mug", "state": "expired"}) == 1
