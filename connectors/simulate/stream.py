"""The simulation as a stream of lines in order of arrival, in memory that follows the number of people, not of events.

Sessions begin one after another, at moments that spread the events over the span by the rhythm of a day. Each plans a
handful of events; what has to arrive before the next session begins leaves the heap. One seeded generator draws
everything, no clock is read: the same options give the same lines.
"""

from bisect import bisect_right
from collections.abc import Iterator

from connectors.simulate.around import place
from connectors.simulate.care import contact
from connectors.simulate.disorder import broken_line, disturb
from connectors.simulate.lines import Line
from connectors.simulate.options import SimulateOptions
from connectors.simulate.orders import till_visit
from connectors.simulate.plan import Plan
from connectors.simulate.rhythm import DAY, Rhythm
from connectors.simulate.shopping import app_session, web_session

WEB_SHARE, APP_SHARE, TILL_SHARE = 0.52, 0.20, 0.18     # the rest is contact with the service desk
REGULARS_EXPONENT = 1.6         # above 1: people with low numbers come more often
LOOK_AHEAD_MS = DAY             # a real order is planned so long before it happens, so that a session can lead up to it
NEAR_ORDERS_SHARE = 0.1         # browsing without order is done by people who order within this share of the log
FOREVER_MS = 2**62


class Simulation:
    """One run: `lines()` once, afterwards the counts of `plan`."""

    def __init__(self, options: SimulateOptions) -> None:
        """`options.base` decides whether orders are real or made up."""
        self._options = options
        customers = sorted({order.customer for order in options.base})
        self._number_of = {customer: number for number, customer in enumerate(customers)}
        self.members = len(customers) if options.base else options.members
        self.plan = Plan(options, self.members, options.events - len(options.base))
        self._times = [order.time_ms for order in options.base]
        self._placed = 0
        self._turn_ms = options.start_ms
        self._broken = 0

    def lines(self) -> Iterator[Line]:
        """All lines in order of arrival."""
        plan = self.plan
        rhythm = Rhythm(self._options.start_ms, self._options.end_ms)
        while plan.planned < plan.budget:
            clock = rhythm.moment(plan.planned / plan.budget)
            yield from self._real_orders(clock)
            yield from self._arrived(clock)
            self._session(clock)
        yield from self._real_orders(FOREVER_MS)
        yield from self._arrived(FOREVER_MS)

    def _arrived(self, clock_ms: int) -> Iterator[Line]:
        plan = self.plan
        malformed = self._options.rates.malformed
        while (arrived := plan.next_before(clock_ms)) is not None:
            arrival, line = arrived
            yield line
            if line.kind != "event":
                continue
            disturb(plan, arrival, line)
            if plan.draw() < malformed:
                self._broken += 1
                yield broken_line(plan.stamp, self._broken, line)

    def _real_orders(self, clock_ms: int) -> Iterator[Line]:
        """Plan the real orders whose turn comes before the clock, each at its own turn."""
        base = self._options.base
        while self._placed < len(base) and base[self._placed].time_ms - LOOK_AHEAD_MS < clock_ms:
            order = base[self._placed]
            self._placed += 1
            turn = order.time_ms - LOOK_AHEAD_MS
            yield from self._arrived(turn)
            self._turn_ms = max(self._turn_ms, turn)
            place(self.plan, self.plan.census.person(self._number_of[order.customer]), order, self._turn_ms)
        self._turn_ms = clock_ms

    def _session(self, clock_ms: int) -> None:
        plan, made_up = self.plan, not self._options.base
        person = plan.census.person(self._who(clock_ms))
        fate = plan.draw()
        if fate < WEB_SHARE:
            web_session(plan, person, clock_ms, may_buy=made_up)
        elif fate < WEB_SHARE + APP_SHARE:
            app_session(plan, person, clock_ms, may_buy=made_up)
        elif fate < WEB_SHARE + APP_SHARE + TILL_SHARE and made_up:
            till_visit(plan, person, clock_ms)
        elif not contact(plan, person, clock_ms):
            web_session(plan, person, clock_ms, may_buy=made_up)

    def _who(self, clock_ms: int) -> int:
        """The number of the person whose session begins."""
        draw = self.plan.draw()
        if not self._times:
            return int(self.members * draw**REGULARS_EXPONENT)
        near = max(1, int(len(self._times) * NEAR_ORDERS_SHARE))
        here = bisect_right(self._times, clock_ms)
        position = min(max(0, here - near // 2 + int(draw * near)), len(self._times) - 1)
        return self._number_of[self._options.base[position].customer]


def simulate(options: SimulateOptions) -> Iterator[Line]:
    """All lines of a simulation in order of arrival."""
    return Simulation(options).lines()
