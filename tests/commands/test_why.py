"""`balanza why`."""

import json
from pathlib import Path
from typing import Any

import pytest

from balanza.look.words import CHANNEL_WORDS, REASON_WORDS
from schemas.reasons import DecisionReason
from tests.commands.made import balanza
from tests.config.samples import ROOT


def asked(out: Path, query: str) -> list[dict[str, Any]]:
    """The rows of a query."""
    found: list[dict[str, Any]] = json.loads(balanza("sql", query, "--json", "--out", out).stdout)
    return found


def explained(out: Path, id: str) -> dict[str, Any]:
    """A decision explained as JSON."""
    result = balanza("why", id, "--out", out, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_sent_message_is_explained_from_cause_to_receipt(out: Path) -> None:
    """Signal, event, channels with their caps, the body, and what became of it."""
    (sent,) = asked(out, "select decision_id from decisions where outcome = 'sent' and channel = 'email' limit 1")
    why = explained(out, sent["decision_id"])
    assert (why["rule"], why["subject"], why["reason"]) == ("cart_reminder", "cart-1", "ALLOWED")
    assert (why["signal"]["signal"], why["event"]["id"]) == ("abandoned_cart", "first-05")
    assert [look["reason"] for look in why["channels"]] == ["NO_ADDRESS", "ALLOWED", "NO_ADDRESS"]
    assert why["channels"][1]["left"] == {"email_week": 1, "marketing_day": 1, "all_week": 3}
    assert why["action"]["body"]["to"] == "ada@example.com"
    assert [receipt["status"] for receipt in why["receipts"]] == ["opened"]


def test_an_action_leads_to_its_decision(out: Path) -> None:
    """An id from the outbox is as good as one of a decision."""
    action = json.loads((out / "outbox.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert explained(out, action["action_id"]) == explained(out, action["decision_id"])


def test_quiet_hours_and_what_came_later_are_told(out: Path) -> None:
    """A decision that was put off says until when, and shows the later one about the same subject."""
    (first,) = asked(out, "select decision_id from decisions where outcome = 'deferred'")
    why = explained(out, first["decision_id"])
    assert (why["quiet_until"], len(why["others"])) == ("2026-03-11T09:00:00Z", 1)
    result = balanza("why", first["decision_id"], "--out", out)
    assert "cart_reminder put off" in result.stdout
    assert "quiet until  2026-03-11 09:00:00 UTC" in result.stdout
    assert why["others"][0]["decision_id"] in result.stdout


def test_an_unknown_id_is_refused_with_a_hint(out: Path) -> None:
    """Status 1; an id that begins like one is guessed, else a query shows some."""
    (one,) = asked(out, "select decision_id from decisions order by decision_id limit 1")
    near = balanza("why", one["decision_id"][:-1], "--out", out)
    assert (near.exit_code, f"did you mean {one['decision_id']}?" in near.stderr) == (1, True)
    far = balanza("why", "d_zz", "--out", out)
    assert (far.exit_code, "balanza sql" in far.stderr) == (1, True)


@pytest.mark.parametrize("reason", list(DecisionReason))
def test_every_reason_has_words(reason: DecisionReason) -> None:
    """No reason reaches a person as a bare code; those that a channel gives have short words too."""
    assert REASON_WORDS[reason]
    assert CHANNEL_WORDS.keys() <= REASON_WORDS.keys()


@pytest.mark.parametrize("reason", list(DecisionReason))
def test_every_reason_is_documented_in_those_words(reason: DecisionReason) -> None:
    """docs/commands.md has a row a reason that begins as the command speaks."""
    document = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    rows = [line for line in document.splitlines() if line.startswith(f"| `{reason}` |")]
    assert [REASON_WORDS[reason] in row for row in rows] == [True]
