"""No message leaves without what user charter §2 wants on it, nor by another way without its reason."""

from dataclasses import replace
from typing import Any

import pytest

from tests.correspondence.letters import REFERENCE, SIGNATURE
from tracker.charter.words import Channel, ChannelReason, Language, RegisteredGround
from tracker.correspondence.gate import Item, SendRefused, check_sendable, check_signature, is_email_address, way_back

WHOLE: dict[str, Any] = {
    "signature": SIGNATURE,
    "reference": REFERENCE,
    "language": Language.FR,
    "official_language": None,
    "channel": Channel.EMAIL,
    "address": "jeanne@example.org",
    "usual_channel": Channel.EMAIL,
}


def lacks(**changes: Any) -> list[Item]:
    try:
        check_sendable(**(WHOLE | changes))
    except SendRefused as refused:
        return [missing.item for missing in refused.missing]
    return []


ADDRESSES = {
    Channel.EMAIL: "jeanne@example.org",
    Channel.POST: "Rue Haute 1, 1000 Bruxelles",
    Channel.FAX: "+32 2 000 00 00",
    Channel.PHONE: None,
    Channel.COUNTER: None,
    Channel.WEB: None,
}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("channel", Channel)
def test_a_whole_message_may_leave(channel: Channel, language: Language) -> None:
    official = Language.DE if language is Language.EN else None

    assert (
        lacks(
            channel=channel,
            usual_channel=channel,
            address=ADDRESSES[channel],
            language=language,
            official_language=official,
        )
        == []
    )


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize(
    ("item", "change"),
    [
        (Item.HANDLER_NAME, {"signature": replace(SIGNATURE, name=" ")}),
        (Item.HANDLER_TITLE, {"signature": replace(SIGNATURE, title="")}),
        (Item.HANDLER_PHONE, {"signature": replace(SIGNATURE, phone="")}),
        (Item.HANDLER_EMAIL, {"signature": replace(SIGNATURE, email="")}),
        (Item.HANDLER_EMAIL, {"signature": replace(SIGNATURE, email="anna@x.be\nBcc: b@x.be")}),
        (Item.SERVICE_NAME, {"signature": replace(SIGNATURE, service_name="")}),
        (Item.POSTAL_ADDRESS, {"signature": replace(SIGNATURE, postal_address=" \n")}),
        (Item.REFERENCE, {"reference": ""}),
        (Item.REFERENCE, {"reference": "DOS-2026-0001234-15"}),
        (Item.REFERENCE, {"reference": "dos 2026 1234 14"}),
        (Item.LANGUAGE, {"language": None}),
    ],
)
def test_each_missing_item_is_named_whatever_the_channel_and_language(
    item: Item, change: dict[str, Any], channel: Channel, language: Language
) -> None:
    message = {
        "channel": channel,
        "usual_channel": channel,
        "address": ADDRESSES[channel],
        "language": language,
        "official_language": Language.FR,
    }

    assert lacks(**(message | change)) == [item]


