"""Public data as events: records of people with errors in them, and a graph of people who worked together.

The data lies beside the repository in `../shared/data`, or in the folder that `BALANZA_TEST_DATA` names. It is read and
never copied.
"""

import csv
import gzip
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest

from config.program import Program
from connectors.simulate import Quality, pairwise
from tests.config.samples import ROOT, program
from tests.identity.stories import Ids, Story

DATA: Final = Path(os.environ.get("BALANZA_TEST_DATA", ROOT.parent / "shared" / "data"))
SECONDS_A_DAY: Final = 86_400
Link = tuple[str, str]


def data(name: str) -> Path:
    """A file of the data; skips the test where it is not there."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not beside this repository ({DATA}; BALANZA_TEST_DATA names another folder)")
    return path


def desk(more: str = "") -> Program:
    """A program with types for what people's records hold; `person` is one that no rule is made for but `more`."""
    return program(f"""identity:
  identifiers:
    social_security: {{known: true, priority: 950}}
    name_and_birthday: {{known: true, priority: 450, normalise: lower}}
    person: {{known: true, priority: 650{more}}}
""")


def line(ids: Ids, id: str, second: int, kind: str = "activity") -> bytes:
    """A line of a log that fits in one day."""
    assert second < SECONDS_A_DAY
    time = f"2026-01-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
    said: dict[str, object] = {"ids": ids} if kind == "alias" else {"ids": ids, "kind": "form"}
    return msgspec.json.encode(
        {"specversion": "1.0", "type": kind, "source": "desk", "id": id, "time": time, "data": said}
    )


class Record(msgspec.Struct, frozen=True):
    """A record of a person, who is known to be `person`, with what it holds by identifier type."""

    id: str
    person: str
    values: dict[str, str]


def splink() -> list[Record]:
    """The made-up people of Splink (MIT): up to seven records each, with errors in every field."""
    return [
        Record(row["unique_id"], row["cluster"], {
            "email": row["email"],
            "name_and_birthday": joined(row["first_name"], row["surname"], row["dob"]),
        })
        for row in rows_of("splink/fake_1000.csv")
    ]  # fmt: skip


def febrl() -> list[Record]:
    """The made-up people of Febrl's first data set: an original and one duplicate each."""
    return [
        Record(row["rec_id"], row["rec_id"].split("-")[1], {
            "social_security": row["soc_sec_id"],
            "name_and_birthday": joined(row["given_name"], row["surname"], row["date_of_birth"]),
        })
        for row in rows_of("febrl/dataset1.csv")
    ]  # fmt: skip


def rows_of(name: str) -> Iterator[dict[str, str]]:
    """The rows of a CSV file, without the blanks around names and values."""
    with data(name).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {key.strip(): value.strip() for key, value in row.items()}


def joined(*parts: str) -> str:
    """Fields as one value, or nothing where one of them is empty."""
    return "|".join(parts) if all(parts) else ""


def recognised(records: Iterable[Record], types: Iterable[str]) -> Quality:
    """Stitch a form a record, each from a browser of its own, by identifiers of these types; compare with the truth."""
    wanted, truth, lines = tuple(types), [], []
    for at, record in enumerate(records):
        ids: Ids = {"cookie": f"form-{record.id}"}
        ids.update({kind: record.values[kind] for kind in wanted if record.values[kind]})
        lines.append(line(ids, record.id, at))
        truth.append((record.id, record.person))
    told = Story(lines, desk())
    return pairwise(truth, {event.id: told.resolved(event.member_id) for event in told.events})


def links() -> list[Link]:
    """The links of ca-GrQc (Leskovec et al. 2007), each pair of people once; a few are of a person with itself."""
    with gzip.open(data("graphs/ca-GrQc.txt.gz"), "rt", encoding="utf-8") as file:
        ends = [text.split() for text in file if text[0].isdigit()]
    pairs = [(one, two) for one, two in ends if "://" not in one]
    return list({tuple(sorted(pair)): pair for pair in pairs}.values())


def alias_lines(pairs: Iterable[Link]) -> list[bytes]:
    """An alias for each link; its id is the link's, so that another order has other times only."""
    return [
        line({"person": list(dict.fromkeys(pair))}, "-".join(pair), at, kind="alias") for at, pair in enumerate(pairs)
    ]
