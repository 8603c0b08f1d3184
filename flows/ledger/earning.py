"""What a member's events earn: from an event and what is known of the member to grants, which the ledger posts.

The rules of an event's type are asked in the program's order. Of rules in one group only the one that gives most wins,
the earlier between equals; what caps and budgets leave is looked at before, so a rule without room loses to one that
has some. Then bonuses add their percentage of what the rules they name really gave, each of the plain points, never of
another bonus. Points are counted in caps and budgets when they are given.

Late events: periods, windows and hours are those of the event's own time. Tier, attributes and the order among a
member's events (`first`, `every`, `purchases`) are those of the log, so these alone depend on the order of events.
"""

from typing import NamedTuple

from msgspec.structs import replace

from config.earning import EarnRule
from config.expressions.scene import Scene
from config.program import Program
from flows.ledger.budgets import Budgets
from flows.ledger.earn_rule import Case, ReadyRule
from flows.ledger.grants import Grant
from flows.ledger.rounding import Round
from flows.ledger.worth import NOTHING, Worth
from schemas.earning_states import Earning
from schemas.events import EVENT_TYPES, Activity, CloudEvent, Purchase
from schemas.facts import Facts
from schemas.stitched import Cause

GRANTS_KEPT_MAX = 4096
NO_RULES: tuple[()] = ()
ANY_KIND = None


class Earnings:
    """The earn rules of a program; `types` are the event types that may earn, `reads_facts` those that need facts.

    Stateless but for the program. Purchases whose rules are all of the plain form (points for money, nothing else) go
    a short way, on which neither facts nor counters are looked at.
    """

    def __init__(self, program: Program, budgets: Budgets | None = None) -> None:
        self._brand = program.time_zone
        rules: dict[type[CloudEvent], list[ReadyRule]] = {}
        for rule in program.earn:
            kind = EVENT_TYPES.get(rule.on, Activity)
            rules.setdefault(kind, []).append(ReadyRule(rule, program.retention.events, budgets))
        self.types = frozenset(rules)
        self._settled = {kind: Rules(ready, ready) for kind, ready in rules.items()}
        self._of_activities = _by_kind(rules.get(Activity, []))
        self._plain = _plain(rules.get(Purchase, []))
        self.reads_facts = self.types - ({Purchase} if self._plain is not None else set())

    def of_event(
        self, member_id: str, facts: Facts, event: CloudEvent, cause: Cause, state: Earning, *, again: bool = False
    ) -> list[Grant]:  # fmt: skip
        """What the event earns, in the program's order; `again`: a further part of an order that was seen before."""
        if type(event) is Purchase:
            if not again:
                state.purchases += 1
            if self._plain is not None:
                total = event.data.total
                amount, grants = total.amount, []
                for each, per, rounding, made, rule in self._plain.get(total.currency, NO_RULES):
                    points = amount * each // per if rounding is None else rounding(amount * each, per)
                    if points:
                        grants.append(made.get(points) or _make(made, rule, points))
                return grants
        rules = self.rules_for(event)
        if rules is None:
            return []
        scene = Scene(facts, event.data, cause.event_us, self._brand)  # type: ignore[attr-defined]  # every event has data
        return rules.settle(Case(scene, state, member_id, cause.log_us, again))

    def rules_for(self, event: CloudEvent) -> "Rules | None":
        """The rules that look at events like this one."""
        if type(event) is Activity:
            return self._of_activities.get(event.data.kind, self._of_activities.get(ANY_KIND))
        return self._settled.get(type(event))


class _Plain(NamedTuple):
    """A rule that gives `points` for each full `per` of money, as the shortest way reads it.

    `round` is None where fractions are dropped; `made` has grants by their points, since making one anew costs more
    than all the rest.
    """

    points: int
    per: int
    round: Round | None
    made: dict[int, Grant]
    rule: EarnRule


def _make(made: dict[int, Grant], rule: EarnRule, points: int) -> Grant:
    """A grant of a plain rule, kept for the next of its size."""
    if len(made) >= GRANTS_KEPT_MAX:
        made.clear()
    grant = made[points] = Grant(rule.id, rule.currency, points, rule.qualifying)
    return grant


def _plain(rules: list[ReadyRule]) -> dict[str, list[_Plain]] | None:
    """The rules by the money they look at; None if one of them asks for more than money."""
    by_money: dict[str, list[_Plain]] = {}
    for ready in rules:
        rule = ready.rule
        if not ready.plain or rule.per is None or rule.points is None:
            return None
        rounding = None if rule.rounding == "down" else ready.round
        by_money.setdefault(rule.per.currency, []).append(_Plain(rule.points, rule.per.amount, rounding, {}, rule))
    return by_money


