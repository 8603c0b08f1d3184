"""Counts of what the stations did: into durable totals and into metrics, by the batch, never by the event."""

from collections import Counter
from collections.abc import Sequence

from flows.liability import count_entries
from flows.runtime.metrics import Metrics
from schemas.records import AlertRaised, IdentityChanged
from schemas.states import MemberTotals, Totals
from schemas.stitched import Emit

NO_TIER = "none"


class StitchCounts:
    """Turns the stitcher's running totals into metrics, by difference to the batch before."""

    def __init__(self, metrics: Metrics, totals: Totals) -> None:
        self._metrics, self._totals = metrics, totals
        self._before: Counter[str] = self._now()
        self._rejected_before = Counter(totals.rejected)

    def _now(self) -> Counter[str]:
        totals = self._totals
        return Counter(
            applied=totals.applied, duplicate=totals.duplicate, blank=totals.blank, merges=totals.merges,
            links=totals.links, rejected=sum(totals.rejected.values()),
        )  # fmt: skip

    def batch(
        self, left_out: dict[str, int], changes: Sequence[IdentityChanged], alerts: Sequence[AlertRaised] = ()
    ) -> None:
        """Count what the last batch added; `left_out` are identifiers by `type/why`, and is emptied."""
        now = self._now()
        added = now - self._before
        self._before = now
        metrics = self._metrics
        for outcome in ("applied", "duplicate", "rejected", "blank"):
            if added[outcome]:
                metrics.events_total.labels(outcome).inc(added[outcome])
        if added["rejected"]:
            rejected = Counter(self._totals.rejected)
            for reason, count in (rejected - self._rejected_before).items():
                metrics.dead_letters_total.labels(str(reason)).inc(count)
            self._rejected_before = rejected
        metrics.merges_total.inc(added["merges"])
        metrics.links_total.inc(added["links"])
        metrics.members.set(self._totals.members)
        for kind, count in Counter(change.kind for change in changes).items():
            self._totals.changes[kind] = self._totals.changes.get(kind, 0) + count
            metrics.identity_changes_total.labels(kind).inc(count)
        _count_alerts(metrics, self._totals.alerts, alerts)
        if left_out:
            self._count_left_out(left_out)

    def _count_left_out(self, left_out: dict[str, int]) -> None:
        by_type = {}
        for label, count in left_out.items():
            kind, _, why = label.partition("/")
            by_type[kind, why] = count
            self._totals.left_out[label] = self._totals.left_out.get(label, 0) + count
        self._metrics.count_dropped_identifiers(by_type)
        left_out.clear()


class MemberCounts:
    """Adds what a batch emitted to the member station's totals and metrics."""

    def __init__(self, metrics: Metrics, totals: MemberTotals) -> None:
        self._metrics, self._totals = metrics, totals
        self._shown_months: set[str] = set()
        self._show_outstanding()

    def batch(self, emit: Emit, forgotten_events: int) -> None:
        """Count the records of a batch, and the events that went with forgotten members."""
        totals, metrics = self._totals, self._metrics
        if forgotten_events:
            totals.expired_anonymous += forgotten_events
            metrics.events_expired_anonymous_total.inc(forgotten_events)
        if emit.entries:
            self._count_points(emit)
        for refusal in emit.refusals:
            totals.refusals[refusal.reason] = totals.refusals.get(refusal.reason, 0) + 1
            metrics.refusals_total.labels(str(refusal.reason)).inc()
        for signal in emit.signals:
            label = f"{signal.signal} {signal.state}"
            totals.signals[label] = totals.signals.get(label, 0) + 1
        for decision in emit.decisions:
            label = f"{decision.outcome} {decision.reason}"
            totals.decisions[label] = totals.decisions.get(label, 0) + 1
            metrics.decisions_total.labels(decision.outcome, str(decision.reason)).inc()
            if decision.outcome != "sent":
                metrics.suppressions_total.labels(decision.channel or "none", str(decision.reason)).inc()
        for action in emit.actions:
            totals.actions[action.channel] = totals.actions.get(action.channel, 0) + 1
            metrics.actions_total.labels(action.channel).inc()
        self._count_standing(emit)
        totals.receipts += len(emit.receipts)
        _count_alerts(metrics, totals.alerts, emit.alerts)

    def _count_points(self, emit: Emit) -> None:
        totals = self._totals
        totals.entries += len(emit.entries)
        count_entries(totals, emit.entries)
        self._show_outstanding()

    def _count_standing(self, emit: Emit) -> None:
        """Count tiers, offers and vouchers. Their names come from the program, so that there are only so many."""
        totals, metrics = self._totals, self._metrics
        tiers = Counter((change.tier or NO_TIER, str(change.reason)) for change in emit.tiers)
        offers = Counter((change.offer, change.state) for change in emit.offers)
        vouchers = Counter((change.reward, change.state) for change in emit.vouchers)
        for counts, total, metric in (
            (tiers, totals.tiers, metrics.tier_changes_total),
            (offers, totals.offers, metrics.offers_total),
            (vouchers, totals.vouchers, metrics.vouchers_total),
        ):
            for (name, what), count in counts.items():
                total[f"{name} {what}"] = total.get(f"{name} {what}", 0) + count
                metric.labels(name, what).inc(count)

    def _show_outstanding(self) -> None:
        totals, metrics = self._totals, self._metrics
        for sums, gauge in (
            (totals.outstanding, metrics.points_outstanding), (totals.pending, metrics.points_pending),
            (totals.receivable, metrics.points_receivable), (totals.breakage, metrics.points_breakage),
        ):  # fmt: skip
            for currency, points in sums.items():
                gauge.labels(currency).set(points)
        for name, points in totals.costs.items():
            metrics.points_cost.labels(*name.split(" ", 1)).set(points)
        for name in self._shown_months - totals.expiring.keys():
            metrics.points_expiring.remove(*name.split(" ", 1))
        for name, points in totals.expiring.items():
            metrics.points_expiring.labels(*name.split(" ", 1)).set(points)
        self._shown_months = set(totals.expiring)


def _count_alerts(metrics: Metrics, total: dict[str, int], alerts: Sequence[AlertRaised]) -> None:
    for kind, count in Counter(alert.kind for alert in alerts).items():
        total[kind] = total.get(kind, 0) + count
        metrics.alerts_total.labels(kind).inc(count)
