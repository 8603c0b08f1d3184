"""How a machine says that an accepted event did not do what its sender meant."""

from schemas.reasons import RefusalReason
from schemas.records import PointsRefused
from schemas.states import Member
from schemas.stitched import Cause, Emit


def refuse(
    member: Member, kind: str, reason: RefusalReason, cause: Cause, emit: Emit, about: str,
    currency: str | None = None, points: int | None = None,
) -> None:  # fmt: skip
    """Record a refusal; `about` names what was refused (a reward, a voucher, an offer, a perk) and tells it apart."""
    emit.refusals.append(
        PointsRefused(
            f"{cause.key}:{kind}:{about}", member.member_id, cause.log_us, kind, reason, currency, points, about,
            cause.source, cause.id,
        )
    )  # fmt: skip