@pytest.mark.parametrize(
    ("item", "change"),
    [
        (Item.OFFICIAL_LANGUAGE, {"language": Language.EN}),
        (Item.OFFICIAL_LANGUAGE, {"language": Language.EN, "official_language": Language.EN}),
        (Item.RECIPIENT_EMAIL, {"address": None}),
        (Item.RECIPIENT_EMAIL, {"address": "jeanne"}),
        (Item.RECIPIENT_EMAIL, {"address": "a@example.org, b@example.org"}),
        (Item.RECIPIENT_POSTAL_ADDRESS, {"channel": Channel.POST, "usual_channel": Channel.POST, "address": " "}),
        (
            Item.BODY_ADDRESS,
            {"channel": Channel.POST, "usual_channel": Channel.POST, "address": None, "to_body": True},
        ),
        (Item.RECIPIENT_FAX, {"channel": Channel.FAX, "usual_channel": Channel.FAX, "address": None}),
        (Item.CHANNEL_REASON, {"channel": Channel.POST, "address": "Rue Haute 1"}),
        (
            Item.CHANNEL_REASON_UNFIT,
            {"usual_channel": Channel.POST, "channel_reason": ChannelReason.SENSITIVE},
        ),
        (
            Item.CHANNEL_REASON_UNFIT,
            {
                "channel": Channel.POST,
                "address": "Rue Haute 1",
                "channel_reason": ChannelReason.NO_ADDRESS,
                "usual_address": "jeanne@example.org",
            },
        ),
        (
            Item.REGISTERED_GROUND,
            {"channel": Channel.POST, "usual_channel": Channel.POST, "address": "Rue Haute 1", "registered": True},
        ),
        (Item.REGISTERED_CHANNEL, {"registered_ground": RegisteredGround.LEGAL}),
    ],
)
def test_the_way_and_the_language_must_be_right(item: Item, change: dict[str, Any]) -> None:
    assert lacks(**change) == [item]


@pytest.mark.parametrize(
    "change",
    [
        {"channel": Channel.POST, "address": "Rue Haute 1", "channel_reason": ChannelReason.SENSITIVE},
        {"channel": Channel.POST, "address": "Rue Haute 1", "channel_reason": ChannelReason.ASKED},
        {"channel": Channel.POST, "address": "Rue Haute 1", "channel_reason": ChannelReason.NO_ADDRESS},
        {
            "channel": Channel.POST,
            "usual_channel": Channel.POST,
            "address": "Rue Haute 1",
            "registered_ground": RegisteredGround.NECESSARY,
        },
    ],
)
def test_a_detour_with_its_reason_and_registered_post_with_its_ground_may_leave(change: dict[str, Any]) -> None:
    assert lacks(**change) == []


def test_everything_that_is_missing_is_named_at_once() -> None:
    signature = replace(SIGNATURE, phone="", postal_address="")

    found = lacks(signature=signature, language=Language.EN, address=None)

    assert found == [Item.HANDLER_PHONE, Item.POSTAL_ADDRESS, Item.OFFICIAL_LANGUAGE, Item.RECIPIENT_EMAIL]


def test_a_refusal_reads_in_the_readers_language() -> None:
    with pytest.raises(SendRefused) as refused:
        check_sendable(**(WHOLE | {"signature": replace(SIGNATURE, phone="")}))

    assert refused.value.sentences(Language.NL) == [
        "Het telefoonnummer van de dossierbehandelaar ontbreekt. "
        "Vraag de beheerder “Telefoon” in het profiel aan te vullen."
    ]
    assert str(refused.value) == (
        "The handler's telephone number is missing. Ask the administrator to complete “Telephone” in the profile."
    )


@pytest.mark.parametrize("gone", SIGNATURE.as_record(REFERENCE))
def test_a_stored_signature_is_looked_at_once_more(gone: str) -> None:
    record = SIGNATURE.as_record(REFERENCE)
    check_signature(record)

    with pytest.raises(SendRefused):
        check_signature(record | {gone: ""})
    with pytest.raises(SendRefused):
        check_signature(None)


NOTHING = {"has_email": False, "has_post": False}


