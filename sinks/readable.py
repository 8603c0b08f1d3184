"""Records as a person reads them: the inner `*_us` integers become RFC 3339 times."""

from datetime import datetime, timedelta

import orjson

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  naive means UTC here, and orjson prints it with a Z
SUFFIX = "_us"
PRINTED = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


def rfc3339(microseconds: int) -> str:
    """Microseconds since 1970 UTC as `2026-01-01T10:00:00Z`; a fraction of six digits only where there is one."""
    return orjson.dumps(EPOCH + timedelta(microseconds=microseconds), option=PRINTED)[1:-2].decode()


def readable(lines: bytes) -> bytes:
    """JSON lines in, JSON lines out: every outer key `<name>_us` is `<name>` with a time; all else stays in place."""
    return b"".join(_readable_line(line) for line in lines.splitlines())


def _readable_line(line: bytes) -> bytes:
    record: dict[str, object] = orjson.loads(line)
    shown: dict[str, object] = {}
    for key, value in record.items():
        if key.endswith(SUFFIX) and isinstance(value, int):
            shown[key.removesuffix(SUFFIX)] = EPOCH + timedelta(microseconds=value)
        else:
            shown[key.removesuffix(SUFFIX) if value is None else key] = value
    return orjson.dumps(shown, option=PRINTED)
