"""Mail that comes in: a hundred odd ones are read as they should be, any bytes are read at all, and soon."""

from datetime import UTC, datetime

import pytest

from tests.correspondence.mails import MAIL_HOSTS, OddMail, all_mails
from tracker.correspondence.incoming import Incoming, read
from tracker.correspondence.sorting import Sort

NOW = datetime(2026, 1, 6, 12, 0, tzinfo=UTC)
ARRIVED = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
MAILS = all_mails()
PLAIN = {
    "sort": Sort.PERSON,
    "encrypted": False,
    "damaged": (),
    "otherwise": "",
    "about": (),
    "bounced": (),
    "sender_disproven": False,
}


def reading(raw: bytes) -> Incoming:
    return read(raw, mail_hosts=MAIL_HOSTS, arrived_at=ARRIVED, now=NOW)


@pytest.mark.parametrize("odd", MAILS, ids=[odd.name for odd in MAILS])
def test_an_odd_mail_is_read_as_it_should_be(odd: OddMail) -> None:
    incoming = reading(odd.raw)

    expected = PLAIN | odd.expected
    assert expected.pop("holds", "") in incoming.text
    assert expected.pop("lacks", "\0") not in incoming.text
    assert expected.pop("folds", "") in incoming.quoted
    if "files" in expected:
        assert tuple(file.name for file in incoming.attachments) == expected.pop("files")
    assert {name: getattr(incoming, name) for name in expected} == expected


def test_the_table_has_more_than_a_hundred_mails_and_each_its_own_name() -> None:
    assert len(MAILS) > 100
    assert len({odd.name for odd in MAILS}) == len(MAILS)
