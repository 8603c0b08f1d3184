"""`balanza state`: what a folder holds, and moving key groups from one member worker to another."""

import os
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import orjson
import typer

from balanza.look.places import Out, chosen
from balanza.output import print_json
from balanza.request import Role
from config.groups import GroupsError, parse_groups, show_groups
from config.settings import Settings, SettingsError
from connectors.stitched.progress import StitchedProgress
from flows.moving import (
    MOVED,
    MOVING,
    REST,
    Count,
    Rest,
    Worker,
    copy_rows,
    decode_moved,
    decode_rest,
    drop_rows,
    left,
    moved_state,
    open_store,
    received,
)
from flows.runtime.deployment import Deployment, DeploymentRefused
from flows.runtime.store import CheckpointMissing
from sinks.surface_moving import copy_surfaces, drop_surfaces

WRONG_USAGE = 2
HAVE_GROUPS = "member worker's folder, made by `balanza members`"

state = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode=None, help="Look at and move the state of workers.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)  # fmt: skip

Giver = Annotated[Path, typer.Option("--from", help="The --out folder of the worker that has the groups.")]
Receiver = Annotated[Path, typer.Option("--to", help="The --out folder of the worker that gets them; made if missing.")]
Moving = Annotated[str, typer.Option("--groups", "-g", help="The groups that move: 85-127, or several with commas.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print what was moved as JSON.")]


@state.command()
def move(giver: Giver, receiver: Receiver, groups: Moving, as_json: AsJson = False) -> None:
    """Move key groups with their members from one worker to another, to run on more or fewer workers.

    Both workers must have been stopped cleanly (SIGTERM, or the end of a bounded run). Start them afterwards with the
    --groups that they have then. A move that was cut short is made again with the same command.

    Example: balanza state move --from out/members-0 --to out/members-2 --groups 85-127
    """
    try:
        settings = Settings.from_environment(os.environ)
        wanted = parse_groups(groups, settings.key_groups)
        count, giver_has, receiver_has = _move(giver, receiver, wanted, settings.key_groups)
    except (SettingsError, GroupsError, DeploymentRefused, CheckpointMissing) as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(WRONG_USAGE) from error
    if as_json:
        print_json({"groups": show_groups(wanted), "members": count.members, "timers": count.timers,
                    "waiting": count.held, "from_has": giver_has, "to_has": receiver_has})
        return
    typer.echo(f"Moved groups {show_groups(wanted)}: {count.members:,} members, {count.timers:,} timers, "
               f"{count.held:,} held for hand-overs.")
    typer.echo(f"Start them with: {giver} --groups {giver_has or '(none left)'}; {receiver} --groups {receiver_has}")


@state.command()
def show(out: Out = None, as_json: AsJson = False) -> None:
    """Show what a folder was made as, and where a worker at rest stands.

    Example: balanza state show --out out/members-0
    """
    folder = chosen(out)
    try:
        facts = _shown(folder)
    except DeploymentRefused as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(WRONG_USAGE) from error
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        typer.echo(f"{name:<12}{value}")


def _shown(folder: Path) -> dict[str, object]:
    """Read only what is noted, so that it may be asked while a worker runs."""
    notes = {name: folder / "state" / name for name in ("made_as.json", "format.json", REST, MOVED, MOVING)}
    if not notes["format.json"].exists():
        raise DeploymentRefused(f"{folder} holds no state; expected the --out folder of a run")
    facts: dict[str, object] = {"folder": str(folder)}
    for name in ("made_as.json", "format.json"):
        if notes[name].exists():
            facts |= orjson.loads(notes[name].read_bytes())
    facts["at_rest"] = notes[REST].exists()
    moved = decode_moved(notes[MOVED].read_bytes()).progress if notes[MOVED].exists() else None
    stands = decode_rest(notes[REST].read_bytes()).progress if notes[REST].exists() else None
    if moved is not None and (stands is None or moved.moves > stands.moves):
        stands = moved
    if stands is not None:
        facts |= {"steps_applied": stands.applied, "moves": stands.moves}
    if notes[MOVING].exists():
        facts["move_cut_short"] = notes[MOVING].read_text()
    return facts


