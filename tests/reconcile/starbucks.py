"""The Starbucks data: what people were offered and bought, and what each completed, as written down beside it.

The rule, found in the data, that gives every completion (docs/reconcile.md, "The Starbucks offers"):

* Each `offer received` is an instance of its own; neither a second one of the same offer nor a view changes it.
* Its window is closed at both ends: from the hour of the grant to `duration` days later.
* A discount completes when the purchases in the window together reach its difficulty.
* A bogo completes by one single purchase that is above its difficulty; equal is not enough.
* A purchase counts in full for every open instance; several complete by the same one. Each completes once.
"""

import csv
import gzip
from pathlib import Path
from typing import Any, Final

import msgspec

HOURS_A_DAY: Final = 24
CENTS: Final = 100


class Offer(msgspec.Struct, frozen=True):
    """An offer of the portfolio; difficulty and reward in dollars, duration in days."""

    id: str
    offer_type: str
    difficulty: int
    duration: float
    reward: int


class Happened(msgspec.Struct, frozen=True):
    """A line of the transcript; `time` in hours, `cents` of a transaction, `offer` of all others."""

    person: str
    event: str
    time: int
    cents: int
    offer: str


class Totals(msgspec.Struct, frozen=True):
    """What a person is written down with."""

    received: int
    viewed: int
    transactions: int
    amount_cents: int
    completed: int
    reward_total: int


def read_offers(path: Path) -> dict[str, Offer]:
    """The portfolio by id."""
    return {offer.id: offer for offer in msgspec.json.Decoder(Offer).decode_lines(path.read_bytes())}


def read_transcript(path: Path) -> list[Happened]:
    """The transcript in its order, which at one hour is that of the file."""
    lines: list[Any] = msgspec.json.Decoder().decode_lines(gzip.decompress(path.read_bytes()))
    return [_happened(line) for line in lines]


def _happened(line: dict[str, Any]) -> Happened:
    value = line["value"]
    offer = value.get("offer id") or value.get("offer_id") or ""
    return Happened(line["person"], line["event"], line["time"], round(value.get("amount", 0) * CENTS), offer)


def read_totals(path: Path) -> dict[str, Totals]:
    """What is expected of each person."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row.pop("person"), row) for row in csv.DictReader(file)]
    return {person: Totals(**{name: int(value) for name, value in row.items()}) for person, row in rows}


class Instance:
    """An offer that a person has."""

    def __init__(self, offer: Offer, granted: int) -> None:
        self.offer, self.until, self.cents, self.open = offer, granted + int(offer.duration * HOURS_A_DAY), 0, True

    def completed_by(self, time: int, cents: int) -> bool:
        """Count a purchase, and say whether it completes the offer."""
        if not self.open or time > self.until:
            return False
        goal = self.offer.difficulty * CENTS
        self.cents += cents
        self.open = not (cents > goal if self.offer.offer_type == "bogo" else self.cents >= goal)
        return not self.open


def completions(story: list[Happened], offers: dict[str, Offer]) -> list[tuple[str, int, str]]:
    """(person, hour, offer) of every completion, in order, by the rule alone."""
    instances: dict[str, list[Instance]] = {}
    found = []
    for line in story:
        mine = instances.setdefault(line.person, [])
        if line.event == "offer received" and offers[line.offer].offer_type != "informational":
            mine.append(Instance(offers[line.offer], line.time))
        elif line.event == "transaction":
            found += [
                (line.person, line.time, one.offer.id) for one in mine if one.completed_by(line.time, line.cents)
            ]
    return found
