"""`balanza identity report`: how well people are recognised."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console

from balanza.look.identity_quality import Report, prepare, report_of, share
from balanza.look.identity_rules import Kept, kept_of, print_kept
from balanza.look.identity_rules import as_plain as kept_as_plain
from balanza.look.identity_truth import Judged, Spread, judged
from balanza.look.places import Out, chosen, warehouse
from balanza.look.rows import Row
from balanza.output import WRONG_USAGE, AsJson, console, facts, fail, print_json, shortened, table
from flows.runtime.deployment import made_as

LISTED: Final = 10
VALUE_CHARS_MAX: Final = 60

identity = typer.Typer(
    help="Look at how people are recognised.", no_args_is_help=True, add_completion=False, rich_markup_mode=None,
)  # fmt: skip

Truth = Annotated[
    Path | None,
    typer.Option(
        "--truth", show_default=False,
        help="CSV[.gz] with columns source,id,person (balanza simulate writes one) or identifier,person.",
    ),
]  # fmt: skip
Limit = Annotated[int, typer.Option("--limit", "-n", min=0, help="Rows of each list.")]


@identity.callback()
def _group() -> None:
    """Look at how people are recognised."""


@identity.command("report")
def report(out: Out = None, truth: Truth = None, limit: Limit = LISTED, as_json: AsJson = False) -> None:
    """Report how well people are recognised.

    Members by their number of identifiers, the largest, the values that most members had, identity changes by kind,
    anonymous activity that was credited, what the rules kept apart; with the truth in a file also what was joined
    wrongly and what was missed.

    Example: balanza identity report --truth shop/truth.csv.gz
    """
    folder = chosen(out)
    _refuse_a_part(folder)
    with warehouse(folder) as connection:
        prepare(connection)
        found, kept = report_of(connection, limit), kept_of(connection, limit)
        against = None if truth is None else judged(connection, folder, truth, limit)
    if as_json:
        print_json(as_plain(found, kept, against))
        return
    to = console()
    _print(to, found)
    print_kept(to, kept)
    if against is not None:
        _print_truth(to, against, str(truth))


def _refuse_a_part(folder: Path) -> None:
    """A member worker knows neither events nor identity changes, so counts of them would mislead."""
    if made_as(folder).get("role") == "members":
        fail(f"{folder} is a member worker's, which stitches nobody; ask the folder of `balanza stitch`.", WRONG_USAGE)


def as_plain(found: Report, kept: Kept, against: Judged | None) -> Row:
    """The report for machines."""
    members, anonymous = found.members, found.anonymous
    credited = anonymous["by_merge"] + anonymous["by_identifying"]
    return {
        "epoch": found.epoch,
        "members": {**members, "anonymous_share": share(members["anonymous"], members["total"])},
        "identifiers": {row["type"]: row["identifiers"] for row in found.identifiers_by_type},
        "members_by_identifiers": [msgspec.structs.asdict(size) for size in found.sizes],
        "largest_members": found.largest,
        "values_with_most_members": found.shared,
        "identity_events": found.kinds,
        "anonymous_activity": {**anonymous, "credited_share": share(credited, anonymous["events"])},
        **kept_as_plain(kept),
        "truth": None if against is None else _truth_as_plain(against),
    }


def _truth_as_plain(against: Judged) -> Row:
    quality = against.quality
    return {
        "about": against.about,
        "items": quality.events,
        "missing": quality.missing,
        "true_pairs": quality.true_pairs,
        "found_pairs": quality.found_pairs,
        "both_pairs": quality.both_pairs,
        "precision": quality.precision,
        "recall": quality.recall,
        "f1": quality.f1,
        "over_merged": _spread_as_plain(against.over, "members"),
        "under_merged": _spread_as_plain(against.under, "people"),
        "most_mixed_members": against.mixed,
    }


def _spread_as_plain(spread: Spread, groups: str) -> Row:
    return {
        groups: spread.wrong,
        f"of_{groups}": spread.groups,
        "items": spread.items_in_wrong,
        "of_items": spread.items,
        "items_share": share(spread.items_in_wrong, spread.items),
    }


def _print(to: Console, found: Report) -> None:
    to.print(facts(_overview(found)))
    total = found.members["total"]
    to.print("\nMembers by number of identifiers", style="bold")
    sizes = [(_between(size.least, size.most), size.members, _percent(size.members, total)) for size in found.sizes]
    to.print(table(("identifiers", "members", "share"), sizes, right=("members", "share")))
    to.print("\nLargest members", style="bold")
    heads = ("member_id", "space", "known", "identifiers", "merged", "by_type")
    largest = [(*(row[name] for name in heads[:-1]), _types(row["by_type"])) for row in found.largest]
    to.print(table((*heads[:-1], "of which"), largest, right=("identifiers", "merged")))
    if found.shared:
        to.print("\nValues with most members over time", style="bold")
        names = ("members", "known", "today")
        shared = [
            (shortened(row["identifier"], VALUE_CHARS_MAX), row["space"], *(row[name] for name in names))
            for row in found.shared
        ]
        numbers = ("members", "of which known", "today")
        to.print(table(("identifier", "space", *numbers), shared, right=numbers))
    to.print("\nIdentity changes", style="bold")
    kinds = [(row["kind"], row["changes"], row["identifiers"]) for row in found.kinds]
    to.print(table(("kind", "changes", "identifiers"), kinds, right=("changes", "identifiers")))
    to.print("\nAnonymous activity", style="bold")
    to.print(_activity(found.anonymous))


def _overview(found: Report) -> Iterator[tuple[str, object]]:
    members = found.members
    yield "members", f"{members['total']:,}"
    yield "known", f"{members['known']:,}"
    yield "anonymous", f"{members['anonymous']:,} ({_percent(members['anonymous'], members['total'])})"
    yield "merged away", f"{members['merged']:,}"
    yield "forgotten", f"{members['forgotten']:,}"
    yield "erased", f"{members['erased']:,}"
    yield "identifiers", ", ".join(f"{row['type']} {row['identifiers']:,}" for row in found.identifiers_by_type) or None
    yield "as of", f"epoch {found.epoch:,}"


def _activity(anonymous: Row) -> object:
    """A table of what became of the events that came while their member was anonymous."""
    events = anonymous["events"]
    fates = (
        ("credited", anonymous["by_merge"] + anonymous["by_identifying"]),
        ("  merged into a known member", anonymous["by_merge"]),
        ("  the member identified itself", anonymous["by_identifying"]),
        ("not credited: still anonymous", anonymous["waiting"]),
        ("not credited: forgotten", anonymous["forgotten"]),
        ("all", events),
    )
    rows = [(name, number, _percent(number, events)) for name, number in fates]
    return table(("what became of it", "events", "share"), rows, right=("events", "share"))


def _print_truth(to: Console, against: Judged, truth: str) -> None:
    items = against.about
    to.print(f"\nAgainst the truth in {truth}", style="bold")
    to.print(facts(_verdict(against)))
    if against.mixed:
        to.print("\nMembers with most people", style="bold")
        names = ("member_id", "people", "items", "of_one")
        numbers = ("people", items, "of one person at most")
        rows = [tuple(row[name] for name in names) for row in against.mixed]
        to.print(table(("member_id", *numbers), rows, right=numbers))


def _verdict(against: Judged) -> Iterator[tuple[str, object]]:
    quality, items = against.quality, against.about
    yield items, f"{quality.events:,}, of which {quality.missing:,} are with no member"
    yield "precision", f"{quality.precision:.4f} of {quality.found_pairs:,} joined pairs are one person's"
    yield "recall", f"{quality.recall:.4f} of {quality.true_pairs:,} pairs of one person are joined"
    yield "f1", f"{quality.f1:.4f}"
    yield "over-merged", _spread(against.over, "members hold several people", items)
    yield "under-merged", _spread(against.under, "people are in several members", items)


def _spread(spread: Spread, what: str, items: str) -> str:
    share_of = _percent(spread.items_in_wrong, spread.items)
    return f"{spread.wrong:,} of {spread.groups:,} {what}, with {share_of} of the {items}"


def _between(least: int, most: int | None) -> str:
    if most is None:
        return f"{least:,} and more"
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def _types(by_type: Row) -> str | None:
    return ", ".join(f"{name} {number:,}" for name, number in by_type.items()) or None


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"