def _move(giver: Path, receiver: Path, wanted: tuple[int, ...], groups: int) -> tuple[Count, str, str]:
    if giver.resolve() == receiver.resolve():
        raise DeploymentRefused(f"--from and --to are both {giver}; expected two workers")
    if not (giver / "state").is_dir():
        raise DeploymentRefused(f"{giver} is no {HAVE_GROUPS}")
    with ExitStack() as open_folders:
        source = Deployment(giver, fresh=False, groups=groups)
        open_folders.callback(source.release)
        target = Deployment(receiver, fresh=False, groups=groups)
        open_folders.callback(target.release)
        intent = f"{giver.resolve()} {receiver.resolve()} {show_groups(wanted)}".encode()
        _check_intent(source, target, intent)
        again = source.noted(MOVING) is not None
        _check_ownership(source, target, wanted, groups, again=again)
        _adopt_identity(source, target)
        one, other = _worker(source, groups), _worker(target, groups)
        if one.progress.topics and other.progress.topics and one.progress.topics != other.progress.topics:
            raise DeploymentRefused(f"{giver} and {receiver} read topics that are not the same")
        source.note(MOVING, intent)
        target.note(MOVING, intent)
        moved = _carry(source, target, one, other, wanted, groups)
        target.forget(MOVING)
        source.forget(MOVING)
        return moved, source.made_as["groups"], target.made_as["groups"]


def _check_intent(source: Deployment, target: Deployment, intent: bytes) -> None:
    for deployment in (source, target):
        found = deployment.noted(MOVING)
        if found is not None and found != intent:
            giver, receiver, groups = found.decode().rsplit(" ", 2)
            raise DeploymentRefused("a move was cut short here; make it again first: balanza state move "
                                    f"--from {giver} --to {receiver} --groups {groups}")


def _check_ownership(
    source: Deployment, target: Deployment, wanted: Collection[int], groups: int, *, again: bool
) -> None:  # fmt: skip
    facts = source.made_as
    if facts.get("role") != Role.MEMBERS:
        raise DeploymentRefused(f"{source.folder} is no {HAVE_GROUPS}")
    has = set(_groups(facts, groups))
    there = set(_groups(target.made_as, groups))
    if not set(wanted) <= (has | there if again else has):
        raise DeploymentRefused(f"{source.folder} has groups {facts.get('groups')}, not all of {show_groups(wanted)}")
    if set(wanted) & there and not again:
        raise DeploymentRefused(f"{target.folder} has groups {target.made_as.get('groups')} already")


def _adopt_identity(source: Deployment, target: Deployment) -> None:
    """Let a new folder be a worker of the same deployment; refuse one of another."""
    facts = {name: value for name, value in source.made_as.items() if name != "groups"}
    if not target.made_as:
        target.remember_made_as({**facts, "groups": ""})
    target.check_made_as(facts)
    program = source.stored_program()
    if target.stored_program() is None and program is not None:
        target.remember_program(program)
    if target.stored_program() != program:
        raise DeploymentRefused(f"{source.folder} and {target.folder} ran with programs that are not the same; run "
                                "both with one program first")


def _worker(deployment: Deployment, groups: int) -> Worker:
    """Where a worker stands; a new one stands nowhere."""
    packed = deployment.noted(REST)
    if packed is None and any(deployment.engine.iterdir()):
        raise DeploymentRefused(f"{deployment.folder} was not stopped cleanly; start it and stop it (SIGTERM), or run "
                                "it to the end once, then move")
    rest = Rest(0, StitchedProgress()) if packed is None else decode_rest(packed)
    ours = _groups(deployment.made_as, groups)
    return Worker(deployment.folder, ours, rest, moved_state(deployment))


def _groups(facts: dict[str, str], groups: int) -> tuple[int, ...]:
    return parse_groups(facts["groups"], groups) if facts.get("groups") else ()


def _carry(
    source: Deployment, target: Deployment, giver: Worker, receiver: Worker, wanted: tuple[int, ...], groups: int
) -> Count:  # fmt: skip
    """Write the groups into the receiver, then remove them from the giver."""
    goes_on, stays = received(receiver, giver, wanted, groups), left(giver, wanted, groups)
    from_store, to_store = open_store(giver), open_store(receiver)
    count = copy_rows(from_store, to_store, wanted, groups)
    copy_surfaces(source.folder, target.folder, wanted, groups)
    target.note(MOVED, receiver.note(to_store.checkpoint(), goes_on))
    target.remember_made_as({**target.made_as, "groups": show_groups({*receiver.ours, *wanted})})
    to_store.close()
    drop_rows(from_store, wanted, groups)
    source.note(MOVED, giver.note(from_store.checkpoint(), stays))
    drop_surfaces(source.folder, wanted, groups)
    source.remember_made_as({**source.made_as, "groups": show_groups(giver.ours - set(wanted))})
    from_store.close()
    return count
