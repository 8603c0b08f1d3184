"""Which currencies of a program the SQL can recompute, and what it does not know of the others.

Whatever a program says that is not listed here counts as unknown: a feature that is added to the ledger makes its
currency "not recomputed" until the SQL has learned it, never silently equal.
"""

from typing import Any, Final

from config.program import Program

EARN_KNOWN: Final = frozenset({"id", "on", "currency", "points", "per", "rounding"})
CURRENCY_KNOWN: Final = frozenset({"name"})
WITHOUT_POINTS: Final = frozenset({
    "program", "version", "time_zone", "identity", "currencies", "activities", "earn", "signals", "channels",
    "purposes", "rules", "templates", "caps", "quiet_hours", "retention", "limits",
})  # fmt: skip


def unknown_features(program: Program) -> dict[str, list[str]]:
    """By currency, in the program's order, what the SQL does not know; an empty list is a currency it recomputes."""
    missing: dict[str, list[str]] = {name: [] for name in program.currencies}
    for name, currency in program.currencies.items():
        missing[name] += [f"currencies.{name}.{key}" for key in _said(currency) if key not in CURRENCY_KNOWN]
    for rule in program.earn:
        missing[rule.currency] += [f"earn.{rule.id}.{key}" for key in _said(rule) if key not in EARN_KNOWN]
    everywhere = [key for key in _said(program) if key not in WITHOUT_POINTS]
    for name in missing:
        missing[name] += everywhere
    return missing


def _said(section: Any) -> list[str]:  # noqa: ANN401  any section of a program
    """The keys of a section that say something else than their default."""
    return [
        name for name, field in type(section).model_fields.items()
        if getattr(section, name) != field.get_default(call_default_factory=True)
    ]  # fmt: skip
