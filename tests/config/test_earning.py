"""The section `earn`: what is accepted, and what is refused with line, place and remedy."""
# ruff: noqa: E501  # a message is one line, and so is its row

from pathlib import Path

import pytest

from config.compatibility import dump_program, parse_program
from config.earning import EarnRule
from config.earning_checks import earn_errors
from config.loader import ProgramError, load_program
from schemas.events import EVENT_TYPES
from tests.config.samples import SMALLEST, plain, program

SPEND = "id: spend, on: purchase, currency: points, points: 1, per: {amount: 100, currency: EUR}"
VISIT = "id: visit, on: store_visit, currency: points, points: 5"
EARNS = "activity, app_session, call, cart_change, chat_turn, consent, invoice, member_update, offer_grant, page_view, payment_promise, preference, product_view, purchase, store_visit, subscription, survey_answer, ticket, workout"
TYPES = ", ".join(sorted([*EVENT_TYPES, "workout"]))
BONUS = "a rule for purchase in points that is no bonus and in no group with one"

# one rule, or two | place and message; the first rule stands in line 8, the second in line 9
WRONG = [
    ("id: a, on: purchse, currency: points, points: 1", f"8: earn.0.on: found 'purchse'; expected an event type that earns: {EARNS} (did you mean 'purchase'?)"),
    ("id: a, on: redeem, currency: points, points: 1", f"8: earn.0.on: found 'redeem'; expected an event type that earns: {EARNS}"),
    ("id: a, on: store_visit, currency: stars, points: 1", "8: earn.0.currency: found 'stars'; expected a currency declared in `currencies`: points"),
    ("id: a, on: store_visit, currency: points", "8: earn.0: found 'a'; expected `points`, or `bonus`"),
    ("id: a, on: store_visit, currency: points, points: 0", "8: earn.0.points: found 0; expected a whole number from 1 to 1000000000000"),
    ("id: a, on: purchase, currency: points, points: 5", "8: earn.0.points: found 5; expected `per`, `per_quantity` or `minimum` beside it: an order of 0.00 would earn points"),
    (f"{SPEND}, per_quantity: 2", "8: earn.0.per_quantity: found 2; expected `per` or `per_quantity`, not both"),
    (f"{VISIT}, per_quantity: 2", "8: earn.0.per_quantity: found 2; expected an event that has pieces: activity, purchase"),
    (f"{VISIT}, per: {{amount: 0, currency: EUR}}", "8: earn.0.per.amount: found 0; expected a whole number from 1 to 1000000000000000"),
    (f"{VISIT}, per: {{amount: 1, currency: EUR}}", "8: earn.0.per: found a mapping; expected an event that has a total: invoice, purchase"),
    (f"{VISIT}, minimum: {{amount: 1, currency: EUR}}", "8: earn.0.minimum: found a mapping; expected an event that has a total: invoice, purchase"),
    (f"{SPEND}, minimum: {{amount: 1, currency: GBP}}", "8: earn.0.minimum.currency: found 'GBP'; expected 'EUR', the currency of `per`"),
    ("id: a, on: purchase, currency: points, points: 1, per: {amount: 5000, currency: EUR}, rounding: up", "8: earn.0.rounding: found 'up'; expected `minimum` of at least 50 beside it, or another rounding: the smallest amount would earn more than 100 times its rate"),
    (f"{VISIT}, exclude: {{skus: [a]}}", "8: earn.0.exclude: found a mapping; expected an event that has lines: purchase"),
    (f"{SPEND}, exclude: {{}}", "8: earn.0.exclude: found a mapping; expected `categories`, `skus` or both"),
    (f"{SPEND}, exclude: {{categories: [a]}}, rates: [{{points: 2, categories: [b, a]}}]", "8: earn.0.rates.0.categories.1: found 'a'; expected a category that `exclude` does not name"),
    (f"{VISIT}, rates: [{{points: 2, categories: [a]}}]", "8: earn.0.rates.0.categories: found a list; expected an event that has lines: purchase"),
    (f"{VISIT}, rates: [{{points: 2, tiers: [gold]}}]", "8: earn.0.rates.0.tiers.0: found 'gold'; expected a tier declared in `tiers.levels`: there is none"),
    (f"{VISIT}, when: tier == 'gold'", '8: earn.0.when: found "gold" at character 9; expected one of tier: there is none'),
    (f"{VISIT}, rates: [{{points: 2, channels: [a]}}]", "8: earn.0.rates.0.channels: found a list; expected an event that has a `channel`"),
    (f"{SPEND}, rates: [{{points: 2}}]", "8: earn.0.rates.0: found a mapping; expected `tiers`, `categories`, `stores`, `channels` or `when`"),
    (f"{SPEND}, rates: [{{points: 2, stores: [a, b]}}, {{points: 3, stores: [b], channels: [app]}}]", "8: earn.0.rates.1: found a mapping; expected something that rates.0, which comes first, does not cover already"),
    ("id: a, on: purchase, currency: points, points: 1, minimum: {amount: 1, currency: EUR}, rates: [{points: 2, categories: [a]}]", "8: earn.0.rates.0.categories: found a list; expected `per` or `per_quantity` beside it: lines are not counted here"),
    (f"{VISIT}, when: stor == 'a'", "8: earn.0.when: found 'stor' at character 1; expected a name: attribute.NAME, date, day, hour, known, lat, lon, month, purchases, store, tier, time, weekday, year (did you mean 'store'?)"),
    (f"{VISIT}, rates: [{{points: 2, when: store}}]", "8: earn.0.rates.0.when: found store at character 1; expected a condition, such as a comparison"),
    (f"{VISIT}, between: [{{from: 2026-12-24, to: 2026-12-01}}]", "8: earn.0.between.0.to: found '2026-12-01'; expected a moment after `from`, which is 2026-12-24"),
    (f"{VISIT}, between: [{{from: 2026-12-24T10:00, to: 2026-12-24T10:00}}]", "8: earn.0.between.0.to: found '2026-12-24T10:00'; expected a moment after `from`, which is 2026-12-24T10:00"),
    (f"{VISIT}, between: [{{from: 2026-12-32, to: 2027-01-01}}]", "8: earn.0.between.0.from: found '2026-12-32'; expected a day such as 2026-06-01, or one with a time such as 2026-06-01T10:00"),
    (f"{VISIT}, between: [{{from: 2026-02-30, to: 2027-01-01}}]", "8: earn.0.between.0.from: found '2026-02-30'; expected a day such as 2026-06-01, or one with a time such as 2026-06-01T10:00"),
    (f"{VISIT}, between: [{{from: 2026-12-01, to: 2026-12-24}}, {{from: 2026-12-24, to: 2026-12-31}}]", "8: earn.0.between.1: found a mapping; expected a window that does not overlap between.0"),
    (f"{VISIT}, hours: [{{from: 10:00, to: 10:00}}]", "8: earn.0.hours.0.to: found '10:00'; expected another time than `from`"),
    (f"{VISIT}, hours: [{{days: [sunday], from: 22:00, to: 02:00}}, {{days: [monday], from: 01:00, to: 03:00}}]", "8: earn.0.hours.1: found a mapping; expected hours that do not overlap hours.0"),
    (f"{VISIT}, hours: [{{days: [sun], from: 22:00, to: 02:00}}]", "8: earn.0.hours.0.days.0: found 'sun'; expected 'monday' or 'tuesday' or 'wednesday' or 'thursday' or 'friday' or 'saturday' or 'sunday'"),
    (f"{VISIT}, first: 1, every: 2", "8: earn.0.every: found 2; expected `first` or `every`, not both"),
    (f"{VISIT}, every: 1", "8: earn.0.every: found 1; expected a whole number from 2 to 1000000"),
    (f"{VISIT}, caps: [{{points: 5}}]", "8: earn.0.caps.0: found a mapping; expected `period` or `rolling`, one of them"),
    (f"{VISIT}, caps: [{{points: 5, times: 1, period: day}}]", "8: earn.0.caps.0: found a mapping; expected `points` or `times`, one of them"),
    (f"{VISIT}, caps: [{{points: 5, period: day}}, {{times: 5, period: day}}, {{points: 9, period: day}}]", "8: earn.0.caps.2: found a mapping; expected another period than caps.0"),
    (f"{VISIT}, caps: [{{points: 5, rolling: 1 day}}]", "8: earn.0.caps.0.rolling: found '1 day'; expected a duration such as 90s, 15m, 2h, 7d or 4w"),
    (f"{VISIT}, group: a", "8: earn.0.group: found 'a'; expected `stacking: best` beside it"),
    (f"{VISIT}, hold: {{}}", "8: earn.0.hold: found a mapping; expected `delay`, `until` or `event`, one of them"),
    (f"{VISIT}, hold: {{delay: 5 days}}", "8: earn.0.hold.delay: found '5 days'; expected a delay such as 36h, 5d, 4w or 10mo"),
    (f"{VISIT}, hold: {{delay: 121mo}}", "8: earn.0.hold.delay: found '121mo'; expected a delay of at most 120mo"),
    (f"{VISIT}, hold: {{until: 2026-06-01, rounding: up}}", "8: earn.0.hold.rounding: found 'up'; expected `delay` beside it"),
    (f"{VISIT}, hold: {{event: purchse}}", f"8: earn.0.hold.event: found 'purchse'; expected an event type: {TYPES} (did you mean 'purchase'?)"),
    (f"{VISIT}, expires_after: 5d, hold: {{delay: 5d}}", "8: earn.0.hold.delay: found '5d'; expected less than the points live: they would expire as they are released"),
    (f"{VISIT}, hold: {{event: purchase, releases: quantity}}", "8: earn.0.hold.releases: found 'quantity'; expected an `event` with a quantity: an activity"),
    (f"{SPEND}\n  id: a, on: purchase, currency: points, points: 5, bonus: {{percent: 100}}", "9: earn.1.points: found 5; expected `points` or `bonus`, not both: a bonus takes points from other rules"),
    ("id: a, on: purchase, currency: points, bonus: {percent: 100}", f"8: earn.0.bonus: found a mapping; expected {BONUS}: there is none"),
    (f"{SPEND}\n  id: a, on: purchase, currency: points, bonus: {{percent: 100, of: [spand]}}", f"9: earn.1.bonus.of.0: found 'spand'; expected {BONUS}: spend"),
    (f"{SPEND}\n  id: a, on: purchase, currency: points, bonus: {{percent: 100, of: [spend, spend]}}", "9: earn.1.bonus.of.1: found 'spend'; expected each rule once"),
    (f"{SPEND}, stacking: best\n  id: a, on: purchase, currency: points, stacking: best, bonus: {{percent: 100}}", f"9: earn.1.bonus: found a mapping; expected {BONUS}: there is none"),
    (f"{SPEND}\n  id: a, on: purchase, currency: points, bonus: {{percent: 100}}, when: line.amount > 5", "9: earn.1.when: found 'line.amount > 5'; expected a condition without `line.`: a bonus looks at whole events"),
    (f"{VISIT}\n  {VISIT}", "9: earn.1.id: found 'visit'; expected each name once; earn.0.id has this one already"),
]  # fmt: skip


