"""`balanza member`: everything about one member on one page."""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from duckdb import DuckDBPyConnection
from rich.console import Console

from balanza.look.places import Out, chosen, warehouse
from balanza.look.rows import Row, dictionaries
from balanza.look.standing import standing_facts
from balanza.look.surface import Document, document_of
from balanza.look.timeline import Happening, timeline
from balanza.look.who import Who, find
from balanza.look.words import money, reason_words
from balanza.output import AsJson, console, facts, moment, print_json, shown, table

LATEST: Final = 20

CREATED = "SELECT min(created_at) FROM members WHERE member_id IN (SELECT unnest($family))"
STANDING = """
SELECT signal, coalesce(
           json_extract_string(detail, '$.cart_id'),
           json_extract_string(detail, '$.currency') || ' ending '
           || strftime(make_timestamp(json_extract(detail, '$.expires_at_us')::BIGINT), '%Y-%m-%d %H:%M')) AS about,
       max("at") AS since, max_by(value, "at") AS value,
       max_by(json_extract_string(detail, '$.currency'), "at") AS currency
FROM signals WHERE member_id IN (SELECT unnest($family))
GROUP BY ALL HAVING max_by(state, ("at", state = 'cleared')) = 'raised' ORDER BY since, signal, about
"""
LAST_DECISIONS = """
SELECT decision_id, "at", rule, channel, outcome, reason FROM decisions WHERE member_id IN (SELECT unnest($family))
ORDER BY "at" DESC, decision_id LIMIT 5
"""

Id = Annotated[str, typer.Argument(help="A member id, or type:value such as email:ada@example.com.")]
Space = Annotated[
    str | None, typer.Option("--space", help="Identity space, if a type:value exists in several.", show_default=False)
]
Limit = Annotated[int, typer.Option("--limit", "-n", min=0, help="Lines of the timeline, the latest ones.")]
All = Annotated[bool, typer.Option("--all", help="The whole timeline.")]


class Page(msgspec.Struct):
    """What is known of a member; `complete` is False while its surface is not written."""

    who: Who
    created_at: datetime
    document: Document
    complete: bool
    signals: list[Row]
    decisions: list[Row]
    timeline: list[Happening]
    happened: int


def member(
    id: Id, out: Out = None, space: Space = None, limit: Limit = LATEST, all: All = False, as_json: AsJson = False
) -> None:
    """Show one member: balances, tier, vouchers, offers, consents, signals, decisions, timeline.

    ID is a member id, or an identifier in any spelling with its type. An id that was merged leads to the member of
    today, whose page also tells what happened to both before. Times are UTC.

    Example: balanza member email:ada@example.com --limit 50
    """
    folder = chosen(out)
    with warehouse(folder) as connection:
        who = find(connection, folder, id, space)
        page = page_of(connection, folder, who, None if all else limit)
    if as_json:
        print_json(as_plain(page))
    else:
        _print(console(), page)


def page_of(connection: DuckDBPyConnection, folder: Path, who: Who, limit: int | None) -> Page:
    """Gather what the tables know; `limit` lines of timeline, None is all."""
    family = {"family": who.family}
    created = connection.execute(CREATED, family).fetchone()
    assert created is not None
    document, complete = document_of(connection, folder, who.member_id)
    signals = list(dictionaries(connection.execute(STANDING, family)))
    decisions = list(dictionaries(connection.execute(LAST_DECISIONS, family)))
    happenings, happened = timeline(connection, who.family, limit)
    return Page(who, created[0], document, complete, signals, decisions, happenings, happened)


def as_plain(page: Page) -> Row:
    """The page for machines."""
    return {
        **msgspec.to_builtins(page.document),
        "created_at": page.created_at,
        "followed": page.who.followed,
        "merged": page.who.merged,
        "surface_written": page.complete,
        "signals": page.signals,
        "decisions": page.decisions,
        "timeline": [msgspec.structs.asdict(happening) for happening in page.timeline],
        "timeline_total": page.happened,
    }


def _print(to: Console, page: Page) -> None:
    document = page.document
    for old, new in pairwise([*page.who.followed, page.who.member_id]):
        to.print(f"{old} was merged into {new}.")
    to.print(f"Member {document.member_id}", style="bold")
    to.print(facts(_identity(page)))
    to.print("\nBalances", style="bold")
    names = ("available", "pending", "receivable", "lifetime_earned", "lifetime_redeemed", "lifetime_expired")
    heads = ("currency", *(name.replace("_", " ").replace("receivable", "owed") for name in names))
    rows = [(currency, *(getattr(balance, name) for name in names)) for currency, balance in document.balances.items()]
    to.print(table(heads, rows, right=heads[1:]))
    standing = list(standing_facts(document))
    if standing:
        to.print("\nStanding", style="bold")
        to.print(facts(standing))
    if document.consents:
        to.print("\nConsents", style="bold")
        said = [(one.channel, one.purpose, one.state, one.since, one.origin) for one in document.consents]
        to.print(table(("channel", "purpose", "state", "since", "origin"), said))
    _print_doings(to, page)


def _print_doings(to: Console, page: Page) -> None:
    if page.signals:
        to.print("\nSignals that stand", style="bold")
        raised = [(one["signal"], one["about"], one["since"], _worth(one)) for one in page.signals]
        to.print(table(("signal", "about", "since", "worth"), raised))
    if page.decisions:
        to.print("\nLast decisions (balanza why ID explains one)", style="bold")
        names = ("decision_id", "at", "rule", "channel", "outcome", "reason")
        decided = [(*(one[name] for name in names[:-1]), reason_words(one["reason"])) for one in page.decisions]
        to.print(table(names, decided))
    of = "" if len(page.timeline) == page.happened else f", the latest {len(page.timeline)} of {page.happened:,}"
    to.print(f"\nTimeline{of}", style="bold")
    to.print(table(("at (UTC)", "kind", "what"), [(line.at, line.kind, line.what) for line in page.timeline]))


def _identity(page: Page) -> Iterator[tuple[str, object]]:
    document, wishes, who = page.document, page.document.preferences, page.who
    kind_of = "known" if document.known else "anonymous"
    yield "since", f"{moment(page.created_at)} UTC, {kind_of}, space {document.space}"
    for kind, values in document.identifiers.items():
        yield kind, ", ".join(values)
    if who.merged:
        yield "merged", f"{', '.join(who.merged)} into this one"
    yield from document.attributes.items()
    quiet = f"{wishes.quiet['from']} to {wishes.quiet['to']}" if wishes.quiet else None
    said = {
        "channels": ", ".join(wishes.channels), "topics": ", ".join(wishes.topics), "quiet": quiet,
        "frequency": None if wishes.frequency == "normal" else wishes.frequency, "language": wishes.language,
        "time zone": wishes.time_zone,
    }  # fmt: skip
    if any(said.values()):
        yield "prefers", "; ".join(f"{name} {shown(value)}" for name, value in said.items() if value)
    if document.staff.call_centre:
        yield "for staff", ", ".join(document.staff.call_centre)
    if not page.complete:
        yield "note", "the surface is not written yet (a run writes it at its end); consents and preferences come then"


def _worth(signal: Row) -> str:
    return "–" if signal["value"] is None else money(signal["value"], signal["currency"])
