"""What a sentence looks like on a page: numbers and references whole, numbers and addresses a finger away."""

import pytest

from tracker.web.sentences import mailbox, phone_url, reachable, unbroken


@pytest.mark.parametrize(
    ("sentence", "links"),
    [
        ("Call +32 2 501 81 11.", ["tel:+3225018111"]),
        ("DOC STOP: 00800 2123 2123 or +32 2 488 21 23.", ["tel:0080021232123", "tel:+3224882123"]),
        ("FPS Finance, 02 572 57 57.", ["tel:+3225725757"]),
        ("Write to infodesk@ibz.fgov.be.", ["mailto:infodesk@ibz.fgov.be"]),
        ("Law of 11 April 1994, 5 files of 5 MB, DOS-2026-0001234-14", []),
    ],
)
def test_what_can_be_reached_is_a_link(sentence: str, links: list[str]) -> None:
    set_ = reachable(sentence)

    assert [piece.split('"')[0] for piece in set_.split('href="')[1:]] == links
    assert set_.striptags().replace("\u200b", "") == sentence


def test_numbers_and_references_stay_whole_and_nothing_else_is_touched() -> None:
    assert unbroken("like DOS-2026-0001234-14.") == 'like <span class="suivi-whole">DOS-2026-0001234-14</span>.'
    assert unbroken("<b> on +32 2 501 81 11") == '&lt;b&gt; on <span class="suivi-whole">+32 2 501 81 11</span>'
    for day in ("8 December 2026", "1er février 2027", "24. März 2026"):
        assert unbroken(f"{day}, 15 days") == f'<span class="suivi-whole">{day}</span>, 15 days'
    for mail in ("E-Mail", "E-mail", "e-mailadres"):
        assert unbroken(f"an {mail}.") == f'an <span class="suivi-whole">{mail}</span>.'
    assert unbroken("5 files of 2026, 15 days") == "5 files of 2026, 15 days"


def test_an_address_goes_on_before_its_at() -> None:
    assert mailbox("an@example.be") == "an<wbr>@example.be"
    assert phone_url("00800 2123 2123") == "tel:0080021232123"
