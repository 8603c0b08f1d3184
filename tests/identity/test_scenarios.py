"""Identity by stories from shops: tables of events and who is who after each (see `tests.identity.tables`)."""
# ruff: noqa: E501  # a line of a table is one event

from typing import Any, Final

from tests.identity.tables import check, lettered

THREE: Final[dict[str, Any]] = {"shared": {"members": 3, "within": "month"}}
THREE_ON_ANYTHING: Final[dict[str, Any]] = {"identifiers": {"pos": THREE, "cookie": THREE}}
FEW_ON_A_DEVICE: Final[dict[str, Any]] = {"identifiers": {"device": {"shared": {"members": 2, "within": "month"}}}}


def test_two_families_share_a_tablet() -> None:
    """The third person is one too many: the tablet joins nobody any more, and whom it had joined are apart again."""
    check("""
        2026-01-01T10:00  visit  email:ada@x.de device:tablet  -> A made
        2026-01-01T10:05  visit  crm:7 email:ada@x.de          -> A links crm:7
        2026-01-02T10:00  visit  email:ben@x.de device:tablet  -> A links email:ben@x.de
        2026-01-02T11:00  visit  email:ben@x.de cookie:bens    -> A links cookie:bens
        2026-01-03T10:00  visit  email:cem@x.de device:tablet  -> B made, quarantine device:tablet, A parts C cookie:bens email:ben@x.de
        2026-01-03T11:00  visit  email:dia@x.de device:tablet  -> D made
        2026-01-03T12:00  visit  device:tablet                 -> D
        2026-01-03T13:00  visit  email:ada@x.de device:tablet  -> A
        2026-01-03T14:00  visit  device:tablet                 -> A
        2026-01-03T15:00  visit  cookie:bens                   -> C
        2026-01-04T10:00  alias  crm:7 device:tablet           -> A release device:tablet, links device:tablet
        2026-01-04T11:00  visit  email:cem@x.de device:tablet  -> A takes B
        """, FEW_ON_A_DEVICE)  # fmt: skip


def test_a_family_that_has_other_evidence_stays_together() -> None:
    """Two addresses of one person, seen together elsewhere, count as one person and are not taken apart."""
    check("""
        2026-01-01T10:00  visit  email:ada@x.de device:tablet      -> A made
        2026-01-02T10:00  visit  email:lov@x.de device:tablet      -> A links email:lov@x.de
        2026-01-02T11:00  visit  email:ada@x.de email:lov@x.de     -> A
        2026-01-03T10:00  visit  email:cem@x.de device:tablet      -> A links email:cem@x.de
        2026-01-04T10:00  visit  email:dia@x.de device:tablet      -> B made, quarantine device:tablet, A parts C email:cem@x.de
        """, FEW_ON_A_DEVICE)  # fmt: skip


def test_a_device_that_changes_hands_slowly_is_not_shared() -> None:
    """Only people inside the window count: who was there before it is out of the count, not out of the member."""
    check("""
        2026-01-01T10:00  visit  email:ada@x.de device:tablet  -> A made
        2026-01-20T10:00  visit  email:ben@x.de device:tablet  -> A links email:ben@x.de
        2026-02-01T10:00  visit  email:cem@x.de device:tablet  -> A links email:cem@x.de
        2026-02-02T10:00  visit  email:dia@x.de device:tablet  -> B made, quarantine device:tablet, A parts C email:ben@x.de, A parts D email:cem@x.de
        """, FEW_ON_A_DEVICE)  # fmt: skip


def test_a_store_kiosk_with_five_hundred_members() -> None:
    """The kiosk joins three customers, the fourth is one too many; in the end everybody is alone and it is nobody's."""
    lines = [
        "2026-01-01T10:01  visit  crm:1 pos:kiosk  -> A made",
        "2026-01-01T10:02  visit  crm:2 pos:kiosk  -> A links crm:2",
        "2026-01-01T10:03  visit  crm:3 pos:kiosk  -> A links crm:3",
        "2026-01-01T10:04  visit  crm:4 pos:kiosk  -> B made, quarantine pos:kiosk, A parts C crm:2, A parts D crm:3",
    ]
    lines += [
        f"2026-01-{at // 100 + 2:02}T10:{at % 60:02}  visit  crm:{at} pos:kiosk  -> {lettered(at)} made"
        for at in range(5, 501)
    ]
    check("\n".join(lines), THREE_ON_ANYTHING)