def problems_of(tmp_path: Path, rules: str) -> list[str]:
    """What the loader says against a program with these rules, one a line."""
    path = tmp_path / "kiosk.yaml"
    lines = [f"  - {{{rule.strip()}}}" for rule in rules.splitlines()]
    path.write_text(f"{SMALLEST}activities: [workout]\nearn:\n" + "\n".join(lines), encoding="utf-8")
    try:
        load_program(path)
    except ProgramError as error:
        return [str(problem).removeprefix(f"{path}:") for problem in error.problems]
    return []


@pytest.mark.parametrize(("rules", "message"), WRONG)
def test_a_rule_that_means_nothing_is_refused(tmp_path: Path, rules: str, message: str) -> None:
    """With its line, its place, what was found and what is accepted; nothing else is said."""
    assert [message] == problems_of(tmp_path, rules)


def test_an_expression_is_pointed_at(tmp_path: Path) -> None:
    """The line and column of a condition are those of its value."""
    path = tmp_path / "kiosk.yaml"
    path.write_text(f"{SMALLEST}earn:\n  - {{{VISIT},\n     when: stre == 'a'}}\n", encoding="utf-8")

    with pytest.raises(ProgramError) as caught:
        load_program(path)

    assert [
        (problem.line, problem.column, problem.found) for problem in caught.value.problems
    ] == [(8, 12, "'stre' at character 1")]  # fmt: skip


