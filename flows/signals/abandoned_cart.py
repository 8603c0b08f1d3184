"""The abandoned cart: a cart left active for a configured time, by timer.

A cart is armed by `cart_change` active and armed anew by each later one; checkout, emptying, or any purchase of the
member disarms it. Statuses count by event time, so that a late "active" does not wake a cart that was checked out after
it. A timer carries no promise: when it fires, the cart's own state says whether it is due.
"""

from typing import NamedTuple

from config.program import AbandonedCartSignal, Program
from schemas.events import CartChange
from schemas.records import SignalChanged
from schemas.states import Cart, Member
from schemas.stitched import Emit, Stitched

TIMER = "cart"
CLOSED_CARTS_KEPT = 8


class Raised(NamedTuple):
    """A signal that was just raised: which one, about what (a cart id), when, by which event's cause."""

    signal: str
    subject: str
    at_us: int
    cause_key: str


class AbandonedCarts:
    """Follows the carts of members for one signal of the program (none configured: it does nothing)."""

    def __init__(self, program: Program) -> None:
        self._signal: AbandonedCartSignal | None = program.signals[0] if program.signals else None

    def change(self, member: Member, event: CartChange, cause: Stitched, emit: Emit) -> None:
        """Arm, arm anew or disarm a cart."""
        if self._signal is None:
            return
        data = event.data
        cart = member.carts.get(data.cart_id)
        if cart is not None and cause.event_us < cart.event_us:
            return
        if cart is not None and cart.raised:
            self._clear(member, data.cart_id, cart, cause.log_us, emit)
        active = data.status == "active" and cause.event_us >= member.purchased_us
        due_us = cause.log_us + self._signal.after if active else 0
        value = None if data.value is None else data.value.amount
        money = None if data.value is None else data.value.currency
        if cart is None:
            self._forget_closed(member)
        member.carts[data.cart_id] = Cart(cause.event_us, active, due_us, value, money, cause.key, by=cause.by)
        if active:
            emit.wake(due_us, member.member_id, TIMER, data.cart_id)

    def purchase(self, member: Member, cause: Stitched, emit: Emit) -> None:
        """A purchase disarms every cart that was changed before it."""
        member.purchased_us = max(member.purchased_us, cause.event_us)
        for cart_id, cart in member.carts.items():
            if cart.active and cart.event_us <= cause.event_us:
                cart.active, cart.due_us = False, 0
                if cart.raised:
                    self._clear(member, cart_id, cart, cause.log_us, emit)

    def fire(self, member: Member, cart_id: str, due_us: int, emit: Emit) -> Raised | None:
        """Raise the signal if this cart is due just now."""
        cart = member.carts.get(cart_id)
        if self._signal is None or cart is None or not cart.active or cart.due_us != due_us:
            return None
        cart.due_us, cart.raised = 0, True
        self._emit(member, cart_id, cart, "raised", due_us, emit)
        return Raised(self._signal.id, cart_id, due_us, cart.cause_key)

    def still_raised(self, member: Member, cart_id: str) -> bool:
        """Say whether the cart's signal stands."""
        cart = member.carts.get(cart_id)
        return cart is not None and cart.raised

    def absorb(self, into: Member, other: Member, at_us: int, emit: Emit) -> None:
        """Take over the carts: the later status of a cart counts, and the survivor's timers are armed."""
        into.purchased_us = max(into.purchased_us, other.purchased_us)
        for cart_id, cart in other.carts.items():
            known = into.carts.get(cart_id)
            if known is None or known.event_us < cart.event_us:
                into.carts[cart_id] = cart
                if cart.due_us:
                    emit.wake(cart.due_us, into.member_id, TIMER, cart_id)
        for cart_id, cart in into.carts.items():
            if cart.active and cart.event_us < into.purchased_us:
                cart.active, cart.due_us = False, 0
                if cart.raised:
                    self._clear(into, cart_id, cart, at_us, emit)

    def part(self, keeps: Member, part: Member, ids: frozenset[str]) -> None:
        """Hand over the carts that the part's identifiers changed."""
        part.purchased_us = keeps.purchased_us
        part.carts = {cart_id: cart for cart_id, cart in keeps.carts.items() if cart.by in ids}
        for cart_id in part.carts:
            del keeps.carts[cart_id]

    def wake(self, member: Member, emit: Emit) -> None:
        """Arm the carts of a member that comes from elsewhere."""
        for cart_id, cart in member.carts.items():
            if cart.due_us:
                emit.wake(cart.due_us, member.member_id, TIMER, cart_id)

    def _clear(self, member: Member, cart_id: str, cart: Cart, at_us: int, emit: Emit) -> None:
        cart.raised = False
        self._emit(member, cart_id, cart, "cleared", at_us, emit)

    def _emit(self, member: Member, cart_id: str, cart: Cart, state: str, at_us: int, emit: Emit) -> None:
        assert self._signal is not None
        assert state in ("raised", "cleared")
        emit.signals.append(
            SignalChanged(
                f"{cart.cause_key}:{self._signal.id}:{state}", member.member_id, self._signal.id,
                "raised" if state == "raised" else "cleared", cart.value, at_us,
                {"cart_id": cart_id, "currency": cart.money},
            )
        )  # fmt: skip

    @staticmethod
    def _forget_closed(member: Member) -> None:
        """Keep only the latest closed carts: they guard against late statuses, no more."""
        closed = [cart_id for cart_id, cart in member.carts.items() if not cart.active]
        for cart_id in closed[: max(0, len(closed) - CLOSED_CARTS_KEPT)]:
            del member.carts[cart_id]