def test_a_store_kiosk_where_everybody_shows_a_card() -> None:
    """A card is unique: the kiosk stays with the first until it is found to be shared, and never joins two cards."""
    check("""
        2026-01-01T10:00  visit  loyalty:1 pos:kiosk  -> A made
        2026-01-01T10:01  visit  loyalty:2 pos:kiosk  -> B made, conflict pos:kiosk
        2026-01-01T10:02  visit  loyalty:3 pos:kiosk  -> C made, conflict pos:kiosk
        2026-01-01T10:03  visit  pos:kiosk            -> A
        2026-01-01T10:04  visit  loyalty:4 pos:kiosk  -> D made, quarantine pos:kiosk
        2026-01-01T10:05  visit  loyalty:5 pos:kiosk  -> E made
        2026-01-01T10:06  visit  pos:kiosk            -> E
        2026-01-01T10:07  visit  loyalty:2 pos:kiosk  -> B
        2026-01-01T10:08  visit  pos:kiosk            -> B
        """, THREE_ON_ANYTHING)  # fmt: skip


def test_a_quarantined_till_beside_a_cookie() -> None:
    """Though it counts more than the cookie, it joins nobody, and the event is the cookie's member's."""
    check("""
        2026-01-01T10:00  visit  crm:1 pos:till     -> A made
        2026-01-01T10:01  visit  crm:2 pos:till     -> B made, quarantine pos:till
        2026-01-01T10:02  visit  cookie:c           -> C made
        2026-01-01T10:03  visit  pos:till cookie:c  -> C
        2026-01-01T10:04  visit  pos:till cookie:d  -> D made
        2026-01-01T10:05  visit  pos:till           -> B
        """, {"identifiers": {"pos": {"shared": {"members": 1, "within": "month"}}}})  # fmt: skip


def test_a_call_centres_phone_number() -> None:
    """A number that names a person is shared too, when its type says so; without `undo` past links stay."""
    check("""
        2026-01-01T10:00  visit  crm:1 phone:+442079460900        -> A made
        2026-01-02T10:00  visit  crm:2 phone:+442079460900        -> A links crm:2
        2026-01-03T10:00  visit  crm:3 phone:+442079460900        -> B made, quarantine phone:+442079460900
        2026-01-04T10:00  visit  phone:+442079460900              -> B
        2026-01-05T10:00  visit  phone:+442079460900 cookie:1     -> C made
        2026-01-06T10:00  visit  crm:1                            -> A
        2026-01-06T11:00  visit  crm:2                            -> A
        """, {"identifiers": {"phone": {"shared": {"members": 2, "within": "year", "undo": False}}}})  # fmt: skip


def test_a_reused_e_mail() -> None:
    """An address that another card uses now stays where it was, until a steward moves it."""
    check("""
        2026-01-01T10:00  visit  loyalty:1 email:info@x.de              -> A made
        2026-05-01T10:00  visit  loyalty:2 email:info@x.de              -> B made, conflict email:info@x.de
        2026-05-01T10:01  visit  email:info@x.de                        -> A
        2026-05-02T10:00  split  loyalty:1 | email:info@x.de            -> A parts C email:info@x.de
        2026-05-02T10:01  alias  loyalty:2 email:info@x.de              -> B takes C
        2026-05-02T10:02  visit  email:info@x.de                        -> B
        2026-05-02T10:03  visit  loyalty:1 email:info@x.de              -> A conflict email:info@x.de
        """)


def test_a_number_change() -> None:
    """A new number is linked; the old one, given to somebody else, does not make them one."""
    check("""
        2026-01-01T10:00  visit  loyalty:1 phone:+442079460901                        -> A made
        2026-03-01T10:00  visit  loyalty:1 phone:+442079460902                        -> A links phone:+442079460902
        2026-06-01T10:00  visit  loyalty:2 phone:+442079460901                        -> B made, conflict phone:+442079460901
        2026-06-01T10:01  split  loyalty:1 phone:+442079460902 | phone:+442079460901  -> A parts C phone:+442079460901
        2026-06-01T10:02  visit  loyalty:2 phone:+442079460901                        -> B takes C
        """)


