"""`balanza identity report`."""

import gzip
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from balanza.look.identity_quality import Size, sizes_of
from config.compatibility import dump_program
from config.loader import load_program
from connectors.simulate import Rates, SimulateOptions, pairwise, write_log
from sinks.warehouse import Warehouse
from tests.commands.made import balanza, destinations, drive, rows
from tests.config.samples import CORNER_SHOP
from tests.sinks.examples import event, identity, member, packet

SHARED_TABLET = Rates(shared_device=0.3)


def report(out: Path, *more: str | Path) -> dict[str, Any]:
    """The report as JSON."""
    result = balanza("identity", "report", "--out", out, "--json", *more)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def kept(out: Path, *records: Struct) -> Path:
    """An output folder whose warehouse holds the records."""
    (out / "state").mkdir(parents=True)
    (out / "state" / "program.json").write_text(dump_program(load_program(CORNER_SHOP)), encoding="utf-8")
    warehouse = Warehouse(out / "warehouse")
    warehouse.recover(0, {})
    warehouse.write(packet(*records))
    warehouse.seal(1)
    warehouse.publish(1)
    warehouse.close()
    return out


@pytest.fixture(scope="module")
def chained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eve went into Dan, Dan into Cat, Cat into Bob, Bob into Ada; Fay was forgotten, Gus is anonymous."""
    chain = ("eve", "dan", "cat", "bob")
    into = dict(zip(chain, (*chain[1:], "ada"), strict=True))
    cookies = {who: f"cookie:{who}" for who in ("ada", *chain, "fay", "gus")}
    return kept(
        tmp_path_factory.mktemp("chained") / "out",
        *(identity(at, "link", who, (cookie,)) for at, (who, cookie) in enumerate(cookies.items(), 1)),
        identity(8, "link", "ada", ("email:ada@x.org",)),
        *(
            identity(9 + at, "merge", into[who], tuple(cookies[one] for one in chain[: at + 1]), who)
            for at, who in enumerate(chain)
        ),
        msgspec.structs.replace(identity(13, "link", "ada", ("email:ada@x.org",), "gus"), kind="conflict"),
        *(member(who, known=who == "ada") for who in cookies),
        *(member(who, 2, into[who], known=False) for who in chain),
        member("fay", 2, known=False, forgotten=True),
        event(1, "eve", ("cookie:eve",)), event(2, "eve", ("cookie:eve",)), event(3, "fay", ("cookie:fay",)),
        event(4, "gus", ("cookie:gus", "cookie:eve")), event(5, "ada", ("cookie:eve", "email:ada@x.org")),
    )  # fmt: skip


def test_people_read_tables(out: Path) -> None:
    """Members, sizes, the largest, what is shared, changes by kind, and what became of anonymous activity."""
    result = balanza("identity", "report", "--out", out)
    assert result.exit_code == 0, result.output
    for heading in ("Members by number of identifiers", "Largest members", "Values with most members over time",
                    "Identity changes", "Anonymous activity"):  # fmt: skip
        assert f"\n{heading}\n" in result.stdout
    assert [word for word in ("credited ", "merged into a known member", "identified itself", "still anonymous")
            if word not in result.stdout] == []  # fmt: skip
    assert "Against the truth" not in result.stdout


def test_members_are_those_of_today(chained: Path) -> None:
    """Merged and forgotten ones are told apart and hold nothing."""
    found = report(chained)
    assert found["members"] == {
        "total": 2, "known": 1, "anonymous": 1, "merged": 4, "forgotten": 1, "erased": 0,
        "anonymous_share": 0.5,
    }  # fmt: skip
    assert found["members_by_identifiers"] == [
        {"least": 1, "most": 1, "members": 1}, {"least": 6, "most": 10, "members": 1},
    ]  # fmt: skip


def test_a_long_chain_of_merges_leads_to_one_member(chained: Path) -> None:
    """Whom each was merged into does not matter, only who it is today."""
    largest = report(chained)["largest_members"][0]
    assert largest | {"by_type": None} == {
        "member_id": "ada", "space": "default", "known": True, "identifiers": 6, "merged": 4, "by_type": None,
    }  # fmt: skip


def test_a_value_that_several_members_had_stands_on_top(chained: Path) -> None:
    """All members of its events and links count, with those that are still apart today."""
    first = report(chained)["values_with_most_members"][0]
    assert first == {
        "space": "default", "identifier": "cookie:eve", "members": 6, "known": 1, "today": 2,
    }  # fmt: skip


def test_any_kind_of_identity_change_is_counted(chained: Path) -> None:
    """Also one that this release does not make."""
    kinds = {row["kind"]: (row["changes"], row["identifiers"]) for row in report(chained)["identity_events"]}
    assert kinds == {"link": (8, 8), "merge": (4, 10), "conflict": (1, 1)}


def test_anonymous_activity_is_credited_forgotten_or_waits(chained: Path) -> None:
    """By the member that the event's member is today."""
    assert report(chained)["anonymous_activity"] == {
        "events": 4, "by_identifying": 0, "by_merge": 2, "forgotten": 1, "waiting": 1, "credited_share": 0.5,
    }  # fmt: skip


