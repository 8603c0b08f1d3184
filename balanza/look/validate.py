"""`balanza validate`: is a program file fine, and if not, everything that is wrong with it."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from balanza.output import WRONG_USAGE, AsJson, console, facts, print_json
from config.loader import ProgramError, load_program
from config.program import Program

File = Annotated[Path, typer.Argument(metavar="PROGRAM", help="The program, a YAML file (docs/program.md).")]


def validate(file: File, as_json: AsJson = False) -> None:
    """Check a program file: every problem at once, with its line.

    Example: balanza validate config/programs/corner_shop.yaml
    """
    try:
        program = load_program(file)
    except ProgramError as error:
        if as_json:
            print_json({"fine": False, "file": str(file), "problems": [asdict(problem) for problem in error.problems]})
        else:
            count = f"{len(error.problems)} problem{'s' if len(error.problems) > 1 else ''}"
            typer.echo(f"{error}\nError: {count}; mend {file} and check again.", err=True)
        raise typer.Exit(WRONG_USAGE) from error
    parts = summary(program)
    if as_json:
        print_json({"fine": True, "file": str(file), "problems": [], "program": parts})
        return
    console().print(f"{file} is fine.")
    words = ((name, ", ".join(value) or "none" if isinstance(value, list) else value) for name, value in parts.items())
    console().print(facts(words))


def summary(program: Program) -> dict[str, object]:
    """What the program holds, by name."""
    quiet = program.quiet_hours
    return {
        "program": program.program,
        "version": str(program.version),
        "time_zone": program.time_zone,
        "identifiers": list(program.identity.identifiers),
        "currencies": list(program.currencies),
        "earn": [rule.id for rule in program.earn],
        "tiers": [] if program.tiers is None else [level.id for level in program.tiers.levels],
        "offers": list(program.offers),
        "rewards": list(program.rewards),
        "signals": [signal.id for signal in program.signals],
        "channels": list(program.channels),
        "purposes": list(program.purposes),
        "rules": [rule.id for rule in program.rules],
        "templates": list(program.templates),
        "caps": [cap.id for cap in program.caps],
        "quiet_hours": None if quiet is None else f"{quiet.start} to {quiet.end}",
        "activities": list(program.activities),
    }
