"""One run of the pipeline: from checked settings to a summary."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

from balanza.opening import batches, check_input, input_topics, prepare_topics, stitched_batches
from balanza.request import KafkaInput, Request, Role, Run
from balanza.sending import destinations
from config.compatibility import dump_program, incompatibilities, parse_program
from config.groups import show_groups
from config.program import Program
from connectors.kafka.cluster import Cluster
from connectors.stitched import StitchedLog
from flows.ledger import budgets, stock
from flows.loyalty import loyalty, membership, stitching
from flows.moving import MOVING, REST, Rest, encode_note, moved_state
from flows.runtime import collector
from flows.runtime.deployment import Deployment, DeploymentRefused
from flows.runtime.engine import Flow, run_flow
from flows.runtime.metrics import Metrics, serve
from flows.runtime.stop import Stop
from flows.stations import Wiring
from sinks.engine import RecordsSink

__all__ = ["KafkaInput", "Request", "Role", "Run", "TooManyDeadLetters", "execute", "prepared"]

MIB = 1 << 20
SECRET_LENGTH_MIN = 16


class TooManyDeadLetters(Exception):
    """So much was rejected that the mapping must be wrong."""


@contextmanager
def prepared(request: Request) -> Iterator[Run]:
    """Lock and check the folder and the topics, open the metrics page; close all at the end.

    Raises:
        LogNotUsable, KafkaUnusable, DeploymentRefused, CannotServe: nothing was changed (but a folder asked to be made
        anew, and topics of ours that were missing).

    """
    cluster = check_input(request.input)
    metrics = Metrics()
    close_metrics = serve(metrics, request.settings.metrics_address, request.settings.metrics_port)
    try:
        deployment = Deployment(request.out, fresh=request.fresh, groups=request.settings.key_groups)
        try:
            _refuse_half_moved(deployment)
            _refuse_divided(request)
            deployment.check_made_as(_facts(request))
            _check_program(deployment, request.program)
            deployment.remember_program(dump_program(request.program))
            run = _wired(request, deployment, metrics, cluster)
            prepare_topics(run)
            yield run
        finally:
            deployment.release()
    finally:
        close_metrics()
        if cluster is not None:
            cluster.close()


def _refuse_half_moved(deployment: Deployment) -> None:
    if deployment.noted(MOVING) is not None:
        raise DeploymentRefused(f"a move of key groups from or to {deployment.folder} was cut short; make the same "
                                "`balanza state move` again, which begins anew")


def _facts(request: Request) -> dict[str, str]:
    """What a folder cannot change: state of one kind means nothing to another."""
    facts = {"role": request.role.value, "input": "files", "replay": request.kind}
    if request.replay:
        facts |= {"from": str(request.span)}
    if isinstance(request.input, KafkaInput):
        facts |= {"input": "kafka", "prefix": request.settings.prefix}
    if request.groups is not None:
        facts |= {"groups": show_groups(request.groups)}
    return facts


def _check_program(deployment: Deployment, program: Program) -> None:
    stored = deployment.stored_program()
    if stored is None:
        return
    problems = incompatibilities(parse_program(stored), program)
    if problems:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        raise DeploymentRefused(
            f"{deployment.folder} was made with a program that this one cannot go on from:\n{listed}"
        )


def _wired(request: Request, deployment: Deployment, metrics: Metrics, cluster: Cluster | None) -> Run:
    stop, settings = Stop(), request.settings
    wiring = Wiring(request.program, deployment.state, settings.key_groups, settings.cache_mb * MIB, metrics)
    wiring.erasure_key = deployment.secret
    wiring.too_many_dead = lambda message: stop.fail(TooManyDeadLetters(message))
    wiring.voucher_secret = _voucher_secret(request, deployment)
    run = Run(request, deployment, wiring, stop, cluster)
    if request.groups is not None:
        wiring.ours = frozenset(request.groups)
        moved = moved_state(deployment)
        if moved is not None:
            wiring.instead["members"] = (moved.instead_of, moved.checkpoint)
    if cluster is not None and isinstance(request.input, KafkaInput) and request.role != Role.MEMBERS:
        run.topics = input_topics(cluster, request.input, settings.prefix)
    return run


def _voucher_secret(request: Request, deployment: Deployment) -> bytes:
    """The key of the codes of vouchers: the one that was set, else the folder's own."""
    given = request.settings.voucher_secret
    if given is not None:
        if len(given) < SECRET_LENGTH_MIN:
            raise DeploymentRefused(f"BALANZA_VOUCHER_SECRET has {len(given)} characters; set {SECRET_LENGTH_MIN} or "
                                    "more, so that nobody can guess the codes of vouchers")
        return blake2b(given.encode(), digest_size=32).digest()
    if not request.program.rewards:
        return b""
    return blake2b(deployment.secret, digest_size=32, person=b"voucher codes").digest()


def _refuse_divided(request: Request) -> None:
    """A worker of some groups cannot keep a stock or a budget that is one for all."""
    if request.groups is None or len(request.groups) == request.settings.key_groups:
        return
    for what, names, key in (
        ("stock", stock.kept_together(request.program), "stock_kept"),
        ("budget", budgets.kept_together(request.program), "kept"),
    ):
        if names:
            raise DeploymentRefused(f"the {what} of {', '.join(names)} is kept together, which only a worker of all "
                                    f"key groups can; say `{key}: by_group`, or run one process")


def execute(run: Run) -> None:
    """Run the flow to the end of the input, or until it is stopped; everything accepted is then on disk and visible.

    Raises whatever a station raised (a bug of ours or a failed disk); what was committed before stays.
    """
    request, settings = run.request, run.request.settings
    run.deployment.forget(REST)
    sink = RecordsSink(destinations(run), run.spend)
    flow = _flow(run, sink)
    seconds = settings.follow_epoch_seconds if request.follow else settings.epoch_seconds
    with collector.tamed():
        run.began = time.perf_counter()
        run_flow(flow, run.deployment.engine, seconds)
        sink.finish()
    run.seconds = time.perf_counter() - run.began
    _rest(run)


def _rest(run: Run) -> None:
    """Note where a member worker stands after a clean end, for who moves its groups elsewhere."""
    checkpoint = run.wiring.checkpoints.get("members")
    if isinstance(run.log, StitchedLog) and checkpoint is not None and run.stop.failure is None:
        run.deployment.note(REST, encode_note(Rest(checkpoint, run.log.progress())))


def _flow(run: Run, sink: RecordsSink) -> Flow:
    match run.request.role:
        case Role.RUN:
            return loyalty(run.wiring, batches(run), sink)
        case Role.STITCH:
            return stitching(run.wiring, batches(run), sink)
        case Role.MEMBERS:
            return membership(run.wiring, stitched_batches(run), sink)
