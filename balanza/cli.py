"""`balanza`: one table of commands, each imported only when it is used, so that help is quick.

The line that help shows of a command stands here; a test holds that it is the first line of the command's docstring.
"""

from importlib import import_module
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup

from balanza import __version__

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 120}


class Command(NamedTuple):
    """Where a command is (a function, or a Typer with commands of its own) and what help says of it."""

    module: str
    attribute: str
    says: str


HEADINGS: dict[str, dict[str, Command]] = {
    "Run": {
        "run": Command(
            "balanza.run_command", "run",
            "Read events, recognise members, keep points, decide, and write warehouse, surfaces, outbox and dead letters.",  # noqa: E501
        ),
        "stitch": Command(
            "balanza.run_command", "stitch",
            "Read events from Kafka, recognise members, and hand their events to member workers.",
        ),
        "members": Command(
            "balanza.run_command", "members",
            "Keep points, signals and decisions for the members of some key groups, from what `balanza stitch` hands on.",  # noqa: E501
        ),
        "topics": Command(
            "balanza.topics_command", "topics",
            "Make the topics of a deployment on Kafka; those that are there stay as they are, what differs is said.",
        ),
        "load": Command(
            "balanza.load_command", "load",
            "Write a log of files to topics of the same names, with the events' times: history, or something to try.",
        ),
        "state": Command("balanza.state_command", "state", "Look at and move the state of workers."),
        "replay": Command(
            "balanza.replay_command", "replay",
            "Process a log once more into a folder of its own, sending nothing, and compare with what lives.",
        ),
        "simulate": Command(
            "connectors.simulate.command", "simulate",
            "Write a made-up log of a shop whose people browse, log in, buy, return, redeem and change their minds.",
        ),
    },
    "Look at what a run made": {
        "member": Command(
            "balanza.look.member", "member",
            "Show one member: balances, tier, vouchers, offers, consents, signals, decisions, timeline.",
        ),
        "why": Command("balanza.look.why", "why", "Explain a decision: why a message was sent, put off or left out."),
        "statement": Command(
            "balanza.look.statement", "statement",
            "Show a member's entries and balances, as they were or as they were known at a time.",
        ),
        "report": Command("balanza.look.report", "report", "Reports for the finance department."),
        "identity": Command("balanza.look.identity", "identity", "Look at how people are recognised."),
        "export": Command(
            "balanza.look.export", "export", "Export everything that is held on a member as one JSON file."
        ),
        "erasures": Command(
            "balanza.look.erasures", "erasures",
            "Show which requests to be erased were carried out, with the rows of each by table.",
        ),
        "sql": Command(
            "balanza.look.sql", "sql", "Ask the warehouse in SQL (DuckDB); without a query, list its tables."
        ),
        "reconcile": Command(
            "balanza.reconcile.command", "reconcile",
            "Recompute every balance, lot and tier from the raw log, independently, and compare with what was "
            "streamed.",
        ),
        "deadletters": Command("balanza.look.deadletters", "deadletters", "Look at the lines that were rejected."),
    },
    "Check what goes in": {
        "validate": Command(
            "balanza.look.validate", "validate", "Check a program file: every problem at once, with its line."
        ),
        "schema": Command("balanza.look.schema", "schema", "Print the JSON Schemas of events, records and programs."),
    },
}  # fmt: skip
COMMANDS = {name: command for commands in HEADINGS.values() for name, command in commands.items()}


def load(name: str) -> Any:  # noqa: ANN401  the classes of commands are private to typer
    """The command as typer runs it; KeyError if there is none of that name."""
    entry = COMMANDS[name]
    found = getattr(import_module(entry.module), entry.attribute)
    if isinstance(found, typer.Typer):
        app = found
    else:
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(name, context_settings=CONTEXT)(found)
    made = typer.main.get_command(app)
    made.name = name
    return made


class Commands(TyperGroup):
    """The commands of the table."""

    def list_commands(self, ctx: object) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: object, cmd_name: str) -> Any:  # noqa: ANN401  typer's classes are private
        return load(cmd_name) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: object, formatter: Any) -> None:  # noqa: ANN401  the same
        for heading, commands in HEADINGS.items():
            with formatter.section(heading):
                formatter.write_dl([(name, command.says) for name, command in commands.items()])


app = typer.Typer(
    cls=Commands, no_args_is_help=True, add_completion=False, rich_markup_mode=None, context_settings=CONTEXT,
    pretty_exceptions_enable=False,
)  # fmt: skip


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"balanza {__version__}")
        raise typer.Exit


@app.callback(epilog="`balanza COMMAND --help` shows the options of a command and an example. Exit status: 0 fine, "
                     "1 failed, 2 wrong usage or configuration.")  # fmt: skip
def balanza(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Real-time loyalty as a stream: channel events in; members, points, signals and decisions out.

    \b
    Begin with the example:
      balanza run -p config/programs/corner_shop.yaml -i examples/online_retail/log -o out/example
      balanza sql "select member_id, available from balances order by available desc limit 5"
    """  # noqa: D301  click wants the very character, not its two letters


def main() -> None:
    """Run the command line; ends the process with its status."""
    app(prog_name="balanza")
