"""Replays of files against the run that lives."""

import json
from pathlib import Path
from shutil import copyfile

import pytest

from tests.flow.lives import EXAMPLE, live, settings
from tests.flow.outcomes import all_records, records
from tests.flow.test_continue import rows_of
from tests.replay.folders import asked, called, counts, other_program, replay

LOG = EXAMPLE / "log"
FROM = "2026-02-01T00:00:00Z"
FROM_US = 1_769_904_000_000_000
HALF_THE_POINTS = ("amount: 100, currency: GBP", "amount: 200, currency: GBP")


def test_the_example_again_gives_what_lives(tmp_path: Path, example_live: Path) -> None:
    """Another cut into batches and epochs, the same records byte for byte, no difference, and nothing to send."""
    out = tmp_path / "out"
    told = replay(tmp_path, LOG, out, "--compare", example_live, "--batch-lines", 333, "--epoch-seconds", 1)
    assert all_records(out) == all_records(example_live)
    assert told["comparison"]["equal"]
    assert told["comparison"]["notes"] == []
    found = counts(told["comparison"])
    assert {one[1:] for one in found.values()} == {(0, 0, 0)}
    assert min(found[table][0] for table in ("decisions", "balances", "members", "identity_events")) > 100
    assert json.loads((out / "comparison.json").read_bytes()) == told["comparison"]
    assert (told["replay"], told["skipped"], told["expired_actions"]) == ("shadow", 0, 0)
    assert [path.name for path in out.iterdir() if path.name.startswith("outbox")] == []


def test_another_earn_rate_shows_in_the_balances(tmp_path: Path, example_live: Path) -> None:
    """Half the points: the same members and decisions, other balances; the command succeeds all the same."""
    program = other_program(tmp_path, HALF_THE_POINTS)
    out = tmp_path / "out"
    told = replay(tmp_path, LOG, out, "--compare", example_live, program=program)["comparison"]
    compared, only_live, only_replay, changed = counts(told)["balances"]
    assert (only_live, only_replay, told["equal"]) == (0, 0, False)
    assert compared >= changed > 100
    assert {found[1:] for table, found in counts(told).items() if table != "balances"} == {(0, 0, 0)}
    assert told["notes"] == ["The replay ran another program than the live deployment."]
    first = told["differences"]["balances"]["first"]
    assert len(first) == 10
    for row in first:
        now = f"SELECT available FROM balances WHERE member_id = '{row['member_id']}'"
        assert (asked(example_live, now), asked(out, now)) == (
            [(row["live"]["available"],)], [(row["replay"]["available"],)],
        )  # fmt: skip


def test_people_read_counts_and_the_first_differences(tmp_path: Path, example_live: Path) -> None:
    """Without --json: the summary, then a table of counts, then tables of what differs."""
    program = other_program(tmp_path, HALF_THE_POINTS)
    ended = called(tmp_path, "replay", "-p", program, "-i", LOG, "-o", tmp_path / "out", "--compare", example_live)
    assert (ended.status, ended.err) == (0, "")
    for part in ("differences, up to log time 2011-12-09", "only live", "balances that differ, the first 10 of",
                 "lifetime_earned", "Note: The replay ran another program", "comparison.json"):
        assert part in ended.out
    assert "outbox" not in ended.out


def test_from_a_time_what_is_earlier_is_passed_over(tmp_path: Path, small_log: Path, small_live: Path) -> None:
    """Rows before --from are counted as skipped, whatever the batches; what remains is the log's rest, undisturbed."""
    rows = rows_of(small_log)
    early = sum(row[0] < FROM_US for row in rows)
    plain, cut = tmp_path / "plain", tmp_path / "cut"
    told = replay(tmp_path, small_log, plain, "--from", FROM, "--compare", small_live)
    again = replay(tmp_path, small_log, cut, "--from", "2026-02-01T02:00:00+02:00", "--batch-lines", 7)
    assert (told["skipped"], told["read"]) == (early, len(rows) - early)
    assert (again["skipped"], again["read"]) == (early, len(rows) - early)
    assert all_records(plain) == all_records(cut)
    assert asked(plain, f"SELECT count(*) FROM stored.events WHERE log_time_us < {FROM_US}") == [(0,)]
    assert any(f"The replay began at {FROM}, without the state from before" in note
               for note in told["comparison"]["notes"])
    assert told["comparison"]["log_from"] >= FROM
    assert not told["comparison"]["equal"]


