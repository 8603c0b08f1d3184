"""What of a program the SQL recomputes, what it believes the run of, and what it cannot do.

Whatever a program says that is not listed here counts as unknown: a feature that is added to the ledger makes its
currency "not recomputed" until the SQL has learned it, never silently equal. Points of rules that ask for more than
money are believed, which is said; what became of them is recomputed all the same.
"""

from typing import Final

from msgspec import Struct

from balanza.reconcile.rules import ONE_EVENT, by_tier, is_plain, reckoned, said
from config.program import Program
from schemas.reasons import RefusalReason

PERCENT: Final = 100
EXPIRIES_KNOWN: Final = frozenset({"never", "days", "end_of_month", "yearly", "activity_extends"})
RULE_KNOWN: Final = ONE_EVENT | {"birthday", "first", "every", "once_a", "caps", "budget"}
CURRENCY_KNOWN: Final = frozenset({"name", "expiry", "warn_before", "late_cancel", "overdraw", "returns"})
TIERS_KNOWN: Final = frozenset({
    "period", "rolling_days", "keeps_periods", "grace", "downgrade", "soft_landing_percent", "returns", "measures",
    "levels",
})  # fmt: skip
LEVEL_KNOWN: Final = frozenset({
    "id", "name", "needs", "match", "lifetime", "earn_percent", "rewards", "perks",
})  # fmt: skip
MEASURE_KNOWN: Final = frozenset({"of", "currency", "qualifying_only", "money", "events"})
KNOWN: Final = frozenset({
    "program", "version", "time_zone", "identity", "currencies", "activities", "earn", "tiers", "offers", "rewards",
    "signals", "channels", "purposes", "rules", "templates", "caps", "quiet_hours", "alerts", "retention", "limits",
})  # fmt: skip
OF_THE_LEDGER: Final = frozenset({
    RefusalReason.INSUFFICIENT_BALANCE, RefusalReason.UNKNOWN_CURRENCY, RefusalReason.ALREADY_REDEEMED,
    RefusalReason.UNKNOWN_REDEMPTION, RefusalReason.ALREADY_ACCRUED, RefusalReason.RETURN_BEFORE_PURCHASE,
    RefusalReason.RETURN_BEYOND_ORDER, RefusalReason.CURRENCY_MISMATCH,
})  # fmt: skip
OF_THE_CATALOGUE: Final = [reason.value for reason in RefusalReason if reason not in OF_THE_LEDGER]


class Coverage(Struct):
    """`missing`: by currency what cannot be recomputed; `said`: by currency whose points are believed.

    `believed` are those rules by the name they have in postings, with whether a return takes their points back.
    `tiers` is what keeps tiers from being recomputed.
    """

    missing: dict[str, list[str]]
    said: dict[str, list[str]]
    believed: dict[str, bool]
    tiers: list[str] = []


def coverage_of(program: Program) -> Coverage:
    """Find out what of a program is recomputed."""
    everywhere = [key for key in said(program) if key not in KNOWN]
    covered = Coverage({}, {name: [] for name in program.currencies}, {})
    for name, currency in program.currencies.items():
        unknown = [key for key in said(currency) if key not in CURRENCY_KNOWN]
        if currency.expiry.policy not in EXPIRIES_KNOWN:
            unknown.append("expiry")
        covered.missing[name] = [*(f"currencies.{name}.{key}" for key in unknown), *everywhere]
    _cover_rules(program, covered)
    for name, offer in program.offers.items():
        if offer.reward is not None and offer.reward.currency is not None:
            covered.said[offer.reward.currency].append(f"offer.{name}")
            covered.believed[f"offer.{name}"] = offer.reward.returns == "with_order"
    for name in program.currencies if program.rewards else ():
        covered.said[name].append("what the catalogue of rewards refused")
    covered.tiers = list(dict.fromkeys([*everywhere, *_tiers_missing(program, covered)]))
    return covered


def _cover_rules(program: Program, covered: Coverage) -> None:
    decided = {one.number for one in reckoned(program)}
    for number, rule in enumerate(program.earn):
        if rule.expires_after is not None and program.currencies[rule.currency].expiry.policy == "never":
            covered.missing[rule.currency].append(f"earn.{rule.id}.expires_after")
        unknown = [key for key in said(rule) if key not in RULE_KNOWN]
        expires = program.currencies[rule.currency].expiry.policy != "never"
        if rule.hold is not None and rule.hold.releases != "all" and expires:
            unknown.append("hold.releases")
        covered.missing[rule.currency] += [f"earn.{rule.id}.{key}" for key in unknown]
        if not is_plain(rule, program):
            covered.believed[rule.id] = True
            if number not in decided:
                covered.said[rule.currency].append(rule.id)
    for level in program.tiers.levels if program.tiers is not None else ():
        if level.earn_percent > PERCENT:
            covered.believed[f"tier.{level.id}"] = True
    for name, rules in by_tier(program).items():
        covered.said[name].append(f"which tier a member had ({', '.join(rules)})")


def _tiers_missing(program: Program, covered: Coverage) -> list[str]:
    """What of a program's tiers cannot be recomputed."""
    tiers = program.tiers
    if tiers is None:
        return []
    missing = [f"tiers.{key}" for key in said(tiers) if key not in TIERS_KNOWN]
    for level in tiers.levels:
        missing += [f"tiers.levels.{level.id}.{key}" for key in said(level) if key not in LEVEL_KNOWN]
    for name, measure in tiers.measures.items():
        missing += [f"tiers.measures.{name}.{key}" for key in said(measure) if key not in MEASURE_KNOWN]
        missing += covered.missing.get(measure.currency or "", [])
        if measure.of != "points" and not program.identity.retroactive_earn:
            missing.append("identity.retroactive_earn")
    return missing