def test_activity_before_a_member_identified_itself_counts_as_credited(tmp_path: Path) -> None:
    """The same member, known since its second version: what came before was anonymous, what came with it is not."""
    second = msgspec.structs.replace(member("ada", 2), at_us=member("ada").at_us + 10)
    found = report(kept(
        tmp_path / "out", member("ada", known=False), second,
        event(1, "ada", at_us=second.at_us - 1), event(2, "ada", at_us=second.at_us),
    ))  # fmt: skip
    activity = found["anonymous_activity"]
    assert (activity["events"], activity["by_identifying"], activity["credited_share"]) == (1, 1, 1.0)


def test_the_histogram_has_every_member_once() -> None:
    """Sizes have no gap and no end."""
    counts = [(size, 1) for size in range(2_000)]
    found = sizes_of(counts)
    assert sum(size.members for size in found) == 2_000
    assert found[-1] == Size(1_001, None, 999)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop where families share tablets: `log/` with the truth beside it, `out/`."""
    folder = tmp_path_factory.mktemp("simulated")
    write_log(SimulateOptions(events=6_000, members=250, rates=SHARED_TABLET), folder / "log")
    out, program = kept_program(folder / "out"), load_program(CORNER_SHOP)
    drive(program, rows(folder / "log" / "events.jsonl"), destinations(program, out))
    return folder


def kept_program(out: Path) -> Path:
    """An output folder with nothing but its program."""
    (out / "state").mkdir(parents=True)
    (out / "state" / "program.json").write_text(dump_program(load_program(CORNER_SHOP)), encoding="utf-8")
    return out


def of_events(out: Path) -> dict[tuple[str, str], str]:
    """The member of today for each event, the plain way."""
    said = balanza("sql", "select member_id, merged_into from members where merged_into is not null", "--out", out,
                   "--json").stdout  # fmt: skip
    into = {row["member_id"]: row["merged_into"] for row in json.loads(said)}
    found = {}
    for row in json.loads(balanza("sql", "select source, id, member_id from events", "--out", out, "--json").stdout):
        member_id = row["member_id"]
        while member_id in into:
            member_id = into[member_id]
        found[row["source"], row["id"]] = member_id
    return found


def truth_of(log: Path) -> list[tuple[tuple[str, str], str]]:
    """Who did each event."""
    lines = gzip.decompress((log / "truth.csv.gz").read_bytes()).decode().splitlines()[1:]
    return [((row[0], row[1]), row[2]) for row in (line.split(",") for line in lines)]


def test_quality_against_the_truth_is_that_of_every_pair(simulated: Path) -> None:
    """Counted in SQL it equals the simulator's own comparison, with wrong pairs and missed ones."""
    found = report(simulated / "out", "--truth", simulated / "log" / "truth.csv.gz")["truth"]
    credited = of_events(simulated / "out")
    quality = pairwise(truth_of(simulated / "log"), credited)
    assert found["about"] == "events"
    assert (found["true_pairs"], found["found_pairs"], found["both_pairs"]) == (
        quality.true_pairs, quality.found_pairs, quality.both_pairs,
    )  # fmt: skip
    assert (found["items"], found["missing"]) == (quality.events, quality.missing)
    assert 0 < found["precision"] == quality.precision < 1
    assert 0 < found["recall"] == quality.recall < 1


