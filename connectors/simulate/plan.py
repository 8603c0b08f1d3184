"""What is going to happen: encoded lines waiting for the moment they arrive, and what the generator remembers.

Sessions plan a few minutes ahead (returns: weeks), so the heap stays small against the log. Of a person only two bytes
and a number of points are remembered; everything else is derived again when it is needed.
"""

import heapq
from array import array
from random import Random

import orjson

from connectors.simulate.lines import Body, Channel, Line
from connectors.simulate.options import SimulateOptions
from connectors.simulate.people import Census, Person, national
from connectors.simulate.rhythm import HOUR, MINUTE, Stamp

ENROLLED = 1            # loyalty number and e-mail are known to belong together
ON_WEB = 2              # registered on the web by e-mail
AT_TILL = 4             # registered at the till by loyalty number
COOKIE_LINKED = 8       # and the next two bits: second and third cookie
DEVICE_LINKED = 64      # and the next bit: second device

ODD_EMAIL_SHARE = 0.12
NATIONAL_PHONE_SHARE = 0.15
LATE_MS_MIN = 2 * MINUTE


class Plan:
    """Takes what people do (`say`) and gives it back in order of arrival (`until`)."""

    def __init__(self, options: SimulateOptions, members: int, budget: int) -> None:
        """`members` is the number of people, `budget` the number of events that may be said beside the base orders."""
        rates = options.rates
        self.options = options
        self.budget = budget
        self.planned = 0
        self.end_ms = options.end_ms
        self.random = Random(options.seed)
        self.draw = self.random.random
        self.census = Census(
            seed=options.seed, email_share=rates.email, phone_share=rates.phone,
            two_identities_share=rates.two_identities, shared_device_share=rates.shared_device,
        )  # fmt: skip
        self.known = array("H", bytes(2 * members))
        self.points = array("q", bytes(8 * members))
        self.two_identities = 0
        self.late_merges = 0
        self.stamp = Stamp()
        self._late_spread = max(0, int(options.late_hours_max * HOUR) - LATE_MS_MIN)
        self._heap: list[tuple[int, int, Line]] = []
        self._number = 0

    def say(self, at_ms: int, channel: Channel, type: str, data: Body, person: int, base: bool = False) -> bool:
        """Plan an event; False if the budget is spent or the time is past the end (never so for base orders)."""
        if not base:
            if self.planned >= self.budget or at_ms >= self.end_ms:
                return False
            self.planned += 1
        self._number += 1
        rates, draw = self.options.rates, self.draw
        name, source = f"{channel}-{self._number}", f"corner-shop/{channel}"
        unknown = draw() < rates.unknown_field
        if unknown:
            data = {**data, "utm_campaign": "spring"}
        body = {
            "specversion": "1.0", "type": type, "source": source, "id": name, "time": self.stamp.text(at_ms),
            "data": data,
        }  # fmt: skip
        late = draw() < rates.late and self._late_spread > 0
        arrival = at_ms + (LATE_MS_MIN + int(draw() * self._late_spread) if late else 0)
        partition = person % self.options.web_partitions if channel == "web" else 0
        line = Line(
            channel, partition, orjson.dumps(body), "event", type, source, name, at_ms, person,
            late=late, unknown_field=unknown,
        )  # fmt: skip
        heapq.heappush(self._heap, (arrival, self._number, line))
        return True

    def again(self, arrival_ms: int, line: Line) -> None:
        """Plan a further line about an event that was said before."""
        self._number += 1
        heapq.heappush(self._heap, (arrival_ms, self._number, line))

    def next_before(self, moment_ms: int) -> tuple[int, Line] | None:
        """Take the next line that arrives before the moment, with its arrival; None if there is none."""
        if not self._heap or self._heap[0][0] >= moment_ms:
            return None
        arrival, _, line = heapq.heappop(self._heap)
        return arrival, line

    def chance(self, share: float) -> bool:
        """True in this share of the cases."""
        return self.draw() < share

    def below(self, count: int) -> int:
        """A number from 0 to count - 1."""
        return int(self.draw() * count)

    def email(self, address: str) -> str:
        """The address as it arrives: mostly plain, sometimes with capitals or blanks around it."""
        draw = self.draw()
        if draw >= ODD_EMAIL_SHARE:
            return address
        if draw < ODD_EMAIL_SHARE / 3:
            return address.upper()
        return f" {address}" if draw < ODD_EMAIL_SHARE * 2 / 3 else f"{address.title()} "

    def phone(self, number: str) -> str:
        """The phone as it arrives: mostly E.164, sometimes as people write it at home."""
        return national(number) if self.draw() < NATIONAL_PHONE_SHARE else number

    def all_ids(self, person: Person) -> Body:
        """Loyalty number, e-mail and phone together: what a form at the desk asks for."""
        ids: Body = {"loyalty": person.loyalty}
        if person.email is not None:
            ids["email"] = self.email(person.email)
        if person.phone is not None:
            ids["phone"] = self.phone(person.phone)
        return ids
