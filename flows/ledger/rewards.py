"""The rewards machine: who may have a reward at which price, the stock, and vouchers from issue to use.

A redemption with a `reward` is asked for here first; the ledger takes the points only of one that was not refused. Each
reward that is got is a voucher with a code: a keyed hash of what it was issued for, so that nobody can guess it and
every replay gives the same. A voucher is bound to its member. A purchase whose coupon is the code uses it up, and so
does an activity that the reward names. Used, cancelled and expired are final, but for an event that happened before
the expiry and comes late. A cancelled redemption cancels its voucher and gives the piece back to the stock.

How many there are is kept by the stock (flows/ledger/stock.py).
"""

from collections.abc import Callable
from hashlib import blake2b
from zoneinfo import ZoneInfo

from config.expressions.names import names_of
from config.expressions.scene import Scene
from config.expressions.typed import compile_expression
from config.program import Program
from config.rewards import Reward
from flows.ledger.days import moment_of, zone_of
from flows.ledger.refusing import refuse
from flows.ledger.stock import Stock
from schemas.events import Redeem
from schemas.facts import Facts
from schemas.reasons import RefusalReason
from schemas.records import VoucherChanged
from schemas.standing import Voucher, VoucherState
from schemas.states import Member
from schemas.stitched import Cause, Emit, Parted, Stitched

FactsOf = Callable[[Member], Facts]

TIMER = "voucher"
NO_EVENT = "alias"  # an event with no field of its own: a reward's condition knows the member's names only
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no letter that is taken for a digit
CODE_LENGTH, CODE_GROUP = 16, 4
CLOSED_KEPT = 32


def code_of(secret: bytes, text: str) -> str:
    """Give the code for what a voucher was issued for: 80 bits of a keyed hash, in groups of four."""
    number = int.from_bytes(blake2b(text.encode(), key=secret, digest_size=10).digest(), "big")
    letters = "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(CODE_LENGTH)))
    return "-".join(letters[at : at + CODE_GROUP] for at in range(0, CODE_LENGTH, CODE_GROUP))


