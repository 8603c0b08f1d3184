"""What a run did, for a person and for a machine."""

import shutil
import sys
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import orjson
from rich.console import Console
from rich.table import Table

from balanza.request import Role, Run
from flows.runtime.deployment import NO_REPLAY
from schemas.standing import OfferState, VoucherState
from schemas.states import MemberTotals, Totals, read_lines

PLAIN_COLUMNS = 140
NAMES_SHOWN = 5


@dataclass
class Summary:
    """Counts since the deployment began, but `read_now` and `seconds`, which are this run's.

    `read` = `applied` + `duplicate` + `rejected` + `expired_anonymous` (V5); `applied` leaves out what was forgotten. A
    stitcher knows nothing of points, a member worker nothing of what was read: `steps` are the events it applied, and
    `waiting` its members that wait for another worker. A replay (`replay` says which kind) counts also the rows that
    it passed over, and the actions that it kept from the outbox because they had expired.
    """

    program: str
    out: str
    log_from: str | None
    log_to: str | None
    seconds: float
    read_now: int
    read: int
    applied: int
    duplicate: int
    rejected: int
    expired_anonymous: int
    blank: int
    rejected_by_reason: dict[str, int]
    left_out_identifiers: dict[str, int]
    dropped_fields: dict[str, int]
    members: int
    known_members: int
    links: int
    merges: int
    entries: int
    points_outstanding: dict[str, int]
    points_receivable: dict[str, int]
    refusals: dict[str, int]
    signals: dict[str, int]
    decisions: dict[str, int]
    actions: dict[str, int]
    receipts: int
    role: str = "run"
    steps: int = 0
    waiting: int = 0
    replay: str = NO_REPLAY
    skipped: int = 0
    expired_actions: int = 0
    identity_changes: dict[str, int] = field(default_factory=dict)
    alerts: dict[str, int] = field(default_factory=dict)
    tiers: dict[str, int] = field(default_factory=dict)
    offers: dict[str, int] = field(default_factory=dict)
    vouchers: dict[str, int] = field(default_factory=dict)
    unfinished_lines: dict[str, int] = field(default_factory=dict)
    stopped_by_signal: int | None = None
    problems: list[str] = field(default_factory=list)


def _moment(us: int) -> str | None:
    return datetime.fromtimestamp(us / 1e6, UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if us else None


def _most_first(counts: dict[str, int]) -> dict[str, int]:
    return {str(key): value for key, value in sorted(counts.items(), key=lambda item: (-item[1], item[0]))}


def summarise(run: Run) -> Summary:
    """Gather the totals; also written to OUT/summary.json."""
    stitch, members = run.wiring.totals.get("stitch"), run.wiring.totals.get("members")
    stitch = stitch if isinstance(stitch, Totals) else Totals()
    members = members if isinstance(members, MemberTotals) else MemberTotals()
    rejected = sum(stitch.rejected.values())
    read = read_lines(stitch)
    summary = Summary(
        run.request.program.program, str(run.request.out), _moment(stitch.first_log_us), _moment(stitch.log_us),
        round(run.seconds, 3), read - run.wiring.read_before, read, stitch.applied - members.expired_anonymous,
        stitch.duplicate, rejected, members.expired_anonymous, stitch.blank, _most_first(stitch.rejected),
        _most_first(stitch.left_out), _most_first(run.dropped), stitch.members, stitch.known_members, stitch.links,
        stitch.merges, members.entries, members.outstanding, members.receivable, _most_first(members.refusals),
        _most_first(members.signals), _most_first(members.decisions), _most_first(members.actions), members.receipts,
    )  # fmt: skip
    summary.role, summary.steps, summary.waiting = run.request.role.value, members.steps, run.waiting()
    summary.replay, summary.skipped, summary.expired_actions = run.request.kind, run.skipped(), run.expired()
    summary.identity_changes = _most_first(stitch.changes)
    summary.alerts = _most_first(dict(Counter(stitch.alerts) + Counter(members.alerts)))
    summary.tiers, summary.offers = _most_first(members.tiers), _most_first(members.offers)
    summary.vouchers = _most_first(members.vouchers)
    if run.request.role == Role.MEMBERS:
        summary.read_now, summary.log_to = members.steps - run.wiring.steps_before, _moment(members.log_us)
    if run.log is not None:
        summary.unfinished_lines = run.log.unfinished
        summary.problems = [f"{damage}; put the whole file in its place and run again: what was read stays applied"
                            for damage in run.log.damages]
    summary.stopped_by_signal = run.stop.by_signal
    if run.stop.failure is not None:
        summary.problems.append(str(run.stop.failure))
    (run.request.out / "summary.json").write_bytes(orjson.dumps(asdict(summary), option=orjson.OPT_INDENT_2) + b"\n")
    return summary


def print_summary(summary: Summary, *, as_json: bool) -> None:
    """Print it to stdout."""
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(asdict(summary), option=orjson.OPT_INDENT_2) + b"\n")
        sys.stdout.flush()
        return
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = PLAIN_COLUMNS
    _print_counts(console, summary)
    _print_places(console, summary)


