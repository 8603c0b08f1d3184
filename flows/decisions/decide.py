"""The decision about one candidate: send now, later, or not at all, and why.

A raised signal makes a candidate for every rule that listens to it. The channels of the rule are looked at in the
member's own order of preference, then in the rule's; the first with an address, consent and room under every cap is
taken. In quiet hours the candidate waits for their end, unless it would have expired by then. Every candidate leaves a
decision with its reason, what each channel said, and the caps left: that is what `why` shows.
"""

from typing import NamedTuple

from xxhash import xxh3_64_hexdigest

from config.program import Program, Rule
from flows.decisions.consent import allowed, before_erasure
from flows.decisions.quiet import quiet_until_us, zone
from flows.journeys.caps import Caps
from flows.signals.abandoned_cart import Raised
from schemas.reasons import DecisionReason
from schemas.records import ActionRequested, DecisionMade, DetailValue, Outcome
from schemas.states import Deferred, Member
from schemas.stitched import Emit

TIMER = "quiet"
REASONS_BY_PROGRESS = (
    DecisionReason.NO_ADDRESS, DecisionReason.ERASED, DecisionReason.NO_CONSENT, DecisionReason.CAP_REACHED,
)  # fmt: skip


class Look(NamedTuple):
    """What one channel said: ALLOWED or what stood in the way, and the detail for `why`."""

    channel: str
    reason: DecisionReason
    detail: dict[str, str]


class Candidate(NamedTuple):
    """A rule that wants to act about a subject (a cart id), until it expires."""

    rule: Rule
    subject: str
    cause_key: str
    expires_us: int