def test_over_and_under_merge_name_how_much_is_touched(simulated: Path) -> None:
    """Members with several people and people with several members, and the events in them."""
    found = report(simulated / "out", "--truth", simulated / "log" / "truth.csv.gz")["truth"]
    credited = of_events(simulated / "out")
    people: defaultdict[str, set[str]] = defaultdict(set)
    members: defaultdict[str, set[str]] = defaultdict(set)
    size: Counter[str] = Counter()
    for key, person in truth_of(simulated / "log"):
        people[credited[key]].add(person)
        members[person].add(credited[key])
        size[credited[key]] += 1
    mixed = [one for one, several in people.items() if len(several) > 1]
    over, under = found["over_merged"], found["under_merged"]
    assert (over["members"], over["of_members"]) == (len(mixed), len(people))
    assert (over["items"], over["of_items"]) == (sum(size[one] for one in mixed), sum(size.values()))
    assert (under["people"], under["of_people"]) == (sum(len(one) > 1 for one in members.values()), len(members))
    worst = found["most_mixed_members"][0]
    assert worst["people"] == max(map(len, people.values())) == len(people[worst["member_id"]])


def test_the_truth_may_be_about_identifiers_in_any_spelling(chained: Path, tmp_path: Path) -> None:
    """Made canonical by the program's rules; one that nobody has is missing, a row without a person is not judged."""
    truth = tmp_path / "people.csv"
    truth.write_text(
        "identifier,person\ncookie:ada,1\nemail: ADA@X.org ,1\ncookie:bob,2\ncookie:gus,2\nemail:no@x.org,2\n"
        "cookie:cat,\nshoe:7,3\n",
        encoding="utf-8",
    )
    found = report(chained, "--truth", truth)["truth"]
    assert (found["about"], found["items"], found["missing"]) == ("identifiers", 6, 2)
    assert (found["true_pairs"], found["found_pairs"], found["both_pairs"]) == (4, 3, 1)
    assert found["most_mixed_members"] == [{"member_id": "ada", "people": 2, "items": 3, "of_one": 2}]


def test_identifiers_of_another_space_are_others(chained: Path, tmp_path: Path) -> None:
    """A column `space` says where; empty is the default one."""
    truth = tmp_path / "people.csv"
    truth.write_text("identifier,person,space\ncookie:ada,1,\ncookie:bob,1,market\n", encoding="utf-8")
    found = report(chained, "--truth", truth)["truth"]
    assert (found["items"], found["missing"]) == (2, 1)


def test_the_verdict_stands_below_the_tables(simulated: Path) -> None:
    """Precision and recall with what they are of, then the members that hold most people."""
    truth = simulated / "log" / "truth.csv.gz"
    result = balanza("identity", "report", "--out", simulated / "out", "--truth", truth, "--limit", "1")
    assert result.exit_code == 0, result.output
    assert "joined pairs are one person's" in result.stdout
    assert "members hold several people, with" in result.stdout
    assert "\nMembers with most people\n" in result.stdout


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        (None,                                           2, "there is no file"),
        ("who,what\n1,2\n",                              2, "expected source,id,person"),
        ("identifier,person\ncookie:1,a\ncookie:1,b\n",  2, "names two people for default cookie:1"),
        ("source,id,person\na,1,p\nb,2\n",               1, "cannot be read as CSV"),
    ],
)  # fmt: skip
def test_a_truth_that_is_none_is_refused(
    chained: Path, tmp_path: Path, text: str | None, status: int, words: str
) -> None:  # fmt: skip
    """With a sentence that says what a truth looks like."""
    truth = tmp_path / "truth.csv"
    if text is not None:
        truth.write_text(text, encoding="utf-8")
    result = balanza("identity", "report", "--out", chained, "--truth", truth)
    assert (result.exit_code, words in result.stderr, "Traceback" in result.stderr) == (status, True, False)


def test_a_member_workers_folder_is_refused(tmp_path: Path) -> None:
    """It knows neither events nor identity changes; the stitcher's does."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "made_as.json").write_text('{"role": "members"}', encoding="utf-8")
    result = balanza("identity", "report", "--out", tmp_path)
    assert (result.exit_code, "balanza stitch" in result.stderr) == (2, True)


def test_an_empty_warehouse_has_an_empty_report(tmp_path: Path) -> None:
    """No member, no share of anything."""
    found = report(kept(tmp_path / "out"))
    assert (found["members"]["total"], found["members"]["anonymous_share"]) == (0, None)
    assert balanza("identity", "report", "--out", tmp_path / "out").exit_code == 0