def _print_counts(console: Console, summary: Summary) -> None:
    rate = summary.read_now / summary.seconds if summary.seconds else 0
    since = f"from {summary.log_from} " if summary.log_from else ""
    span = f", log {since}to {summary.log_to}" if summary.log_to else ""
    console.print(f"\n[bold]{summary.program}[/bold]: {summary.read_now:,} events in {summary.seconds:.1f} s "
                  f"({rate:,.0f}/s){span}")
    done = summary.steps if summary.role == Role.MEMBERS else summary.read
    if summary.read_now != done:
        console.print(f"Counts below are since this deployment began: {done:,} events.")
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column()
    for name, count, more in _rows(summary):
        table.add_row(name, count, more)
    console.print(table)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{key} {value:,}" for key, value in counts.items())


def _rows(summary: Summary) -> list[tuple[str, str, str]]:
    rows = []
    if summary.role != Role.MEMBERS:
        rows += _rows_of_stitching(summary)
    if summary.role != Role.STITCH:
        rows += _rows_of_members(summary)
    rows += [("alerts" if at == 0 else "", kind, count, "for people")
             for at, (kind, count) in enumerate(summary.alerts.items())]
    shown = [(f"{name:<10}{what}", f"{count:,}", more) for name, what, count, more in rows]
    if summary.left_out_identifiers:
        shown.append(("          left out", "", "identifiers: " + _counts(summary.left_out_identifiers)))
    if summary.dropped_fields:
        shown.append(("          dropped", "", "unknown fields: " + _most(summary.dropped_fields)))
    for place, size in summary.unfinished_lines.items():
        waits = f"{place}: its last line ({size:,} bytes) has no end yet; it is read when it has"
        shown.append(("          waiting", "", waits))
    return shown


CHANGES = {
    "limit": "events that left an identifier out: a maximum was reached",
    "conflict": "events that left an identifier out: it would have joined two known members",
    "quarantine": "identifiers that too many share, which link nobody any more",
    "release": "identifiers that link again",
    "block": "identifiers that members had and the program blocks now",
    "split": "members made of a part of another",
    "erase": "people who were erased",
    "export": "exports of what is held on a person",
    "refused": "splits, erasures and exports that could not be done",
}


def _rows_of_stitching(summary: Summary) -> list[tuple[str, str, int, str]]:
    anonymous = summary.members - summary.known_members
    return [
        *([("events", "skipped", summary.skipped, "before --from")] if summary.skipped else []),
        ("" if summary.skipped else "events", "read", summary.read, ""),
        ("", "applied", summary.applied, ""),
        ("", "duplicate", summary.duplicate, "left out: same source and id, same body"),
        ("", "rejected", summary.rejected, _counts(summary.rejected_by_reason)),
        ("", "expired", summary.expired_anonymous, "of anonymous members without activity, forgotten"),
        ("members", "now", summary.members, f"{summary.known_members:,} known, {anonymous:,} anonymous"),
        ("", "links", summary.links, "identifiers given to members"),
        ("", "merges", summary.merges, "members found to be one person"),
        *(("", kind, count, CHANGES[kind]) for kind, count in summary.identity_changes.items() if kind in CHANGES),
    ]


def _rows_of_members(summary: Summary) -> list[tuple[str, str, int, str]]:
    steps = [("events", "applied", summary.steps, "from the stitcher")] if summary.role == Role.MEMBERS else []
    waiting = [("members", "waiting", summary.waiting, "for another worker")] if summary.waiting else []
    return [
        *steps, *waiting,
        ("points", "entries", summary.entries, "balanced postings"),
        *(("", currency, points, f"outstanding; {summary.points_receivable.get(currency, 0):,} owed by members")
          for currency, points in summary.points_outstanding.items()),
        *(("", "not moved", count, reason) for reason, count in summary.refusals.items()),
        *_rows_of_standing(summary),
        *(("signals" if at == 0 else "", signal, count, "")
          for at, (signal, count) in enumerate(summary.signals.items())),
        *(("decisions" if at == 0 else "", outcome.partition(" ")[0], count, outcome.partition(" ")[2])
          for at, (outcome, count) in enumerate(summary.decisions.items())),
        *(("actions" if at == 0 else "", channel, count, "requested")
          for at, (channel, count) in enumerate(summary.actions.items())),
        *([("", "expired", summary.expired_actions, "of them, by now: not in the outbox")]
          if summary.expired_actions else []),
    ]  # fmt: skip


