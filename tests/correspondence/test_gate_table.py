"""The table of the send gate: one row for each missing item, channel and language, naming the item and its mend."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import pytest

from tests.correspondence.letters import DESTINATION, REFERENCE, REQUEST, SIGNATURE, facts
from tracker.charter.words import Channel, ChannelReason, Language, MessageKind, RegisteredGround, ServiceKind
from tracker.correspondence.compose import compose
from tracker.correspondence.gate import Item, SendRefused, check_record

ADDRESS: Mapping[Channel, str | None] = {
    Channel.EMAIL: "jeanne@example.org",
    Channel.POST: "Rue Haute 1\n1000 Bruxelles",
    Channel.FAX: "+32 2 000 00 00",
    Channel.PHONE: "+32 470 00 00 00",
    Channel.COUNTER: None,
    Channel.WEB: None,
}
ALL = tuple(Channel)
SIGNED = {
    Item.HANDLER_NAME: "name",
    Item.HANDLER_TITLE: "title",
    Item.HANDLER_PHONE: "phone",
    Item.HANDLER_EMAIL: "email",
    Item.SERVICE_NAME: "service",
    Item.POSTAL_ADDRESS: "postal_address",
    Item.REFERENCE: "reference",
}
# What of the way and the language may be wrong: by which channels it can be, and how the message then stands.
WAY: list[tuple[Item, tuple[Channel, ...], dict[str, Any]]] = [
    (Item.LANGUAGE, ALL, {"language": None}),
    (Item.RECIPIENT_EMAIL, (Channel.EMAIL,), {"address": "jeanne"}),
    (Item.RECIPIENT_POSTAL_ADDRESS, (Channel.POST,), {"address": " \n"}),
    (Item.RECIPIENT_FAX, (Channel.FAX,), {"address": None}),
    (Item.BODY_ADDRESS, (Channel.EMAIL, Channel.POST), {"address": "", "to_body": True}),
    (Item.REGISTERED_GROUND, (Channel.POST,), {"registered": True}),
    (
        Item.REGISTERED_CHANNEL,
        tuple(channel for channel in ALL if channel is not Channel.POST),
        {"registered_ground": RegisteredGround.LEGAL},
    ),
]


class Row(NamedTuple):
    """One row of the table."""

    item: Item
    channel: Channel
    language: Language
    change: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.item}-{self.channel}-{self.language}"


def _rows() -> Iterator[Row]:
    for language in Language:
        for channel in ALL:
            for item, part in SIGNED.items():
                record = SIGNATURE.as_record(REFERENCE) | {part: " "}
                yield Row(item, channel, language, {"record": record})
            for item, channels, change in WAY:
                if channel in channels:
                    yield Row(item, channel, language, change)
            yield Row(Item.CHANNEL_REASON, channel, language, {"usual_channel": _other(channel)})
            unfit = {
                "usual_channel": _other(channel),
                "usual_address": "known",
                "channel_reason": ChannelReason.NO_ADDRESS,
            }
            yield Row(Item.CHANNEL_REASON_UNFIT, channel, language, unfit)
            if channel in (Channel.EMAIL, Channel.WEB):
                sensitive = {"usual_channel": Channel.POST, "channel_reason": ChannelReason.SENSITIVE}
                yield Row(Item.CHANNEL_REASON_UNFIT, channel, language, sensitive)
            if language is Language.EN:
                yield Row(Item.OFFICIAL_LANGUAGE, channel, language, {"official_language": None})


def _other(channel: Channel) -> Channel:
    return Channel.POST if channel is not Channel.POST else Channel.EMAIL


ROWS = list(_rows())

# What a kind of letter needs beside its way: checked as it is written, whichever way it goes.
WRITTEN: list[tuple[Item, MessageKind, dict[str, Any]]] = [
    (Item.SUBJECT, MessageKind.ANSWER, {"body": "Oui.", "case_subject": " "}),
    (Item.BODY, MessageKind.ANSWER, {}),
    (Item.BODY, MessageKind.QUESTION, {"body": " \n\x00"}),
    (Item.REASON, MessageKind.INTERIM, {"promised_on": date(2026, 3, 2)}),
    (Item.PROMISED_ON, MessageKind.INTERIM, {"reason": "L'enquête."}),
    (Item.PROMISE, MessageKind.ACKNOWLEDGEMENT, {}),
    (Item.TRACKING, MessageKind.TRACKING_CODE, {"tracking": None}),
    (Item.PHONES, MessageKind.EMERGENCY, {"phones": ()}),
    (Item.DESTINATION, MessageKind.TRANSMISSION, {"request": REQUEST}),
    (Item.DESTINATION, MessageKind.TRANSMISSION_NOTICE, {"forwarded": True}),
    (Item.REQUEST, MessageKind.TRANSMISSION, {"destination": DESTINATION}),
    (
        Item.CONSENT,
        MessageKind.TRANSMISSION,
        {"destination": replace(DESTINATION, kind=ServiceKind.FOREIGN_BODY), "request": REQUEST},
    ),
    (Item.PLACEHOLDER, MessageKind.ANSWER, {"body": "Apportez [? quoi]."}),
    (Item.PLACEHOLDER, MessageKind.QUESTION, {"body": "Est-ce [nom du poste] ?"}),
    (Item.PLACEHOLDER, MessageKind.CLOSING, {"body": "Avant le [date limite]."}),
    (Item.PLACEHOLDER, MessageKind.INTERIM, {"reason": "[?]", "promised_on": date(2026, 3, 2)}),
    (
        Item.PLACEHOLDER,
        MessageKind.TRANSMISSION_NOTICE,
        {"destination": DESTINATION, "forwarded": True, "reason": "[? motif]"},
    ),
]

OF_A_TEMPLATE = {Item.OMBUDSMAN}
"""What only a template can have lost, whatever is written into it: tried in test_compose.py."""


def test_every_item_has_its_rows() -> None:
    assert {row.item for row in ROWS} | {item for item, _, _ in WRITTEN} | OF_A_TEMPLATE == set(Item)
    for item in SIGNED:
        assert len({(row.channel, row.language) for row in ROWS if row.item is item}) == len(Channel) * len(Language)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_gate_keeps_the_message_and_names_what_is_missing(row: Row) -> None:
    whole: dict[str, Any] = {
        "record": SIGNATURE.as_record(REFERENCE),
        "language": row.language,
        "official_language": Language.NL if row.language is Language.EN else None,
        "channel": row.channel,
        "address": ADDRESS[row.channel],
        "usual_channel": row.channel,
    }
    check_record(whole.pop("record"), **whole)  # nothing is missing: it may leave
    given = {"record": SIGNATURE.as_record(REFERENCE)} | whole | row.change

    with pytest.raises(SendRefused) as refused:
        check_record(given.pop("record"), **given)

    _named(refused.value, row.item)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(("item", "kind", "given"), WRITTEN)
def test_what_a_kind_of_letter_needs_is_named_as_it_is_written(
    item: Item, kind: MessageKind, given: dict[str, Any], language: Language
) -> None:
    with pytest.raises(SendRefused) as refused:
        compose(kind, facts(**given), language, official_language=Language.DE)

    _named(refused.value, item)


def _named(refusal: SendRefused, item: Item) -> None:
    """Make sure that a refusal names this item alone, and where it is mended, in each of the four languages."""
    (missing,) = refusal.missing
    assert missing.item is item
    said = {language: (missing.what(language), missing.where(language)) for language in Language}
    for what, where in said.values():
        assert len(what) > 10
        assert what.endswith(".")
        assert len(where) > 10
        assert where.endswith(".")
        assert "{" not in what + where
        assert missing.written in what
    assert len(set(said.values())) == len(Language)
    assert refusal.sentences(Language.NL) == [" ".join(said[Language.NL])]
