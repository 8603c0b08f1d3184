"""V2, V3 and V7 over random lives of three people who shop, agree, refuse, move and turn out to be the same."""

from collections.abc import Iterator
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from config.program import Cap
from flows.fold import Folded, fold
from schemas.log import Row
from tests.decisions.tables import DAY_US, Record, ids_of, instant_us, kiosk, records, row

MINUTE_US: Final = 60_000_000
PROGRAM: Final = kiosk("""
rules:
  - {id: remind, on: abandoned, purpose: marketing, channels: [push, email], template: kept, expires_after: 9h}
  - {id: help, on: abandoned, purpose: service, channels: [email, sms], template: kept, expires_after: 1d, priority: 1}
  - {id: keep, on: abandoned, purpose: transactional, channels: [email], template: kept, expires_after: 1h}
caps:
  - {id: push, channel: push, max: 1, window: 1d}
  - {id: marketing, purpose: marketing, max: 2, window: 3d}
  - {id: all, max: 4, window: 7d}
  - {id: low, frequency: low, max: 1, window: 5d}
quiet_hours: {from: "21:00", to: "08:00"}
""")
PEOPLE: Final = st.sampled_from(("ada", "bea", "cyd"))
CHANNELS: Final = st.sampled_from(("push", "email", "sms"))
STATES: Final = st.sampled_from(("granted", "granted", "granted", "denied", "withdrawn"))
ZONES: Final = st.sampled_from(("Europe/London", "Asia/Kolkata", "America/New_York", "Nowhere"))
HOURS: Final = st.sampled_from(({"from": "22:00", "to": "06:00"}, {"from": "12:00", "to": "13:30"}))


def step(kind: str, lag_max: int = 0, who: st.SearchStrategy[str] = PEOPLE, **data: object) -> Any:  # noqa: ANN401
    """An event's kind, its lateness in minutes, who it names, and its data."""
    drawn = {name: value if isinstance(value, st.SearchStrategy) else st.just(value) for name, value in data.items()}
    return st.tuples(st.just(kind), st.integers(0, lag_max), who, st.fixed_dictionaries(drawn))


CART: Final = step(
    "cart_change", 60, cart_id=st.sampled_from(("c1", "c2", "c3", "c4")),
    status=st.sampled_from(("active", "active", "active", "active", "checked_out", "emptied")),
)  # fmt: skip
CONSENT: Final = step(
    "consent", 3000, channel=CHANNELS, purpose=st.sampled_from(("marketing", "service")), state=STATES, origin="web"
)
OTHERS: Final = st.one_of(
    step("purchase", 60, order_id=st.uuids().map(str), total={"amount": 500, "currency": "GBP"}),
    step("preference", frequency="low"),
    step("preference", channels=st.lists(CHANNELS, max_size=3)),
    step("preference", time_zone=ZONES, quiet=HOURS),
    step("receipt", 600, action_id="none", channel=CHANNELS, status="unsubscribed"),
    step("alias", who=st.sampled_from(("ada+bea", "bea+cyd", "ada+cyd"))),
)
STEPS: Final = st.tuples(st.integers(0, 400), st.one_of(CART, CART, CART, CONSENT, OTHERS))
AGREED: Final = [
    (0, ("consent", 0, who, {"channel": channel, "purpose": purpose, "state": "granted", "origin": "web"}))
    for who in ("ada", "bea", "cyd") for channel in ("push", "email") for purpose in ("marketing", "service")
]  # fmt: skip
LIVES: Final = st.lists(STEPS, min_size=30, max_size=120).map(lambda steps: lived([*AGREED, *steps]))


def lived(steps: list[tuple[int, tuple[str, int, str, Record]]]) -> Folded:
    """Fold a life and four days after it."""
    rows: list[Row] = []
    log_us = instant_us("03-02T00:00")
    for number, (gap, (kind, lag, who, data)) in enumerate(steps):
        log_us += gap * MINUTE_US
        rows.append(row(number, kind, {"ids": ids_of(who), **data}, log_us, log_us - lag * MINUTE_US))
    folded = fold(PROGRAM, rows, log_us + 4 * DAY_US)
    assert not records(folded, "dead_letters")
    return folded


class Family:
    """Who became whom, from the records of identity alone."""

    def __init__(self, folded: Folded) -> None:
        merges = [one for one in records(folded, "identity") if one["kind"] == "merge"]
        self._merges = [(one["at_us"], one["other_member_id"], one["member_id"]) for one in merges]

    def at(self, member_id: str, before_us: int) -> str:
        """The member that one had become by merges before a time."""
        for at_us, other, survivor in self._merges:
            if at_us < before_us and other == member_id:
                return self.at(survivor, before_us)
        return member_id

    def same(self, one: str, other: str, before_us: int) -> bool:
        """Say whether two members were one before a time."""
        return self.at(one, before_us) == self.at(other, before_us)


