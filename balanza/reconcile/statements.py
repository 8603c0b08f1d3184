"""The files of SQL beside this one."""

from functools import cache
from importlib.resources import files


@cache
def sql(name: str) -> str:
    """The text of a file of SQL that stands beside this one."""
    return (files(__package__) / "sql" / f"{name}.sql").read_text(encoding="utf-8")
