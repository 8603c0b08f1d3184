"""What rules may know of a member, gathered from the parts of its state that know it."""

from schemas.facts import Facts
from schemas.states import Member


def facts_of(member: Member) -> Facts:
    """The member as rules see it now."""
    named = member.relations.time_zone or member.attributes.get("time_zone")
    zone = named if isinstance(named, str) else None
    tier = None if member.standing is None else member.standing.tier
    return Facts(member.known, tier, member.attributes, zone, member.earning.purchases)
