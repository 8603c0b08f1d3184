"""The keys of records in their topics."""

import msgspec

from sinks.kafka.records import key_of
from tests.sinks.examples import alert, identity


def test_a_record_is_keyed_by_its_member() -> None:
    """The other member of a change is not meant; an alert about nobody has no key."""
    encode = msgspec.json.encode
    assert key_of(encode(identity(1, "merge", "ada", (), "bob"))) == b"ada"
    assert key_of(encode(alert(1))) == b"ada"
    assert key_of(encode(alert(1, None))) is None
