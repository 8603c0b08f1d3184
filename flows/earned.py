"""Earn rules beside the other machines of a member: who gets which grants for an event, gathered for the ledger."""

from collections.abc import Iterator, Sequence

from config.expressions.scene import Scene
from config.program import Program
from flows.ledger.budgets import Budgets
from flows.ledger.earn_rule import Case
from flows.ledger.earning import Earnings
from flows.ledger.grants import Grant
from schemas.events import CloudEvent
from schemas.facts import NO_FACTS, Facts
from schemas.states import Member
from schemas.stitched import Stitched


def facts_of(member: Member) -> Facts:
    """The member as rules see it now."""
    named = member.relations.time_zone or (member.attributes and member.attributes.get("time_zone"))
    zone = named if isinstance(named, str) else None
    tier = None if member.standing is None else member.standing.tier
    return Facts(member.known, tier, member.attributes, zone, member.earning.purchases)


NO_GRANTS: Sequence[Grant] = ()


class Earner:
    """Asks the earn rules on behalf of members; `types` are the event types that may earn."""

    def __init__(self, program: Program, budgets: Budgets) -> None:
        self._earnings = Earnings(program, budgets)
        self.types = self._earnings.types
        self._brand = program.time_zone
        self._retroactive = program.identity.retroactive_earn

    def of_event(self, member: Member, event: CloudEvent, step: Stitched) -> Sequence[Grant]:
        """What an event that is no purchase earns.

        Nothing, if the member is not known and the program credits nothing later.
        """
        rules = self._earnings.rules_for(event)
        if rules is None or not (member.known or self._retroactive):
            return NO_GRANTS
        scene = Scene(facts_of(member), event.data, step.event_us, self._brand)  # type: ignore[attr-defined]  # all have it
        return rules.settle(Case(scene, member.earning, member.member_id, step.log_us, again=False))

    def grants(self, member: Member, event: CloudEvent, step: Stitched, *, again: bool = False) -> Iterator[Grant]:
        """What a purchase earns; the rules are asked, and count it, when the first grant is asked for."""
        if not (member.known or self._retroactive):
            return
        facts = facts_of(member) if type(event) in self._earnings.reads_facts else NO_FACTS
        yield from self._earnings.of_event(member.member_id, facts, event, step, member.earning, again=again)
