"""Tiers, offers and rewards that cannot be meant are refused at start, with file and line."""

from pathlib import Path

import pytest

from config.loader import ProgramError, load_program
from tests.config.samples import SMALLEST

HEAD = """
tiers:
  period: calendar_year
  measures: {spend: {of: spend, money: EUR}, visits: {of: visits}}
  levels:
"""
SILVER = "    - {id: silver, name: Silver, needs: {spend: 100}}\n"

# What stands in the file behind the smallest program (whose last line is 5), and the message that must come of it.
WRONG = [
    (HEAD + SILVER + "    - {id: gold, name: Gold, needs: {spend: 100}}\n",
     "11: tiers.levels.1.needs.spend: found 100; expected more than the 100 of tiers.levels.0: tiers rise"),
    (HEAD + SILVER + "    - {id: gold, name: Gold, needs: {spend: 50}}\n",
     "11: tiers.levels.1.needs.spend: found 50; expected more than the 100 of tiers.levels.0: tiers rise"),
    (HEAD + SILVER + "    - {id: gold, name: Gold, needs: {visits: 5}}\n",
     ("11: tiers.levels.1.needs: found a mapping; expected a measure that tiers.levels.0 needs as well, so that one "
      "is above the other")),
    (HEAD + SILVER + "    - {id: gold, name: Gold}\n",
     ("11: tiers.levels.1: found a mapping; expected `needs`, `lifetime` or `plan`: only the first tier may need "
      "nothing")),
    (HEAD + SILVER + "    - {id: silver, name: Gold, needs: {spend: 200}}\n",
     "11: tiers.levels.1.id: found 'silver'; expected each name once; tiers.levels.0.id has this one already"),
    (HEAD + "    - {id: silver, name: Silver, needs: {spent: 100}}\n",
     "10: tiers.levels.0.needs.spent: found 'spent'; expected one of `measures`: spend, visits"),
    (HEAD + "    - {id: silver, name: Silver, plan: p}\n    - {id: gold, name: Gold, plan: p}\n",
     "11: tiers.levels.1.plan: found 'p'; expected a plan of its own; tiers.levels.0 has this one already"),
    (HEAD + "    - {id: silver, name: Silver, rewards: [cake]}\n",
     "10: tiers.levels.0.rewards.0: found 'cake'; expected one of `rewards`: there is none"),
    ("tiers:\n  period: rolling\n  measures: {miles: {of: points}}\n  levels: [{id: a, name: A}]\n",
     "8: tiers.measures.miles: found a mapping; expected `currency` beside `of: points`"),
    ("tiers:\n  period: rolling\n  measures: {miles: {of: points, currency: miles}}\n  levels: [{id: a, name: A}]\n",
     "8: tiers.measures.miles.currency: found 'miles'; expected a currency declared in `currencies`: points"),
    ("rewards:\n  cake: {name: Cake, from: 2026-03-01, to: 2026-02-01}\n",
     "7: rewards.cake.to: found '2026-02-01'; expected a moment after `from`, which is 2026-03-01"),
    ("rewards:\n  cake: {name: Cake, from: 2026-02-30}\n",
     ("7: rewards.cake.from: found '2026-02-30'; expected a day such as 2026-06-01, or one with a time such as "
      "2026-06-01T10:00")),
    ("rewards:\n  cake: {name: Cake, cost: {currency: stars, points: 5}}\n",
     "7: rewards.cake.cost.currency: found 'stars'; expected a currency declared in `currencies`: points"),
    ("rewards:\n  cake: {name: Cake, tiers: [gold]}\n",
     "7: rewards.cake.tiers.0: found 'gold'; expected a tier of `tiers.levels`: there is none"),
    ("rewards:\n  cake: {name: Cake, cost: {currency: points, points: 5, by_tier: {gold: 4}}}\n",
     "7: rewards.cake.cost.by_tier.gold: found 'gold'; expected a tier of `tiers.levels`: there is none"),
    ("offers:\n  deal: {name: Deal, goal: {kind: count, at_least: 1}, reward: {voucher: cake}}\n",
     "7: offers.deal.reward.voucher: found 'cake'; expected one of `rewards`: there is none"),
    ("offers:\n  deal: {name: Deal, goal: {kind: count, at_least: 1}, reward: {points: 5}}\n",
     "7: offers.deal.reward: found a mapping; expected `currency` and `points`, or `voucher`"),
    ("offers:\n  deal: {name: Deal, goal: {kind: amount, at_least: 1}}\n",
     "7: offers.deal.goal: found a mapping; expected `money` beside `kind: amount`"),
    ("offers:\n  deal: {name: Deal, granted: on_event, goal: {kind: count, at_least: 1}}\n",
     "7: offers.deal: found a mapping; expected `on` beside `granted: on_event`"),
    ("offers:\n  deal: {name: Deal, every: week, goal: {kind: count, at_least: 1}}\n",
     "7: offers.deal.every: found 'week'; expected `granted: automatically` beside it"),
    ("offers:\n  deal: {name: Deal, lasts: 7d, goal: {kind: streak, at_least: 9}}\n",
     "7: offers.deal.goal.at_least: found 9; expected at most 8: a window has no more days"),
    ("offers:\n  deal: {name: Deal, granted: automatically, every: month, goal: {kind: streak, at_least: 32}}\n",
     "7: offers.deal.goal.at_least: found 32; expected at most 31: a window has no more days"),
    ("offers:\n  deal: {name: Deal, granted: automatically, lasts: 1d, goal: {kind: count, at_least: 1}}\n",
     "7: offers.deal.lasts: found '1d'; expected `from` and `to`, or `every`: nothing is granted to last from"),
    ("offers:\n  deal: {name: Deal, from: 2026-03-01T10:00, to: 2026-03-01T09:00, goal: {kind: count, at_least: 1}}\n",
     "7: offers.deal.to: found '2026-03-01T09:00'; expected a moment after `from`, which is 2026-03-01T10:00"),
    ("offers:\n  deal: {name: Deal, goal: {kind: count, at_least: 1, when: totl > 5}}\n",
     "7: offers.deal.goal.when: found 'totl > 5'; expected at character 1"),
    ("offers:\n  deal: {name: Deal, goal: {kind: count, at_least: 1, when: line.amount > 5}}\n",
     ("7: offers.deal.goal.when: found 'line.amount > 5'; expected a condition without `line.`; `categories` picks "
      "lines")),
    ("offers:\n  deal: {name: Deal, goal: {kind: count, at_least: 1, events: [call, run], when: known}}\n",
     "7: offers.deal.goal.when: found 'known'; expected one event in `events` beside it, whose names it uses"),
    ("rewards:\n  cake: {name: Cake, when: total > 5}\n",
     "7: rewards.cake.when: found 'total > 5'; expected at character 1"),
]  # fmt: skip


@pytest.mark.parametrize(("extra", "expected"), WRONG)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, extra: str, expected: str) -> None:
    """Each with the line it stands in, what was found and what is accepted."""
    path = tmp_path / "kiosk.yaml"
    path.write_text(SMALLEST.strip() + "\n\n" + extra.lstrip("\n"), encoding="utf-8")
    with pytest.raises(ProgramError) as caught:
        load_program(path)
    (said,) = str(caught.value).splitlines()
    assert said.startswith(f"{path}:{expected}")
