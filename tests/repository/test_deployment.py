"""The image and the compose files name things that are there, and agree with the commands and the defaults."""

import re
import shlex
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from balanza.cli import load
from config.groups import parse_groups
from config.settings import Settings
from tests.repository.tree import ROOT

FILES = ("docker-compose.yml", "docker-compose.embedded.yml")
DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")
COPIED = re.compile(r"^COPY (?!--from)(.+) \S+$", re.MULTILINE)
EXEC = re.compile(r"^docker-compose exec (.+)$", re.MULTILINE)
ADDRESS = re.compile(r"--kafka=([\w.-]+:\d+)")


def compose(name: str) -> dict[str, Any]:
    """A compose file with its variables at their defaults."""
    text = (ROOT / name).read_text(encoding="utf-8")
    loaded = yaml.safe_load(DEFAULT.sub(r"\1", text))
    assert isinstance(loaded, dict)
    return loaded


def services() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(file, name, service) of everything that the compose files start."""
    for name in FILES:
        yield from ((name, service, content) for service, content in compose(name)["services"].items())


def ours() -> list[tuple[str, str, dict[str, Any]]]:
    """Those that run our image."""
    return [one for one in services() if "build" in one[2]]


def workers() -> list[tuple[str, str, dict[str, Any]]]:
    """Those of ours that go on for ever."""
    return [one for one in ours() if "--follow" in one[2]["command"]]


def mounts(service: dict[str, Any]) -> dict[str, str]:
    """What the service sees, by the place where it sees it."""
    return {mount.split(":")[1]: mount.split(":")[0] for mount in service.get("volumes", ())}


def parsed(service: dict[str, Any]) -> dict[str, Any]:
    """The service's command as our command line understands it, without running it."""
    name, *arguments = service["command"]
    found: dict[str, Any] = load(name).make_context(name, list(arguments)).params
    return found


def test_every_mounted_path_is_there() -> None:
    """A path that a service mounts exists in a clone, and a volume is declared."""
    outside = [(name, source) for name, _, service in services() for source in mounts(service).values()]
    missing = [source for _, source in outside if source.startswith(".") and not (ROOT / source).exists()]
    undeclared = [(name, source) for name, source in outside
                  if not source.startswith(".") and source not in compose(name)["volumes"]]  # fmt: skip
    assert (missing, undeclared) == ([], [])


def test_every_volume_is_mounted_once() -> None:
    """No two processes share a folder, and no volume is declared in vain."""
    for name in FILES:
        used = [source for file, _, service in services() if file == name for source in mounts(service).values()]
        assert sorted(source for source in used if not source.startswith(".")) == sorted(compose(name)["volumes"])


@pytest.mark.parametrize("service", [pytest.param(service, id=f"{file}-{name}") for file, name, service in ours()])
def test_commands_are_valid_and_their_paths_are_mounted(service: dict[str, Any]) -> None:
    """Our command line takes each command as it stands; what it reads is in a clone, what it writes in a volume."""
    options = parsed(service)
    seen = mounts(service)
    read = [Path(str(options[key])) for key in ("program", "input", "path") if options.get(key) is not None]
    for path in read:
        mount = next(inside for inside in seen if path.is_relative_to(inside))
        assert (ROOT / seen[mount] / path.relative_to(mount)).exists()
    if "out" in options:
        assert not seen[str(options["out"])].startswith(".")


def test_the_groups_of_the_workers_are_all_groups() -> None:
    """Every key group has exactly one member worker, and there is one stitcher."""
    count = Settings().key_groups
    commands = [service["command"] for file, _, service in ours() if file == FILES[0]]
    given = [parsed({"command": command})["groups"] for command in commands if command[0] == "members"]
    assert sorted(chain.from_iterable(parse_groups(text, count) for text in given)) == list(range(count))
    assert (len(given), [command[0] for command in commands].count("stitch")) == (2, 1)


