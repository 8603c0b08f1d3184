"""Properties of Kafka's client: file, environment, command line, and what is said when they are wrong."""

from pathlib import Path

import pytest

from config.kafka import OWNED, KafkaConfigError, KafkaProperties, is_secret, kafka_properties, masked
from config.settings import Settings, SettingsError

HERE = "127.0.0.1:9092"
IN_FILE = "bootstrap.servers=HOST:PORT"


def refusals(bootstrap: str | None, file: Path | None = None, environ: dict[str, str] | None = None) -> list[str]:
    """What is said against the given properties, which must be refused."""
    with pytest.raises(KafkaConfigError) as caught:
        kafka_properties(bootstrap, file, environ or {})
    assert "\n".join(caught.value.problems) == str(caught.value)
    return caught.value.problems


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give the path of a file for properties; the test writes it."""
    return tmp_path / "kafka.properties"


def test_an_address_is_enough() -> None:
    """--kafka alone gives one property, and an empty environment adds none."""
    assert kafka_properties(HERE, None, {}) == {"bootstrap.servers": HERE}


def test_a_file_has_a_property_a_line(file: Path) -> None:
    """Comments and empty lines count for nothing, space around names and values neither; a value may hold a =."""
    file.write_text("# ours\n\n bootstrap.servers = a:1,b:2\nsasl.password=p=q#r\r\n#security.protocol=SSL\n")

    assert kafka_properties(None, file, {}) == {"bootstrap.servers": "a:1,b:2", "sasl.password": "p=q#r"}


def test_a_value_may_come_from_elsewhere(file: Path) -> None:
    """A variable or another file's text, without its line's end, stands in for a part of a value, and only once."""
    (file.parent / "word").write_text("hush ${env:NO}\n")
    file.write_text("sasl.username=svc-${env:WHO}\nsasl.password=${file:word}\nssl.key.password=${file:word}${env:WHO}")

    properties = kafka_properties(HERE, file, {"WHO": "ada"})

    assert properties["sasl.username"] == "svc-ada"
    assert properties["sasl.password"] == "hush ${env:NO}"
    assert properties["ssl.key.password"] == "hush ${env:NO}ada"


def test_the_environment_overrules_the_file(file: Path) -> None:
    """Each variable is a property with _ for the dots, or names a file that holds it; an empty one is not given."""
    word = file.with_name("word")
    word.write_text("hush\n\n")
    file.write_text("sasl.password=of the file\nsecurity.protocol=SSL\nsasl.username=ada\n")
    environ = {
        "BALANZA_KAFKA_BOOTSTRAP_SERVERS": HERE, "BALANZA_KAFKA_SASL_PASSWORD_FILE": str(word),
        "BALANZA_KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "BALANZA_KAFKA_SASL_USERNAME": "", "BALANZA_KAFKA": "x",
        "BALANZA_KAFKA_SASL_OAUTHBEARER_ASSERTION_PRIVATE_KEY_FILE": "/a/key",
    }  # fmt: skip

    assert kafka_properties(None, file, environ) == {
        "bootstrap.servers": HERE, "sasl.password": "hush", "security.protocol": "SASL_SSL", "sasl.username": "ada",
        "sasl.oauthbearer.assertion.private.key.file": "/a/key",
    }  # fmt: skip


def test_every_line_that_is_wrong_is_named(file: Path) -> None:
    """All problems of a file come together, each with its line."""
    file.write_text(
        "group.id=x\nsasl.username\nSASL.Password=x\n=x\nacks=all\nacks=1\nsasl.mechanism=\nsasl.jaas.config=x\n"
        "error_cb=x\na=${env:NONE}\nb=${file:none}\nc=${vault:x}\nd=${env:HOME\n"
    )

    told = refusals(HERE, file, {"HOME": "/"})

    name = "expected name=value with a property of librdkafka such as sasl.username"
    reference = "expected ${env:NAME} or ${file:PATH} after $"
    assert told == [
        f"{file}:1: group.id is Balanza's own (the consumer group is named after the prefix); leave it out",
        f"{file}:2: {name}",
        f"{file}:3: {name}",
        f"{file}:4: expected a name before =",
        f"{file}:6: acks is given in line 5 already",
        f"{file}:7: sasl.mechanism: expected a value after =",
        f"{file}:8: sasl.jaas.config belongs to the Java client; use sasl.username and sasl.password instead",
        f"{file}:9: error_cb is a function of the program; leave it out",
        f"{file}:10: a: the variable NONE is not set",
        f"{file}:11: b: {file.parent}/none cannot be read: No such file or directory",
        f"{file}:12: c: {reference}",
        f"{file}:13: d: {reference}",
    ]


def test_every_variable_that_is_wrong_is_named(tmp_path: Path) -> None:
    """What is ours to set, what is given twice, and a file that is not there."""
    environ = {
        "BALANZA_KAFKA_ISOLATION_LEVEL": "x", "BALANZA_KAFKA_SASL_PASSWORD": "x",
        "BALANZA_KAFKA_SASL_PASSWORD_FILE": "y", "BALANZA_KAFKA_SSL_KEY_PEM_FILE": str(tmp_path),
    }  # fmt: skip

    assert refusals(HERE, None, environ) == [
        "BALANZA_KAFKA_ISOLATION_LEVEL: isolation.level is Balanza's own (only what is committed counts); leave it out",
        "BALANZA_KAFKA_SASL_PASSWORD_FILE: sasl.password is given by BALANZA_KAFKA_SASL_PASSWORD already",
        f"BALANZA_KAFKA_SSL_KEY_PEM_FILE: {tmp_path} cannot be read: Is a directory",
    ]


@pytest.mark.parametrize("name", sorted(OWNED))
def test_what_is_our_own_is_refused_wherever_it_comes_from(name: str, file: Path) -> None:
    """Each property that Balanza's guarantees rest on is refused in the file and in the environment."""
    file.write_text(f"{name}=x\n")
    variable = "BALANZA_KAFKA_" + name.upper().replace(".", "_")

    assert [name in problem for problem in refusals(HERE, file, {variable: "x"})] == [True, True]


