"""The coffee chain's program as a user runs it: from a file, killed in the middle, and read with `balanza member`."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.made import balanza
from tests.flow.commands import Command, run_options
from tests.flow.dooms import Doom
from tests.flow.lives import Life, settings
from tests.programs.tables import PROGRAMS, check, shipped, write_log

pytestmark = pytest.mark.crash

KILLED = -9
COFFEE = PROGRAMS / "coffee.yaml"
PARTS = ("balances", "expiries", "tier", "next", "vouchers", "offers")

STORY = """
        consent   ada+device:phone  2026-01-05T13:00  channel=push purpose=marketing state=granted origin=app
          -> tier green JOINED | tier green, gold in 500 stars
        purchase  ada+device:phone  2026-01-05T13:10  o1 240.00 USD breakfast=240.00
          -> spend +240 stars, early_bird granted
          | stars 240, 240 stars to 2026-07-31, gold in 260 stars, early_bird 1/3
        purchase  device:phone      2026-01-06T15:00  o2 115.20 USD breakfast=115.00 tax=0.20 by=app
          -> spend +115 stars, explorer granted
          | stars 355, 355 stars to 2026-07-31, gold in 145 stars, early_bird 2/3, explorer 2/4
        purchase  plate:NYC-77      2026-01-07T13:00  o3 6.90 USD mocha=6.90 by=drive_through
          -> spend +6 stars, tier green JOINED, explorer granted
          | stars 6, 6 stars to 2026-07-31, tier green, gold in 494 stars, explorer 1/4
        purchase  pos:4711          2026-01-07T13:00  o4 20.00 USD
          -> spend +20 stars, tier green JOINED | stars 20, 20 stars to 2026-07-31, tier green, gold in 480 stars
        alias     ada+plate:nyc-77  2026-01-07T13:01
          -> merge -6 stars, merge +6 stars | stars 361, 361 stars to 2026-07-31, gold in 139 stars, explorer 3/4
        purchase  ada               2026-01-07T14:00  o5 130.00 USD gift_card=25.00 breakfast=105.00
          -> spend +105 stars, offer.early_bird +40 stars, early_bird completed 3
          | stars 506, 506 stars to 2026-07-31, gold in 34 stars, early_bird done
        purchase  plate:nyc-77      2026-01-08T19:30  o6 10.00 USD latte=10.00 by=drive_through
          -> spend +10 stars, happy_hour +10 stars, explorer completed 4, pastry issued
          | stars 526, 526 stars to 2026-07-31, gold in 14 stars, voucher pastry, explorer done
        alias     ada+pos:4711      2026-01-08T20:00
          -> merge -20 stars, merge +20 stars, tier gold MERGED until 2028-01-05T05:00, birthday_drink issued
          | stars 546, 546 stars to 2026-07-31, tier gold until 2028-01-04, voucher birthday_drink, no next tier
        redeem    pos:4711          2026-01-08T20:05  r1 400 stars tumbler
          -> redeem -400 stars, tumbler issued | stars 146, 146 stars to 2026-07-31, voucher tumbler
        redeem    plate:nyc-77      2026-01-09T13:00  r2 400 stars tumbler  -> refused LIMIT_REACHED | -
        return    ada               2026-01-09T15:00  o2 115.20 USD
          -> return.spend -115 stars | stars 31, 31 stars to 2026-07-31, tier gold until 2027-01-04
        """


def page(out: Path, who: str) -> dict[str, Any]:
    """What `balanza member` says of a member, of the parts that every surface shows."""
    result = balanza("member", who, "--out", out, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    for voucher in found["vouchers"]:
        del voucher["code"]  # its key is the folder's own
    return found


@pytest.mark.parametrize("nth", [1, 3])
def test_a_kill_in_the_middle_changes_nothing_that_a_customer_sees(tmp_path: Path, nth: int) -> None:
    """Card, app, number plate and till show the document that the plain loop gives."""
    told = check("coffee", STORY, *PARTS)
    (member,) = told.folded.members.values()
    expected = told.document(member)
    for voucher in expected["vouchers"]:
        del voucher["code"]
    log, out = tmp_path / "log.jsonl", tmp_path / "out"
    write_log(shipped("coffee"), STORY, log)

    doom = Doom("flows.runtime.store:Store.checkpoint", nth, "after")
    assert Life(log, out, settings(epoch_seconds=0.01, batch_lines=2), doom, COFFEE).end() == KILLED
    ended = Command(tmp_path, *run_options(log, out, program=COFFEE)).ended()
    assert ended.status == 0, ended.err

    for who in ("loyalty:ada", "device:phone", "plate:NYC-77", "pos:4711"):
        found = page(out, who)
        assert {key: found[key] for key in expected} == expected
    told_to_a_person = balanza("member", "plate:nyc-77", "--out", out).stdout
    assert "Gold until 2027-01-05, then green" in told_to_a_person
    assert "Try four kinds: completed 2026-01-08" in told_to_a_person
