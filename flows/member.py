"""The member machine: ledger, signals and decisions of one member, composed.

Steps come in one order; before each, the timers due by then fire, in order of their due time. Everything that happens
to a member raises its version by one.
"""

from collections.abc import Callable
from heapq import heappush
from typing import Any, NamedTuple, assert_never

from config.program import Program
from flows.decisions import consent
from flows.decisions.decide import TIMER as QUIET_TIMER
from flows.decisions.decide import Decider
from flows.earned import Earner
from flows.ledger.budgets import Budgets
from flows.ledger.keeping import SIGNAL as EXPIRING
from flows.ledger.ledger import TIMERS as LEDGER_TIMERS
from flows.ledger.ledger import Ledger
from flows.ledger.stock import Stock
from flows.signals.abandoned_cart import TIMER as CART_TIMER
from flows.signals.abandoned_cart import AbandonedCarts, Raised
from flows.standing import TIMERS as STANDING_TIMERS
from flows.standing import Heard, standing_of
from flows.uniting import Uniting, drop_values, keep_value
from schemas import events
from schemas.events import EVENT_TYPES, Activity, CloudEvent
from schemas.hosting import Rows, Timer, TimerQueue
from schemas.records import ExportAsked, ReceiptNoted
from schemas.states import Deferred, Member, encode_state
from schemas.stitched import Emit, Erased, Exported, Forgotten, Merged, Parted, Step, Stitched, Unlinked

TAGS: dict[type, str] = {kind: tag for tag, kind in EVENT_TYPES.items()}

Handler = Callable[[Member, Any, Stitched, Emit], None]


class Shared(NamedTuple):
    """What the members of a worker share: stock of rewards, budgets of earn rules, and the key of vouchers' codes."""

    stock: Stock
    budgets: Budgets
    secret: bytes


