"""Properties of Kafka's client: from `--kafka`, from the file of `--kafka-config`, and from the environment.

The file has a line `name=value` for each property of librdkafka, with `#` before a comment. In a value, `${env:NAME}`
stands for a variable and `${file:PATH}` for what a file holds (its path is taken from the folder of this one). The
variable BALANZA_KAFKA_SASL_PASSWORD gives sasl.password, BALANZA_KAFKA_SASL_PASSWORD_FILE names a file that holds it;
both overrule the file, and an empty variable is none. Which properties exist is the client's knowledge; here are only
those that are Balanza's own to set. A secret is never part of a message.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from config.settings import KAFKA_VARIABLE_PREFIX, SettingsError

BOOTSTRAP: Final = "bootstrap.servers"
FROM_FILE: Final = "_FILE"
FILE_BYTES_MAX: Final = 65_536
MASK: Final = "***"
SECRET_LENGTH_MIN: Final = 4  # what is shorter would black out parts of words

OWNED: Final = {
    "group.id": "the consumer group is named after the prefix",
    "group.instance.id": "partitions are assigned without a group",
    "partition.assignment.strategy": "partitions are assigned without a group",
    "enable.auto.commit": "offsets are part of the snapshots",
    "enable.auto.offset.store": "offsets are part of the snapshots",
    "auto.offset.reset": "a gap must not be passed over in silence",
    "isolation.level": "only what is committed counts",
    "enable.partition.eof": "the order needs to know where a partition ends",
    "check.crcs": "a damaged record must not count",
    "enable.idempotence": "no record may be there twice",
    "transactional.id": "the sinks read back what they wrote and need no transactions",
}
OF_THE_JAVA_CLIENT: Final = {
    "sasl.jaas.config": "sasl.username and sasl.password",
    "ssl.truststore.location": "ssl.ca.location (PEM)",
    "ssl.truststore.password": "ssl.ca.location (PEM)",
    "ssl.truststore.type": "ssl.ca.location (PEM)",
    "key.serializer": "nothing",
    "value.serializer": "nothing",
    "key.deserializer": "nothing",
    "value.deserializer": "nothing",
}
ENDING_IN_FILE: Final = frozenset({
    "sasl.oauthbearer.assertion.private.key.file", "sasl.oauthbearer.assertion.jwt.template.file",
})  # fmt: skip
SECRET_WORDS: Final = ("password", "passphrase", "secret", "key.pem", "oauthbearer.config", "token")

_NAME: Final = re.compile(r"[a-z][a-z0-9._]*")
_REFERENCE: Final = re.compile(r"\$\{([^}]*)\}?")
_ADDRESS: Final = re.compile(r"(?:[A-Za-z_]+://)?(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")


class KafkaConfigError(SettingsError):
    """Properties that cannot be used; `problems` are sentences with the file and line, the variable, or the option."""


class KafkaProperties(dict[str, str]):
    """Properties by name; a secret's value is not part of what is printed."""

    def __repr__(self) -> str:
        shown = {name: MASK if is_secret(name) else value for name, value in self.items()}
        return f"KafkaProperties({shown!r})"

    __str__ = __repr__


def kafka_properties(bootstrap: str | None, file: Path | None, environ: Mapping[str, str]) -> KafkaProperties:
    """Properties from `--kafka`, `--kafka-config` and `environ`; KafkaConfigError with all that is wrong with them."""
    problems: list[str] = []
    found: dict[str, str] = {}
    if file is not None:
        found |= _from_file(file, environ, problems)
    found |= _from_environment(environ, problems)
    if bootstrap is not None:
        if found.get(BOOTSTRAP, bootstrap) != bootstrap:
            problems.append(f"{BOOTSTRAP}: found {found[BOOTSTRAP]!r} and --kafka {bootstrap!r}; expected one of them")
        found[BOOTSTRAP] = bootstrap
    problems += _address_problems(found.get(BOOTSTRAP), "--kafka" if bootstrap is not None else BOOTSTRAP)
    if problems:
        raise KafkaConfigError(problems)
    return KafkaProperties(found)


def is_secret(name: str) -> bool:
    """Whether the value of the property `name` is to be kept from people's eyes."""
    return any(word in name for word in SECRET_WORDS)


def masked(text: str, properties: Mapping[str, str]) -> str:
    """`text` with the values of secret properties blacked out."""
    for name, value in properties.items():
        if is_secret(name) and len(value) >= SECRET_LENGTH_MIN:
            text = text.replace(value, MASK)
    return text


