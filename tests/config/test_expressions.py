"""The language of conditions: what it means, and how it says what is wrong."""
# ruff: noqa: E501  # a message is one line, and so is its row

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.expressions.names import names_of
from config.expressions.problem import DEPTH_MAX, LENGTH_MAX, ExpressionError
from config.expressions.scene import Scene
from config.expressions.typed import Expression, compile_expression
from schemas.events import EVENT_TYPES, Money, OrderLine, PurchaseData
from schemas.facts import Facts

TIERS = ("gold", "silver")
NAMES = names_of("purchase", TIERS)
FRIDAY_1530_US = 1_767_367_800_000_000    # 2026-01-02T15:30Z
FACTS = Facts(
    known=True, tier="gold", time_zone="Europe/Madrid", purchases=3,
    attributes={"plan": "plus", "age": 36, "share": 0.5, "vip": True, "tags": ["a", "b"], "gone": None, "joined": "2024-05-01"},
)  # fmt: skip
DATA = PurchaseData(ids={"loyalty": "ada"}, order_id="o1", total=Money(amount=1299, currency="GBP"), channel="app")


def compiled(text: str) -> Expression:
    """The expression over a purchase's names."""
    return compile_expression(text, NAMES)


def holds(text: str, line: OrderLine | None = None) -> bool:
    """Whether a condition holds for the order of this file: Friday 16:30 in Madrid, 12.99 GBP by the app, no store."""
    scene = Scene(FACTS, DATA, FRIDAY_1530_US, "UTC")
    scene.line = line
    return compiled(text).test(scene)


@pytest.mark.parametrize(
    "text",
    [
        "total >= 1299 and total <= 1299 and total > 1298 and total < 1300 and total == 1299 and total != 1300",
        "1000 < total",
        "total.currency == 'GBP'",
        'channel == "app" or store == "soho"',
        'store == "soho" or channel == "app" and known',
        'not (store == "soho")',
        'not store == "soho" and not not known',
        "total + 1 == 1300 and total - 1 == 1298 and total * 2 == 2598",
        "total // 100 == 12 and total % 100 == 99",
        "2 + 3 * 4 == total - 1285",
        "-total < -1298 and total - -1 == 1300",
        "(total + 1) * 2 == 2600",
        'tier in ["gold", "silver"] and channel not in ["web"]',
        "total in [1, 1299]",
        "purchases == 3",
        "attribute.age >= 18 and attribute.plan == 'plus' and attribute.vip and attribute.vip == true",
        "attribute.share < 1",
        '"a" in attribute.tags and "c" not in attribute.tags',
        "attribute.joined <= date",
        'weekday == "friday" and hour == 16 and day == 2 and month == 1 and year == 2026',
        'date == "2026-01-02" and date < "2026-02-01" and time >= "16:30" and time < "17:00"',
        "store == none and channel != none and attribute.gone == none and none == coupon",
    ],
)
def test_a_condition_that_holds(text: str) -> None:
    """Comparison, and, or, not, in, sums, and the names of event, member and local clock."""
    assert holds(text)
    assert not holds(f"not ({text})")


@pytest.mark.parametrize(
    "text",
    [
        'store == "soho"', 'store in ["soho"]', "attribute.unset > 1", "attribute.unset < 1", "attribute.unset + 1 > 0",
        "attribute.unset", "attribute.plan > 1", "attribute.age == 'plus'", "attribute.vip == 1", "attribute.plan",
        '"a" in attribute.plan', "attribute.unset == false",
    ],
)  # fmt: skip
def test_what_is_missing_fits_nothing(text: str) -> None:
    """An absent value, or an attribute of another kind, makes every comparison false."""
    assert not holds(text)


def test_what_is_missing_is_unlike_everything() -> None:
    """So `!=` and `not in` hold."""
    assert holds('store != "soho" and store not in ["soho"] and attribute.plan != 1')


def test_a_condition_may_look_at_lines() -> None:
    """It says so, since it then holds for some lines and not for others."""
    text = 'line.category == "coffee" and line.quantity * 2 >= 3 and total > 0'
    assert compiled(text).by_line
    assert not compiled("total > 0").by_line
    assert holds(text, OrderLine(sku="c", category="coffee", quantity=1.5, amount=100))
    assert not holds(text, OrderLine(sku="c", quantity=1.5, amount=100))


