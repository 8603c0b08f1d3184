"""A slow ledger, written as plainly as possible: what the fast one must equal.

One currency; an order belongs to one name. Everything is a list that is searched from one end to the other, and every
balance is added up anew from the moves. Nothing is shared with `flows/ledger`.
"""

from dataclasses import dataclass, field

DAY_US = 86_400_000_000


@dataclass
class Lot:
    """Points that expire together; `number` orders lots of one expiry."""

    expires_us: int
    number: int
    left: int
    by: str


@dataclass
class Hold:
    """Points that wait for a time."""

    number: int
    points: int
    until_us: int
    expires_us: int
    by: str


@dataclass
class Earning:
    """What one purchase of an order earned; `settled` of it returns were due, of which `kept` were not taken."""

    points: int
    number: int
    expires_us: int
    settled: int = 0
    kept: int = 0


@dataclass
class Order:
    """What was bought and returned; `by` is whose order it is."""

    by: str
    total: int = 0
    returned: int = 0
    bought: bool = False
    earnings: list[Earning] = field(default_factory=list)


@dataclass
class Redemption:
    """What was spent, and from which lots."""

    by: str
    points: int
    draws: list[Lot]
    cancelled: bool = False


@dataclass
class Move:
    """A change of the balance by the doing of one name."""

    by: str
    earned: int = 0
    redeemed: int = 0
    expired: int = 0


@dataclass
class Wallet:
    """All of a member."""

    moves: list[Move] = field(default_factory=list)
    lots: list[Lot] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    orders: dict[str, Order] = field(default_factory=dict)
    redemptions: dict[str, Redemption] = field(default_factory=dict)
    accruals: dict[str, str] = field(default_factory=dict)
    lapsed: list[Lot] = field(default_factory=list)
    numbers: int = 0

    def net(self) -> int:
        """Everything, less what is owed."""
        return sum(move.earned - move.redeemed - move.expired for move in self.moves)

    def pending(self) -> int:
        """What is held."""
        return sum(hold.points for hold in self.holds)

    def available(self) -> int:
        """What can be spent."""
        return max(0, self.net() - self.pending())

    def counters(self) -> tuple[int, int, int]:
        """What was ever earned, redeemed, expired."""
        return (
            sum(move.earned for move in self.moves), sum(move.redeemed for move in self.moves),
            sum(move.expired for move in self.moves),
        )  # fmt: skip

    def calendar(self) -> list[tuple[int, int]]:
        """What expires when."""
        times = sorted({lot.expires_us for lot in self.lots})
        return [(at_us, sum(lot.left for lot in self.lots if lot.expires_us == at_us)) for at_us in times]

    def put(self, lot: Lot) -> None:
        """Add points to a lot, and keep the lots in the order in which they are spent."""
        for one in self.lots:
            if (one.expires_us, one.number) == (lot.expires_us, lot.number):
                one.left += lot.left
                return
        if lot.left:
            self.lots.append(lot)
            self.lots.sort(key=lambda one: (one.expires_us, one.number))

    def take(self, points: int, only: int | None = None) -> list[Lot]:
        """Take points from lots (`only`: from the one of this number), as far as they go."""
        taken = []
        for lot in self.lots:
            if only is None or lot.number == only:
                part = min(lot.left, points)
                points -= part
                lot.left -= part
                if part:
                    taken.append(Lot(lot.expires_us, lot.number, part, lot.by))
        self.lots = [lot for lot in self.lots if lot.left]
        return taken

    def fit(self) -> None:
        """Lots hold no more than what is available."""
        self.take(max(0, sum(lot.left for lot in self.lots) - self.available()))

    def new_number(self) -> int:
        """The number of a lot or hold."""
        self.numbers += 1
        return self.numbers