def test_a_tier_must_be_declared_where_tiers_are() -> None:
    """In rates and in conditions."""
    rule = f"{SPEND}, rates: [{{points: 2, tiers: [gold, gald]}}], when: tier == 'silvr'"
    data = plain(f"tiers: {{levels: [{{id: gold}}, {{id: silver}}]}}\nearn: [{{{rule}}}]")

    found = [(error["loc"], error["input"]) for error in earn_errors(data)]
    assert found == [(("earn", 0, "rates", 0, "tiers", 1), "gald"), (("earn", 0, "when"), "silvr")]


def test_all_problems_of_a_file_come_at_once(tmp_path: Path) -> None:
    """A rule of the wrong shape does not hide what another one means."""
    rules = f"{VISIT}, first: 1, every: 2\n id: b, on: store_visit, currency: stars, ponts: 1"

    assert [
        ": ".join(problem.split(": ")[:2]) for problem in problems_of(tmp_path, rules)
    ] == ["8: earn.0.every", "9: earn.1.currency", "9: earn.1.ponts"]  # fmt: skip


def test_a_program_written_out_is_the_same_program() -> None:
    """Every kind of rule, delays and windows too."""
    written = program(f"""
        earn:
          - {{{SPEND}, hold: {{delay: 10mo, rounding: up}}, rates: [{{points: 2, stores: [a]}}], expires_after: 400d}}
          - {{{VISIT}, between: [{{from: 2026-12-01, to: 2026-12-24T10:00}}], hours: [{{from: 10:00, to: 11:00}}],
             caps: [{{points: 5, rolling: 1d}}], budget: {{points: 5}}, birthday: {{}}, hold: {{event: purchase}}}}
        """)

    assert written == parse_program(dump_program(written))


def test_the_simple_rule_needs_no_more_than_it_did() -> None:
    """Everything beside what it gives for which money has a default."""
    rule = program(f"earn: [{{{SPEND}}}]").earn[0]

    assert EarnRule(id="spend", on="purchase", currency="points", points=1, per=rule.per) == rule