def _by_kind(rules: list[ReadyRule]) -> dict[str | None, "Rules"]:
    """The rules of activities by the kind they look at, each with those that look at all; these also alone."""
    return {
        kind: Rules(chosen, rules) for kind in {ready.kind: None for ready in rules} | {ANY_KIND: None}
        if (chosen := [ready for ready in rules if ready.kind in {kind, ANY_KIND}])
    }  # fmt: skip


class Rules:
    """The `rules` that look at one kind of event, among `all_rules` of its type."""

    def __init__(self, rules: list[ReadyRule], all_rules: list[ReadyRule]) -> None:
        mixed = {ready.group for ready in all_rules if ready.bonus is not None and ready.group is not None}
        for ready in rules:
            if ready.bonus is not None:
                ready.multiplies = ready.bonus.of or [
                    other.id for other in rules
                    if other.bonus is None and other.rule.on == ready.rule.on and other.currency == ready.currency
                ]  # fmt: skip
        self._groups = any(ready.group is not None for ready in rules)
        # A group with a bonus in it is settled last, when it is known what the bonus is a percentage of.
        placed = list(enumerate(rules))
        self._late = [(at, ready) for at, ready in placed if ready.bonus is not None or ready.group in mixed]
        self._early = [offer for offer in placed if offer not in self._late]
        self._alone = [] if self._groups or self._late else rules

    def settle(self, case: Case) -> list[Grant]:
        """Ask all rules, let the best of each group win, count and give."""
        if self._alone:
            grants = []
            for ready in self._alone:
                grant = ready.give(case)
                if grant is not None:
                    grants.append(grant)
            return grants
        given: dict[int, Grant] = {}
        base: dict[str, Grant] = {}
        for rules in (self._early, self._late):
            offers = [offer for at, ready in rules if (offer := _offer(at, ready, case, base)) is not None]
            for at, ready, points, worth in _winners(offers) if self._groups else offers:
                given[at] = base[ready.id] = ready.taken(case, points, worth)
        return [given[at] for at in sorted(given)] if len(given) > 1 else list(given.values())


class _Offer(NamedTuple):
    """What the rule that stands at a place of the program would give."""

    at: int
    ready: ReadyRule
    points: int
    worth: Worth


def _offer(at: int, ready: ReadyRule, case: Case, base: dict[str, Grant]) -> _Offer | None:
    """What a rule would give and has room for; `base` are the grants that a bonus is a percentage of."""
    worth = ready.would_give(case)
    if worth is NOTHING:
        return None
    if ready.bonus is None:
        points = ready.points(worth)
    else:
        multiplied = [base[rule] for rule in ready.multiplies if rule in base]
        points = ready.bonus_points(sum(grant.points for grant in multiplied))
        if len(multiplied) == 1:
            worth = replace(worth, lines=multiplied[0].lines, weight=multiplied[0].weight)
    points = ready.room(case, points)
    return _Offer(at, ready, points, worth) if points else None


def _winners(offers: list[_Offer]) -> list[_Offer]:
    """The offers that stand: of each group the one with most points, the earlier between equals."""
    best: dict[tuple[str, str | None], _Offer] = {}
    for offer in offers:
        group = offer.ready.group
        if group is not None and (group not in best or offer.points > best[group].points):
            best[group] = offer
    return [offer for offer in offers if offer.ready.group is None or best[offer.ready.group] is offer]


def absorb(into: Earning, other: Earning) -> None:
    """Let a member have counted what another one did, whom it absorbs: what each was given counts for both."""
    into.purchases += other.purchases
    for key, counter in other.counted.items():
        known = into.counted.setdefault(key, {})
        for number, count in counter.items():
            known[number] = known.get(number, 0) + count
    for rule, recent in (other.recent or {}).items():
        if into.recent is None:
            into.recent = {}
        into.recent[rule] = sorted([*into.recent.get(rule, []), *recent])


def part(state: Earning) -> Earning:
    """What a member who is split off has counted: everything, as the one it leaves has, so that no cap is doubled."""
    counted = {key: dict(counter) for key, counter in state.counted.items()}
    recent = None if state.recent is None else {rule: list(given) for rule, given in state.recent.items()}
    return Earning(state.purchases, counted, recent)
