"""What reconciliation found, for people and for machines."""

from collections.abc import Iterable, Iterator

import msgspec
from rich.console import Console

from balanza.look.rows import Row
from balanza.output import console, facts, printable, table
from balanza.reconcile.drift import Drift
from balanza.reconcile.tiers import TierDrift
from balanza.reconcile.totals import StoreTotals

FIGURES = ("available", "pending", "receivable", "lifetime_earned", "lifetime_redeemed", "lifetime_expired")


class Told(msgspec.Struct):
    """All that is said: folders, log, the comparison, store totals, tiers.

    `not_recomputed` are the currencies of which nothing is known, with the keys of the program that the SQL does not
    know; `tiers_not_recomputed` such keys of tiers; `believed`, by currency, the rules whose points were taken from the
    run.
    """

    out: list[str]
    input: str
    read: int
    drift: Drift
    not_recomputed: dict[str, list[str]]
    believed: dict[str, list[str]]
    stores: StoreTotals | None
    tiers: TierDrift | None = None
    tiers_not_recomputed: list[str] = []

    @property
    def equal(self) -> bool:
        """Whether all that was asked for was recomputed, and is the same."""
        return not self.drifts and not self.not_recomputed and (self.stores is None or self.stores.equal)

    @property
    def drifts(self) -> bool:
        """Whether anything that was recomputed is not the same."""
        return not self.drift.equal or (self.tiers is not None and self.tiers.drifting > 0)


def as_plain(told: Told) -> Row:
    """The same for machines."""
    stores = None if told.stores is None else {"equal": told.stores.equal, **msgspec.structs.asdict(told.stores)}
    return {
        "equal": told.equal,
        "out": told.out,
        "input": told.input,
        "read": told.read,
        "not_recomputed": told.not_recomputed,
        "believed": told.believed,
        **msgspec.structs.asdict(told.drift),
        "tiers": None if told.tiers is None else msgspec.structs.asdict(told.tiers),
        "tiers_not_recomputed": told.tiers_not_recomputed,
        "till_totals": stores,
    }


def print_told(told: Told, member: str | None) -> None:
    """Print it, the verdict last."""
    to, drift = console(), told.drift
    to.print(facts(_overview(told)))
    for title, rows in (
        ("Lines that were neither applied nor refused", drift.lost_first),
        ("Events that no line of the log tells", drift.unfounded_first),
        ("Events that were applied again", drift.applied_twice_first),
    ):
        if rows:
            _print_rows(to, title, rows)
    for title, rows in (("Balances", drift.currencies), ("Lots: points by when they expire", drift.lots)):
        if rows:
            _print_rows(to, title, rows)
    if drift.drifting:
        to.print("\nMembers that drift: expected from the log / streamed, where they differ", style="bold")
        to.print(table(("member_id", "currency", "figure", "expected", "streamed"), _figures(drift.drifting),
                       right=("expected", "streamed")))
    if drift.lots_drifting:
        _print_rows(to, "Lots that drift", drift.lots_drifting)
    if drift.parting:
        _print_rows(to, "The first event at which they part: what it changed", drift.parting)
    elif drift.drifting:
        to.print("Every event changed their balances alike: only lifetime figures differ.")
    elif member is not None:
        to.print(f"{printable(member)}: every event changed the balances alike.")
    if told.tiers is not None and told.tiers.first:
        _print_rows(to, "Tiers that drift", told.tiers.first)
    if told.stores is not None:
        _print_stores(to, told.stores)
    _print_verdict(to, told)


def _overview(told: Told) -> Iterator[tuple[str, object]]:
    drift = told.drift
    yield "compared", f"{', '.join(told.out)} with {told.input}"
    yield "lines", f"{told.read:,}: " + ", ".join(f"{count:,} {fate}" for fate, count in drift.lines.items())
    yield "changes", f"{drift.changes:,} of balances, recomputed"
    for row in drift.refused:
        yield "moved nothing", f"{row['events']:,} {row['kind']}: {row['why']}"


def _figures(rows: Iterable[Row]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        for figure in FIGURES:
            if row["expected"][figure] != row["streamed"][figure]:
                yield row["member_id"], row["currency"], figure, row["expected"][figure], row["streamed"][figure]


def _print_rows(to: Console, title: str, rows: list[Row]) -> None:
    to.print(f"\n{title}", style="bold")
    numbers = [name for name, value in rows[0].items() if isinstance(value, int)]
    to.print(table(tuple(rows[0]), (tuple(row.values()) for row in rows), right=numbers))


def _print_stores(to: Console, stores: StoreTotals) -> None:
    to.print(f"\nStores and days against the till's totals: {stores.compared:,} compared, {stores.differing:,} differ",
             style="bold")  # fmt: skip
    if stores.first:
        columns = tuple(stores.first[0])
        to.print(table(columns, (tuple(row.values()) for row in stores.first), right=columns[2:]))
    for title, rows in (("Receipts that came more than once", stores.twice), ("Missing receipts", stores.missing),
                        ("Purchases that were refused", stores.refused)):  # fmt: skip
        if rows:
            _print_rows(to, title, rows)


def _print_verdict(to: Console, told: Told) -> None:
    to.print()
    for currency, features in told.not_recomputed.items():
        to.print(f"NOT RECOMPUTED: {currency}. The SQL does not know {', '.join(features)}; nothing is said of these "
                 "balances.", style="bold")  # fmt: skip
    for currency, rules in told.believed.items():
        to.print(f"BELIEVED: of {currency} {', '.join(rules)}; what became of these points is recomputed.",
                 style="bold")  # fmt: skip
    if told.tiers_not_recomputed:
        unknown = ", ".join(told.tiers_not_recomputed)
        to.print(f"NOT RECOMPUTED: tiers. The SQL does not know {unknown}; nothing is said of them.", style="bold")
    if told.tiers is not None and told.tiers.zoned:
        to.print(f"NOT RECOMPUTED: tiers of {told.tiers.zoned:,} members who live by a time zone of their own.",
                 style="bold")  # fmt: skip
    if told.drift.left_out:
        to.print(f"NOT RECOMPUTED: {told.drift.left_out:,} members who were erased, or split from or merged with such.",
                 style="bold")  # fmt: skip
    if told.drift.unsure:
        to.print(f"NOT RECOMPUTED: {told.drift.unsure:,} members; what returned lines take back of theirs is not sure.",
                 style="bold")  # fmt: skip
    if told.drift.lines.get("not read yet"):
        to.print(f"{told.drift.lines['not read yet']:,} lines at the log's end were not read by the run; left out.")
    compared = ", ".join(row["currency"] for row in told.drift.currencies) or "no balance"
    compared += "" if told.tiers is None else f", the tiers of {told.tiers.compared:,} members"
    if told.equal:
        to.print(f"Equal: {compared}.", style="bold")
    elif not told.drifts:
        to.print(f"Equal as far as it was recomputed: {compared}.", style="bold")
    else:
        to.print("DRIFT: what was streamed is not what the log says.", style="bold")