EVENT_NAMES = "attribute.NAME, channel, coupon, date, day, hour, known, line.amount, line.category, line.quantity, line.sku, month, order_id, purchases, store, tier, time, total, total.currency, weekday, year"
WRONG = [
    ("", "at character 1: found the end; expected a name, a whole number, a text in quotes, true, false, none, a list or a bracket"),
    ("totl > 5", f"at character 1: found 'totl'; expected a name: {EVENT_NAMES}"),
    ("total = 5", "at character 7: found '='; expected ==, !=, and, or, not, //"),
    ("total > 5 && known", "at character 11: found '&'; expected ==, !=, and, or, not, //"),
    ('channel == "app', "at character 12: found '\"'; expected a closing quote to this one"),
    ("total > 5 known", "at character 11: found 'known'; expected and, or, or the end"),
    ("total >", "at character 8: found the end; expected a name, a whole number, a text in quotes, true, false, none, a list or a bracket"),
    ("(total > 5", "at character 11: found the end; expected a closing bracket for the one at character 1"),
    ("total in [1, 2", "at character 15: found the end; expected a comma or ]"),
    ("total in []", "at character 11: found ']'; expected a text in quotes or a whole number"),
    ("1 < total < 5", "at character 11: found '<'; expected one comparison; join two with and"),
    ("total", "at character 1: found total; expected a condition, such as a comparison"),
    ("1 < 2", "at character 3: found '1 < 2'; expected a condition that reads something of the event or the member"),
    ('total > "5"', 'at character 9: found "5"; expected a whole number, as total is'),
    ("channel > 5", "at character 11: found 5; expected a text, as channel is"),
    ('channel > "a"', "at character 1: found channel (a text); expected numbers, dates or times beside >"),
    ("channel == total", "at character 12: found total (a whole number); expected a text, as channel is"),
    ("known == 1", "at character 10: found 1; expected true or false, as known is"),
    ('total in ["a"]', 'at character 11: found "a"; expected a whole number, as total is'),
    ("channel + 1 == 2", "at character 1: found channel (a text); expected a number beside +"),
    ("total // 0 > 1", "at character 10: found 0; expected a whole number above 0 as written behind //"),
    ("total % purchases > 1", "at character 9: found purchases; expected a whole number above 0 as written behind %"),
    ('tier == "gald"', 'at character 9: found "gald"; expected one of tier: gold, silver'),
    ('tier in ["gold", "bronze"]', 'at character 18: found "bronze"; expected one of tier: gold, silver'),
    ('weekday == "sun"', 'at character 12: found "sun"; expected one of weekday: friday, monday, saturday, sunday, thursday, tuesday, wednesday'),
    ('date > "2026-02-30"', 'at character 8: found "2026-02-30"; expected a date such as "2026-12-24"'),
    ('time > "9:00"', 'at character 8: found "9:00"; expected a time of day such as "08:00"'),
    ("attribute.a == attribute.b", "at character 16: found attribute.b; expected one side whose kind is known beside an attribute"),
    ("total > none", "at character 9: found none; expected none only beside == or !="),
    ("total == [1]", "at character 10: found a list; expected a list only behind in"),
    ("1 in total", "at character 6: found total; expected a list or an attribute that holds one"),
    ("1 in attribute.tags", "at character 1: found 1; expected a text beside a list of texts"),
    ("(total > 1) == known", "at character 8: found a condition; expected a value; put brackets around it and compare"),
    ("total > 9999999999999999", "at character 9: found '9999999999999999'; expected a whole number up to 1000000000000000"),
    ("__import__('os')", "at character 11: found '('; expected and, or, or the end"),
    ("total.__class__ == 1", f"at character 1: found 'total.__class__'; expected a name: {EVENT_NAMES}"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_is_wrong_is_said_with_its_character(text: str, message: str) -> None:
    """What was found where, and what is accepted there."""
    with pytest.raises(ExpressionError) as caught:
        compiled(text)
    assert message == str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("total > " + "1" * LENGTH_MAX, f"at most {LENGTH_MAX} characters"),
        ("(" * (DEPTH_MAX + 1) + "total > 1" + ")" * (DEPTH_MAX + 1), f"at most {DEPTH_MAX} levels of brackets, not and -"),
        ("not " * (DEPTH_MAX + 1) + "known", f"at most {DEPTH_MAX} levels of brackets, not and -"),
        ("total > " + "-" * (DEPTH_MAX + 1) + "1", f"at most {DEPTH_MAX} levels of brackets, not and -"),
        (" or ".join(["known"] * 200), "at most 200 words and signs"),
    ],
)
def test_an_expression_has_bounds(text: str, expected: str) -> None:
    """On its length, its depth and its parts."""
    with pytest.raises(ExpressionError) as caught:
        compiled(text)
    assert expected == caught.value.expected


@pytest.mark.parametrize("on", sorted(EVENT_TYPES))
def test_every_event_type_has_names(on: str) -> None:
    """Its own fields, the member's and the clock's; identifiers are no names."""
    names = names_of(on)
    assert {"known", "tier", "weekday", "date"} <= names.keys()
    assert "ids" not in names


def test_words_of_a_field_are_checked() -> None:
    """A survey that does not exist is refused."""
    with pytest.raises(ExpressionError, match="expected one of survey: ces, csat, nps"):
        compile_expression('survey == "npx"', names_of("survey_answer"))


WORDS = ["total", "channel", "known", "tier", "attribute.x", "line.amount", "date", "none", "true", "1", "0", '"app"', "==",
         "<", "in", "not", "and", "or", "(", ")", "[", "]", ",", "+", "-", "*", "//", "%", "x", "'", "=", "ü"]  # fmt: skip


def _compiled_or_refused(text: str) -> tuple[Expression | None, int]:
    """The expression, or the character at which it is refused."""
    try:
        return compiled(text), 0
    except ExpressionError as error:
        return None, error.at


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join) | st.text(max_size=20))
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    """And what is accepted says true or false of any event, with a line or with all its values missing."""
    expression, refused_at = _compiled_or_refused(text)
    assert 0 <= refused_at <= len(text) + 1
    if expression is None:
        return
    line = OrderLine(sku="s", quantity=1, amount=5)
    for facts in (FACTS, Facts()):
        scene = Scene(facts, DATA, FRIDAY_1530_US, "UTC")
        scene.line = line
        assert expression.test(scene) in {True, False}
