"""Key groups of a worker, as text."""

import pytest

from config.groups import GroupsError, parse_groups, show_groups


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0-127",     tuple(range(128))),
        ("5",         (5,)),
        ("0-1, 6-7",  (0, 1, 6, 7)),
        ("3-4,4-5",   (3, 4, 5)),
        ("0/2",       tuple(range(128))),
        ("2/3",       tuple(range(170, 256))),
        ("0/1",       tuple(range(256))),
    ],
)  # fmt: skip
def test_text_names_groups(text: str, expected: tuple[int, ...]) -> None:
    """Ranges, lists, and equal parts by ordinal."""
    assert expected == parse_groups(text, 256)


@pytest.mark.parametrize("text", ["", "x", "4-3", "0-256", "2/2", "0/0", "-1", "1-", "0/300"])
def test_other_text_is_refused(text: str) -> None:
    """The message names the option and what is accepted."""
    with pytest.raises(GroupsError, match="--groups"):
        parse_groups(text, 256)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_equal_parts_cover_every_group_once(count: int) -> None:
    """So that ordinals of a StatefulSet can be handed on as they are."""
    together = [group for part in range(count) for group in parse_groups(f"{part}/{count}", 256)]
    assert list(range(256)) == together


@pytest.mark.parametrize("text", ["0-127", "5", "0-1,6-7", ""])
def test_groups_are_shown_as_they_are_read(text: str) -> None:
    """The shortest text."""
    shown = show_groups(parse_groups(text, 256) if text else ())
    assert text == shown