def test_the_cookie_of_an_internet_cafe() -> None:
    """Three guests become one member, which the fourth undoes; each keeps what only they used."""
    check("""
        2026-01-01T10:00  visit  cookie:cafe               -> A made
        2026-01-01T11:00  visit  email:1@x.de cookie:cafe  -> A links email:1@x.de
        2026-01-01T12:00  visit  email:2@x.de cookie:cafe  -> A links email:2@x.de
        2026-01-01T13:00  visit  email:2@x.de device:two   -> A links device:two
        2026-01-02T10:00  visit  email:3@x.de cookie:cafe  -> A links email:3@x.de
        2026-01-03T10:00  visit  email:4@x.de cookie:cafe  -> B made, quarantine cookie:cafe, A parts C device:two email:2@x.de, A parts D email:3@x.de
        2026-01-04T10:00  visit  cookie:cafe               -> B
        2026-01-05T10:00  visit  email:1@x.de cookie:cafe  -> A
        2026-01-06T10:00  visit  cookie:cafe               -> A
        2026-01-07T10:00  visit  device:two cookie:cafe    -> C
        2026-01-08T10:00  visit  cookie:cafe               -> A
        """, THREE_ON_ANYTHING)  # fmt: skip


def test_two_loyalty_cards_and_a_shared_e_mail() -> None:
    """Weaker evidence does not merge two cards, however often it comes; a steward's alias does, and it stays."""
    check("""
        2026-01-01T10:00  visit  loyalty:1 email:ours@x.de            -> A made
        2026-01-02T10:00  visit  loyalty:2 cookie:2                   -> B made
        2026-01-03T10:00  visit  loyalty:2 email:ours@x.de cookie:2   -> B conflict cookie:2 email:ours@x.de
        2026-01-04T10:00  visit  email:ours@x.de cookie:2             -> A conflict cookie:2
        2026-01-05T10:00  visit  loyalty:1 loyalty:2                  -> A conflict loyalty:2
        2026-01-06T10:00  alias  loyalty:1 loyalty:2                  -> A takes B
        2026-01-07T10:00  visit  loyalty:2 email:ours@x.de cookie:2   -> A
        2026-01-08T10:00  visit  loyalty:2 loyalty:3 cookie:2         -> A conflict cookie:2 loyalty:3
        """)


def test_a_limit_of_two_e_mails_a_year() -> None:
    """The third is left out until the first is a year old; a merge that would hold three is kept from happening."""
    check("""
        2026-01-01T10:00  visit  crm:1 email:1@x.de cookie:1             -> A made
        2026-02-01T10:00  visit  crm:1 email:2@x.de                      -> A links email:2@x.de
        2026-03-01T10:00  visit  crm:1 email:3@x.de                      -> A limit email:3@x.de
        2026-03-01T10:01  visit  email:3@x.de                            -> B made
        2026-03-01T10:02  visit  crm:1 email:3@x.de                      -> A limit email:3@x.de
        2026-03-01T10:03  visit  crm:1 email:2@x.de email:1@x.de         -> A
        2026-03-01T10:04  visit  crm:1 email:4@x.de device:1             -> A limit device:1 email:4@x.de
        2027-01-02T10:00  visit  crm:1 email:3@x.de                      -> A takes B
        2027-01-03T10:00  alias  crm:1 email:4@x.de                      -> A links email:4@x.de
        """, {"identifiers": {"email": {"max": {"values": 2, "within": "year"}}}})  # fmt: skip


