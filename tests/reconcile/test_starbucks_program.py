"""The Starbucks offers as a program of ours (examples/offers.yaml), replayed: in order, shuffled, killed."""

import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zlib import crc32

import msgspec
import pytest

from config.loader import load_program
from tests.config.samples import ROOT
from tests.flow.lives import live, settings
from tests.identity.public_data import data
from tests.reconcile.asked import ask
from tests.reconcile.starbucks import Happened, Offer, Totals, read_offers, read_totals, read_transcript

pytestmark = [pytest.mark.external, pytest.mark.slow, pytest.mark.timeout(900)]

PROGRAM: Final = ROOT / "examples" / "offers.yaml"
START: Final = datetime(2018, 1, 1, tzinfo=UTC)
PARTITIONS: Final = 4
LATE_HOURS: Final = 40
KILLS: Final = 4
COMPLETED = """
SELECT value, count(*) FILTER (state = 'completed')
FROM offers JOIN identifiers USING (member_id) WHERE type = 'loyalty' GROUP BY value
"""
REWARDED = "SELECT value, lifetime_earned FROM balances JOIN identifiers USING (member_id) WHERE type = 'loyalty'"
SPENT = """
SELECT ids[1][9:], count(*), sum(CAST(data ->> '$.total.amount' AS BIGINT))::BIGINT
FROM events WHERE type = 'purchase' GROUP BY ALL
"""
Line = tuple[int, str, bytes]  # (hour, person, line)


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    """The transcript as events; completions are left out, for they are what must come of it."""
    offers = read_offers(data("starbucks/portfolio.json"))
    story = read_transcript(data("starbucks/transcript.json.gz"))
    return [
        (told.time, told.person, _event(told, number, offers))
        for number, told in enumerate(story)
        if told.event != "offer completed" and not _is_informational(told, offers)
    ]


@pytest.fixture(scope="module")
def expected() -> dict[str, Totals]:
    """The totals of each person."""
    return read_totals(data("starbucks/person_totals.csv"))


def _is_informational(told: Happened, offers: dict[str, Offer]) -> bool:
    return told.event == "offer received" and offers[told.offer].offer_type == "informational"


def _name(offer: Offer) -> str:
    kind = "buy" if offer.offer_type == "bogo" else "spend"
    return f"{kind}_{offer.difficulty}_in_{int(offer.duration)}d"


def _event(told: Happened, number: int, offers: dict[str, Offer]) -> bytes:
    said: dict[str, object] = {"ids": {"loyalty": told.person}}
    match told.event:
        case "transaction":
            total = {"amount": told.cents, "currency": "USD"}
            kind, said = "purchase", {**said, "order_id": f"o{number}", "total": total}
        case "offer received":
            kind, said = "offer_grant", {**said, "offer": _name(offers[told.offer]), "grant_id": f"g{number}"}
        case _:
            kind = "offer_viewed"
    at = START + timedelta(hours=told.time)
    return msgspec.json.encode({
        "specversion": "1.0", "type": kind, "source": "coffee", "id": f"t{number}", "time": at.isoformat(),
        "data": said,
    })  # fmt: skip


def write(folder: Path, lines: Sequence[Line], partitions: int) -> Path:
    """A log in which each person has a partition."""
    parts: dict[int, list[bytes]] = defaultdict(list)
    for _, person, line in lines:
        parts[crc32(person.encode()) % partitions].append(line + b"\n")
    (folder / "coffee").mkdir(parents=True)
    for number, content in parts.items():
        (folder / "coffee" / f"{number}.jsonl").write_bytes(b"".join(content))
    return folder


def shuffled(lines: Sequence[Line], seed: int) -> list[Line]:
    """The lines as if each came up to `LATE_HOURS` late."""
    chance = random.Random(seed)
    return sorted(lines, key=lambda line: line[0] + chance.uniform(0, LATE_HOURS))


def totals(out: Path) -> dict[str, tuple[int, int, int, int]]:
    """(transactions, amount, completed, rewards) of each person in a warehouse."""
    completed, rewarded = dict(ask(out, COMPLETED)), dict(ask(out, REWARDED))
    spent = {person: (count, cents) for person, count, cents in ask(out, SPENT)}
    people = completed.keys() | spent.keys()
    return {
        person: (*spent.get(person, (0, 0)), completed.get(person, 0), rewarded.get(person, 0)) for person in people
    }


def wanted(expected: dict[str, Totals]) -> dict[str, tuple[int, int, int, int]]:
    """The same of the totals beside the data, without people who neither bought nor were offered anything."""
    figures = {
        person: (one.transactions, one.amount_cents, one.completed, one.reward_total)
        for person, one in expected.items()
    }
    return {person: found for person, found in figures.items() if any(found)}


def agree(out: Path, expected: dict[str, Totals]) -> None:
    """Completions, rewards and amounts of all people are those beside the data."""
    found = totals(out)
    assert {person: figures for person, figures in found.items() if any(figures)} == wanted(expected)


def test_in_order(tmp_path: Path, lines: list[Line], expected: dict[str, Totals]) -> None:
    """One partition, as it happened."""
    live(write(tmp_path / "log", lines, 1), tmp_path / "out", settings(epoch_seconds=2), load_program(PROGRAM))
    agree(tmp_path / "out", expected)


def test_shuffled_in_small_batches(tmp_path: Path, lines: list[Line], expected: dict[str, Totals]) -> None:
    """Four partitions, every line up to forty hours late, grants after what they cover, batches of 61."""
    log = write(tmp_path / "log", shuffled(lines, 11), PARTITIONS)
    live(log, tmp_path / "out", settings(epoch_seconds=2, batch_lines=61), load_program(PROGRAM))
    agree(tmp_path / "out", expected)


@pytest.mark.crash
def test_with_kills(tmp_path: Path, lines: list[Line], expected: dict[str, Totals]) -> None:
    """Killed again and again wherever it was."""
    log, killed = write(tmp_path / "log", shuffled(lines, 12), PARTITIONS), 0
    command = [
        sys.executable, "-m", "balanza", "run", "-p", str(PROGRAM), "-i", str(log), "-o", str(tmp_path / "out"), "-q",
        "--epoch-seconds", "0.3", "--metrics-port", "0",
    ]  # fmt: skip
    for life in range(KILLS):
        worker = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        time.sleep(4 + life)
        worker.kill()
        killed += worker.wait() == -9
    assert killed > 0
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    agree(tmp_path / "out", expected)
