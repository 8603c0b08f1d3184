"""The loader: every problem of a file at once, each with its line and what is accepted."""
# ruff: noqa: E501  # a message is one line, and so is its row

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.loader import FILE_BYTES_MAX, Problem, ProgramError, load_program
from tests.config.samples import CORNER_SHOP, SMALLEST, edited

SLUG = "a name of lower-case letters, digits, _ and -, starting with a letter, at most 64 long"
DURATION = "a duration such as 90s, 15m, 2h, 7d or 4w"

# what stands in the corner shop | what stands there instead | line, path and message
TYPOS = [
    ("program: corner_shop", "program: Corner Shop", f"3: program: found 'Corner Shop'; expected {SLUG}"),
    ("program: corner_shop", "progam: corner_shop", "3: progam: unknown key 'progam'; accepted: program, version, time_zone, identity, currencies, activities, earn, tiers, offers, rewards, signals, channels, purposes, rules, templates, caps, quiet_hours, alerts, retention, limits (did you mean 'program'?)"),
    ("version: 1", "version: '1'", "4: version: found '1'; expected a whole number of at least 1"),
    ("version: 1", "version: true", "4: version: found true; expected a whole number of at least 1"),
    ("version: 1", "version: 010", "4: version: found '010'; expected a whole number of at least 1"),
    ("Europe/London", "Europe/Londn", "5: time_zone: found 'Europe/Londn'; expected an IANA time zone such as Europe/London (did you mean 'Europe/London'?)"),
    ("region: GB", "region: UK", "8: identity.default_region: found 'UK'; expected one of 249 codes such as DE, GB, US"),
    ("anonymous_days: 30", "anonymous_days: 0", "9: identity.anonymous_days: found 0; expected a whole number from 1 to 3650"),
    ("loyalty: {known: true}", "loyalty: {known: yes}", "11: identity.identifiers.loyalty.known: found 'yes'; expected true or false"),
    ("loyalty: {known: true}", "loyalty: {normalise: low}", "11: identity.identifiers.loyalty.normalise: found 'low'; expected 'email' or 'phone' or 'trim' or 'lower' (did you mean 'lower'?)"),
    ("loyalty: {known: true}", "badge: {}", "11: identity.identifiers.badge.known: missing key 'known'; expected true or false"),
    ("loyalty: {known: true}", "loyalty:", "11: identity.identifiers.loyalty: found nothing; expected a mapping with the keys known, normalise, priority, unique, max, shared, blocked, deny, allow"),
    ("points: {name: Points}", "Points: {name: Points}", f"15: currencies.Points: found the key 'Points'; expected {SLUG}"),
    ("on: purchase", "on: purchse", "19: earn.0.on: found 'purchse'; expected an event type that earns: activity, app_session, call, cart_change, chat_turn, consent, invoice, member_update, offer_grant, page_view, payment_promise, preference, product_view, purchase, store_visit, subscription, survey_answer, ticket (did you mean 'purchase'?)"),
    ("currency: points", "currency: point", "20: earn.0.currency: found 'point'; expected a currency declared in `currencies`: points"),
    ("    points: 1", "    points: 1.5", "21: earn.0.points: found 1.5; expected a whole number from 1 to 1000000000000"),
    ("    points: 1\n", "", "18: earn.0: found 'spend'; expected `points`, or `bonus`"),
    ("currency: GBP", "currency: GPB", "22: earn.0.per.currency: found 'GPB'; expected one of 168 codes such as EUR, GBP, USD (did you mean 'GBP'?)"),
    ("rounding: down", "roundng: down", "23: earn.0.roundng: unknown key 'roundng'; accepted: id, on, currency, points, per, per_quantity, bonus, rounding, when, rates, exclude, minimum, between, hours, clock, birthday, first, every, once_a, caps, budget, stacking, group, hold, expires_after, qualifying (did you mean 'rounding'?)"),
    ("rounding: down", "rounding: half-up", "23: earn.0.rounding: found 'half-up'; expected 'down' or 'up' or 'half_up' or 'half_even' (did you mean 'half_up'?)"),
    ("after: 2h ", "after: 2 hours", f"28: signals.0.after: found '2 hours'; expected {DURATION}"),
    ("after: 2h ", "after: 7200", f"28: signals.0.after: found 7200; expected {DURATION}"),
    ("after: 2h ", "after: 9999d", "28: signals.0.after: found '9999d'; expected a duration of at most 3660d"),
    ("push: {identifier: device}", "push: {identifier: devise}", "34: channels.push.identifier: found 'devise'; expected an identifier type declared in `identity.identifiers`: cookie, crm, device, email, external, loyalty, phone, pos (did you mean 'device'?)"),
    ("survey: {consent: required}", "survey: {consent: no}", "39: purposes.survey.consent: found 'no'; expected 'required' or 'not_required'"),
    ("    on: abandoned_cart", "    on: abandoned", "45: rules.0.on: found 'abandoned'; expected a signal declared in `signals`: abandoned_cart"),
    ("purpose: marketing\n", "purpose: marketng\n", "46: rules.0.purpose: found 'marketng'; expected a purpose declared in `purposes`: collections, marketing, service, survey, transactional (did you mean 'marketing'?)"),
    ("[push, email, sms]", "[push, mail, sms]", "47: rules.0.channels.1: found 'mail'; expected a channel declared in `channels`: email, push, sms, whatsapp (did you mean 'email'?)"),
    ("[push, email, sms]", "[push, email, push]", "47: rules.0.channels.2: found 'push'; expected each name once; rules.0.channels.0 has this one already"),
    ("[push, email, sms]", "[]", "47: rules.0.channels: found an empty list; expected a list, not empty"),
    ("[push, email, sms]", "push", "47: rules.0.channels: found 'push'; expected a list, not empty"),
    ("template: cart_reminder", "template: reminder", "48: rules.0.template: found 'reminder'; expected a template declared in `templates`: cart_reminder"),
    ("id: all_week", "id: email_week", "59: caps.2.id: found 'email_week'; expected each name once; caps.0.id has this one already"),
    ("frequency: low", "frequency: rare", "60: caps.3.frequency: found 'rare'; expected 'low'"),
    ('from: "21:00"', "from: 9pm", "62: quiet_hours.from: found '9pm'; expected a time of day from 00:00 to 23:59 such as 08:00"),
    ('to: "08:00"', "to: 21:00", "62: quiet_hours: found a mapping; expected two different times; leave `quiet_hours` out to have none"),
    ("event_bytes_max: 1048576", "event_bytes_max: 1_048_576", "69: limits.event_bytes_max: found '1_048_576'; expected a whole number from 256 to 67108864"),
    ("share_max: 0.5", "share_max: 50", "71: limits.dead_letter_share_max: found 50; expected a number from 0 to 1"),
    ("  orders: 400d", "  events: 400d", "66: retention.events: key 'events' stands twice; line 65 has it already"),
]  # fmt: skip