def masked(code: str) -> str:
    """Give what records say of a code: its last group. Whole it stands with the member and on its surfaces only."""
    return "-".join(["*" * CODE_GROUP] * (CODE_LENGTH // CODE_GROUP - 1) + [code[-CODE_GROUP:]])


def is_code(text: str) -> bool:
    """Whether a coupon has the form of our codes; others are of no concern here."""
    groups = text.split("-")
    return [len(group) for group in groups] == [CODE_GROUP] * (CODE_LENGTH // CODE_GROUP) and not set(
        "".join(groups)
    ) - set(ALPHABET)


class Rewards:
    """The catalogue of a program; changes a member's `vouchers` and the shelves."""

    def __init__(self, program: Program, secret: bytes, stock: Stock | None, facts: FactsOf) -> None:
        self.catalogue: dict[str, Reward] = program.rewards
        self._secret, self._stock, self._facts, self._brand = secret, stock, facts, program.time_zone
        self._conditions = {
            name: compile_expression(reward.when, names_of(NO_EVENT)).test
            for name, reward in program.rewards.items() if reward.when is not None
        }  # fmt: skip
        self._kept_us = program.retention.orders
        brand = zone_of(None, program.time_zone)
        self._windows = {name: _window(reward, brand) for name, reward in program.rewards.items()}
        self._used_by: dict[str, list[str]] = {}
        for name, reward in sorted(program.rewards.items()):
            for activity in reward.used_by:
                self._used_by.setdefault(activity, []).append(name)
        self.names = frozenset(self._used_by)

    # who may have what

    def price(self, reward: Reward, tier: str | None) -> int | None:
        """Give what a reward costs a member of a tier; None if it is not for sale."""
        if reward.cost is None:
            return None
        return reward.cost.by_tier.get(tier, reward.cost.points) if tier is not None else reward.cost.points

    def hindrance(self, member: Member, name: str, at_us: int) -> RefusalReason | None:
        """Give why a member may not have a reward now, None if it may; without a stock nothing runs out."""
        reward = self.catalogue.get(name)
        if reward is None:
            return RefusalReason.UNKNOWN_REWARD
        if not self._is_for(member, name, reward, at_us):
            return RefusalReason.NOT_ELIGIBLE
        start_us, end_us = self._windows[name]
        if at_us < start_us or (end_us and at_us >= end_us):
            return RefusalReason.NOT_ON_OFFER
        if reward.per_member_max is not None:
            had = sum(1 for one in member.vouchers.values() if one.reward == name and one.state != "cancelled")
            if had >= reward.per_member_max:
                return RefusalReason.LIMIT_REACHED
        stock = None if reward.stock is None else self._stock
        if stock is not None and stock.left(name, reward, member.member_id) <= 0:
            return RefusalReason.OUT_OF_STOCK
        return None

    def _is_for(self, member: Member, name: str, reward: Reward, at_us: int) -> bool:
        """Whether a reward is for members like this one, by tier and condition."""
        if reward.tiers and _tier(member) not in reward.tiers:
            return False
        test = self._conditions.get(name)
        return test is None or test(Scene(self._facts(member), None, at_us, self._brand))

    def refusal(self, member: Member, event: Redeem, cause: Cause) -> RefusalReason | None:
        """Give why a redemption for a reward is refused, None if the ledger may take the points."""
        data = event.data
        assert data.reward is not None
        reason = self.hindrance(member, data.reward, cause.log_us)
        if reason is not None:
            return reason
        reward = self.catalogue[data.reward]
        if reward.cost is None:
            return RefusalReason.NOT_ELIGIBLE
        if data.currency != reward.cost.currency or data.points != self.price(reward, _tier(member)):
            return RefusalReason.WRONG_PRICE
        return None

    # vouchers

    def redeemed(self, member: Member, event: Redeem, cause: Cause, emit: Emit) -> None:
        """Issue the voucher for points that were taken."""
        data = event.data
        assert data.reward is not None
        self._issue(member, data.reward, f"{cause.key}:{data.reward}", data.redemption_id, cause, emit)

    def give(self, member: Member, name: str, why: str, cause: Cause, emit: Emit) -> bool:
        """Issue a voucher for nothing, once for a `why`; refused where the member may not have it."""
        voucher_id = f"{member.member_id}:{why}"
        if any(known.endswith(f":{why}") for known in member.vouchers):
            return False
        reason = self.hindrance(member, name, cause.log_us)
        if reason is not None:
            refuse(member, "voucher", reason, cause, emit, f"{name}:{why}")
            return False
        self._issue(member, name, voucher_id, None, cause, emit)
        return True

    def _issue(
        self, member: Member, name: str, voucher_id: str, redemption_id: str | None, cause: Cause, emit: Emit
    ) -> None:  # fmt: skip
        reward = self.catalogue[name]
        if reward.stock is not None and self._stock is not None:
            self._stock.take(name, reward, member.member_id, 1)
        self._forget_closed(member, cause.log_us)
        expires_us = 0 if reward.expires_after is None else cause.log_us + reward.expires_after
        by = cause.by if isinstance(cause, Stitched) else ""
        code = code_of(self._secret, voucher_id)
        voucher = Voucher(name, code, "issued", cause.log_us, expires_us, 0, redemption_id, cause.log_us, by)
        member.vouchers[voucher_id] = voucher
        self._changed(member, voucher_id, voucher, "issued", cause.log_us, cause, emit)
        if expires_us:
            emit.wake(expires_us, member.member_id, TIMER, voucher_id)

    def purchased(self, member: Member, coupon: str, cause: Cause, emit: Emit) -> None:
        """Use up the voucher whose code the coupon is; a coupon of another form is none of ours."""
        if not is_code(coupon):
            return
        for voucher_id, voucher in member.vouchers.items():
            if voucher.code == coupon:
                self._use(member, voucher_id, voucher, cause, emit)
                return
        refuse(member, "voucher", RefusalReason.UNKNOWN_VOUCHER, cause, emit, masked(coupon))

    def done(self, member: Member, activity: str, cause: Cause, emit: Emit) -> None:
        """Use up the voucher that expires first among those that an activity uses."""
        for name in self._used_by.get(activity, ()):
            open_ones = [
                (voucher.expires_us or 1 << 62, voucher.issued_us, voucher_id)
                for voucher_id, voucher in member.vouchers.items() if voucher.reward == name and _open(voucher, cause)
            ]  # fmt: skip
            if open_ones:
                voucher_id = min(open_ones)[2]
                self._use(member, voucher_id, member.vouchers[voucher_id], cause, emit)
            else:
                refuse(member, "voucher", RefusalReason.UNKNOWN_VOUCHER, cause, emit, name)

    def _use(self, member: Member, voucher_id: str, voucher: Voucher, cause: Cause, emit: Emit) -> None:
        if _open(voucher, cause):
            self._changed(member, voucher_id, voucher, "used", cause.log_us, cause, emit)
            return
        reason = {"used": RefusalReason.VOUCHER_USED, "cancelled": RefusalReason.VOUCHER_CANCELLED}.get(
            voucher.state, RefusalReason.VOUCHER_EXPIRED
        )
        refuse(member, "voucher", reason, cause, emit, voucher_id)

    def cancel_refusal(self, member: Member, redemption_id: str) -> RefusalReason | None:
        """Give why a redemption may not be cancelled: its voucher was used, or has expired."""
        found = self._of(member, redemption_id)
        if found is None or found[1].state in {"issued", "cancelled"}:
            return None
        return RefusalReason.VOUCHER_USED if found[1].state == "used" else RefusalReason.VOUCHER_EXPIRED

    def cancelled(self, member: Member, redemption_id: str, cause: Cause, emit: Emit) -> None:
        """Cancel the voucher of a redemption, and give its piece back to the stock."""
        found = self._of(member, redemption_id)
        if found is None or found[1].state != "issued":
            return
        voucher_id, voucher = found
        self._changed(member, voucher_id, voucher, "cancelled", cause.log_us, cause, emit)
        reward = self.catalogue.get(voucher.reward)
        if reward is not None and reward.stock is not None and self._stock is not None:
            self._stock.take(voucher.reward, reward, member.member_id, -1)

    def fire(self, member: Member, voucher_id: str, due_us: int, emit: Emit) -> bool:
        """Let a voucher expire; whether that was due."""
        voucher = member.vouchers.get(voucher_id)
        if voucher is None or voucher.state != "issued" or voucher.expires_us != due_us:
            return False
        cause = Cause(f"{voucher_id}:expired", "balanza", voucher_id, due_us, due_us)
        self._changed(member, voucher_id, voucher, "expired", due_us, cause, emit)
        return True

    def _changed(
        self, member: Member, voucher_id: str, voucher: Voucher, state: VoucherState, at_us: int, cause: Cause,
        emit: Emit,
    ) -> None:  # fmt: skip
        voucher.state, voucher.changed_us = state, at_us
        voucher.number += 1
        emit.vouchers.append(
            VoucherChanged(
                voucher_id, voucher.number, member.member_id, voucher.reward, masked(voucher.code), state, at_us,
                voucher.expires_us or None, voucher.redemption_id, cause.source, cause.id,
            )
        )  # fmt: skip

    @staticmethod
    def _of(member: Member, redemption_id: str) -> tuple[str, Voucher] | None:
        for voucher_id, voucher in member.vouchers.items():
            if voucher.redemption_id == redemption_id:
                return voucher_id, voucher
        return None

    def _forget_closed(self, member: Member, log_us: int) -> None:
        """Drop vouchers that were closed longer ago than orders are remembered, where there are many."""
        if len(member.vouchers) >= CLOSED_KEPT:
            oldest_us = log_us - self._kept_us
            for voucher_id in [key for key, one in member.vouchers.items()
                               if one.state != "issued" and one.changed_us < oldest_us]:  # fmt: skip
                del member.vouchers[voucher_id]

    # what happens to members

    def absorb(self, into: Member, other: Member, emit: Emit) -> None:
        """Take over the other member's vouchers."""
        for voucher_id, voucher in other.vouchers.items():
            into.vouchers[voucher_id] = voucher
            _wake(into, voucher_id, voucher, emit)

    def part(self, kept: Member, parted: Member, step: Parted, emit: Emit) -> None:
        """Give a split member the vouchers that its identifiers got; a voucher is never doubled."""
        gone = set(step.ids)
        for voucher_id in [key for key, voucher in kept.vouchers.items() if voucher.by in gone]:
            parted.vouchers[voucher_id] = kept.vouchers.pop(voucher_id)

    def wake(self, member: Member, emit: Emit) -> None:
        """Arm the vouchers of a member that comes from elsewhere."""
        for voucher_id, voucher in member.vouchers.items():
            _wake(member, voucher_id, voucher, emit)


def _wake(member: Member, voucher_id: str, voucher: Voucher, emit: Emit) -> None:
    if voucher.state == "issued" and voucher.expires_us:
        emit.wake(voucher.expires_us, member.member_id, TIMER, voucher_id)


def _tier(member: Member) -> str | None:
    return None if member.standing is None else member.standing.tier


def _open(voucher: Voucher, cause: Cause) -> bool:
    """Whether an event may use it: issued and not over when the event happened, however late it comes."""
    in_time = not voucher.expires_us or cause.event_us < voucher.expires_us
    return in_time and voucher.state in {"issued", "expired"}


def _window(reward: Reward, brand: ZoneInfo) -> tuple[int, int]:
    start_us = 0 if reward.start is None else moment_of(reward.start, brand)
    return start_us, 0 if reward.end is None else moment_of(reward.end, brand)
