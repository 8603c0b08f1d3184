"""What somebody sees who runs a shipped program for the first time, and looks around in its output."""

import json
from pathlib import Path

import pytest

from tests.commands.made import balanza
from tests.flow.commands import Command, run_options
from tests.programs.tables import PROGRAMS, shipped, write_log
from tests.programs.test_run import STORY as COFFEE

AIRLINE = """
    offer_grant   ada  2026-03-04T15:00  status_match match1                ->  |
    purchase      ada  2026-03-05T15:00  t1 480.00 USD main=400.00 tax=80.00  ->  |
    boarding      ada  2026-03-20T14:00                                     ->  |
    flight        ada  2026-03-20T14:00  quantity=400 unit=usd              ->  |
    activity      ada  2026-03-25T15:00  lounge_visit                       ->  |
    card_spend    ada  2026-03-28T15:10  quantity=2000 unit=usd             ->  |
    page_view     ada  2026-07-28T15:10  url=https://airline.example.com    ->  |
    """
OWED = """
    purchase  ada  2026-03-05T15:00  o1 20.00 GBP   ->  |
    redeem    ada  2026-03-06T15:00  r1 15 points   ->  |
    return    ada  2026-03-07T15:00  o1 12.00 GBP   ->  |
    """


def ran(folder: Path, program: str, story: str) -> tuple[Path, str]:
    """The folder of a run of a shipped program, and what the run printed."""
    log, out = folder / f"{program}.jsonl", folder / program
    write_log(shipped(program), story, log)
    options = [option for option in run_options(log, out, program=PROGRAMS / f"{program}.yaml") if option != "--json"]
    ended = Command(folder, *options).ended()
    assert (ended.status, ended.err) == (0, "")
    return out, ended.out


@pytest.fixture(scope="module")
def coffee(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The coffee chain's."""
    return ran(tmp_path_factory.mktemp("look"), "coffee", COFFEE)


@pytest.fixture(scope="module")
def airline(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The airline's."""
    return ran(tmp_path_factory.mktemp("look"), "airline", AIRLINE)


def lines(text: str) -> list[str]:
    """The lines with single spaces."""
    return [" ".join(line.split()) for line in text.splitlines()]


def test_the_summary_tells_of_tiers_offers_and_vouchers(coffee: tuple[Path, str]) -> None:
    """How often members came to a tier and why; offers and vouchers by state, with which ones."""
    for line in (
        "tiers green 3 times members came to it: JOINED 3", "gold 1 times members came to it: MERGED 1",
        "offers granted 3 explorer 2, early_bird 1", "completed 2 early_bird 1, explorer 1",
        "vouchers issued 3 birthday_drink 1, pastry 1, tumbler 1",
    ):  # fmt: skip
        assert line in lines(coffee[1])
    summary = json.loads((coffee[0] / "summary.json").read_bytes())
    assert summary["tiers"] == {"green JOINED": 3, "gold MERGED": 1}
    assert summary["vouchers"]["tumbler issued"] == 1


def test_the_commands_to_try_next_have_something_to_show(coffee: tuple[Path, str]) -> None:
    """Nothing was decided and nothing rejected, so that neither is proposed; what is owed is."""
    proposed = coffee[1].partition("Try next:")[2]
    assert "report liability" in proposed
    assert "deadletters" not in proposed
    assert "from decisions" not in proposed


def test_points_that_are_held_back_read_as_such(airline: tuple[Path, str]) -> None:
    """In a timeline what a ticket earned is pending, and comes from there when its member has boarded."""
    page = balanza("member", "loyalty:ada", "--all", "--out", airline[0])
    assert page.exit_code == 0, page.output
    for part in ("+2,000 miles pending by ticket = 0", "+2,000 miles (-2,000 pending) by release.ticket = 2,"):
        assert part in page.stdout


def test_a_perk_that_was_refused_has_its_name(airline: tuple[Path, str]) -> None:
    """And why; an offer that ended says how far it came, one that was completed when."""
    page = balanza("member", "loyalty:ada", "--all", "--out", airline[0]).stdout
    assert "perk of lounge_visit refused: not eligible" in page
    assert "status_match expired at 33% of its goal" in page
    assert "ground completed" in page


@pytest.mark.parametrize("command", ["statement loyalty:ada", "report liability", "export loyalty:ada", "erasures",
                                     "identity report", "deadletters list", "sql"])  # fmt: skip
def test_every_look_works_on_every_program(
    coffee: tuple[Path, str], airline: tuple[Path, str], command: str
) -> None:  # fmt: skip
    """Each ends with status 0 and says something."""
    for out, _ in (coffee, airline):
        result = balanza(*command.split(), "--out", out)
        assert (result.exit_code, bool(result.stdout.strip())) == (0, True), result.output


def test_a_statement_shows_what_is_owed(tmp_path: Path) -> None:
    """A return of more than is left makes a debt, which explains the balance; what is not there has no empty table."""
    out, _ = ran(tmp_path, "corner_shop", OWED)
    shown = lines(balanza("statement", "loyalty:ada", "--out", out).stdout)
    assert any(line.endswith("points -5 0 7 -7") for line in shown), shown
    report = balanza("report", "liability", "--out", out).stdout
    assert ("Owed" in report, "Expiring" in report) == (True, False)


def test_an_empty_log_reads_well(tmp_path: Path) -> None:
    """No time of the log is named, and the reports say that there is nothing."""
    out, said = ran(tmp_path, "coffee", "")
    assert "None" not in said
    assert balanza("report", "liability", "--out", out).stdout == "Nothing is owed: no points were moved.\n"
