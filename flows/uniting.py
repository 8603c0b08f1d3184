"""What becomes of members when two turn out to be one person, or one to be two, or one asks to be forgotten.

A merge: everything of one goes to the other by postings and unions; the strictest consent wins, all contacts count.
A split: what the events of the part's identifiers did goes with it (orders, redemptions, carts); contacts, wishes and
refusals stay with both, so that no cap and no refusal is lost; a consent stays with who gave it. Attributes stay where
they are, since nobody can tell whose they were, but for those whose value is an identifier of the part.
"""

from collections.abc import Collection

from msgspec.structs import replace

from flows.decisions import consent
from flows.decisions.decide import Decider
from flows.ledger import earning
from flows.ledger.ledger import Ledger
from flows.signals.abandoned_cart import AbandonedCarts
from flows.standing import StandingMachine
from schemas.states import Deferred, Member, Relations
from schemas.stitched import Emit, Erased, Merged, Parted

VALUES_KEPT = 32


class Uniting:
    """Merges, parts and ends members; the machines that it is made of do their own parts."""

    def __init__(
        self, ledger: Ledger, carts: AbandonedCarts, decider: Decider, standing: StandingMachine | None
    ) -> None:  # fmt: skip
        self._ledger, self._carts, self._decider, self._standing = ledger, carts, decider, standing

    def absorb(self, into: Member, other: Member, step: Merged, emit: Emit) -> None:
        """Let `into` be both."""
        into.known = into.known or other.known
        into.events += other.events
        for kind, values in other.ids.items():
            mine = into.ids.get(kind, [])
            into.ids[kind] = [*(value for value in values if value not in mine), *mine][-VALUES_KEPT:]
        if other.attributes_us > into.attributes_us:
            into.attributes = {**into.attributes, **other.attributes}
        else:
            into.attributes = {**other.attributes, **into.attributes}
        into.attributes_us = max(into.attributes_us, other.attributes_us)
        before = None if self._standing is None else self._standing.before_merge(into, other, step.log_us)
        self._ledger.absorb(into.member_id, into.books, other.member_id, other.books, step, emit)
        if self._standing is not None and before is not None:
            self._standing.absorb(into, other, step, before, emit)
        earning.absorb(into.earning, other.earning)
        consent.absorb(into.relations, other.relations)
        self._carts.absorb(into, other, step.log_us, emit)
        self._decider.absorb(into, other, emit)

    def part(self, keeps: Member, step: Parted, emit: Emit) -> Member:
        """Take a member of its own out of `keeps`; whoever gets it wakes it (`wake`)."""
        part = Member(step.part_id, keeps.space, step.known)
        part.updated_us = step.log_us
        mine = frozenset(step.ids)
        for identifier in step.ids:
            keep_value(part, identifier)
        drop_values(keeps, mine)
        _part_attributes(keeps, part, step.ids)
        keeps.known = step.keeps_known
        self._ledger.part(keeps.member_id, keeps.books, part.member_id, part.books, mine, step, emit)
        if self._standing is not None:
            self._standing.part(keeps, part, step, emit)
        part.earning = earning.part(keeps.earning)
        part.relations = _copy(keeps.relations)
        consent.part(keeps.relations, part.relations, mine)
        self._carts.part(keeps, part, mine)
        moved = {key for key, waits in keeps.relations.deferred.items() if waits.subject in part.carts}
        part.relations.deferred = {key: keeps.relations.deferred.pop(key) for key in sorted(moved)}
        return part

    def wake(self, part: Member, emit: Emit) -> None:
        """Arm what a member that was parted waits for."""
        self._ledger.wake(part, emit)
        if self._standing is not None:
            self._standing.wake(part, emit)
        self._carts.wake(part, emit)
        self._decider.wake(part, emit)

    def end(self, member: Member, step: Erased, emit: Emit) -> None:
        """Write off what an erased person held."""
        self._ledger.erase(member.member_id, member.books, step, emit)


def keep_value(member: Member, identifier: str) -> None:
    """Keep an identifier; the latest stands last, since a message goes to the latest address, and old ones give way."""
    kind, _, value = identifier.partition(":")
    values = member.ids.setdefault(kind, [])
    if value not in values:
        values.append(value)
        if len(values) > VALUES_KEPT:
            del values[0]


def drop_values(member: Member, identifiers: Collection[str]) -> None:
    """Forget identifiers that are not the member's any more."""
    for kind in list(member.ids):
        left = [value for value in member.ids[kind] if f"{kind}:{value}" not in identifiers]
        if left:
            member.ids[kind] = left
        else:
            del member.ids[kind]


def _part_attributes(keeps: Member, part: Member, ids: Collection[str]) -> None:
    """Let attributes go with the part that say an identifier of it (an address, a number) and nothing else."""
    values = {identifier.partition(":")[2].lower() for identifier in ids}
    goes = {
        name: value for name, value in keeps.attributes.items()
        if isinstance(value, str) and value.strip().lower() in values
    }  # fmt: skip
    if goes:
        keeps.attributes = {name: value for name, value in keeps.attributes.items() if name not in goes}
        part.attributes, part.attributes_us = {**goes}, keeps.attributes_us


def _copy(relations: Relations) -> Relations:
    deferred: dict[str, Deferred] = {}
    return replace(
        relations, consents=dict(relations.consents), contacts=list(relations.contacts), deferred=deferred,
        channels=list(relations.channels), topics=list(relations.topics),
    )  # fmt: skip