def test_a_replay_that_goes_on_counts_what_it_skipped_once(tmp_path: Path, small_log: Path) -> None:
    """Stopped at a time and gone on with, from the middle of the log: the records of one go, the same counts."""
    one, parts = tmp_path / "one", tmp_path / "parts"
    told = replay(tmp_path, small_log, one, "--from", FROM)
    replay(tmp_path, small_log, parts, "--from", FROM, "--until", "2026-02-05")
    replay(tmp_path, small_log, parts, "--from", FROM, "--until", "2026-02-20")
    again = replay(tmp_path, small_log, parts, "--from", FROM)
    assert all_records(one) == all_records(parts)
    assert (told["skipped"], told["read"]) == (again["skipped"], again["read"])


def test_until_a_time_is_compared_as_of_then(tmp_path: Path, example_live: Path) -> None:
    """The live deployment has gone on for months: what it did since does not count, and the output says so."""
    until = "2011-06-01T00:00:00Z"
    told = replay(tmp_path, LOG, tmp_path / "out", "--until", until, "--compare", example_live)["comparison"]
    assert told["equal"], counts(told)
    assert "2011-05-31" < told["log_until"] < until
    live_at, replay_at, both_at = told["live_log_to"], told["replay_log_to"], told["log_until"]
    note = f"The live deployment is at log time {live_at}, the replay at {replay_at}: both are compared as of "
    assert told["notes"] == [f"{note}{both_at}."]


@pytest.fixture
def rounds(tmp_path: Path, small_log: Path) -> Path:
    """A log whose second file came when the first had been read, with older events; in `live` what was made of it."""
    shop = tmp_path / "log"
    for topic in ("web", "crm"):
        (shop / topic).mkdir(parents=True)
        copyfile(small_log / topic / "0.jsonl", shop / topic / "0.jsonl")
        live(shop, tmp_path / "live", settings())
    return shop


def test_the_journal_makes_the_order_that_of_live(tmp_path: Path, rounds: Path) -> None:
    """What came late was read late: a replay with the live journal does the same, one without it does not."""
    lives, plain = tmp_path / "live", tmp_path / "plain"
    told = replay(tmp_path, rounds, tmp_path / "compared", "--compare", lives)
    assert told["comparison"]["equal"], counts(told["comparison"])
    replay(tmp_path, rounds, tmp_path / "named", "--journal", lives)
    replay(tmp_path, rounds, plain)
    assert all_records(tmp_path / "compared") == all_records(lives)
    assert all_records(tmp_path / "named") == all_records(lives)
    assert records(plain, "events") != records(lives, "events")


def test_what_the_journal_does_not_reach_to_is_read_as_well(tmp_path: Path, rounds: Path) -> None:
    """The log has grown since live looked: a replay reads live's rounds, then the rest; live's journal stays."""
    lives = tmp_path / "live"
    before = (lives / "journal.jsonl").read_bytes()
    with (rounds / "web" / "0.jsonl").open("ab") as file:
        file.write((EXAMPLE.parent / "first_steps.jsonl").read_bytes())
    told = replay(tmp_path, rounds, tmp_path / "out", "--compare", lives)
    summary = json.loads((lives / "summary.json").read_bytes())
    assert told["read"] > summary["read"]
    assert told["comparison"]["equal"], counts(told["comparison"])
    assert (lives / "journal.jsonl").read_bytes() == before
    assert (tmp_path / "out" / "journal.jsonl").read_bytes().startswith(before)


def test_from_offsets_of_files(tmp_path: Path, rounds: Path) -> None:
    """A partition that is named begins at that byte, one that is not at its oldest line."""
    lines = (rounds / "web" / "0.jsonl").read_bytes().splitlines(keepends=True)
    offset = sum(map(len, lines[:200]))
    told = replay(tmp_path, rounds, tmp_path / "out", "--from", f"web/0={offset}", "--compare", tmp_path / "live")
    others = len((rounds / "crm" / "0.jsonl").read_bytes().splitlines())
    assert told["read"] == len(lines) - 200 + others
    assert any(f"The replay began at web/0={offset}" in note for note in told["comparison"]["notes"])


def test_what_is_sent_has_not_expired(tmp_path: Path, example_live: Path) -> None:
    """Years later every action of the example has expired: with --send there is an outbox, and nothing is in it."""
    out = tmp_path / "out"
    told = replay(tmp_path, LOG, out, "--send", "--compare", example_live)
    requested = sum(told["actions"].values())
    assert (told["replay"], told["expired_actions"]) == ("send", requested)
    assert requested > 100
    assert (out / "outbox.jsonl").read_bytes() == b""
    assert records(out, "actions") == records(example_live, "actions")
    again = replay(tmp_path, LOG, out, "--send")
    assert (again["read_now"], again["expired_actions"]) == (0, requested)
