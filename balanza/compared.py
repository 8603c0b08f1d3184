"""A comparison as people read it: how much differs, and the first of it."""

from balanza.compare import FILE_NAME, Comparison, Differing
from balanza.look.rows import Row
from balanza.output import console, shown, table

COLUMNS = ("compared", "only live", "only replay", "changed")


def print_comparison(comparison: Comparison) -> None:
    """Print it to stdout."""
    out = console()
    found = "no differences" if comparison.equal else "differences"
    out.print(f"\nAgainst {', '.join(comparison.live)}: {found}, up to log time {comparison.log_until}",
              soft_wrap=True)
    rows = [
        (name, one.compared, one.only_live, one.only_replay, one.changed)
        for name, one in comparison.differences.items()
    ]  # fmt: skip
    out.print(table(("", *COLUMNS), rows, COLUMNS))
    for note in comparison.notes:
        out.print(f"Note: {note}", soft_wrap=True)
    for name, differing in comparison.differences.items():
        if differing.first:
            out.print(f"\n{_heading(name, differing)}")
            named = [column for column in differing.first[0] if column not in {"live", "replay"}]
            lines = ([*(row[column] for column in named), *_sides(row)] for row in differing.first)
            out.print(table((*named, "live", "replay"), lines))
    if not comparison.equal:
        out.print(f"\nAll of this as JSON: {comparison.replay}/{FILE_NAME}", soft_wrap=True)


def _heading(name: str, differing: Differing) -> str:
    shown_now = len(differing.first)
    more = f", the first {shown_now} of {differing.total:,}" if differing.total > shown_now else ""
    return f"{name} that differ{more}"


def _sides(row: Row) -> tuple[str | None, str | None]:
    """What each side says; of two that both say something, only where they differ."""
    live, replay = row["live"], row["replay"]
    names = [name for name in (live or replay) if live is None or replay is None or live[name] != replay[name]]
    return _side(live, names), _side(replay, names)


def _side(told: Row | None, names: list[str]) -> str | None:
    return None if told is None else ", ".join(f"{name} {shown(told[name])}" for name in names)
