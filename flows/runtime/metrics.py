"""All metrics of a worker: one typed catalogue, one registry of our own, one small server.

CATALOGUE is the only place where a metric gets its name, kind, labels and help; `Metrics` makes them as attributes
(the name without its prefix) and docs/operations.md explains them, which a test compares. The registry is our own, so
that nothing shows up there which we do not mean: the engine's and the interpreter's collectors stay out.

Values are set once a batch or once an epoch, never once an event: a labelled increment costs about a microsecond, as
much as decoding does. Whoever counts keeps plain integers and hands over the sum.

What this module does not know: what a decision or a point is. Labels are words that the caller brings; those that a
sender's text could invent (fields, identifier types) are bounded here, for every label value is memory for ever.
"""

import errno
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    start_http_server,
)

PREFIX = "balanza_"
INVENTED_LABELS_MAX = 200
OTHER = "other"

BATCH_BUCKETS_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
EPOCH_BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
END_TO_END_BUCKETS_SECONDS = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0, 60.0,
)  # fmt: skip

Kind = Literal["counter", "gauge", "histogram"]


class Described(NamedTuple):
    """A row of the catalogue; `help` ends with the unit in brackets."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = ()


# fmt: off
CATALOGUE: tuple[Described, ...] = (
    # what came in, and what became of it
    Described("balanza_events_total", "counter", ("outcome",),
              "Lines read, by what became of them: applied, duplicate, rejected, blank (lines)"),
    Described("balanza_dead_letters_total", "counter", ("reason",),
              "Lines rejected, by reason (lines)"),
    Described("balanza_events_expired_anonymous_total", "counter", (),
              "Events forgotten with the anonymous member they belonged to (events)"),
    Described("balanza_dropped_fields_total", "counter", ("field",),
              "Undeclared fields left out at the door, by path (fields)"),
    Described("balanza_dropped_identifiers_total", "counter", ("type", "why"),
              "Identifiers left out of an accepted event, by type and cause (identifiers)"),
    Described("balanza_journal_rounds_total", "counter", (),
              "Rounds and clock ticks written to the journal (rounds)"),
    # how far behind
    Described("balanza_lag_seconds", "gauge", (),
              "Wall clock minus log time of the last applied event (seconds)"),
    Described("balanza_lag_bytes", "gauge", (),
              "Input that is there and not yet read (bytes)"),
    Described("balanza_lag_records", "gauge", ("topic", "partition"),
              "Offsets that are on the broker and not yet read (offsets)"),
    Described("balanza_gap_records_total", "counter", (),
              "Offsets that retention had removed before they were read, skipped because it was asked for (offsets)"),
    Described("balanza_broker_away_seconds", "gauge", (),
              "Time without an answer from the broker since the start (seconds)"),
    Described("balanza_members_waiting", "gauge", (),
              "Members that wait for the copy of another from another worker (members)"),
    Described("balanza_end_to_end_seconds", "histogram", (),
              "From an event's append to its member's updated surface (seconds)",
              END_TO_END_BUCKETS_SECONDS),
    # the stations
    Described("balanza_batch_seconds", "histogram", ("station",),
              "Time of a station over one batch (seconds)", BATCH_BUCKETS_SECONDS),
    Described("balanza_epoch_seconds", "histogram", ("station",),
              "Time of a station's snapshot at an epoch's end (seconds)", EPOCH_BUCKETS_SECONDS),
    Described("balanza_state_rows", "gauge", ("station",),
              "Rows of a station's state (rows)"),
    Described("balanza_state_bytes", "gauge", ("station",),
              "Size of a station's state on disk (bytes)"),
    Described("balanza_cache_bytes", "gauge", ("station",),
              "Size of a station's write-back cache (bytes)"),
    Described("balanza_cache_hits_total", "counter", ("station",),
              "Rows found in the cache (rows)"),
    Described("balanza_cache_misses_total", "counter", ("station",),
              "Rows that the store had to be asked for (rows)"),
    Described("balanza_timers_pending", "gauge", ("station",),
              "Timers that wait to be due (timers)"),
    # identity
    Described("balanza_members", "gauge", (),
              "Members alive: neither merged into another nor forgotten (members)"),
    Described("balanza_links_total", "counter", (),
              "Identifiers linked to a member (identifiers)"),
    Described("balanza_merges_total", "counter", (),
              "Members merged into another (members)"),
    Described("balanza_identity_changes_total", "counter", ("kind",),
              "Changes of who is who, and what was kept from changing, by kind (changes)"),
    Described("balanza_alerts_total", "counter", ("kind",),
              "Alerts raised for people, by kind (alerts)"),
    # value
    Described("balanza_points_outstanding", "gauge", ("currency",),
              "Points that members hold, which the brand owes (points)"),
    Described("balanza_points_pending", "gauge", ("currency",),
              "Points that members earned and cannot spend yet (points)"),
    Described("balanza_points_receivable", "gauge", ("currency",),
              "Points that members owe (points)"),
    Described("balanza_points_expiring", "gauge", ("currency", "month"),
              "Points that members hold, by the month in which they expire (points)"),
    Described("balanza_points_breakage", "gauge", ("currency",),
              "Points that expired or were written off since the deployment began (points)"),
    Described("balanza_points_cost", "gauge", ("currency", "rule"),
              "Points that a rule gave since the deployment began, less what returns took back (points)"),
    Described("balanza_refusals_total", "counter", ("reason",),
              "Accepted events that moved no points, by reason (events)"),
    # standing
    Described("balanza_tier_changes_total", "counter", ("tier", "reason"),
              "Members that came to a tier, `none` for none, with the reason (changes)"),
    Described("balanza_offers_total", "counter", ("offer", "state"),
              "Offers and challenges granted, completed, expired (offers)"),
    Described("balanza_vouchers_total", "counter", ("reward", "state"),
              "Vouchers issued, used, cancelled, expired (vouchers)"),
    # decisions
    Described("balanza_decisions_total", "counter", ("outcome", "reason"),
              "Candidates decided: sent, deferred, suppressed, with the reason (decisions)"),
    Described("balanza_suppressions_total", "counter", ("channel", "reason"),
              "Candidates that were not sent, by the channel they were meant for (decisions)"),
    Described("balanza_actions_total", "counter", ("channel",),
              "Actions requested (actions)"),
)
# fmt: on


class Metrics:
    """The metrics of one worker, an attribute for every row of CATALOGUE.

    Two instances share nothing, so a test may have its own. `registry` is what `serve` shows.
    """

    def __init__(self) -> None:
        # A `_created` series beside every counter doubles the page and answers no question.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library left this one without types
        self.registry = CollectorRegistry()
        self._rows = {row.name: row for row in CATALOGUE}
        self._invented: dict[str, set[str]] = {}

        self.events_total = self._counter("events_total")
        self.dead_letters_total = self._counter("dead_letters_total")
        self.events_expired_anonymous_total = self._counter("events_expired_anonymous_total")
        self.dropped_fields_total = self._counter("dropped_fields_total")
        self.dropped_identifiers_total = self._counter("dropped_identifiers_total")
        self.journal_rounds_total = self._counter("journal_rounds_total")
        self.lag_seconds = self._gauge("lag_seconds")
        self.lag_bytes = self._gauge("lag_bytes")
        self.lag_records = self._gauge("lag_records")
        self.gap_records_total = self._counter("gap_records_total")
        self.broker_away_seconds = self._gauge("broker_away_seconds")
        self.members_waiting = self._gauge("members_waiting")
        self.end_to_end_seconds = self._histogram("end_to_end_seconds")
        self.batch_seconds = self._histogram("batch_seconds")
        self.epoch_seconds = self._histogram("epoch_seconds")
        self.state_rows = self._gauge("state_rows")
        self.state_bytes = self._gauge("state_bytes")
        self.cache_bytes = self._gauge("cache_bytes")
        self.cache_hits_total = self._counter("cache_hits_total")
        self.cache_misses_total = self._counter("cache_misses_total")
        self.timers_pending = self._gauge("timers_pending")
        self.members = self._gauge("members")
        self.links_total = self._counter("links_total")
        self.merges_total = self._counter("merges_total")
        self.identity_changes_total = self._counter("identity_changes_total")
        self.alerts_total = self._counter("alerts_total")
        self.points_outstanding = self._gauge("points_outstanding")
        self.points_pending = self._gauge("points_pending")
        self.points_receivable = self._gauge("points_receivable")
        self.points_expiring = self._gauge("points_expiring")
        self.points_breakage = self._gauge("points_breakage")
        self.points_cost = self._gauge("points_cost")
        self.refusals_total = self._counter("refusals_total")
        self.tier_changes_total = self._counter("tier_changes_total")
        self.offers_total = self._counter("offers_total")
        self.vouchers_total = self._counter("vouchers_total")
        self.decisions_total = self._counter("decisions_total")
        self.suppressions_total = self._counter("suppressions_total")
        self.actions_total = self._counter("actions_total")

        assert not self._rows, f"catalogue rows without an attribute: {sorted(self._rows)}"

    def count_dropped_fields(self, counts: Mapping[str, int]) -> None:
        """Add a batch's dropped fields, `counts` by path; beyond INVENTED_LABELS_MAX paths they count as `other`."""
        for path, count in counts.items():
            self.dropped_fields_total.labels(self._bounded("field", path)).inc(count)

    def count_dropped_identifiers(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Add a batch's dropped identifiers, `counts` by (type, why); types are bounded as fields are."""
        for (kind, why), count in counts.items():
            self.dropped_identifiers_total.labels(self._bounded("type", kind), why).inc(count)

    def _bounded(self, label: str, value: str) -> str:
        seen = self._invented.setdefault(label, set())
        if value not in seen:
            if len(seen) >= INVENTED_LABELS_MAX:
                return OTHER
            seen.add(value)
        return value

    def _row(self, name: str, kind: Kind) -> Described:
        row = self._rows.pop(PREFIX + name)
        assert row.kind == kind, f"{row.name} is a {row.kind}, not a {kind}"
        return row

    def _counter(self, name: str) -> Counter:
        row = self._row(name, "counter")
        return Counter(row.name, row.help, row.labels, registry=self.registry)

    def _gauge(self, name: str) -> Gauge:
        row = self._row(name, "gauge")
        return Gauge(row.name, row.help, row.labels, registry=self.registry)

    def _histogram(self, name: str) -> Histogram:
        row = self._row(name, "histogram")
        return Histogram(row.name, row.help, row.labels, registry=self.registry, buckets=row.buckets)


class CannotServe(Exception):
    """The metrics endpoint cannot be opened; the message says what to change."""


class PortTaken(CannotServe):
    """Another program listens there."""


def serve(metrics: Metrics, address: str, port: int) -> Callable[[], None]:
    """Show `metrics` at http://address:port/metrics from a thread; return what closes it (calling it twice is fine).

    Port 0 serves nothing. Raises PortTaken, or CannotServe where the address or port is not ours to use.
    """
    if port == 0:
        return _nothing_to_close
    advice = "choose another with --metrics-port or BALANZA_METRICS_PORT, 0 turns metrics off"
    try:
        server, thread = start_http_server(port, address, metrics.registry)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(f"port {port} on {address} is taken; {advice}") from error
        cause = error.strerror or error
        raise CannotServe(f"metrics cannot be served on {address}:{port} ({cause}); {advice}") from error

    def close() -> None:
        if thread.is_alive():
            server.shutdown()
            server.server_close()
            thread.join()

    return close


def _nothing_to_close() -> None:
    """Metrics are off."""


def names() -> Iterable[str]:
    """Every name that a scrape can show: histograms give `_bucket`, `_sum` and `_count`."""
    for row in CATALOGUE:
        if row.kind == "histogram":
            yield from (f"{row.name}{suffix}" for suffix in ("_bucket", "_sum", "_count"))
        else:
            yield row.name