class Model:
    """Members by name of the wallet; a point a hundredth pound."""

    def __init__(self, days: int | None, returns: str, late_cancel: str) -> None:
        self.days, self.returns, self.late_cancel = days, returns, late_cancel
        self.wallets: dict[str, Wallet] = {}

    def wallet(self, member_id: str) -> Wallet:
        """A member's wallet."""
        return self.wallets.setdefault(member_id, Wallet())

    def expiry(self, earned_us: int) -> int:
        """The end of the last day; 0 for never."""
        return 0 if self.days is None else (earned_us // DAY_US + self.days + 1) * DAY_US

    def advance(self, now_us: int) -> None:
        """Expire and release what is due, the earliest first; of one moment what expires."""
        for wallet in self.wallets.values():
            while True:
                due = [(lot.expires_us, 0) for lot in wallet.lots] + [(hold.until_us, 1) for hold in wallet.holds]
                at_us, kind = min(due, default=(now_us + 1, 0))
                if at_us > now_us:
                    break
                if kind == 0:
                    expired = [lot for lot in wallet.lots if lot.expires_us == at_us]
                    wallet.lots = [lot for lot in wallet.lots if lot.expires_us != at_us]
                    wallet.moves += [Move(lot.by, expired=lot.left) for lot in expired]
                    wallet.lapsed += expired
                else:
                    self._release(wallet, next(hold for hold in wallet.holds if hold.until_us == at_us))

    def _release(self, wallet: Wallet, hold: Hold) -> None:
        before = wallet.available()
        wallet.holds.remove(hold)
        if hold.expires_us:
            wallet.put(Lot(hold.expires_us, hold.number, wallet.available() - before, hold.by))

    def _earn(self, wallet: Wallet, by: str, points: int, earned_us: int, until_us: int = 0) -> tuple[int, int]:
        expires_us = self.expiry(earned_us)
        number = wallet.new_number() if expires_us or until_us else 0
        before = wallet.available()
        wallet.moves.append(Move(by, earned=points))
        if until_us:
            wallet.holds.append(Hold(number, points, until_us, expires_us, by))
        elif expires_us:
            wallet.put(Lot(expires_us, number, wallet.available() - before, by))
        return number, expires_us

    def purchase(self, member_id: str, by: str, order_id: str, amount: int, earned_us: int) -> None:
        """Earn, then settle what was returned before."""
        wallet = self.wallet(member_id)
        order = wallet.orders.setdefault(order_id, Order(by))
        if not order.bought:
            order.by = by
        order.bought = True
        order.total += amount
        points = amount // 100
        if points:
            order.earnings.append(Earning(points, *self._earn(wallet, by, points, earned_us)))
        self._settle(wallet, order)

    def give_back(self, member_id: str, by: str, order_id: str, amount: int) -> None:
        """Take back in proportion."""
        order = self.wallet(member_id).orders.setdefault(order_id, Order(by))
        order.returned += amount
        self._settle(self.wallet(member_id), order)

    def _settle(self, wallet: Wallet, order: Order) -> None:
        returned = min(order.returned, order.total)
        earlier = 0
        order.earnings.sort(key=lambda earning: earning.expires_us)
        if not order.bought or not order.total:
            return
        for earning in order.earnings:
            due = (earlier + earning.points) * returned // order.total - earlier * returned // order.total
            earlier += earning.points
            points = due - earning.settled
            earning.settled = due
            if points > 0:
                self._take_back(wallet, order, earning, points)
            elif points < 0:
                self._give_again(wallet, order, earning, -points)

    def _take_back(self, wallet: Wallet, order: Order, earning: Earning, points: int) -> None:
        taken = 0
        for hold in wallet.holds:
            if hold.number == earning.number:
                taken = min(hold.points, points)
                hold.points -= taken
        wallet.moves.append(Move(order.by, earned=-taken))
        rest = points - taken
        if self.returns == "only_pending":
            earning.kept += rest
            return
        free = wallet.available() - sum(lot.left for lot in wallet.lots)
        own = min(free, rest)
        if earning.number:
            own = sum(lot.left for lot in wallet.take(rest, earning.number))
        wallet.moves.append(Move(order.by, earned=-own))
        rest -= own
        for lot in wallet.lapsed:
            if lot.number == earning.number and earning.number:
                expired = min(lot.left, rest)
                lot.left -= expired
                rest -= expired
                wallet.moves.append(Move(order.by, earned=-expired, expired=-expired))
        if self.returns == "within_balance":
            there = wallet.available()
            earning.kept += max(0, rest - there)
            rest = min(rest, there)
        wallet.take(rest)
        wallet.moves.append(Move(order.by, earned=-rest))

    def _give_again(self, wallet: Wallet, order: Order, earning: Earning, points: int) -> None:
        forgone = min(earning.kept, points)
        earning.kept -= forgone
        points -= forgone
        before = wallet.available()
        wallet.moves.append(Move(order.by, earned=points))
        if earning.number:
            wallet.put(Lot(earning.expires_us, earning.number, wallet.available() - before, order.by))

    def redeem(self, member_id: str, by: str, redemption_id: str, points: int) -> None:
        """Spend what expires first, if there is enough."""
        wallet = self.wallet(member_id)
        if redemption_id not in wallet.redemptions and wallet.available() >= points:
            wallet.redemptions[redemption_id] = Redemption(by, points, wallet.take(points))
            wallet.moves.append(Move(by, redeemed=points))

    def cancel(self, member_id: str, redemption_id: str, now_us: int) -> None:
        """Give back what was spent, where it came from."""
        wallet = self.wallet(member_id)
        redemption = wallet.redemptions.get(redemption_id)
        if redemption is None or redemption.cancelled:
            return
        redemption.cancelled = True
        wallet.moves.append(Move(redemption.by, redeemed=-redemption.points))
        for lot in redemption.draws:
            if lot.expires_us <= now_us and self.late_cancel == "renew":
                lot.expires_us, lot.number = self.expiry(now_us), wallet.new_number()
            wallet.put(lot)
        redemption.draws = []
        wallet.fit()

    def adjust(self, member_id: str, by: str, points: int, earned_us: int) -> None:
        """Correct by hand, not below what is there."""
        wallet = self.wallet(member_id)
        if points > 0:
            before = wallet.available()
            wallet.moves.append(Move(by, earned=points))
            if self.days is not None:
                gained = wallet.available() - before
                wallet.put(Lot(self.expiry(earned_us), wallet.new_number(), gained, by))
        elif points and wallet.available() >= -points:
            wallet.take(-points)
            wallet.moves.append(Move(by, earned=points))

    def accrue(self, member_id: str, by: str, accrual_id: str, points: int, now_us: int, until_us: int) -> None:
        """Earn once an id, perhaps only later."""
        wallet = self.wallet(member_id)
        if accrual_id not in wallet.accruals:
            wallet.accruals[accrual_id] = by
            self._earn(wallet, by, points, now_us, until_us if until_us > now_us else 0)

    def merge(self, into_id: str, other_id: str) -> None:
        """Everything of the one is the other's."""
        into, other = self.wallet(into_id), self.wallets.pop(other_id, Wallet())
        for lot in [*other.lots, *other.lapsed]:
            lot.number += into.numbers
        for hold in other.holds:
            hold.number += into.numbers
        for order in other.orders.values():
            for earning in order.earnings:
                earning.number += into.numbers if earning.number else 0
        for redemption in other.redemptions.values():
            for lot in redemption.draws:
                lot.number += into.numbers
        into.numbers += other.numbers
        into.moves += other.moves
        into.holds += other.holds
        into.lapsed += other.lapsed
        for lot in other.lots:
            into.put(lot)
        into.orders.update(other.orders)
        into.redemptions.update(other.redemptions)
        into.accruals.update(other.accruals)
        into.fit()

    def split(self, keep_id: str, part_id: str, name: str) -> None:
        """What came under a name is another member's; what either spent of the other's lots comes from its own."""
        keep, part = self.wallet(keep_id), self.wallet(part_id)
        anew: list[tuple[Redemption, int]] = []
        for redemption in keep.redemptions.values():
            foreign = [lot for lot in redemption.draws if (lot.by == name) != (redemption.by == name)]
            redemption.draws = [lot for lot in redemption.draws if lot not in foreign]
            for lot in foreign:
                keep.put(lot)
            if foreign:
                anew.append((redemption, sum(lot.left for lot in foreign)))
        part.numbers = keep.numbers
        part.moves = [move for move in keep.moves if move.by == name]
        keep.moves = [move for move in keep.moves if move.by != name]
        part.lots = [lot for lot in keep.lots if lot.by == name]
        keep.lots = [lot for lot in keep.lots if lot.by != name]
        part.lapsed = [lot for lot in keep.lapsed if lot.by == name]
        keep.lapsed = [lot for lot in keep.lapsed if lot.by != name]
        part.holds = [hold for hold in keep.holds if hold.by == name]
        keep.holds = [hold for hold in keep.holds if hold.by != name]
        for key in [key for key, order in keep.orders.items() if order.by == name]:
            part.orders[key] = keep.orders.pop(key)
        for key in [key for key, redemption in keep.redemptions.items() if redemption.by == name]:
            part.redemptions[key] = keep.redemptions.pop(key)
        for key in [key for key, by in keep.accruals.items() if by == name]:
            part.accruals[key] = keep.accruals.pop(key)
        for redemption, points in anew:
            redemption.draws += (part if redemption.by == name else keep).take(points)
        keep.fit()
        part.fit()
