"""The image and the compose file name things that are there, and agree with the defaults."""

import re
from pathlib import Path
from typing import Any

import yaml

from config.settings import Settings
from tests.repository.tree import ROOT

DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")
COPIED = re.compile(r"^COPY (?!--from)(.+) \S+$", re.MULTILINE)


def compose() -> dict[str, Any]:
    """docker-compose.yml with its variables at their defaults."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    loaded = yaml.safe_load(DEFAULT.sub(r"\1", text))
    assert isinstance(loaded, dict)
    return loaded


def mounts(service: str) -> dict[str, str]:
    """Where the service sees what, by path or volume outside."""
    return {mount.split(":")[0]: mount.split(":")[1] for mount in compose()["services"][service]["volumes"]}


def test_every_mounted_path_is_there() -> None:
    """A path that a service mounts exists in a clone, and a volume is declared."""
    outside = [source for service in compose()["services"] for source in mounts(service)]
    missing = [source for source in outside if source.startswith(".") and not (ROOT / source).exists()]
    undeclared = [source for source in outside if not source.startswith(".") and source not in compose()["volumes"]]
    assert (missing, undeclared) == ([], [])


def test_the_worker_runs_a_program_that_is_there() -> None:
    """The program named by default is among those mounted."""
    options = dict(option.split("=") for option in compose()["services"]["balanza"]["command"] if "=" in option)
    inside = {target: Path(source) for source, target in mounts("balanza").items()}
    program = Path(options["--program"])
    assert (ROOT / inside[str(program.parent)] / program.name).is_file()


def test_the_worker_reads_and_writes_what_is_mounted() -> None:
    """Input and output of the command are the mounted log and the volume."""
    options = dict(option.split("=") for option in compose()["services"]["balanza"]["command"] if "=" in option)
    assert {options["--input"], options["--out"]} <= set(mounts("balanza").values())


def test_prometheus_scrapes_the_port_that_a_worker_serves() -> None:
    """Default port, published port, health check and scrape target are one."""
    scrape = yaml.safe_load((ROOT / "config/dashboards/prometheus.yaml").read_text(encoding="utf-8"))
    worker = compose()["services"]["balanza"]
    found = [
        *scrape["scrape_configs"][0]["static_configs"][0]["targets"],
        *worker["ports"],
        re.search(r"http://([^/]*)/metrics", worker["healthcheck"]["test"][-1]),
    ]
    port = Settings().metrics_port
    assert [str(entry[1] if isinstance(entry, re.Match) else entry) for entry in found] == [
        f"balanza:{port}",
        f"127.0.0.1:{port}:{port}",
        f"127.0.0.1:{port}",
    ]


def test_the_environment_of_the_worker_is_made_of_settings() -> None:
    """A variable of the compose file is a setting that exists."""
    variables = compose()["services"]["balanza"]["environment"]
    assert set(Settings.from_environment(variables).model_fields_set) == {
        name.removeprefix("BALANZA_").lower() for name in variables
    }


def test_the_image_is_built_from_files_that_are_there() -> None:
    """Every file that the Dockerfile copies exists and passes .dockerignore."""
    copied = " ".join(COPIED.findall((ROOT / "Dockerfile").read_text(encoding="utf-8"))).split()
    let_in = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    assert ([name for name in copied if not (ROOT / name).exists()], set(copied) - set(let_in)) == ([], set())
