"""Tiers, offers and rewards beside the ledger: what each event means to them, in one order.

They stand around the handlers of the ledger: a redemption for a reward is judged before points are taken, and what
the ledger posted is told to the tiers after it. A purchase counts in this order: the ledger's rules, the bonus of the
tier that the member had before, the coupon, the tier, the challenges; what these give is posted and told in turn. A
program without these sections has no such machine, and its members pay nothing for it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from config.expressions.scene import Scene
from config.program import Program
from config.tiers import Level
from flows.earned import facts_of
from flows.ledger.challenges import TIMER as OFFER_TIMER
from flows.ledger.challenges import Challenges, Reward
from flows.ledger.days import local_date, member_zone
from flows.ledger.grants import Grant
from flows.ledger.ledger import Ledger
from flows.ledger.orders import is_purchased, known_order, pieces_of
from flows.ledger.refusing import refuse
from flows.ledger.rewards import TIMER as VOUCHER_TIMER
from flows.ledger.rewards import Rewards
from flows.ledger.stock import Stock
from flows.ledger.tiers import TIMER as TIER_TIMER
from flows.ledger.tiers import Change, Tiers
from flows.noticed import happened_of, paid_until_us
from schemas import events
from schemas.events import EVENT_TYPES
from schemas.hosting import Timer
from schemas.states import Books, Member
from schemas.stitched import Cause, Emit, Merged, Parted, Stitched

Handler = Callable[[Member, Any, Stitched, Emit], None]
Before = dict[str, tuple[str, int]]

TIMERS = frozenset({TIER_TIMER, OFFER_TIMER, VOUCHER_TIMER})
NO_BONUS_PERCENT = 100
PURCHASE = "purchase"
NO_SIGN_OF_JOINING = frozenset({"split", "erase", "export", "receipt", "alias"})


class Heard:
    """What the ledger tells of points as they become a member's, or are taken back, until the tiers are told.

    `measures` are those of the tiers that a currency's points change, qualifying ones and others. What was held and is
    released is `freed`, by the identifier that earned it; all else is `told`.
    """

    def __init__(self) -> None:
        self.measures: Mapping[tuple[str, bool], list[str]] = {}
        self.told: dict[str, list[Change]] = {}
        self.freed: dict[str, dict[str, list[Change]]] = {}

    def __call__(self, member_id: str, currency: str, points: int, qualifying: bool, held_by: str | None) -> None:
        """Note signed points of a member."""
        for measure in self.measures.get((currency, qualifying), ()):
            if held_by is None:
                self.told.setdefault(member_id, []).append((measure, points))
            else:
                self.freed.setdefault(member_id, {}).setdefault(held_by, []).append((measure, points))

    def take(self, member_id: str) -> list[Change]:
        """Give what was told of a member, once."""
        return self.told.pop(member_id, [])


def standing_of(
    program: Program, ledger: Ledger, heard: Heard, stock: Stock, secret: bytes
) -> "StandingMachine | None":  # fmt: skip
    """Give the machine for a program's tiers, offers and rewards; None if it has none of them.

    `heard` is what the ledger tells of earned points; only tiers ask for it.
    """
    if program.tiers is None and not program.offers and not program.rewards:
        return None
    return StandingMachine(program, ledger, heard, stock, secret)


class StandingMachine:
    """Composes the three machines; `ledger` posts what they give."""

    def __init__(self, program: Program, ledger: Ledger, heard: Heard, stock: Stock, secret: bytes) -> None:
        self._program, self._ledger, self._heard = program, ledger, heard
        self._rewards = Rewards(program, secret, stock, facts_of)
        self._tiers = None if program.tiers is None else Tiers(program, self._rewards)
        if self._tiers is not None:
            heard.measures = self._tiers.points
        self._offers = Challenges(program, self._rewards)
        tier_names = frozenset[str]() if self._tiers is None else self._tiers.names
        self._names = tier_names | self._offers.names | self._rewards.names
        self._retroactive = program.identity.retroactive_earn
        self._own: dict[type, Handler] = {
            events.OfferGrant: self._granted, events.Subscription: self._subscribed, events.Activity: self._done,
        }  # fmt: skip

    def around(self, handlers: dict[type, Handler]) -> dict[type, Handler]:
        """Give the handlers of event types with what happens here added to them."""
        special: dict[type, Callable[[Handler | None], Handler]] = {
            events.Purchase: self._purchase, events.Return: self._return, events.Redeem: self._redeem,
            events.RedeemCancel: self._redeem_cancel,
        }  # fmt: skip
        wrapped = dict(handlers)
        for tag, kind in EVENT_TYPES.items():
            own = self._own.get(kind)
            name = tag if tag in self._names and kind is not events.Activity else None   # that has a name of its own
            joins = self._tiers is not None and tag not in NO_SIGN_OF_JOINING
            if kind in special:
                wrapped[kind] = special[kind](handlers.get(kind))
            elif name is not None or own is not None or joins:
                wrapped[kind] = self._other(handlers.get(kind), name, own)
        return wrapped

    # events

    def _purchase(self, inner: Handler | None) -> Handler:
        assert inner is not None

        def purchase(member: Member, event: events.Purchase, step: Stitched, emit: Emit) -> None:
            if self._tiers is not None:
                self._tiers.joined(member, step, emit)
            data = event.data
            before = self._worth(member.books, data.order_id, step.log_us)
            inner(member, event, step, emit)
            amount = self._worth(member.books, data.order_id, step.log_us) - before
            if data.coupon is not None and self._rewards.catalogue:
                self._rewards.purchased(member, data.coupon, step, emit)
            if self._tiers is not None:
                changes = self._heard.take(member.member_id)
                if self._counts(member):
                    changes += self._tiers.of_spend(data.total.currency, amount)
                    changes += self._tiers.of_visit(PURCHASE)
                self._tiers.count(member, changes, step, emit)
            if PURCHASE in self._offers.names:
                self._challenge(member, PURCHASE, step, emit, max(amount, 0))

        return purchase

    def _return(self, inner: Handler | None) -> Handler:
        assert inner is not None

        def take_return(member: Member, event: events.Return, step: Stitched, emit: Emit) -> None:
            if self._tiers is not None:
                self._tiers.joined(member, step, emit)
            data = event.data
            before = self._worth(member.books, data.order_id, step.log_us)
            inner(member, event, step, emit)
            amount = self._worth(member.books, data.order_id, step.log_us) - before
            if self._tiers is not None:
                changes = self._heard.take(member.member_id)
                changes += self._tiers.of_spend(data.total.currency, amount)
                self._tiers.count(member, changes, step, emit)
            if amount < 0:
                self._offers.returned(member, data.order_id, -amount)

        return take_return

    def _redeem(self, inner: Handler | None) -> Handler:
        assert inner is not None

        def redeem(member: Member, event: events.Redeem, step: Stitched, emit: Emit) -> None:
            if self._tiers is not None:
                self._tiers.joined(member, step, emit)
            data, redemptions = event.data, member.books.redemptions
            if data.reward is None or not self._rewards.catalogue:
                inner(member, event, step, emit)
                return
            if data.redemption_id not in redemptions:
                reason = self._rewards.refusal(member, event, step)
                if reason is not None:
                    refuse(member, "redeem", reason, step, emit, data.reward, data.currency, data.points)
                    return
            known = data.redemption_id in redemptions
            inner(member, event, step, emit)
            if not known and data.redemption_id in redemptions:
                self._rewards.redeemed(member, event, step, emit)

        return redeem

    def _redeem_cancel(self, inner: Handler | None) -> Handler:
        assert inner is not None

        def redeem_cancel(member: Member, event: events.RedeemCancel, step: Stitched, emit: Emit) -> None:
            if self._tiers is not None:
                self._tiers.joined(member, step, emit)
            redemption_id = event.data.redemption_id
            reason = self._rewards.cancel_refusal(member, redemption_id)
            if reason is not None:
                refuse(member, "redeem_cancel", reason, step, emit, redemption_id)
                return
            inner(member, event, step, emit)
            redemption = member.books.redemptions.get(redemption_id)
            if redemption is not None and redemption.cancelled:
                self._rewards.cancelled(member, redemption_id, step, emit)

        return redeem_cancel

    def _other(self, inner: Handler | None, name: str | None, own: Handler | None) -> Handler:
        """What any other event means: its `own` doing here, and that it counts if anything asks for its `name`."""
        tiers, heard = self._tiers, self._heard

        def other(member: Member, event: events.CloudEvent, step: Stitched, emit: Emit) -> None:
            standing = member.standing
            if tiers is not None and (standing is None or step.event_us < standing.joined_us):
                tiers.joined(member, step, emit)
            if inner is not None:
                inner(member, event, step, emit)
                if heard.told:
                    self._tell(member, step, emit)
            if own is not None:
                own(member, event, step, emit)
            if name is not None:
                self._counted(member, name, step, emit)

        return other

    def _granted(self, member: Member, event: events.OfferGrant, step: Stitched, emit: Emit) -> None:
        self._post(member, self._offers.granted(member, event, step, emit), step, emit)

    def _subscribed(self, member: Member, event: events.Subscription, step: Stitched, emit: Emit) -> None:
        if self._tiers is not None:
            ends_us = paid_until_us(event, member_zone(member, self._program.time_zone))
            self._tiers.subscribed(member, event, ends_us, step, emit)

    def _done(self, member: Member, event: events.Activity, step: Stitched, emit: Emit) -> None:
        """What an activity uses up, and that it counts under its kind."""
        kind = event.data.kind
        if kind not in self._names:
            return
        if kind in self._rewards.names:
            self._rewards.done(member, kind, step, emit)
        if self._tiers is not None and kind in self._tiers.perks:
            self._tiers.used(member, event, step, emit)
        self._counted(member, kind, step, emit)

    def _counted(self, member: Member, name: str, step: Stitched, emit: Emit) -> None:
        """Count an event for the tiers and the challenges."""
        if self._tiers is not None and name in self._tiers.visits and self._counts(member):
            self._tiers.count(member, self._tiers.of_visit(name), step, emit)
        if name in self._offers.names:
            self._challenge(member, name, step, emit, 0)

    def _challenge(self, member: Member, name: str, step: Stitched, emit: Emit, amount: int) -> None:
        """Count an event for the challenges, and post what it completed."""
        if not self._counts(member):
            return
        day = local_date(step.event_us, member_zone(member, self._program.time_zone)).toordinal()
        happened = happened_of(step, name, day, amount)
        if self._offers.is_conditional(happened.name):
            data = step.event.data  # as the event is, with a type of its own
            scene = Scene(facts_of(member), data, step.event_us, self._program.time_zone)
            happened.meets = self._offers.met(happened.name, scene)
        self._post(member, self._offers.happened(member, happened, step, emit), step, emit)

    # points

    def _post(self, member: Member, rewards: list[Reward], cause: Cause, emit: Emit) -> None:
        """Have the ledger post what was given, and tell the tiers of it."""
        for reward in rewards:
            self._ledger.grant(member, reward.grant, cause, emit, reward.order_id)
            self._tell(member, cause, emit)

    def _tell(self, member: Member, cause: Cause, emit: Emit) -> None:
        """Tell the tiers what a member earned since, or what was taken back."""
        if self._tiers is not None and self._heard.told:
            self._tiers.count(member, self._heard.take(member.member_id), cause, emit)

    def released(self, member: Member, cause: Cause, emit: Emit) -> None:
        """Tell the tiers of points that were held and are the member's now, each for the identifier that earned it."""
        if self._tiers is not None and self._heard.freed:
            for by, changes in self._heard.freed.pop(member.member_id, {}).items():
                self._tiers.count(member, changes, cause, emit, by)

    def with_bonus(self, member: Member, grants: Iterator[Grant]) -> Iterator[Grant]:
        """Give what a purchase earns, then the bonus of the member's tier; that is held like what it adds to."""
        level = None if self._tiers is None else self._tiers.level(member)
        return grants if level is None or level.earn_percent == NO_BONUS_PERCENT else _with_bonus(level, grants)

    def _counts(self, member: Member) -> bool:
        """Whether what a member does counts: anonymous ones may have to be known first."""
        return member.known or self._retroactive

    def _worth(self, books: Books, order_id: str, log_us: int) -> int:
        """What an order is worth: its purchases less its returns.

        Nothing while only returns have come, or when it is so old that the ledger begins it anew.
        """
        order = known_order(books, order_id, log_us - self._program.retention.orders)
        if order is None or not is_purchased(order):
            return 0
        if not order.others:
            return max(0, order.total - order.returned)
        pieces = pieces_of(order)
        total = sum(piece.total for piece in pieces)
        return total - min(sum(piece.returned for piece in pieces), total)

    # timers

    def fire(self, member: Member, timer: Timer, emit: Emit) -> bool:
        """Do what was waited for; whether anything came of it."""
        if timer.kind == TIER_TIMER:
            return self._tiers is not None and self._tiers.fire(member, timer.due_us, emit)
        if timer.kind == OFFER_TIMER:
            return self._offers.fire(member, timer.key, timer.due_us, emit)
        return self._rewards.fire(member, timer.key, timer.due_us, emit)

    # what happens to members

    def before_merge(self, into: Member, other: Member, at_us: int) -> Before:
        """Note what orders are worth that both members remember, before the ledger unites them."""
        oldest_us, worth = at_us - self._program.retention.orders, self._worth
        both = [
            (order_id, order) for order_id, order in into.books.orders.items()
            if order.at_us >= oldest_us and known_order(other.books, order_id, oldest_us) is not None
        ]  # fmt: skip
        return {
            order_id: (order.money, worth(into.books, order_id, at_us) + worth(other.books, order_id, at_us))
            for order_id, order in both
        }

    def absorb(self, into: Member, other: Member, step: Merged, before: Before, emit: Emit) -> None:
        """Unite vouchers, standing and offers; what is complete only together is complete now."""
        cause = Cause(f"{step.key}:{step.absorbed}", step.source, step.id, step.event_us, step.log_us)
        self._rewards.absorb(into, other, emit)
        if self._tiers is not None:
            self._tiers.absorb(into, other, step, emit)
            for order_id, (money, known) in sorted(before.items()):
                amount = self._worth(into.books, order_id, step.log_us) - known
                self._tiers.count(into, self._tiers.of_spend(money, amount), cause, emit)
            self._tell(into, cause, emit)
        self._post(into, self._offers.absorb(into, other, cause, emit), cause, emit)

    def part(self, kept: Member, parted: Member, step: Parted, emit: Emit) -> None:
        """Give a member that was split off what its identifiers brought; orders were parted before."""
        self._rewards.part(kept, parted, step, emit)
        self._offers.part(kept, parted, step, emit)
        if self._tiers is not None:
            self._tiers.part(kept, parted, step, emit)
            for member in (kept, parted):
                self._tell(member, step, emit)

    def wake(self, member: Member, emit: Emit) -> None:
        """Arm what a member that comes from elsewhere waits for."""
        self._rewards.wake(member, emit)
        self._offers.wake(member, emit)
        if self._tiers is not None:
            self._tiers.wake(member, emit)


def _with_bonus(level: Level, grants: Iterator[Grant]) -> Iterator[Grant]:
    """Give grants as they come, then what the tier adds to those of the same terms together."""
    base: dict[tuple[str, int | None, str | None, int | None, bool], int] = {}
    for grant in grants:
        terms = (grant.currency, grant.held_until_us, grant.held_for, grant.expires_us, grant.held_parts)
        base[terms] = base.get(terms, 0) + grant.points
        yield grant
    extra = level.earn_percent - NO_BONUS_PERCENT
    rule = f"tier.{level.id}"
    for (currency, until_us, held_for, expires_us, parts), points in base.items():
        yield Grant(
            rule, currency, points * extra // 100, qualifying=False, held_until_us=until_us, held_for=held_for,
            expires_us=expires_us, held_parts=parts,
        )  # fmt: skip