def variable_of(name: str) -> str:
    """The environment variable of the property `name`."""
    return KAFKA_VARIABLE_PREFIX + name.upper().replace(".", "_")


def origin_of(name: str) -> str:
    """Where the property `name` can come from, for the end of a message."""
    return f" (given by --kafka-config or {variable_of(name)})"


def _from_file(file: Path, environ: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    try:
        text = _text(file)
    except _Unreadable as error:
        problems.append(f"--kafka-config: {error}")
        return {}
    lines: dict[str, int] = {}
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        where = f"{file}:{number}"
        name, equals, value = (part.strip() for part in line.partition("="))
        if not name or name.startswith("#"):
            problems += [f"{where}: expected a name before ="] if equals and not name else []
        elif not equals or not _NAME.fullmatch(name):
            problems.append(f"{where}: expected name=value with a property of librdkafka such as sasl.username")
        elif name in lines:
            problems.append(f"{where}: {name} is given in line {lines[name]} already")
        else:
            lines[name] = number
            problems += [f"{where}: {refusal}" for refusal in _refusals(name)]
            found[name] = _resolved(value, file.parent, environ, f"{where}: {name}", problems)
    return found


def _from_environment(environ: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    origin: dict[str, str] = {}
    for variable in sorted(environ):
        if not variable.startswith(KAFKA_VARIABLE_PREFIX) or not environ[variable]:
            continue
        name = variable.removeprefix(KAFKA_VARIABLE_PREFIX).lower().replace("_", ".")
        in_file = variable.endswith(FROM_FILE) and name not in ENDING_IN_FILE
        name = name.removesuffix(".file") if in_file else name
        if name in origin:
            problems.append(f"{variable}: {name} is given by {origin[name]} already")
            continue
        origin[name] = variable
        problems += [f"{variable}: {refusal}" for refusal in _refusals(name)]
        try:
            found[name] = _text(Path(environ[variable])).rstrip("\r\n") if in_file else environ[variable]
        except _Unreadable as error:
            problems.append(f"{variable}: {error}")
    return found


def _refusals(name: str) -> Iterator[str]:
    """Why the property `name` is not for the operator to set."""
    if name in OWNED:
        yield f"{name} is Balanza's own ({OWNED[name]}); leave it out"
    elif name in OF_THE_JAVA_CLIENT:
        yield f"{name} belongs to the Java client; use {OF_THE_JAVA_CLIENT[name]} instead"
    elif name.endswith("_cb"):
        yield f"{name} is a function of the program; leave it out"


def _resolved(value: str, folder: Path, environ: Mapping[str, str], where: str, problems: list[str]) -> str:
    """`value` with its references replaced; what is wrong with them goes to `problems`."""

    def replaced(match: re.Match[str]) -> str:
        kind, _, target = match[1].partition(":")
        if kind == "env" and target and match[0].endswith("}"):
            if target in environ:
                return environ[target]
            problems.append(f"{where}: the variable {target} is not set")
        elif kind == "file" and target and match[0].endswith("}"):
            try:
                return _text(folder / target).rstrip("\r\n")
            except _Unreadable as error:
                problems.append(f"{where}: {error}")
        else:
            problems.append(f"{where}: expected ${{env:NAME}} or ${{file:PATH}} after $")
        return MASK

    resolved = _REFERENCE.sub(replaced, value)
    if not resolved:
        problems.append(f"{where}: expected a value after =")
    return resolved


def _address_problems(bootstrap: str | None, where: str) -> list[str]:
    if bootstrap is None:
        return [f"{BOOTSTRAP} is missing; expected --kafka HOST:PORT, or {BOOTSTRAP}=HOST:PORT in --kafka-config"]
    wrong = [one for one in bootstrap.split(",") if not _ADDRESS.fullmatch(one.strip())]
    return [f"{where}: found {one!r}; expected HOST:PORT, several with commas between" for one in wrong]


class _Unreadable(Exception):
    """A file that cannot be used; the message names it."""


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise _Unreadable(f"{path} cannot be read: {error.strerror or error}") from error
    if len(raw) > FILE_BYTES_MAX:
        raise _Unreadable(f"{path} is too large; expected at most {FILE_BYTES_MAX} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Unreadable(f"{path} is not UTF-8") from error