@pytest.mark.parametrize(
    ("bootstrap", "expected"),
    [
        (None, f"bootstrap.servers is missing; expected --kafka HOST:PORT, or {IN_FILE} in --kafka-config"),
        ("", "--kafka: found ''; expected HOST:PORT, several with commas between"),
        ("a:1,,b:2", "--kafka: found ''; expected HOST:PORT, several with commas between"),
        ("a:one", "--kafka: found 'a:one'; expected HOST:PORT, several with commas between"),
        ("http://a:1/x", "--kafka: found 'http://a:1/x'; expected HOST:PORT, several with commas between"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_one_is_refused(bootstrap: str | None, expected: str) -> None:
    """Without an address nothing can start, and the message says how to give one."""
    assert refusals(bootstrap) == [expected]


@pytest.mark.parametrize("bootstrap", ["kafka", "kafka:9092", "SSL://k.example.com:9093", "[::1]:9092, 10.0.0.1:9092"])
def test_addresses_come_in_several_forms(bootstrap: str) -> None:
    """Names, addresses of both kinds, with a scheme, and several of them."""
    assert kafka_properties(bootstrap, None, {}) == {"bootstrap.servers": bootstrap}


def test_two_different_addresses_are_refused(file: Path) -> None:
    """--kafka beside another address in the file is a mistake; beside the same it is not."""
    file.write_text("bootstrap.servers=a:1\n")

    assert refusals("b:2", file) == ["bootstrap.servers: found 'a:1' and --kafka 'b:2'; expected one of them"]
    assert kafka_properties("a:1", file, {}) == {"bootstrap.servers": "a:1"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "--kafka-config: {file} cannot be read: No such file or directory"),
        (b"\xff\xfe", "--kafka-config: {file} is not UTF-8"),
        (b"#" * 65_537, "--kafka-config: {file} is too large; expected at most 65536 bytes"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(content: bytes | None, expected: str, file: Path) -> None:
    """Missing, not text, or too large."""
    if content is not None:
        file.write_bytes(content)
    assert refusals(HERE, file) == [expected.format(file=file)]


def test_secrets_are_never_printed(file: Path) -> None:
    """Not in what Python shows of the properties, not in the problems, and a message can be cleaned of them."""
    file.write_text("sasl.password=opensesame\nssl.key.pem=-----BEGIN\nsasl.username=ada\n")
    properties = kafka_properties(HERE, file, {})

    assert repr(properties) == str(properties) == (
        "KafkaProperties({'sasl.password': '***', 'ssl.key.pem': '***', 'sasl.username': 'ada', "
        f"'bootstrap.servers': '{HERE}'}})"
    )
    assert "opensesame" not in f"{properties}"
    assert masked("refused ada/opensesame", properties) == "refused ada/***"
    file.write_text("sasl.password=opensesame\ngroup.id=opensesame\n")
    assert "opensesame" not in str(refusals(HERE, file))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sasl.password",                  True),
        ("ssl.key.password",               True),
        ("ssl.key.pem",                    True),
        ("ssl.keystore.password",          True),
        ("sasl.oauthbearer.client.secret", True),
        ("sasl.oauthbearer.config",        True),
        ("sasl.username",                  False),
        ("ssl.certificate.pem",            False),
        ("bootstrap.servers",              False),
    ],
)  # fmt: skip
def test_secrets_are_told_by_their_names(name: str, expected: bool) -> None:
    """Passwords, keys and tokens are; names, addresses and certificates are not."""
    assert is_secret(name) == expected
    assert ("hidden" in repr(KafkaProperties({name: "hidden"}))) != expected


def test_the_settings_leave_these_variables_alone() -> None:
    """BALANZA_KAFKA_METRICS_PORT is a matter of Kafka's client; without KAFKA_ a slip of the keys is still found."""
    assert Settings.from_environment({"BALANZA_KAFKA_KEY_GROUPS": "x"}) == Settings()
    with pytest.raises(SettingsError):
        Settings.from_environment({"BALANZA_KEY_GROUP": "x"})