def problems_of(path: Path) -> list[Problem]:
    """What the loader says of the file `path`, which must be refused."""
    with pytest.raises(ProgramError) as caught:
        load_program(path)
    assert "\n".join(map(str, caught.value.problems)) == str(caught.value)
    return caught.value.problems


@pytest.mark.parametrize(("old", "new", "expected"), TYPOS)
def test_a_typing_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, expected: str) -> None:
    """One mistake in the example gives its line, its path, what was found and what is accepted."""
    path = tmp_path / "corner_shop.yaml"
    path.write_text(edited(old, new), encoding="utf-8")

    assert f"{path}:{expected}" in str(ProgramError(problems_of(path))).splitlines()


def test_all_mistakes_come_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    """Every line with a mistake is named in one go, from top to bottom."""
    path = tmp_path / "kiosk.yaml"
    path.write_text(f"{SMALLEST}caps: [{{id: a, max: -1, window: 1d}}]\ncolour: red\nversion: 2\nearn: 3\n", encoding="utf-8")

    assert [(problem.line, problem.path) for problem in problems_of(path)] == [
        (6, "caps.0.max"), (7, "colour"), (8, "version"), (9, "earn"),
    ]  # fmt: skip


def test_a_problem_tells_its_parts(tmp_path: Path) -> None:
    """A problem has file, line, column, path, what was found and what was expected as values of their own."""
    path = tmp_path / "kiosk.yaml"
    path.write_text(f"{SMALLEST}limits: {{future_skew: soon}}\n", encoding="utf-8")

    message = f"found 'soon'; expected {DURATION}"
    assert [
        Problem(str(path), 6, 10, "limits.future_skew", "'soon'", DURATION, message)
    ] == problems_of(path)  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "1: found nothing; expected a mapping with the keys"),
        (b"# only a remark\n", "1: found nothing; expected a mapping with the keys"),
        (b"- program: x\n", "1: found a list; expected a mapping with the keys"),
        (b"\n\nprogram\n", "3: found a single value; expected a mapping with the keys"),
        (b"program: x\n  version: 1\n", "2: not readable as YAML: "),
        (b"program: [x\n", "2: not readable as YAML: "),
        (b"program: x\nname: \xff\n", "2: found the byte 0xff; expected text in UTF-8"),
        (b"program: x\nname: \x07\n", "2: found the character"),
        (b'program: "\\UFFFFFFFF"\n', "1: not readable as YAML: "),
        (b"program: x\n---\nprogram: y\n", "2: not readable as YAML: "),
        (b"program: &a x\n", "1: not readable as YAML: anchors and aliases are not accepted; write the value out"),
        (b"program: *a\n", "1: not readable as YAML: anchors and aliases are not accepted; write the value out"),
        (b"program: !!str x\n", "1: not readable as YAML: tags are not accepted; write a plain or quoted value"),
        (b"program: " + b"[" * 5000, "1: not readable as YAML: nested deeper than 32 levels"),
        (b"? [a, b]\n: x\n", "1: found a list or a mapping as a key; expected a text"),
        (b"#" * (FILE_BYTES_MAX + 1), "1: too large; expected at most 1048576 bytes"),
    ],
)
def test_an_unreadable_file_is_refused_with_a_line(tmp_path: Path, raw: bytes, expected: str) -> None:
    """Empty, broken, foreign, or over-large text is a problem of the file like any other."""
    path = tmp_path / "broken.yaml"
    path.write_bytes(raw)

    assert any(str(problem).startswith(f"{path}:{expected}") for problem in problems_of(path))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A path that names no file, or a folder, cannot be read; the message says why."""
    assert [f"{tmp_path / 'no.yaml'}:1: cannot be read: No such file or directory"] == [
        str(problem) for problem in problems_of(tmp_path / "no.yaml")
    ]
    assert [f"{tmp_path}:1: cannot be read: Is a directory"] == [str(problem) for problem in problems_of(tmp_path)]


def test_a_message_is_one_printable_line(tmp_path: Path) -> None:
    """Keys and names with line breaks or broken characters are quoted, so that any terminal can show the message."""
    path = tmp_path / "odd.yaml"
    odd = '"a\\nb\\uD800": 1\ncaps: [{id: a, max: 1, window: 1d, channel: x}]\nchannels: {"c\\n": {identifier: "\\uDC00"}}\n'
    path.write_text(SMALLEST + odd, encoding="utf-8")

    for problem in problems_of(path):
        assert str(problem).isprintable()


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    """Some editors put a byte order mark first; it is not part of the first key."""
    path = tmp_path / "marked.yaml"
    path.write_text(SMALLEST, encoding="utf-8-sig")

    assert load_program(path).program == "kiosk"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(0, 2200), junk=st.text(max_size=12), length=st.integers(0, 40))
def test_a_damaged_file_loads_or_is_refused(tmp_path: Path, cut: int, junk: str, length: int) -> None:
    """Any piece of the example replaced by anything gives a program or problems with lines of the file, never a crash."""
    text = CORNER_SHOP.read_text(encoding="utf-8")
    path = tmp_path / "damaged.yaml"
    path.write_bytes((text[:cut] + junk + text[cut + length :]).encode("utf-8", "surrogatepass"))

    problems = []
    try:
        load_program(path)
    except ProgramError as error:
        problems = error.problems
    lines = len(path.read_text(encoding="utf-8", errors="replace").splitlines()) + 1
    assert all(1 <= problem.line <= lines and problem.message for problem in problems)
