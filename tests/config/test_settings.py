"""Settings of the process: defaults, environment, command line."""

import pytest

from config.settings import Settings, SettingsError


def refusals(environ: dict[str, str], overrides: dict[str, object] | None = None) -> list[str]:
    """What is said against the given settings, which must be refused."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environ, overrides)
    assert "\n".join(caught.value.problems) == str(caught.value)
    return caught.value.problems


def test_an_empty_environment_gives_the_defaults() -> None:
    """Nothing given is the same as the settings' own defaults, which hold to their own bounds."""
    assert Settings() == Settings.from_environment({})
    assert Settings() == Settings.model_validate(Settings().model_dump())
    assert tuple(Settings().model_dump().values()) == (
        5.0, 1.0, 1000, 384, 256, 9108, "127.0.0.1", 0.05, "balanza", "by_record", 16, 20, 5.0, 300.0, None, False,
    )  # fmt: skip


def test_the_environment_overrules_the_defaults_and_the_command_line_both() -> None:
    """A variable is text and is read as the setting's type; an override that is None is not given."""
    environ = {"BALANZA_CACHE_MB": "64", "BALANZA_EPOCH_SECONDS": "0.5", "BALANZA_KEEP_RECORDS": "true", "HOME": "/"}

    settings = Settings.from_environment(environ, {"cache_mb": 32, "epoch_seconds": None})

    assert (settings.cache_mb, settings.epoch_seconds, settings.keep_records) == (32, 0.5, True)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("BALANZA_CACHE_MB", "15", "found '15'; expected a whole number from 16 to 1048576"),
        ("BALANZA_CACHE_MB", "a lot", "found 'a lot'; expected a whole number from 16 to 1048576"),
        ("BALANZA_BATCH_LINES", "", "found ''; expected a whole number from 1 to 100000"),
        ("BALANZA_KEY_GROUPS", "65537", "found '65537'; expected a whole number from 1 to 65536"),
        ("BALANZA_METRICS_PORT", "-1", "found '-1'; expected a whole number from 0 to 65535"),
        ("BALANZA_METRICS_ADDRESS", "", "found ''; expected a text, not empty"),
        ("BALANZA_EPOCH_SECONDS", "nan", "found 'nan'; expected a number above 0 and up to 3600"),
        ("BALANZA_POLL_SECONDS", "0", "found '0'; expected a number above 0 and up to 60"),
        ("BALANZA_PREFIX", ".", "found '.'; expected letters, digits, ., _ and -, no point first, at most 100 long"),
        ("BALANZA_RECORD_TOPICS", "all", "found 'all'; expected 'by_record' or 'one' or 'none'"),
        ("BALANZA_TOPIC_PARTITIONS", "0", "found '0'; expected a whole number from 1 to 65536"),
        ("BALANZA_FENCE_HOLD_MS", "-1", "found '-1'; expected a whole number from 0 to 5000"),
        ("BALANZA_TOPICS_REFRESH_SECONDS", "0", "found '0'; expected a number above 0 and up to 3600"),
        ("BALANZA_OUTAGE_SECONDS_MAX", "inf", "found 'inf'; expected a number above 0 and up to 3600"),
        ("BALANZA_KEEP_RECORDS", "perhaps", "found 'perhaps'; expected true or false"),
    ],
)
def test_a_wrong_variable_is_named(variable: str, value: str, expected: str) -> None:
    """The message has the variable, what was found and what is accepted."""
    assert [f"{variable}: {expected}"] == refusals({variable: value})


def test_a_wrong_override_goes_by_the_name_of_its_setting() -> None:
    """What came from the command line is not blamed on the environment; several problems come together."""
    assert refusals({"BALANZA_METRICS_PORT": "x", "BALANZA_CACHE_MB": "64"}, {"cache_mb": 1}) == [
        "cache_mb: found 1; expected a whole number from 16 to 1048576",
        "BALANZA_METRICS_PORT: found 'x'; expected a whole number from 0 to 65535",
    ]


def test_an_unknown_override_is_refused() -> None:
    """A setting that does not exist is answered with those that do."""
    assert refusals({}, {"cache": 1})[0].startswith("cache: unknown setting; accepted: epoch_seconds, ")


def test_a_nearly_right_variable_is_a_typing_mistake() -> None:
    """A misspelt variable is refused; one that resembles none of ours belongs to somebody else."""
    assert refusals(
        {"BALANZA_EPOC_SECONDS": "1"}
    ) == ["BALANZA_EPOC_SECONDS: unknown setting (did you mean 'BALANZA_EPOCH_SECONDS'?)"]
    assert Settings() == Settings.from_environment({"BALANZA_CI": "1", "BALANZA_WEBHOOK_SECRET": "x"})
