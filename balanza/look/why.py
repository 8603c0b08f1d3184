"""`balanza why`: one decision explained."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from balanza.look.decided import ChannelLook, Decided, decided, near
from balanza.look.places import Out, chosen, warehouse
from balanza.look.rows import Row
from balanza.look.words import OUTCOME_WORDS, channel_words, money, reason_words
from balanza.output import FAILED, AsJson, console, facts, fail, moment, print_json, printable, table

Id = Annotated[str, typer.Argument(help="A decision (d_…) or an action (m_….…), as tables and outbox name them.")]


def why(id: Id, out: Out = None, as_json: AsJson = False) -> None:
    """Explain a decision: why a message was sent, put off or left out.

    Shows the rule and its cause, what each channel said and the caps left before it, quiet time, the message itself,
    its receipts, and what else was decided about the same subject. Times are UTC.

    Example: balanza why d_f418be397015e046
    """
    folder = chosen(out)
    with warehouse(folder) as connection:
        found = decided(connection, id)
        hint = near(connection, id) if found is None else None
    if found is None:
        query = "select decision_id, outcome, reason from decisions limit 5"
        remedy = f"did you mean {hint}?" if hint else f'some that are: balanza sql "{query}" --out {folder}'
        fail(f"there is no decision and no action {printable(id)} in {folder}; {remedy}", FAILED)
    if as_json:
        print_json(as_plain(found))
    else:
        _print(console(), found)


def as_plain(found: Decided) -> Row:
    """The decision for machines: its columns, then what explains it."""
    return {
        **found.decision,
        "explanation": reason_words(found.decision["reason"]),
        **{name: value for name, value in msgspec.structs.asdict(found).items() if name != "decision"},
        "channels": [msgspec.structs.asdict(look) for look in found.channels],
    }


def _print(to: Console, found: Decided) -> None:
    decision = found.decision
    channel = f" by {decision['channel']}" if decision["outcome"] == "sent" else ""
    outcome = OUTCOME_WORDS[decision["outcome"]]
    to.print(f"{decision['decision_id']}: {decision['rule']} {outcome}{channel}", style="bold")
    to.print(facts(_reasons(found)))
    if found.channels:
        to.print("\nChannels, in the order they were asked", style="bold")
        looks = [(look.channel, look.reason, channel_words(look.reason), _caps(look)) for look in found.channels]
        to.print(table(("channel", "reason", "in words", "messages left before it"), looks))
    if found.action is not None:
        to.print("\nMessage", style="bold")
        to.print(facts(_message(found.action)))
        for receipt in found.receipts:
            detail = f", {printable(receipt['detail'])}" if receipt["detail"] else ""
            to.print(f"  {receipt['status']} {moment(receipt['at'])}{detail}")
    if found.others:
        to.print("\nOther decisions about the same subject", style="bold")
        names = ("decision_id", "at", "channel", "outcome", "reason")
        others = [(*(other[name] for name in names), reason_words(other["reason"])) for other in found.others]
        to.print(table((*names, "in words"), others))


def _reasons(found: Decided) -> Iterator[tuple[str, object]]:
    decision, signal, event = found.decision, found.signal, found.event
    yield "when", f"{moment(decision['at'])} UTC"
    yield "member", decision["member_id"]
    yield "rule", f"{decision['rule']}, purpose {decision['purpose']}"
    yield "outcome", decision["outcome"]
    yield "reason", f"{decision['reason']}: {reason_words(decision['reason'])}"
    if found.subject is not None:
        yield "about", found.subject
    if signal is not None:
        currency = signal["detail"].get("currency")
        worth = "" if signal["value"] is None else f", worth {money(signal['value'], currency)}"
        yield "because", f"{signal['signal']} was raised {moment(signal['at'])}{worth}"
    if event is not None:
        yield "by event", f"{event['type']} {event['source']} {event['id']} of {moment(event['time'])}"
    if found.quiet_until is not None:
        yield "quiet until", f"{moment(found.quiet_until)} UTC"
    if found.expires_at is not None:
        yield "expires", f"{moment(found.expires_at)} UTC, never sent later"


def _message(action: Row) -> Iterator[tuple[str, object]]:
    yield "action", action["action_id"]
    yield "template", f"{action['template']} by {action['channel']}"
    for name, value in action["body"].items():
        if value is not None:
            yield name, value


def _caps(look: ChannelLook) -> str:
    return ", ".join(f"{cap} {left}" for cap, left in look.left.items()) or "–"
