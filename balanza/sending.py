"""Where the records of a run go, by what part of the way this process is."""

import time
from collections.abc import Callable, Collection
from typing import Any

from balanza.parts import export_command, parts_missing
from balanza.request import Request, Role, Run
from config.groups import show_groups
from config.settings import RecordTopicsMode
from flows.shown import standing_parts
from schemas.records import TABLES
from schemas.states import Member
from sinks.destination import Destination
from sinks.document import surface_document
from sinks.exporting import whole
from sinks.group import Destinations
from sinks.kafka.options import OutOptions
from sinks.kafka.posts import Posts
from sinks.kafka.records import RecordTopics
from sinks.kafka.surfaces import SurfaceTopic
from sinks.lines import LineFile, RecordFiles
from sinks.requests import Requests
from sinks.surfaces import Surfaces
from sinks.unexpired import Unexpired
from sinks.warehouse import Warehouse

FLUSH_SECONDS = 0.2
ALERTS = "alerts"
STITCHERS_TABLES = ("events", "identity", "members", ALERTS, "dead_letters")
MEMBERS_TABLES = tuple(table for table in TABLES if table == ALERTS or table not in STITCHERS_TABLES)


def destinations(run: Run) -> Destinations:
    """Everything that this process writes."""
    return Destinations([*_files(run), *_topics(run)])


def _files(run: Run) -> list[Destination]:
    """What stands under OUT; the warehouse last, since it takes erased people out of the other files, too."""
    request = run.request
    found: list[Destination] = []
    document = surface_document(request.program, standing_parts(request.program))
    if request.role != Role.STITCH:
        flush_seconds = FLUSH_SECONDS if request.follow else None
        adopted = bool(run.wiring.instead)
        found.append(Surfaces(request.out, document, flush_seconds, _load(run), run.shown, adopted=adopted))
        if not request.shadow:
            found.append(_outbox(run))
    if request.role != Role.MEMBERS:
        found.append(LineFile(request.out / "dead_letters.jsonl", "dead_letters"))
    lines = {"actions": request.out / "outbox.jsonl", "dead_letters": request.out / "dead_letters.jsonl"}
    requests = Requests(request.out, run.deployment.secret, document, lines, about=_about_exports(run))
    return [*found, *_records(request), Warehouse(request.out / "warehouse", requests=requests)]


def _about_exports(run: Run) -> Callable[[str], dict[str, Any]]:
    """An export of a member worker has its own rows, and says where the others are."""
    request = run.request

    def about(member_id: str) -> dict[str, Any]:
        missing = parts_missing([run.deployment.made_as], request.settings.key_groups)
        return whole(missing, export_command(member_id, [request.out], len(missing)))

    return about


def _outbox(run: Run) -> Destination:
    """Actions for whoever sends; those of a replay may be of no use any more."""
    outbox = LineFile(run.request.out / "outbox.jsonl", "actions")
    if not run.request.replay:
        return outbox
    guarded = Unexpired(outbox, time.time)
    run.expired = lambda: guarded.expired
    return guarded


def _records(request: Request) -> list[Destination]:
    return [RecordFiles(request.out / "records")] if request.settings.keep_records else []


def _topics(run: Run) -> list[Destination]:
    """The deployment's topics; a replay writes none."""
    request, settings, cluster = run.request, run.request.settings, run.cluster
    if cluster is None or request.replay:
        return []
    mode = settings.record_topics
    options = OutOptions(
        settings.prefix, "one" if mode == RecordTopicsMode.ONE else "by_record", settings.topic_partitions,
        delivery_seconds=settings.outage_seconds_max,
    )  # fmt: skip
    found: list[Destination] = []
    if request.role != Role.RUN:
        found.append(Posts(cluster, options))
    if mode == RecordTopicsMode.NONE:
        return found
    found.append(RecordTopics(cluster, request.out, options, _tables(request.role), process_name(request)))
    if request.role != Role.STITCH:
        flush_seconds = FLUSH_SECONDS if request.follow else None
        document = surface_document(request.program, standing_parts(request.program))
        found.append(SurfaceTopic(cluster, request.out, options, document, flush_seconds=flush_seconds,
                                  load=_load(run), is_ours=run.wiring.is_ours))
    return found


def process_name(request: Request) -> str:
    """The word by which this process knows its own records among those of others in a topic."""
    return request.role.value if request.groups is None else f"{request.role.value} {show_groups(request.groups)}"


def _tables(role: Role) -> Collection[str]:
    return {Role.RUN: tuple(TABLES), Role.STITCH: STITCHERS_TABLES, Role.MEMBERS: MEMBERS_TABLES}[role]


def _load(run: Run) -> Callable[[str], Member | None]:
    def load(member_id: str) -> Member | None:
        return None if run.wiring.load_member is None else run.wiring.load_member(member_id)

    return load
