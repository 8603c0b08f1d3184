"""A member's tier, perks, vouchers, offers and challenges, as a person reads them."""

from collections.abc import Iterator, Sequence

from balanza.look.surface import Document, OfferShown, TierShown, VoucherShown

DAY = len("2026-01-01")


def standing_facts(document: Document) -> Iterator[tuple[str, object]]:
    """(name, value) of what the document says of a member's standing; nothing of what it does not have."""
    if document.tier is not None:
        yield from _tier(document.tier)
    for voucher in document.vouchers:
        yield "voucher", _voucher(voucher)
    yield from _offers("offer", document.offers)
    yield from _offers("challenge", document.challenges)


def _tier(tier: TierShown) -> Iterator[tuple[str, object]]:
    until = "" if tier.until is None else f" until {tier.until[:DAY]}, then {tier.projected or 'none'}"
    yield "tier", f"{tier.name or 'none'}{until}"
    if tier.next is not None:
        missing = tier.next["missing"]
        assert isinstance(missing, dict)
        joined = " and " if tier.next["match"] == "all" else " or "
        ways = [joined.join(f"{least:,} {measure}" for measure, least in missing.items() if least)]
        ways += [f"the plan {tier.next['plan']}"] if tier.next["plan"] is not None else []
        yield "next tier", f"{tier.next['name']}: {' or '.join(way for way in ways if way)}"
    for perk in tier.perks:
        of = "" if perk["quantity"] is None else f" of {perk['quantity']} a {perk['per']}"
        yield "perk", f"{perk['perk']}: {perk['used']}{of} used"


def _voucher(voucher: VoucherShown) -> str:
    until = "" if voucher.expires_at is None else f" until {voucher.expires_at[:DAY]}"
    return f"{voucher.name}, {voucher.code}{until}"


def _offers(kind: str, offers: Sequence[OfferShown]) -> Iterator[tuple[str, object]]:
    for one in offers:
        if one.completed_at is not None:
            yield kind, f"{one.name}: completed {one.completed_at[:DAY]}"
        else:
            until = "" if one.until is None else f" until {one.until[:DAY]}"
            yield kind, f"{one.name}: {one.progress:,} of {one.goal:,}{until}"
