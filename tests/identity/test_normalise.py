"""Canonical values: two spellings of one identifier are one, and what names nobody is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.program import Program
from flows.identity.normalise import BLOCKED_VALUES, VALUE_CHARS_MAX, Normaliser
from tests.config.samples import program

REGIONS = ("DE", "GB", "US", "IT", "BR")


def by_region(region: str) -> Program:
    """A program whose phone numbers are read in a region; it also has a type that is compared in lower case."""
    return program(f"""
        identity:
          default_region: {region}
          identifiers: {{handle: {{known: false, priority: 250, normalise: lower}}}}
        """)


NORMALISERS = {region: Normaliser(by_region(region)) for region in REGIONS}
BRITISH = NORMALISERS["GB"]


@pytest.mark.parametrize(
    ("kind", "value", "canonical"),
    [
        ("email",   "ada@example.com",       "ada@example.com"),
        ("email",   "  Ada@Example.COM\t",   "ada@example.com"),
        ("email",   "ada+shop@example.com",  "ada+shop@example.com"),
        ("phone",   "+44 20 7946 0958",      "+442079460958"),
        ("phone",   "020 7946 0958",         "+442079460958"),
        ("phone",   "(020) 7946-0958",       "+442079460958"),
        ("phone",   "0044 20 7946 0958",     "+442079460958"),
        ("phone",   "+44 (0)20 7946 0958",   "+442079460958"),
        ("phone",   "+49 30 901820",         "+4930901820"),
        ("phone",   "+49 00 30 901820",      "+4930901820"),
        ("loyalty", " 0042 ",                "0042"),
        ("loyalty", "Ab",                    "Ab"),
        ("cookie",  "a b",                   "a b"),
        ("handle",  " Ada ",                 "ada"),
    ],
)  # fmt: skip
def test_a_value_has_one_canonical_form(kind: str, value: str, canonical: str) -> None:
    """By the rule of its type."""
    assert BRITISH.canonical(kind, value) == (canonical, None)


@pytest.mark.parametrize("value", ["ada", "@example.com", "ada@", "a@b@c", "a b@example.com"])
def test_an_invalid_address_is_refused(value: str) -> None:
    """An e-mail address has one @ with something on both sides and no space."""
    assert BRITISH.canonical("email", value) == (None, "invalid")


@pytest.mark.parametrize("value", ["ada", "12", "+999 123456789", "+44 20 7946 0958 0958 0958"])
def test_an_impossible_phone_number_is_refused(value: str) -> None:
    """No country has it."""
    assert BRITISH.canonical("phone", value) == (None, "invalid")


def test_a_number_without_country_code_needs_a_region() -> None:
    """Without one nobody can say whose it is; one with a country code is read all the same."""
    nowhere = Normaliser(program())
    assert nowhere.canonical("phone", "020 7946 0958") == (None, "invalid")
    assert nowhere.canonical("phone", "+44 20 7946 0958") == ("+442079460958", None)


@pytest.mark.parametrize("kind", ["email", "phone", "loyalty", "cookie", "handle"])
@pytest.mark.parametrize("value", [*sorted(BLOCKED_VALUES), " NULL ", "0", "0000", " ", "0" * 40])
def test_a_placeholder_names_nobody(kind: str, value: str) -> None:
    """Whatever the type: a value that many senders write for want of one is blocked, not wrong."""
    assert BRITISH.canonical(kind, value) == (None, "blocked")


def test_an_absurdly_long_value_names_nobody() -> None:
    """There is a bound, and what lies on it is fine."""
    assert BRITISH.canonical("cookie", "x" * VALUE_CHARS_MAX) == ("x" * VALUE_CHARS_MAX, None)
    assert BRITISH.canonical("cookie", "x" * (VALUE_CHARS_MAX + 1)) == (None, "blocked")


def again(normaliser: Normaliser, kind: str, value: str) -> None:
    """Check that the canonical value of a value, if it has one, is canonical."""
    canonical, _ = normaliser.canonical(kind, value)
    if canonical is not None:
        assert normaliser.canonical(kind, canonical) == (canonical, None)


@given(st.sampled_from(["email", "phone", "loyalty", "handle"]), st.text(max_size=30))
def test_a_canonical_value_is_its_own(kind: str, value: str) -> None:
    """Any text: the index finds it as it came, without a rule."""
    again(BRITISH, kind, value)


@given(st.from_regex(r"[^@]{1,9}@[^@]{1,9}", fullmatch=True))
def test_a_canonical_address_is_its_own(value: str) -> None:
    """Also with letters whose lower case is odd."""
    again(BRITISH, "email", value)


@given(st.sampled_from(REGIONS), st.from_regex(r"\+?[0-9]{0,3}[0-9 ()-]{4,14}", fullmatch=True))
def test_a_canonical_phone_number_is_its_own(region: str, value: str) -> None:
    """In every region, with and without country code."""
    again(NORMALISERS[region], "phone", value)


@given(st.sampled_from(REGIONS), st.from_regex(r"(\+(49|55|31|39))?0{0,3}[1-9][0-9]{5,9}", fullmatch=True))
def test_a_canonical_phone_number_keeps_no_trunk_prefix(region: str, value: str) -> None:
    """Senders write zeros before and after the country code."""
    again(NORMALISERS[region], "phone", value)