def test_a_split_after_a_wrong_merge() -> None:
    """What came with the part goes with it, later links by their place in the tree; ids of old lead to their side."""
    check("""
        2026-01-01T10:00  visit  crm:1 email:1@x.de                  -> A made
        2026-01-01T11:00  visit  crm:2 email:2@x.de                  -> B made
        2026-01-02T10:00  visit  crm:1 email:2@x.de                  -> A takes B
        2026-01-03T10:00  visit  crm:2 device:2                      -> A links device:2
        2026-01-03T11:00  visit  email:1@x.de device:1               -> A links device:1
        2026-01-04T10:00  split  crm:1 | crm:2                       -> A parts C crm:2 device:2 email:2@x.de
        2026-01-05T10:00  visit  device:2                            -> C
        2026-01-05T11:00  visit  device:1                            -> A
        2026-01-06T10:00  split  crm:2 email:2@x.de | device:2       -> C parts D device:2
        2026-01-07T10:00  split  device:2 | crm:2                    -> D refused
        """)


def test_a_split_that_is_refused() -> None:
    """Nobody to keep, nothing to part, or a value on both sides: nothing happens, and a row says so."""
    check("""
        2026-01-01T10:00  visit  crm:1 email:1@x.de              -> A made
        2026-01-01T11:00  visit  crm:2                           -> B made
        2026-01-02T10:00  split  crm:1 | crm:2                   -> A refused
        2026-01-02T11:00  split  crm:1 | crm:9                   -> A refused
        2026-01-02T12:00  split  crm:1 email:1@x.de | crm:1      -> A refused
        2026-01-02T13:00  visit  email:1@x.de                    -> A
        """)


def test_an_erased_person_is_made_anew() -> None:
    """All identifiers are free; whoever comes with one of them is another member. Nobody else is touched."""
    check("""
        2026-01-01T10:00  visit   loyalty:1 email:1@x.de device:1  -> A made
        2026-01-01T11:00  visit   loyalty:2 email:2@x.de           -> B made
        2026-01-02T10:00  export  email:1@x.de                     -> A export
        2026-01-03T10:00  erase   email:1@x.de loyalty:2           -> B erase
        2026-01-04T10:00  erase   email:1@x.de                     -> A erase
        2026-01-05T10:00  visit   device:1                         -> C made
        2026-01-05T11:00  visit   loyalty:1 device:1               -> C links loyalty:1
        2026-01-05T12:00  visit   email:1@x.de                     -> D made
        """)


def test_a_shared_value_leads_nowhere_when_its_last_person_is_erased() -> None:
    """An event that carries nothing else names nobody then."""
    check("""
        2026-01-01T10:00  visit  email:ada@x.de device:tablet  -> A made
        2026-01-01T11:00  visit  email:ben@x.de device:tablet  -> A links email:ben@x.de
        2026-01-01T12:00  visit  email:cem@x.de device:tablet  -> B made, quarantine device:tablet, A parts C email:ben@x.de
        2026-01-01T13:00  visit  device:tablet                 -> B
        2026-01-02T10:00  erase  email:cem@x.de                -> B erase
        2026-01-02T11:00  visit  device:tablet                 -> nobody
        2026-01-02T12:00  visit  email:ben@x.de device:tablet  -> C
        2026-01-02T13:00  visit  device:tablet                 -> C
        """, FEW_ON_A_DEVICE)  # fmt: skip


def test_a_person_who_was_erased_counts_no_more_among_those_who_share_a_value() -> None:
    """Nobody remembers with what it was seen; who comes again after it counts anew, as one."""
    check("""
        2026-01-01T10:00  visit  loyalty:1 pos:kiosk  -> A made
        2026-01-01T11:00  visit  loyalty:2 pos:kiosk  -> B made, conflict pos:kiosk
        2026-01-01T12:00  erase  loyalty:2            -> B erase
        2026-01-01T13:00  visit  loyalty:3 pos:kiosk  -> C made, conflict pos:kiosk
        2026-01-01T14:00  erase  loyalty:3            -> C erase
        2026-01-01T15:00  visit  loyalty:2 pos:kiosk  -> D made, conflict pos:kiosk
        2026-01-01T16:00  visit  loyalty:2 pos:kiosk  -> D conflict pos:kiosk
        2026-01-01T17:00  visit  loyalty:4 pos:kiosk  -> E made, quarantine pos:kiosk
        """, {"identifiers": {"pos": {"shared": {"members": 2, "within": "ever"}}}})