@pytest.mark.parametrize(
    ("arrived", "has", "channel", "reason"),
    [
        (Channel.WEB, {"has_email": True, "has_post": True}, Channel.EMAIL, None),
        (Channel.WEB, {"has_email": False, "has_post": True}, Channel.POST, ChannelReason.NO_ADDRESS),
        (Channel.WEB, NOTHING, Channel.WEB, ChannelReason.NO_ADDRESS),
        (Channel.EMAIL, {"has_email": True, "has_post": True}, Channel.EMAIL, None),
        (Channel.EMAIL, NOTHING, Channel.WEB, ChannelReason.NO_ADDRESS),
        (Channel.POST, {"has_email": True, "has_post": True}, Channel.POST, None),
        (Channel.POST, {"has_email": True, "has_post": False}, Channel.EMAIL, ChannelReason.NO_ADDRESS),
        (Channel.FAX, {"has_email": True, "has_post": True, "has_fax": True}, Channel.FAX, None),
        (Channel.FAX, {"has_email": True, "has_post": True}, Channel.POST, None),
        (Channel.FAX, {"has_email": True, "has_post": False}, Channel.EMAIL, ChannelReason.NO_ADDRESS),
        (Channel.PHONE, {"has_email": True, "has_post": True, "chosen": Channel.POST}, Channel.POST, None),
        (Channel.PHONE, {"has_email": True, "has_post": True, "chosen": Channel.WEB}, Channel.EMAIL, None),
        (
            Channel.PHONE,
            {"has_email": True, "has_post": False, "chosen": Channel.POST},
            Channel.EMAIL,
            ChannelReason.NO_ADDRESS,
        ),
        (
            Channel.PHONE,
            {"has_email": False, "has_post": False, "has_phone": True, "chosen": Channel.PHONE},
            Channel.PHONE,
            None,
        ),
        (Channel.PHONE, {"has_email": True, "has_post": True}, Channel.EMAIL, None),
        (Channel.PHONE, {"has_email": False, "has_post": False, "has_phone": True}, Channel.PHONE, None),
        (Channel.COUNTER, {"has_email": False, "has_post": False, "has_phone": True}, Channel.PHONE, None),
        (
            Channel.WEB,
            {"has_email": False, "has_post": False, "has_phone": True},
            Channel.WEB,
            ChannelReason.NO_ADDRESS,
        ),
        (Channel.COUNTER, {"has_email": False, "has_post": True}, Channel.POST, None),
        (Channel.COUNTER, {"has_email": True, "has_post": True, "chosen": Channel.COUNTER}, Channel.COUNTER, None),
        (Channel.COUNTER, NOTHING, Channel.WEB, ChannelReason.NO_ADDRESS),
        (
            Channel.EMAIL,
            {"has_email": True, "has_post": True, "sensitive": True},
            Channel.POST,
            ChannelReason.SENSITIVE,
        ),
        (Channel.EMAIL, {"has_email": True, "has_post": False, "sensitive": True}, Channel.EMAIL, None),
        (Channel.POST, {"has_email": True, "has_post": True, "sensitive": True}, Channel.POST, None),
        (
            Channel.PHONE,
            {"has_email": True, "has_post": True, "sensitive": True},
            Channel.POST,
            ChannelReason.SENSITIVE,
        ),
        (
            Channel.PHONE,
            {"has_email": False, "has_post": False, "has_phone": True, "sensitive": True},
            Channel.PHONE,
            None,
        ),
    ],
)
def test_the_answer_goes_back_the_way_the_request_came(
    arrived: Channel, has: dict[str, Any], channel: Channel, reason: ChannelReason | None
) -> None:
    assert way_back(arrived, **has) == (channel, reason)


@pytest.mark.parametrize(
    "good", ["jeanne@example.org", "j.d+tag@sub.example.org", "anna.peeters@diplobel.fed.be", "jeanne@straße.example"]
)
def test_one_plain_address_passes(good: str) -> None:
    assert is_email_address(good)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "jeanne",
        "@example.org",
        "jeanne@",
        "jeanne@localhost",
        "jeanne@example..org",
        "jeanne@example.org\nBcc: x@y.be",
        "jeanne@example.org\r\nBcc: x@y.be",
        "Jeanne <jeanne@example.org>",
        "a@b.be,c@d.be",
        "a b@example.org",
        "é@example.org",
        '"a"@example.org',
        "a@b@example.org",
        "a\x00@example.org",
        "a" * 250 + "@example.org",
        "jeanne@" + "a" * 64 + ".org",
        "jeanne@.\u3002org",
        "jeanne@\u3002org",
    ],
)
def test_what_is_not_one_plain_address_does_not(bad: str) -> None:
    assert not is_email_address(bad)
