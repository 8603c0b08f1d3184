"""Random stories, told to the ledger and to the slow model of it: after every step both know the same."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from schemas.states import Account
from tests.ledger.desk import Desk, minute
from tests.ledger.model import DAY_US, Model, Wallet
from tests.ledger.test_lots import shop
from tests.ledger.test_parting_properties import Told

NAMES = st.sampled_from(["ada", "bob", "cem"])
NUMBERS = st.sampled_from(["1", "2", "3"])
AMOUNTS = st.integers(0, 3000)
POINTS = st.integers(1, 15)
LATE = st.sampled_from([0, 0, 1, 4, 9]).map(lambda days: days * DAY_US)
START_US = 1_767_225_600_000_000 + 36_000_000_000


class Ledgers(RuleBasedStateMachine):
    """The ledger at a desk and the model, side by side."""

    @initialize(
        days=st.sampled_from([None, 1, 3, 8]),
        returns=st.sampled_from(["unlimited", "within_balance", "only_pending"]),
        late_cancel=st.sampled_from(["expire", "renew"]),
        warn=st.booleans(),
    )
    def begin(self, days: int | None, returns: str, late_cancel: str, warn: bool) -> None:
        """A currency."""
        expiry = "" if days is None else f", expiry: {{policy: days, days: {days}}}"
        expiry += ", warn_before: 2d" if warn and expiry else ""
        self.told = Told(Desk(shop(f"returns: {returns}, late_cancel: {late_cancel}{expiry}")))
        self.model = Model(days, returns, late_cancel)
        self.now_us, self.steps, self.members = START_US, 0, {"ada": "m1", "bob": "m2", "cem": "m3"}

    def step(self) -> str:
        """Let the model know the time; gives the id of the step."""
        self.steps += 1
        self.model.advance(self.now_us)
        return f"e{self.steps:03}"

    def event(self, name: str, kind: str, data: dict[str, Any], late_us: int = 0) -> None:
        """Tell the desk an event."""
        who = f"{self.members[name]}/{name}"
        self.told.desk.event(who, minute(self.now_us), kind, data, self.step(), late_us)

    @rule(name=NAMES, order=NUMBERS, amount=AMOUNTS, late_us=LATE)
    def purchase(self, name: str, order: str, amount: int, late_us: int) -> None:
        """An order of this name."""
        data: dict[str, Any] = {"order_id": f"{name}{order}", "total": {"amount": amount, "currency": "GBP"}}
        self.event(name, "purchase", data, late_us)
        self.model.purchase(self.members[name], name, f"{name}{order}", amount, self.now_us - late_us)

    @rule(name=NAMES, owner=NAMES, order=NUMBERS, amount=AMOUNTS)
    def give_back(self, name: str, owner: str, order: str, amount: int) -> None:
        """A return of an order of the same member; before the purchase only by the one who will buy."""
        known = self.model.wallet(self.members[owner]).orders.get(f"{owner}{order}")
        bought = known is not None and known.bought
        if self.members[name] == self.members[owner] and (bought or name == owner):
            total = {"amount": amount, "currency": "GBP"}
            self.event(name, "return", {"return_id": "x", "order_id": f"{owner}{order}", "total": total})
            self.model.give_back(self.members[name], name, f"{owner}{order}", amount)

    @rule(name=NAMES, number=NUMBERS, points=POINTS)
    def redeem(self, name: str, number: str, points: int) -> None:
        """Points are spent."""
        redemption_id = f"{name}{number}"
        self.event(name, "redeem", {"redemption_id": redemption_id, "points": points, "currency": "points"})
        self.model.redeem(self.members[name], name, redemption_id, points)

    @rule(name=NAMES, owner=NAMES, number=NUMBERS)
    def cancel(self, name: str, owner: str, number: str) -> None:
        """They come back."""
        self.event(name, "redeem_cancel", {"redemption_id": f"{owner}{number}"})
        self.model.cancel(self.members[name], f"{owner}{number}", self.now_us)

    @rule(name=NAMES, points=st.integers(-12, 12), late_us=LATE)
    def adjust(self, name: str, points: int, late_us: int) -> None:
        """A correction."""
        data: dict[str, Any] = {"points": points, "currency": "points", "reason": "goodwill", "actor": "desk"}
        self.event(name, "points_adjust", data, late_us)
        self.model.adjust(self.members[name], name, points, self.now_us - late_us)

    @rule(name=NAMES, number=NUMBERS, points=POINTS, days=st.integers(-1, 5))
    def accrue(self, name: str, number: str, points: int, days: int) -> None:
        """A partner's points, perhaps held."""
        until_us = self.now_us + days * DAY_US
        data: dict[str, Any] = {"accrual_id": f"{name}{number}", "points": points, "currency": "points"}
        if days:
            data["hold_until"] = f"{minute(until_us)}:00Z"
        self.event(name, "accrual", data)
        self.model.accrue(self.members[name], name, f"{name}{number}", points, self.now_us, until_us if days else 0)

    @rule(minutes=st.integers(1, 4000))
    def wait(self, minutes: int) -> None:
        """Time passes."""
        self.now_us += minutes * 60_000_000

    @rule(name=NAMES, other=NAMES)
    def merge(self, name: str, other: str) -> None:
        """Two members are one."""
        into, gone = self.members[name], self.members[other]
        if into != gone:
            self.told.desk.merge(f"{into}+{gone}", minute(self.now_us), self.step())
            self.model.merge(into, gone)
            self.members = {each: into if at == gone else at for each, at in self.members.items()}

    @rule(name=NAMES)
    def split(self, name: str) -> None:
        """A name becomes a member of its own."""
        keep = self.members[name]
        if list(self.members.values()).count(keep) > 1:
            step = self.step()
            part = f"m{self.steps + 3}"
            self.told.desk.split(f"{keep}-{part}/{name}", minute(self.now_us), step)
            self.model.split(keep, part, name)
            self.members[name] = part

    @invariant()
    def both_know_the_same(self) -> None:
        """Balances, counters and lots of every member; V1 of every entry."""
        self.told.check()
        for member_id in sorted(set(self.members.values())):
            account = self.told.desk.books(member_id).accounts.get("points", Account())
            assert state_of(account) == model_state(self.model.wallet(member_id)), member_id
            assert account.lotted == sum(lot.left for lot in account.lots)


def state_of(account: Account) -> tuple[object, ...]:
    """What there is to know of an account."""
    sums: dict[int, int] = {}
    for lot in account.lots:
        sums[lot.expires_us] = sums.get(lot.expires_us, 0) + lot.left
    return (
        account.available - account.receivable, account.pending, (account.earned, account.redeemed, account.expired),
        list(sums.items()),
    )  # fmt: skip


def model_state(wallet: Wallet) -> tuple[object, ...]:
    """The same of the model."""
    return wallet.net() - wallet.pending(), wallet.pending(), wallet.counters(), wallet.calendar()


Ledgers.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
test_the_ledger_equals_the_model = Ledgers.TestCase