class Decider:
    """Decides candidates; all it knows beside the program is the member it is handed."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._caps = Caps(program)
        self._rules = {rule.id: rule for rule in program.rules}
        self._listening: dict[str, list[Rule]] = {}
        for rule in program.rules:
            self._listening.setdefault(rule.on, []).append(rule)

    def signal_of(self, rule: str) -> str | None:
        """Give the signal that a rule listens to; None if the program has no such rule any more."""
        known = self._rules.get(rule)
        return None if known is None else known.on

    def raised(self, member: Member, raised: Raised, emit: Emit) -> None:
        """Decide about every rule that listens to the signal, in order of priority, then of the file."""
        rules = self._listening.get(raised.signal, ())
        for rule in sorted(rules, key=lambda rule: -rule.priority):
            candidate = Candidate(rule, raised.subject, raised.cause_key, raised.at_us + rule.expires_after)
            self.decide(member, candidate, raised.at_us, emit)

    def fire(self, member: Member, key: str, due_us: int, standing: bool, emit: Emit) -> None:
        """Decide again about a candidate that waited; `standing`: its signal is still raised."""
        waited = member.relations.deferred.get(key)
        if waited is None or waited.due_us != due_us:
            return
        del member.relations.deferred[key]
        rule = self._rules.get(waited.rule)
        if rule is None:
            return
        candidate = Candidate(rule, waited.subject, waited.cause_key, waited.expires_us)
        if standing:
            self.decide(member, candidate, due_us, emit)
        else:
            detail: dict[str, DetailValue] = {"subject": waited.subject, "expires_at_us": waited.expires_us}
            self._record(member, candidate, due_us, None, "suppressed", DecisionReason.SIGNAL_CLEARED, detail, emit)

    def decide(self, member: Member, candidate: Candidate, at_us: int, emit: Emit) -> None:
        """Record what becomes of the candidate at this moment, and request the action if it may leave."""
        looks = [self._look(member, candidate.rule, channel, at_us) for channel in self._channels(member, candidate)]
        detail: dict[str, DetailValue] = {
            "subject": candidate.subject,
            "expires_at_us": candidate.expires_us,
            "channels": [{"channel": look.channel, "reason": look.reason, **look.detail} for look in looks],
        }
        chosen = next((look for look in looks if look.reason is DecisionReason.ALLOWED), None)
        if at_us >= candidate.expires_us:
            self._record(member, candidate, at_us, None, "suppressed", DecisionReason.EXPIRED, detail, emit)
        elif chosen is None:
            nearest = max(looks, key=lambda look: REASONS_BY_PROGRESS.index(look.reason))
            reason, channel = nearest.reason, nearest.channel
            self._record(member, candidate, at_us, channel, "suppressed", reason, detail, emit)
        else:
            self._send_or_wait(member, candidate, at_us, chosen, detail, emit)

    def _send_or_wait(
        self, member: Member, candidate: Candidate, at_us: int, chosen: Look, detail: dict[str, DetailValue], emit: Emit
    ) -> None:
        until_us = self._quiet_until(member, candidate.rule.purpose, at_us)
        channel = chosen.channel
        if until_us is None:
            decision = self._record(
                member, candidate, at_us, channel, "sent", DecisionReason.ALLOWED, detail, emit
            )  # fmt: skip
            self._send(member, candidate, at_us, channel, decision, emit)
            return
        detail["quiet_until_us"] = until_us
        if until_us >= candidate.expires_us:
            self._record(member, candidate, at_us, channel, "suppressed", DecisionReason.QUIET_HOURS, detail, emit)
            return
        self._record(member, candidate, at_us, channel, "deferred", DecisionReason.QUIET_HOURS, detail, emit)
        key = f"{candidate.rule.id}/{candidate.subject}"
        member.relations.deferred[key] = Deferred(
            candidate.rule.id, candidate.subject, until_us, candidate.expires_us, candidate.cause_key
        )
        emit.wake(until_us, member.member_id, TIMER, key)

    def _channels(self, member: Member, candidate: Candidate) -> list[str]:
        offered = candidate.rule.channels
        wished = [channel for channel in dict.fromkeys(member.relations.channels) if channel in offered]
        return [*wished, *(channel for channel in offered if channel not in wished)]

    def _look(self, member: Member, rule: Rule, channel: str, at_us: int) -> Look:
        if not member.ids.get(self._program.channels[channel].identifier):
            return Look(channel, DecisionReason.NO_ADDRESS, {})
        if not allowed(self._program, member.relations, channel, rule.purpose):
            erased = before_erasure(member.relations, channel, rule.purpose)
            return Look(channel, DecisionReason.ERASED if erased else DecisionReason.NO_CONSENT, {})
        states = self._caps.states(member.relations, channel, rule.purpose, at_us)
        left = {f"cap.{state.cap}": str(max(0, state.left)) for state in states}
        full = any(state.left <= 0 for state in states)
        return Look(channel, DecisionReason.CAP_REACHED if full else DecisionReason.ALLOWED, left)

    def _quiet_until(self, member: Member, purpose: str, at_us: int) -> int | None:
        if self._program.purposes[purpose].quiet_hours == "exempt":
            return None
        hours, brand = member.relations.quiet, self._program.quiet_hours
        if hours is None and brand is not None:
            hours = (brand.start, brand.end)
        if hours is None or hours[0] == hours[1]:
            return None
        named = member.relations.time_zone or member.attributes.get("time_zone")
        own = named if isinstance(named, str) else self._program.time_zone
        return quiet_until_us(at_us, *hours, zone(own, self._program.time_zone))

    def _record(
        self, member: Member, candidate: Candidate, at_us: int, channel: str | None, outcome: Outcome,
        reason: DecisionReason, detail: dict[str, DetailValue], emit: Emit,
    ) -> str:  # fmt: skip
        rule = candidate.rule
        cause = f"{member.member_id}\0{rule.id}\0{candidate.subject}\0{candidate.cause_key}\0{at_us}"
        decision_id = f"d_{xxh3_64_hexdigest(cause.encode())}"
        emit.decisions.append(
            DecisionMade(
                decision_id, member.member_id, at_us, rule.id, None, None, channel, rule.purpose, outcome, reason,
                detail,
            )
        )  # fmt: skip
        return decision_id

    def _send(
        self, member: Member, candidate: Candidate, at_us: int, channel: str, decision_id: str, emit: Emit
    ) -> None:
        rule, template = candidate.rule, self._program.templates[candidate.rule.template]
        self._caps.note(member.relations, channel, rule.purpose, at_us)
        body: dict[str, DetailValue] = {
            "to": member.ids[self._program.channels[channel].identifier][-1],
            "subject": template.subject,
            "text": template.body,
            "about": candidate.subject,
            "language": member.relations.language,
        }
        emit.actions.append(
            ActionRequested(
                f"{member.member_id}.{decision_id.removeprefix('d_')}", decision_id, member.member_id, channel,
                rule.purpose, rule.template, at_us, candidate.expires_us, body,
            )
        )  # fmt: skip

    def absorb(self, into: Member, other: Member, emit: Emit) -> None:
        """Take over what waits; of two that wait for the same, the survivor's goes on."""
        for key, waits in other.relations.deferred.items():
            if key not in into.relations.deferred:
                into.relations.deferred[key] = waits
                emit.wake(waits.due_us, into.member_id, TIMER, key)

    def wake(self, member: Member, emit: Emit) -> None:
        """Arm what waits, for a member that comes from elsewhere."""
        for key, waits in member.relations.deferred.items():
            emit.wake(waits.due_us, member.member_id, TIMER, key)
