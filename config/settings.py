"""How the process runs, not what the business decides: nothing here changes a result.

Settings come from defaults, then from the environment (`BALANZA_EPOCH_SECONDS`), then from the command line.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from config.fields import PREFIX_PATTERN
from config.phrases import closest, did_you_mean, expected, render

VARIABLE_PREFIX: Final = "BALANZA_"
KAFKA_VARIABLE_PREFIX: Final = "BALANZA_KAFKA_"  # each of them a property of Kafka's client (config/kafka.py)

Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]


class RecordTopicsMode(StrEnum):
    """Which topics a run on Kafka writes its records to."""

    BY_RECORD = "by_record"
    ONE = "one"
    NONE = "none"


class SettingsError(Exception):
    """Settings that cannot be used; `problems` are sentences that name the setting, what was found and is accepted."""

    def __init__(self, problems: list[str]) -> None:
        """`problems` become the message, one a line."""
        self.problems = problems
        super().__init__("\n".join(problems))


class Settings(BaseModel):
    """Settings of one process."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epoch_seconds: Seconds = Field(default=5.0, description="Time between two snapshots of a bounded run.")
    follow_epoch_seconds: Seconds = Field(default=1.0, description="Time between two snapshots while following.")
    batch_lines: int = Field(default=1000, ge=1, le=100_000, description="Events that travel as one item.")
    cache_mb: int = Field(default=384, ge=16, le=1_048_576, description="Bound of the states in memory, in MiB.")
    key_groups: int = Field(
        default=256, ge=1, le=65_536, description="Parts of the state that can move; fixed with the first run."
    )
    metrics_port: int = Field(default=9108, ge=0, le=65_535, description="Port of the metrics page; 0 for none.")
    metrics_address: Annotated[str, StringConstraints(min_length=1)] = Field(
        default="127.0.0.1", description="Address on which the metrics page listens."
    )
    poll_seconds: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)] = Field(
        default=0.05, description="Pause before an idle input is asked again."
    )
    prefix: Annotated[str, StringConstraints(pattern=PREFIX_PATTERN)] = Field(
        default="balanza", description="Begins the names of the deployment's own topics: <prefix>.entries and so on."
    )
    record_topics: RecordTopicsMode = Field(
        default=RecordTopicsMode.BY_RECORD, description="On Kafka: a topic a record type, one for all, or none."
    )
    topic_partitions: int = Field(
        default=16, ge=1, le=65_536, description="Partitions of the topics that the deployment makes for itself."
    )
    fence_hold_ms: int = Field(
        default=20, ge=0, le=5_000, description="How long after its time a record is waited for on all brokers."
    )
    topics_refresh_seconds: Seconds = Field(
        default=5.0, description="Time between two looks at the topics: new partitions, topics made again."
    )
    outage_seconds_max: Seconds = Field(
        default=300.0, description="How long the broker may be away before the process gives up."
    )
    voucher_secret: str | None = Field(
        default=None, description="Key of the codes of vouchers, 16 characters or more; none: the folder makes one."
    )
    keep_records: bool = Field(default=False, description="Whether the files of finished records stay after loading.")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], overrides: Mapping[str, object] | None = None) -> "Settings":
        """Settings from `environ`, overruled by `overrides` (by attribute name, None is not given); SettingsError.

        A variable that is nearly one of ours is refused as a typing mistake; others with our prefix are left alone,
        because secrets of providers have it as well.
        """
        given: dict[str, object] = {
            name: environ[variable_of(name)] for name in cls.model_fields if variable_of(name) in environ
        }
        chosen = {name: value for name, value in (overrides or {}).items() if value is not None}
        problems = _misspelt(environ)
        try:
            settings = cls.model_validate({**given, **chosen})
        except ValidationError as error:
            raise SettingsError(problems + _problems(error, chosen.keys())) from None
        if problems:
            raise SettingsError(problems)
        return settings


def variable_of(name: str) -> str:
    """The environment variable of the setting `name`."""
    return VARIABLE_PREFIX + name.upper()


def _misspelt(environ: Mapping[str, str]) -> list[str]:
    ours = {variable_of(name) for name in Settings.model_fields}
    problems = []
    for variable in sorted(environ.keys() - ours):
        if variable.startswith(VARIABLE_PREFIX) and not variable.startswith(KAFKA_VARIABLE_PREFIX):
            meant = closest(variable.removeprefix(VARIABLE_PREFIX), Settings.model_fields)
            problems += [f"{variable}: unknown setting (did you mean {variable_of(meant)!r}?)"] if meant else []
    return problems


def _in_place(shape: dict[str, object], schema: Mapping[str, dict[str, dict[str, object]]]) -> dict[str, object]:
    """The shape of a setting with what it refers to put in."""
    named = str(shape.get("$ref", "")).rpartition("/")[2]
    return schema["$defs"][named] if named else shape


def _problems(error: ValidationError, chosen: Collection[str]) -> list[str]:
    """A sentence for each wrong value; it names the variable, or the setting where the command line gave it."""
    schema = Settings.model_json_schema()
    accepted = {name: _in_place(shape, schema) for name, shape in schema["properties"].items()}
    problems = []
    for entry in error.errors(include_url=False):
        name = str(entry["loc"][0])
        if entry["type"] == "extra_forbidden":
            problems.append(f"{name}: unknown setting; accepted: {', '.join(accepted)}{did_you_mean(name, accepted)}")
            continue
        shown = name if name in chosen else variable_of(name)
        problems.append(f"{shown}: found {render(entry['input'])}; expected {expected(accepted[name])}")
    return problems
