"""Of which processes of a deployment some output folders are, and whose are missing to have everything."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from balanza.request import Role
from config.groups import parse_groups, show_groups
from flows.runtime.deployment import made_as

Facts = Mapping[str, str]

STITCHERS_PART = "the folder of `balanza stitch`: all events, rejected lines, every change of who is who"
WORKERS_PART = "the folder of `balanza members` with the groups {}: what was decided and posted for their members"


def parts_missing(facts: Iterable[Facts], groups: int) -> list[str]:
    """Whose folders are missing beside those made as `facts`, in words; none where one process does everything."""
    some = list(facts)
    roles = [fact.get("role", Role.RUN) for fact in some]
    if Role.STITCH not in roles and Role.MEMBERS not in roles:
        return []
    missing = [] if Role.STITCH in roles else [STITCHERS_PART]
    has: set[int] = set()
    for fact, role in zip(some, roles, strict=True):
        if role == Role.MEMBERS:
            has.update(parse_groups(fact["groups"], groups) if fact.get("groups") else ())
    if len(has) < groups:
        missing.append(WORKERS_PART.format(show_groups(set(range(groups)) - has)))
    return missing


def missing_beside(folders: Sequence[Path]) -> list[str]:
    """Whose folders are missing beside these."""
    return parts_missing([made_as(folder) for folder in folders], _groups_of(folders))


def _groups_of(folders: Sequence[Path]) -> int:
    """How many key groups the deployment has; a folder that says nothing belongs to one process."""
    for folder in folders:
        path = folder / "state" / "format.json"
        if path.exists():
            found: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
            return found.get("key_groups", 0)
    return 0


def export_command(member_id: str, folders: Sequence[Path], missing: int) -> str:
    """The command that writes an export with everything."""
    named = [*map(str, folders), *(f"FOLDER_{number}" for number in range(1, missing + 1))]
    return f"balanza export {member_id} " + " ".join(f"--out {folder}" for folder in named)
