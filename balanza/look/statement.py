"""`balanza statement`: a member's entries and balances, as they were or as they were known at a time."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import typer
from duckdb import DuckDBPyConnection
from rich.console import Console

from balanza.look.places import Out, chosen, warehouse
from balanza.look.rows import Row, dictionaries
from balanza.look.who import find
from balanza.options import WrongUsage
from balanza.output import WRONG_USAGE, AsJson, console, fail, print_json, table

ACCEPTED: Final = "a day such as 2026-03-01 (to its end) or a time such as 2026-03-01T12:00:00, in UTC"
MEMBERS_OWN: Final = ("available", "pending", "receivable")
OWN_WORDS: Final = ("available", "pending", "owed")  # the same, as people read them
ENTRIES: Final = """
SELECT entry_id, currency, rule, cause_source, cause_id, effective_at, recorded_at, version,
       coalesce(sum(points) FILTER (account = 'available'), 0)::BIGINT AS available,
       coalesce(sum(points) FILTER (account = 'pending'), 0)::BIGINT AS pending,
       coalesce(sum(points) FILTER (account = 'receivable'), 0)::BIGINT AS receivable
FROM postings
WHERE member_id = $member AND ($known IS NULL OR recorded_at <= $known) AND ($was IS NULL OR effective_at <= $was)
GROUP BY ALL ORDER BY {order}
"""

Id = Annotated[str, typer.Argument(help="A member id, or type:value such as email:ada@example.com.")]
Space = Annotated[
    str | None, typer.Option("--space", help="Identity space, if a type:value exists in several.", show_default=False)
]
KnownOn = Annotated[
    str | None,
    typer.Option("--as-known-on", show_default=False, help="Leave out what the log had later than this day or time."),
]
WasOn = Annotated[
    str | None,
    typer.Option("--as-was-on", show_default=False, help="Leave out what took effect later than this day or time."),
]


def statement(
    id: Id, out: Out = None, space: Space = None, as_known_on: KnownOn = None, as_was_on: WasOn = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show a member's entries and balances, as they were or as they were known at a time.

    Every entry has two times: when it counts (the event's) and when it was known (the log's). A late event changes what
    was on a day, and not what was known on it. Both options together: what was known then of what was at another time.

    Example: balanza statement email:ada@example.com --as-known-on 2026-03-01
    """
    try:
        known, was = end_of("--as-known-on", as_known_on), end_of("--as-was-on", as_was_on)
    except WrongUsage as error:
        fail(str(error), WRONG_USAGE)
    folder = chosen(out)
    with warehouse(folder) as connection:
        who = find(connection, folder, id, space)
        found = statement_of(connection, who.member_id, known, was)
    if as_json:
        print_json({"member_id": who.member_id, **found})
    else:
        _print(console(), who.member_id, found)


def end_of(option: str, text: str | None) -> datetime | None:
    """Read a day, which counts to its end, or a time, in UTC; WrongUsage if it is neither."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        raise WrongUsage(f"{option}: found {text!r}; accepted: {ACCEPTED}") from None
    if at.tzinfo is not None:
        raise WrongUsage(f"{option}: found {text!r} with a zone; accepted: {ACCEPTED}")
    is_day = "T" not in text and " " not in text
    return at + timedelta(days=1) - timedelta(microseconds=1) if is_day else at


def statement_of(
    connection: DuckDBPyConnection, member_id: str, known: datetime | None, was: datetime | None
) -> dict[str, Any]:  # fmt: skip
    """Entries in order (of effect, if it is asked how it was) with the balance after each, and the balances at last."""
    order = "version" if was is None else "effective_at, version"
    result = connection.execute(ENTRIES.format(order=order), {"member": member_id, "known": known, "was": was})
    balances: dict[str, dict[str, int]] = {}
    entries: list[Row] = []
    for entry in dictionaries(result):
        balance = balances.setdefault(entry["currency"], dict.fromkeys(MEMBERS_OWN, 0))
        for account in MEMBERS_OWN:
            balance[account] += entry[account]
        change = sum(entry[account] for account in MEMBERS_OWN)
        entries.append({**entry, "change": change, "balance": balance["available"] + balance["receivable"]})
    shown = {
        currency: {**balance, "receivable": -balance["receivable"]} for currency, balance in sorted(balances.items())
    }
    return {"balances": shown, "entries": entries}


def _print(to: Console, member_id: str, found: dict[str, Any]) -> None:
    to.print(f"Member {member_id}", style="bold")
    if not found["entries"]:
        to.print("No entries: no points were moved.")
        return
    columns = ("effective_at", "recorded_at", "rule", "cause_id", "currency", "available", "pending", "owed", "balance")
    entries = [{**entry, "owed": -entry["receivable"]} for entry in found["entries"]]
    to.print(table(columns, [[entry[column] for column in columns] for entry in entries], right=columns[5:]))
    to.print("\nBalances", style="bold")
    balances = [(currency, *balance.values()) for currency, balance in found["balances"].items()]
    to.print(table(("currency", *OWN_WORDS), balances, right=OWN_WORDS))