def _rows_of_standing(summary: Summary) -> list[tuple[str, str, int, str]]:
    """Changes of tier by tier, with the reasons; offers and vouchers by state, with the most frequent ones."""
    tiers: dict[str, dict[str, int]] = {}
    for label, count in summary.tiers.items():
        tier, _, reason = label.partition(" ")
        tiers.setdefault(tier, {})[reason] = count
    rows = [("tiers" if at == 0 else "", tier, sum(reasons.values()), f"times members came to it: {_counts(reasons)}")
            for at, (tier, reasons) in enumerate(tiers.items())]
    for what, labels, states in (
        ("offers", summary.offers, get_args(OfferState)), ("vouchers", summary.vouchers, get_args(VoucherState)),
    ):  # fmt: skip
        by_state: dict[str, dict[str, int]] = {}
        for label, count in labels.items():
            name, _, state = label.partition(" ")
            by_state.setdefault(state, {})[name] = count
        shown = [state for state in states if state in by_state]
        rows += [(what if at == 0 else "", state, sum(by_state[state].values()), _most(by_state[state]))
                 for at, state in enumerate(shown)]
    return rows


def _most(counts: dict[str, int]) -> str:
    more = f" and {len(counts) - NAMES_SHOWN} more" if len(counts) > NAMES_SHOWN else ""
    return _counts(dict(list(counts.items())[:NAMES_SHOWN])) + more


OUTBOX = "outbox.jsonl (actions), "
PLACES = {
    Role.RUN: f"warehouse/warehouse.duckdb (tables), surfaces.db (one document a member), {OUTBOX}"
              "dead_letters.jsonl, state/ (to go on from)",
    Role.STITCH: "warehouse/warehouse.duckdb (events, identifiers, members), dead_letters.jsonl, "
                 "state/ (to go on from)",
    Role.MEMBERS: "warehouse/warehouse.duckdb (balances, decisions and so on), surfaces.db (one document a member), "
                  f"{OUTBOX}state/ (to go on from)",
}  # fmt: skip


def _print_places(console: Console, summary: Summary) -> None:
    places = PLACES[Role(summary.role)]
    console.print(f"\nIn {summary.out}: {places.replace(OUTBOX, '') if summary.replay == 'shadow' else places}")
    console.print("Try next:")
    for command in _next_commands(Path(summary.out), summary):
        console.print(f"  {command}")


def _next_commands(out: Path, summary: Summary) -> list[str]:
    """A few commands that have something to show: on a member to whom something was sent, if there is one."""
    me = "balanza" if shutil.which("balanza") else _myself()
    letters = [f"{me} deadletters list --out {out}"] if summary.rejected else []
    kinds = "select kind, count(*) as changes from identity_events group by all"
    if summary.role == Role.STITCH:
        return [f'{me} sql "{kinds}" --out {out}', *letters]
    best = "select member_id, available from balances order by available desc limit 5"
    commands = [f'{me} sql "{best}" --out {out}']
    action = _first_action(out)
    if action is not None:
        about = f"{me} member {action['member_id']} --out {out}", f"{me} why {action['action_id']} --out {out}"
        return [*commands, *about]
    reasons = "select outcome, reason, count(*) as decisions from decisions group by all order by all"
    decided = [f'{me} sql "{reasons}" --out {out}'] if summary.decisions else []
    owed = [f"{me} report liability --out {out}"] if summary.entries else []
    return [*commands, *decided, *owed, *letters]


def _myself() -> str:
    """How this program was called: a module (`python -m balanza`) or a script."""
    name = Path(sys.argv[0]).name
    return f"{sys.executable} -m balanza" if name == "__main__.py" else sys.argv[0]


def _first_action(out: Path) -> dict[str, str] | None:
    path = out / "outbox.jsonl"
    if not path.exists():
        return None
    with path.open("rb") as file:
        actions = (orjson.loads(line) for line in file)
        return next((action for action in actions if "member_id" in action), None)  # one of an erased person has none