def test_all_of_ours_reach_the_broker_where_it_listens() -> None:
    """The address of every command is one that the broker tells to those inside the network."""
    deployment = compose(FILES[0])["services"]
    told = deployment["broker"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    addresses = {address for _, _, service in ours() for address in ADDRESS.findall(" ".join(service["command"]))}
    listens = deployment["broker"]["environment"]["KAFKA_LISTENERS"]
    assert {f"INSIDE://{address}" for address in addresses} == {told.split(",")[0]}
    assert {f"INSIDE://:{address.split(':')[1]}" for address in addresses} == {listens.split(",")[0]}


def test_the_stitcher_waits_until_its_topics_are_there() -> None:
    """Topics are made before the workers start, with history in them: what is loaded later would be late."""
    deployment = compose(FILES[0])["services"]
    done = "service_completed_successfully"
    assert deployment["topics"]["depends_on"] == {"broker": {"condition": "service_healthy"}}
    assert deployment["history"]["depends_on"] == {"topics": {"condition": done}}
    for name, command in ((name, service["command"]) for file, name, service in workers() if file == FILES[0]):
        waits = deployment[name]["depends_on"]
        assert (command[0], waits) == (command[0], {"topics": {"condition": done}, "history": {"condition": done}})


def test_topics_and_workers_speak_of_one_deployment() -> None:
    """All commands have the same prefix, and the topics between the workers are made as well."""
    prefixes = {parsed(service).get("prefix") for file, _, service in ours() if file == FILES[0]}
    made = parsed(compose(FILES[0])["services"]["topics"])
    assert (prefixes, made["workers"], made["record_topics"]) == ({None}, True, None)


@pytest.mark.parametrize("file", FILES)
def test_prometheus_scrapes_the_port_that_a_worker_serves(file: str) -> None:
    """Default port, published ports, health checks and scrape targets are one; each worker is scraped."""
    port = Settings().metrics_port
    own = {name: service for where, name, service in workers() if where == file}
    seen = mounts(compose(file)["services"]["prometheus"])["/etc/prometheus/prometheus.yaml"]
    scrape = yaml.safe_load((ROOT / seen).read_text(encoding="utf-8"))
    assert scrape["scrape_configs"][0]["static_configs"][0]["targets"] == [f"{name}:{port}" for name in own]
    for service in own.values():
        asked = re.search(r"http://([^/]*)/metrics", service["healthcheck"]["test"][-1])
        assert asked is not None
        assert asked[1] == f"127.0.0.1:{port}"
        assert [published.split(":")[::2] for published in service["ports"]] == [["127.0.0.1", str(port)]]


def test_a_published_port_is_published_once_and_to_this_machine_only() -> None:
    """No password protects what a port shows."""
    for file in FILES:
        ports = [port for name, _, service in services() if name == file for port in service.get("ports", ())]
        outside = [port.rsplit(":", 1)[0] for port in ports]
        assert sorted(outside) == sorted({port for port in outside if port.startswith("127.0.0.1:")})


def test_everything_that_stays_up_has_a_health_check() -> None:
    """All but the two that end, and the Prometheus of the embedded example."""
    without = {(file, name) for file, name, service in services() if "healthcheck" not in service}
    assert without == {(FILES[0], "topics"), (FILES[0], "history"), (FILES[1], "prometheus")}


def test_the_environment_of_a_worker_is_made_of_settings() -> None:
    """A variable of the compose files is a setting that exists."""
    for _, _, service in workers():
        variables = service["environment"]
        assert set(Settings.from_environment(variables).model_fields_set) == {
            name.removeprefix("BALANZA_").lower() for name in variables
        }


def test_the_image_is_built_from_files_that_are_there() -> None:
    """Every file that the Dockerfile copies exists and passes .dockerignore."""
    copied = " ".join(COPIED.findall((ROOT / "Dockerfile").read_text(encoding="utf-8"))).split()
    let_in = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    assert ([name for name in copied if not (ROOT / name).exists()], set(copied) - set(let_in)) == ([], set())


def test_the_image_installs_the_client_of_kafka_by_hash() -> None:
    """What the image installs is the lock, and the lock has the client."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    client = re.search(r"^confluent-kafka==\S+ \\\n    --hash=sha256:[0-9a-f]{64}", lock, re.MULTILINE)
    assert ("--require-hashes -r requirements.txt" in dockerfile, client is not None) == (True, True)


def test_readme_speaks_to_services_that_are_there() -> None:
    """What README runs inside the deployment names a service, and a command of ours that is valid."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = [shlex.split(line.partition(" | ")[0].partition(" < ")[0]) for line in EXEC.findall(text)]
    deployment = compose(FILES[0])["services"]
    commands = [(line[0], line[1], line[2:]) for line in ([word for word in line if word != "-T"] for line in lines)]
    assert {service for service, _, _ in commands} <= set(deployment)
    for service, program, arguments in commands:
        if program == "balanza":
            assert parsed({"command": arguments})["out"] == Path("/out")
            assert "/out" in mounts(deployment[service])
        else:
            assert program.startswith("/opt/kafka/bin/")
            assert f"OUTSIDE://{arguments[1]}" in deployment["broker"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