def applied(folded: Folded, family: Family, action: Record, *kinds: str) -> Iterator[Record]:
    """The events of these types that the action's member had behind it; timers of a time come before its events."""
    for event in records(folded, "events"):
        before = event["log_time_us"] < action["at_us"]
        if before and event["type"] in kinds and family.same(event["member_id"], action["member_id"], action["at_us"]):
            yield event


def covers(cap: Cap, action: Record) -> bool:
    """Say whether a message falls under a cap."""
    exempt = PROGRAM.purposes[action["purpose"]].caps == "exempt"
    return not exempt and cap.channel in {None, action["channel"]} and cap.purpose in {None, action["purpose"]}


@given(LIVES)
@settings(max_examples=60)
def test_no_window_holds_more_than_its_cap(folded: Folded) -> None:
    """At every message, each window that ends with it holds at most its cap, of all that the member was (V2)."""
    family, actions = Family(folded), records(folded, "actions")
    for at, action in enumerate(actions):
        low = any(one["data"].get("frequency") for one in applied(folded, family, action, "preference"))
        for cap in PROGRAM.caps:
            if not covers(cap, action) or (cap.frequency and not low):
                continue
            window = [
                one for one in actions[: at + 1]
                if one["at_us"] > action["at_us"] - cap.window and covers(cap, one)
                and family.same(one["member_id"], action["member_id"], action["at_us"])
            ]  # fmt: skip
            assert len(window) <= cap.max, (cap.id, window)


@given(LIVES)
@settings(max_examples=60)
def test_nothing_leaves_against_a_refusal_or_after_its_expiry(folded: Folded) -> None:
    """Each refusal that was heard before a message is answered by a later grant to the same person (V3)."""
    family = Family(folded)
    for action in records(folded, "actions"):
        assert action["at_us"] < action["expires_at_us"]
        if PROGRAM.purposes[action["purpose"]].consent == "not_required":
            continue
        said = [
            one for one in applied(folded, family, action, "consent", "receipt")
            if one["data"]["channel"] == action["channel"]
            and one["data"].get("purpose", "marketing") == action["purpose"]
        ]  # fmt: skip
        grants = [one for one in said if one["data"].get("state") == "granted"]
        assert grants
        for refusal in (one for one in said if one not in grants):
            assert any(answers(family, grant, refusal) for grant in grants), (action, refusal)


def answers(family: Family, grant: Record, refusal: Record) -> bool:
    """Say whether a grant is newer and was given by the person who refused, not by one who only became the same."""
    met_us = max(grant["log_time_us"], refusal["log_time_us"]) + 1
    return grant["time_us"] > refusal["time_us"] and family.same(grant["member_id"], refusal["member_id"], met_us)


@given(LIVES)
@settings(max_examples=60)
def test_every_candidate_gets_an_answer(folded: Folded) -> None:
    """What was not sent has a reason, what was sent one action, and what waited an answer later on (V7)."""
    family, decisions, actions = Family(folded), records(folded, "decisions"), records(folded, "actions")
    sent = [one["decision_id"] for one in decisions if one["outcome"] == "sent"]
    assert sent == [one["decision_id"] for one in actions]
    assert len({one["decision_id"] for one in decisions}) == len(decisions)
    assert len({one["action_id"] for one in actions}) == len(actions)
    for at, decision in enumerate(decisions):
        assert (decision["outcome"] == "sent") == (decision["reason"] == "ALLOWED")
        if decision["outcome"] == "deferred":
            assert any(continues(family, decision, later) for later in decisions[at + 1 :]), decision
    for signal in (one for one in records(folded, "signals") if one["state"] == "raised"):
        asked = [
            one["rule"] for one in decisions
            if (one["member_id"], one["at_us"]) == (signal["member_id"], signal["at_us"])
            and one["detail"].get("subject") == signal["detail"]["cart_id"]
        ]  # fmt: skip
        assert {rule.id for rule in PROGRAM.rules} <= set(asked)


def continues(family: Family, decision: Record, later: Record) -> bool:
    """Say whether a decision is about the same as one before it; a cleared signal's names only its rule."""
    subject = later["detail"].get("subject", decision["detail"]["subject"])
    return (later["rule"], subject) == (decision["rule"], decision["detail"]["subject"]) and family.same(
        later["member_id"], decision["member_id"], later["at_us"]
    )
