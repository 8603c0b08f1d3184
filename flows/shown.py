"""What surfaces show of a member's tier, rewards, vouchers, offers and challenges.

Made from the member's state alone, as of its last change, by the functions with which the machines decide. Stock is
not a member's: a reward that has run out is still shown, and refused when it is asked for.
"""

from config.program import Program
from flows.earned import facts_of
from flows.ledger.challenges import Challenges
from flows.ledger.days import member_zone
from flows.ledger.goals import THOUSANDTHS, goal_value
from flows.ledger.reach import NOWHERE
from flows.ledger.rewards import Rewards
from flows.ledger.tiers import Tiers
from schemas.standing import Instance, Standing
from schemas.states import Member
from sinks.document import EPOCH, MICROSECOND, Json, PartsOf

Lists = dict[str, list[Json]]


def standing_parts(program: Program) -> PartsOf | None:
    """Give what makes these parts of a document; None for a program without them."""
    if program.tiers is None and not program.offers and not program.rewards:
        return None
    rewards = Rewards(program, b"", None, facts_of)
    tiers = None if program.tiers is None else Tiers(program, rewards)
    offers = Challenges(program, rewards)

    def parts(member: Member) -> dict[str, Json]:
        return {
            "tier": None if tiers is None or (own := member.standing) is None else _tier(program, tiers, member, own),
            "rewards": _rewards(rewards, member),
            "vouchers": _vouchers(rewards, member),
            **_offers(program, offers, member),
        }

    return parts


def _at(at_us: int) -> Json:
    return EPOCH + at_us * MICROSECOND if at_us else None


def _tier(program: Program, tiers: Tiers, member: Member, standing: Standing) -> dict[str, Json]:
    """The tier, until when it holds if nothing more comes, and what is missing for the next."""
    reach, now_us = tiers.reach, member.updated_us
    local = member_zone(member, program.time_zone)
    rank = reach.rank(standing.tier)
    level = None if rank == NOWHERE else reach.levels[rank]
    sums = reach.sums(standing, reach.period(standing, now_us, local), local)
    until_us = reach.until_us(standing, rank, now_us, local)
    return {
        "tier": standing.tier,
        "name": None if level is None else level.name,
        "since": _at(standing.since_us),
        "until": _at(until_us),
        "projected": _projected(tiers, member, standing, rank, until_us),
        "progress": sums,
        "next": _next(tiers, rank, sums),
        "earn_percent": 100 if level is None else level.earn_percent,
        "perks": [] if level is None else [
            {
                "perk": perk.id, "quantity": perk.quantity, "per": perk.per,
                "used": standing.uses.get(perk.id, {}).get(tiers.perk_period(member, perk, now_us), 0),
            }
            for perk in level.perks
        ],
    }  # fmt: skip


def _projected(tiers: Tiers, member: Member, standing: Standing, rank: int, until_us: int) -> str | None:
    """The tier after this one, if nothing more comes; the same where it does not end."""
    if not until_us:
        return standing.tier
    target, _ = tiers.after(member, standing, rank, until_us)
    return None if target == NOWHERE else tiers.reach.levels[target].id


def _next(tiers: Tiers, rank: int, sums: dict[str, int]) -> dict[str, Json] | None:
    """The next tier that something can be done for, and how much of each measure is missing."""
    for level in tiers.reach.levels[rank + 1 :]:
        if level.needs or level.plan is not None:
            missing = {name: max(0, least - sums.get(name, 0)) for name, least in sorted(level.needs.items())}
            return {
                "tier": level.id, "name": level.name, "match": level.match, "missing": missing, "plan": level.plan
            }  # fmt: skip
    return None


def _rewards(rewards: Rewards, member: Member) -> list[Json]:
    """What is for sale to the member, in order of names, and whether it has the points."""
    tier = None if member.standing is None else member.standing.tier
    listed: list[Json] = []
    for name, reward in sorted(rewards.catalogue.items()):
        price = rewards.price(reward, tier)
        if price is None or reward.cost is None or rewards.hindrance(member, name, member.updated_us) is not None:
            continue
        account = member.books.accounts.get(reward.cost.currency)
        affordable = account is not None and account.available >= price
        listed.append({"reward": name, "name": reward.name, "currency": reward.cost.currency, "points": price,
                       "affordable": affordable})  # fmt: skip
    return listed


def _vouchers(rewards: Rewards, member: Member) -> list[Json]:
    """Vouchers that can be used, the one that ends first at the top."""
    issued = [
        (voucher.expires_us or 1 << 62, voucher_id, voucher) for voucher_id, voucher in member.vouchers.items()
        if voucher.state == "issued"
    ]  # fmt: skip
    return [
        {
            "voucher_id": voucher_id, "reward": voucher.reward,
            "name": rewards.catalogue[voucher.reward].name if voucher.reward in rewards.catalogue else voucher.reward,
            "code": voucher.code, "issued_at": _at(voucher.issued_us), "expires_at": _at(voucher.expires_us),
        }
        for _, voucher_id, voucher in sorted(issued, key=lambda one: one[:2])
    ]  # fmt: skip


def _offers(program: Program, offers: Challenges, member: Member) -> Lists:
    """Instances that are open or were completed, by the list that the program shows them in."""
    lists: Lists = {"offers": [], "challenges": []}
    now_us = member.updated_us
    found: dict[str, Instance] = {} if member.offers is None else dict(member.offers.instances)
    for name, offer in program.offers.items():
        opening = offers.windows.automatic(member, name, now_us) if offer.granted == "automatically" else None
        if opening is not None and opening[0] not in found:
            key, from_us, until_us = opening
            found[key] = Instance(name, from_us, until_us, "", "")
    for key, instance in sorted(found.items(), key=lambda one: (one[1].until_us or 1 << 62, one[0])):
        declared = program.offers.get(instance.offer)
        if declared is None or (instance.until_us and instance.until_us < now_us):
            continue
        scale = THOUSANDTHS if declared.goal.kind == "quantity" else 1
        reached, _ = offers.progress(instance)
        lists[f"{declared.shown_as}s"].append({
            "offer": instance.offer, "instance": key, "name": declared.name, "kind": declared.goal.kind,
            "progress": reached // scale, "goal": goal_value(declared.goal) // scale, "from": _at(instance.from_us),
            "until": _at(instance.until_us), "completed_at": _at(instance.done_us),
        })  # fmt: skip
    return lists