class MemberMachine:
    """`apply` steps and `advance` the clock; says what it did through `emit`, and whom it touched in `touched`.

    A member in `put_aside` waits for another worker: its timers collect there, as a heap, instead of firing.
    """

    def __init__(self, program: Program, members: Rows[Member], timers: TimerQueue, shared: Shared) -> None:
        self._members = members
        self._timers = timers
        heard = Heard()
        self._ledger = Ledger(program, None if program.tiers is None else heard)
        self._earner = Earner(program, shared.budgets)
        self._carts = AbandonedCarts(program)
        self._decider = Decider(program)
        self._standing = standing_of(program, self._ledger, heard, shared.stock, shared.secret)
        self._uniting = Uniting(self._ledger, self._carts, self._decider, self._standing)
        self.emit = Emit(self._wake)
        self.touched: dict[str, Member] = {}
        self.gone: list[str] = []
        self.exports: list[ExportAsked] = []
        self.forgotten_events = 0
        self.put_aside: dict[str, list[Timer]] = {}
        self._handlers: dict[type, Handler] = {
            events.Purchase: self._purchase,
            events.Return: self._return,
            events.Redeem: self._redeem,
            events.RedeemCancel: self._redeem_cancel,
            events.PointsAdjust: self._adjust,
            events.Accrual: self._accrual,
            events.CartChange: self._cart_change,
            events.Consent: self._consent,
            events.Preference: self._preference,
            events.MemberUpdate: self._member_update,
            events.Receipt: self._receipt,
        }
        for kind in self._earner.types - {events.Purchase}:
            self._handlers[kind] = self._earning_too(self._handlers.get(kind))
        if self._standing is not None:
            self._handlers = self._standing.around(self._handlers)

    def apply(self, steps: list[Step]) -> None:
        """Apply steps in order; the hot loop of this station."""
        timers, handlers, members, touched = self._timers, self._handlers, self._members, self.touched
        emit, dirty = self.emit, self._members.dirty
        for step in steps:
            if timers.next_us <= step.log_us:
                self.advance(step.log_us)
            if type(step) is not Stitched:
                self._happened(step)
                continue
            member_id = step.member_id
            member = members.young.get(member_id)
            if member is None and not step.created:
                member = members.load(member_id)
            if member is None:
                member = Member(member_id, step.event.space)
                members.put(member_id, member)
            member.version += 1
            member.events += 1
            member.updated_us = step.log_us
            if step.linked is not None:
                _link(member, step)
            event, awaited = step.event, member.books.awaited
            if awaited and (
                TAGS[type(event)] in awaited or (type(event) is Activity and event.data.kind in awaited)
            ):  # fmt: skip
                self._ledger.happened(member, event, step, emit)
            handler = handlers.get(type(event))
            if handler is not None:
                handler(member, event, step, emit)
            dirty[member_id] = member
            touched[member_id] = member

    def advance(self, until_us: int) -> None:
        """Fire every timer that is due at `until_us` or before, in order; one may arm the next."""
        while (timer := self._timers.pop_due(until_us)) is not None:
            waits = self.put_aside.get(timer.owner)
            if waits is None:
                self.fire(timer)
            else:
                heappush(waits, timer)

    def fire(self, timer: Timer) -> None:
        """Wake a member for what it waited for, if it still does."""
        member = self._members.get(timer.owner)
        if member is None or member.merged_into is not None:
            return
        if timer.kind == CART_TIMER:
            raised = self._carts.fire(member, timer.key, timer.due_us, self.emit)
            if raised is None:
                return
            self._decider.raised(member, raised, self.emit)
        elif timer.kind == QUIET_TIMER:
            waited = member.relations.deferred.get(timer.key)
            if waited is None or waited.due_us != timer.due_us:
                return
            standing = self._stands(member, waited)
            self._decider.fire(member, timer.key, timer.due_us, standing, self.emit)
        elif timer.kind in LEDGER_TIMERS:
            if not self._fire_ledger(member, timer):
                return
        elif timer.kind in STANDING_TIMERS:
            if self._standing is None or not self._standing.fire(member, timer, self.emit):
                return
        else:
            raise AssertionError(timer.kind)
        self._changed(member, timer.due_us)

    def _fire_ledger(self, member: Member, timer: Timer) -> bool:
        """Let points expire, warn of it, release what was held; False if nothing came of it."""
        warned = self._ledger.fire(member, timer, self.emit)
        if warned is None:
            self._members.put(member.member_id, member)
            return False
        for one in warned:
            subject = f"{one.currency}:{one.expires_us}"
            cause_key = f"{member.member_id}:{EXPIRING}:{subject}"
            self._decider.raised(member, Raised(EXPIRING, subject, timer.due_us, cause_key), self.emit)
        return True

    def _stands(self, member: Member, waited: Deferred) -> bool:
        """Say whether the signal about which a candidate waits still stands."""
        if self._decider.signal_of(waited.rule) == EXPIRING:
            return self._ledger.warning_stands(member, waited.subject)
        return self._carts.still_raised(member, waited.subject)

    def _changed(self, member: Member, at_us: int) -> None:
        member.version += 1
        member.updated_us = at_us
        self._members.put(member.member_id, member)
        self.touched[member.member_id] = member

    def _wake(self, due_us: int, owner: str, kind: str, key: str) -> None:
        if owner in self.put_aside:
            heappush(self.put_aside[owner], Timer(due_us, owner, kind, key))
        else:
            self._timers.arm(Timer(due_us, owner, kind, key))

    # what happens to members

    def _happened(self, step: Merged | Forgotten | Parted | Unlinked | Erased | Exported) -> None:
        match step:
            case Merged():
                self._merge(step)
            case Parted():
                self.take_part(step, self.give_part(step))
            case Forgotten():
                self._forget(step)
            case Unlinked():
                self._unlink(step)
            case Erased():
                self._erase(step)
            case Exported():
                self._export(step)
            case _:
                assert_never(step)

    def _forget(self, step: Forgotten) -> None:
        member = self._members.get(step.member_id)
        if member is not None:
            self.forgotten_events += member.events
            self._ledger.forget(member.member_id, member.books, step, self.emit)
        self._remove(step.member_id)

    def _unlink(self, step: Unlinked) -> None:
        member = self._members.get(step.member_id)
        if member is not None:
            drop_values(member, step.ids)
            self._changed(member, step.log_us)

    def _erase(self, step: Erased) -> None:
        member = self._members.get(step.member_id)
        if member is not None:
            self._uniting.end(member, step, self.emit)
        self._remove(step.member_id)

    def _export(self, step: Exported) -> None:
        member = self._members.get(step.member_id)
        if member is not None:
            self.touched[step.member_id] = member
            self.exports.append(
                ExportAsked(
                    step.member_id, step.former, step.request_id, step.actor, step.log_us, encode_state(member)
                )
            )

    def _remove(self, member_id: str) -> None:
        self._members.remove(member_id)
        self.touched.pop(member_id, None)
        self.gone.append(member_id)

    def _merge(self, step: Merged) -> None:
        """Absorb the other member, which becomes a forwarding stone; absorbing twice changes nothing."""
        other = self.give(step)
        if other is not None:
            self.take(step, other)

    def give(self, step: Merged) -> Member | None:
        """Leave a forwarding stone in the place of `absorbed`, and give what it was; None if it was given before."""
        other = self._members.get(step.absorbed)
        assert other is not None, step.absorbed
        if other.merged_into is not None:
            return None
        stone = Member(other.member_id, other.space, version=other.version + 1, events=other.events)
        stone.merged_into, stone.updated_us, stone.books.entries = step.member_id, step.log_us, other.books.entries
        self._members.put(other.member_id, stone)
        self.touched.pop(other.member_id, None)
        self.gone.append(other.member_id)
        return other

    def take(self, step: Merged, other: Member) -> None:
        """Let `member_id` absorb what the other was."""
        into = self._members.get(step.member_id)
        if into is None:
            into = Member(step.member_id, other.space)
        self._uniting.absorb(into, other, step, self.emit)
        self._changed(into, step.log_us)

    def give_part(self, step: Parted) -> Member:
        """Take out of `member_id` what is a member of its own from now on, and give it."""
        keeps = self._members.get(step.member_id)
        assert keeps is not None, step.member_id
        waits = self.put_aside.get(step.part_id)
        self.put_aside[step.part_id] = []       # who takes the part wakes it
        part = self._uniting.part(keeps, step, self.emit)
        del self.put_aside[step.part_id]
        if waits is not None:
            self.put_aside[step.part_id] = waits
        self._changed(keeps, step.log_us)
        return part

    def take_part(self, step: Parted, part: Member) -> None:
        """Take in a member that was part of another."""
        self._uniting.wake(part, self.emit)
        self._changed(part, step.log_us)

    # what events do

    def _earning_too(self, handler: Handler | None) -> Handler:
        """Give what an event does, and then earns."""

        def handle(member: Member, event: CloudEvent, step: Stitched, emit: Emit) -> None:
            if handler is not None:
                handler(member, event, step, emit)
            for grant in self._earner.of_event(member, event, step):
                self._ledger.grant(member, grant, step, emit)

        return handle

    def _purchase(self, member: Member, event: events.Purchase, step: Stitched, emit: Emit) -> None:
        again = self._ledger.has_bought(member.books, event.data.order_id, step.log_us)
        grants = self._earner.grants(member, event, step, again=again)
        if self._standing is not None:
            grants = self._standing.with_bonus(member, grants)
        self._ledger.purchase(member.member_id, member.books, event, step, emit, grants)
        self._carts.purchase(member, step, emit)

    def _return(self, member: Member, event: events.Return, step: Stitched, emit: Emit) -> None:
        self._ledger.take_return(member.member_id, member.books, event, step, emit)

    def _redeem(self, member: Member, event: events.Redeem, step: Stitched, emit: Emit) -> None:
        self._ledger.redeem(member.member_id, member.books, event, step, emit)

    def _redeem_cancel(self, member: Member, event: events.RedeemCancel, step: Stitched, emit: Emit) -> None:
        self._ledger.redeem_cancel(member.member_id, member.books, event, step, emit)

    def _adjust(self, member: Member, event: events.PointsAdjust, step: Stitched, emit: Emit) -> None:
        self._ledger.adjust(member.member_id, member.books, event, step, emit)

    def _accrual(self, member: Member, event: events.Accrual, step: Stitched, emit: Emit) -> None:
        self._ledger.accrue(member.member_id, member.books, event, step, emit)

    def _cart_change(self, member: Member, event: events.CartChange, step: Stitched, emit: Emit) -> None:
        self._carts.change(member, event, step, emit)

    def _consent(self, member: Member, event: events.Consent, step: Stitched, emit: Emit) -> None:
        consent.change_consent(member.relations, event, step)

    def _preference(self, member: Member, event: events.Preference, step: Stitched, emit: Emit) -> None:
        consent.change_wishes(member.relations, event, step.event_us)

    def _member_update(self, member: Member, event: events.MemberUpdate, step: Stitched, emit: Emit) -> None:
        if step.event_us >= member.attributes_us:
            member.attributes_us = step.event_us
            member.attributes = {**member.attributes, **event.data.attributes}
        else:
            member.attributes = {**event.data.attributes, **member.attributes}

    def _receipt(self, member: Member, event: events.Receipt, step: Stitched, emit: Emit) -> None:
        data = event.data
        consent.note_receipt(member.relations, event, step.event_us)
        emit.receipts.append(
            ReceiptNoted(
                f"{step.key}:receipt", data.action_id, member.member_id, data.channel, data.status, step.event_us,
                data.detail,
            )
        )  # fmt: skip


def _link(member: Member, step: Stitched) -> None:
    """Keep new identifiers, and since when nothing counts that was agreed to before."""
    member.known = member.known or step.known
    for identifier in step.linked or ():
        keep_value(member, identifier)
    member.relations.erased_us = max(member.relations.erased_us, step.erased_us)
