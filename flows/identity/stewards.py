"""Who may join, part, forget and show people: the sources that `identity.stewards` of the program lists."""

import re

from config.program import Program
from schemas.decode import Rejected
from schemas.events import Event
from schemas.reasons import RejectReason

SHOWN = 5


class Stewards:
    """Judges senders of `alias`, `split`, `erase` and `export`."""

    def __init__(self, program: Program) -> None:
        listed = program.identity.stewards
        self._listed = listed or []
        texts = [".*".join(map(re.escape, source.split("*"))) for source in self._listed]
        self._is_one = None if listed is None else re.compile("|".join(texts), re.DOTALL).fullmatch

    def refusal(self, event: Event) -> Rejected | None:
        """Say why a source may not send what only stewards may; None if it may."""
        if self._is_one is None or self._is_one(event.source):
            return None
        more = f" and {len(self._listed) - SHOWN} more" if len(self._listed) > SHOWN else ""
        accepted = ", ".join(self._listed[:SHOWN]) + more
        kind = event.__struct_config__.tag
        detail = f"source: {kind} is for stewards, expected {accepted} (identity.stewards), found {event.source[:80]!r}"
        return Rejected(RejectReason.NOT_A_STEWARD, detail)
