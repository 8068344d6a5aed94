"""Owns what must stand in a message, and the way it must go, before it may leave (user charter §2).

No message leaves without its handler's name, title, phone and e-mail, the service's postal address, the reference,
the requester's language and the right way back; a refusal names everything that is missing, and where to mend it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from enum import StrEnum
from typing import NamedTuple, Self

from tracker.charter.errors import CharterError
from tracker.charter.reference import BadReference, Reference
from tracker.charter.words import SPOKEN, Channel, ChannelReason, Language, RegisteredGround
from tracker.correspondence.facts import Signature
from tracker.correspondence.tables import text_of

LONGEST_ADDRESS = 254  # RFC 5321, with the angle brackets off
ELECTRONIC = frozenset({Channel.EMAIL, Channel.WEB})


class Item(StrEnum):
    """Something without which a message does not leave."""

    HANDLER_NAME = "handler_name"
    HANDLER_TITLE = "handler_title"
    HANDLER_PHONE = "handler_phone"
    HANDLER_EMAIL = "handler_email"
    SERVICE_NAME = "service_name"
    POSTAL_ADDRESS = "postal_address"
    REFERENCE = "reference"
    LANGUAGE = "language"
    OFFICIAL_LANGUAGE = "official_language"
    RECIPIENT_EMAIL = "recipient_email"
    RECIPIENT_POSTAL_ADDRESS = "recipient_postal_address"
    BODY_ADDRESS = "body_address"
    RECIPIENT_FAX = "recipient_fax"
    CHANNEL_REASON = "channel_reason"
    CHANNEL_REASON_UNFIT = "channel_reason_unfit"
    REGISTERED_GROUND = "registered_ground"
    REGISTERED_CHANNEL = "registered_channel"
    SUBJECT = "subject"
    BODY = "body"
    REASON = "reason"
    PROMISED_ON = "promised_on"
    PROMISE = "promise"
    TRACKING = "tracking"
    DESTINATION = "destination"
    REQUEST = "request"
    CONSENT = "consent"
    PHONES = "phones"
    PLACEHOLDER = "placeholder"
    OMBUDSMAN = "ombudsman"


@dataclass(frozen=True, slots=True)
class Missing:
    """One item that is missing; `what` names it, `where` says where it is mended."""

    item: Item
    written: str = ""
    """The placeholder that stands unfilled, as it was written."""

    def what(self, language: Language) -> str:
        """Name the item, in one sentence."""
        return text_of("missing", self.item.value, "what", language).replace("{written}", self.written)

    def where(self, language: Language) -> str:
        """Say where it is mended, in one sentence."""
        return text_of("missing", self.item.value, "mend", language)


class SendRefused(CharterError):
    """A message that may not leave, with every item that it lacks."""

    code = "send_refused"

    def __init__(self, missing: tuple[Missing, ...]) -> None:
        self.missing = missing
        said = " ".join(f"{m.what(Language.EN)} {m.where(Language.EN)}" for m in missing)
        super().__init__(said, items=[m.item.value for m in missing])

    @classmethod
    def lacking(cls, *items: Item) -> Self:
        """Return the refusal that names these items, each once."""
        return cls(tuple(Missing(item) for item in dict.fromkeys(items)))

    def sentences(self, language: Language) -> list[str]:
        """Say each missing item and where to mend it, one line each."""
        return [f"{m.what(language)} {m.where(language)}" for m in self.missing]


class WayBack(NamedTuple):
    """The way back, and the reason to store when it is not the way the request came."""

    channel: Channel
    reason: ChannelReason | None


def way_back(
    arrived_by: Channel,
    *,
    has_email: bool,
    has_post: bool,
    has_fax: bool = False,
    has_phone: bool = False,
    chosen: Channel | None = None,
    sensitive: bool = False,
) -> WayBack:
    """Return the way an answer goes back: the same as the request came (user charter §2).

    A web form is answered by e-mail (and on the tracking page), a fax by fax, else by post; on the phone and at the
    counter the person chooses, and may leave it to us. `sensitive` data goes by post when there is an address. Where
    the address is missing, the first way that has one is taken, with that reason; whoever telephoned or came and
    left only a number is called back; with none at all, the tracking page.
    """
    possible = {
        Channel.EMAIL: has_email,
        Channel.POST: has_post,
        Channel.FAX: has_fax,
        Channel.PHONE: has_phone,
        Channel.COUNTER: True,
        Channel.WEB: True,
    }
    wanted = _same_way(arrived_by, chosen)
    if sensitive and has_post and (not wanted or wanted[0] in ELECTRONIC):
        return WayBack(Channel.POST, ChannelReason.SENSITIVE)
    for channel in wanted:
        if possible[channel]:
            return WayBack(channel, None)
    others = (Channel.EMAIL, Channel.POST, Channel.FAX, *((Channel.PHONE,) if arrived_by in SPOKEN else ()))
    for channel in others:
        if possible[channel]:
            return WayBack(channel, ChannelReason.NO_ADDRESS if arrived_by not in SPOKEN or chosen else None)
    return WayBack(Channel.WEB, ChannelReason.NO_ADDRESS)


def _same_way(arrived_by: Channel, chosen: Channel | None) -> tuple[Channel, ...]:
    """Return the ways that count as the same one, the first that is possible being taken."""
    if arrived_by in SPOKEN:
        return (Channel.EMAIL if chosen is Channel.WEB else chosen,) if chosen else ()
    return {
        Channel.WEB: (Channel.EMAIL,),
        Channel.EMAIL: (Channel.EMAIL,),
        Channel.POST: (Channel.POST,),
        Channel.FAX: (Channel.FAX, Channel.POST),
    }[arrived_by]


def check_sendable(
    *,
    signature: Signature,
    reference: str,
    language: Language | None,
    official_language: Language | None,
    channel: Channel,
    address: str | None,
    usual_channel: Channel,
    channel_reason: ChannelReason | None = None,
    usual_address: str | None = None,
    registered: bool = False,
    registered_ground: RegisteredGround | None = None,
    to_body: bool = False,
) -> None:
    """Make sure that a message may leave this way, so signed. Raises `SendRefused` with every item that is missing.

    `address` is where it goes by `channel`; `usual_channel` is the way back that the case has by `way_back`, and
    `usual_address` the recipient's address there. Another way than the usual one needs a reason that fits it.
    `to_body`: it goes to another body, not to the requester.
    """
    check_record(
        signature.as_record(reference),
        language=language,
        official_language=official_language,
        channel=channel,
        address=address,
        usual_channel=usual_channel,
        channel_reason=channel_reason,
        usual_address=usual_address,
        registered=registered,
        registered_ground=registered_ground,
        to_body=to_body,
    )


def check_record(
    record: Mapping[str, object] | None,
    *,
    language: Language | None,
    official_language: Language | None,
    channel: Channel,
    address: str | None,
    usual_channel: Channel,
    channel_reason: ChannelReason | None = None,
    usual_address: str | None = None,
    registered: bool = False,
    registered_ground: RegisteredGround | None = None,
    to_body: bool = False,
) -> None:
    """Make the same sure of a message that is kept, with its signature as the record says it, before it leaves.

    Raises `SendRefused` with every item that is missing.
    """
    items = [
        *_signature_lacks(record or {}),
        *_language_lacks(language, official_language),
        *(Item.BODY_ADDRESS if to_body else item for item in _address_lacks(channel, address or "")),
    ]
    if channel is not usual_channel:
        items += _detour_lacks(channel, channel_reason, usual_address)
    if registered and registered_ground is None:
        items.append(Item.REGISTERED_GROUND)
    if (registered or registered_ground is not None) and channel is not Channel.POST:
        items.append(Item.REGISTERED_CHANNEL)
    if items:
        raise SendRefused.lacking(*items)


def check_signature(record: Mapping[str, object] | None) -> None:
    """Make sure that a signature, as kept with a message, is whole: the last look before it leaves the house.

    Raises `SendRefused`.
    """
    items = list(_signature_lacks(record or {}))
    if items:
        raise SendRefused.lacking(*items)


def is_email_address(text: str) -> bool:
    """Say whether a text is one plain e-mail address, safe to put in a header: no name, no list, no line break."""
    if len(text) > LONGEST_ADDRESS or not text.isprintable() or any(c in text for c in ' ,;<>()[]\\"'):
        return False
    try:
        address = Address(addr_spec=text)
        domain = address.domain.encode("idna")  # as a mail server is told it
    except (MessageError, ValueError, IndexError):
        return False
    return bool(address.username) and b"." in domain.strip(b".")


_SIGNED = {
    "name": Item.HANDLER_NAME,
    "title": Item.HANDLER_TITLE,
    "phone": Item.HANDLER_PHONE,
    "service": Item.SERVICE_NAME,
    "postal_address": Item.POSTAL_ADDRESS,
}


def _signature_lacks(record: Mapping[str, object]) -> Iterator[Item]:
    for name, item in _SIGNED.items():
        if not str(record.get(name) or "").strip():
            yield item
    if not is_email_address(str(record.get("email") or "")):
        yield Item.HANDLER_EMAIL
    reference = str(record.get("reference") or "")
    try:
        if Reference.parse(reference).format() != reference:
            yield Item.REFERENCE
    except BadReference:
        yield Item.REFERENCE


def _language_lacks(language: Language | None, official: Language | None) -> Iterator[Item]:
    if language is None:
        yield Item.LANGUAGE
    elif language is Language.EN and official in (None, Language.EN):
        yield Item.OFFICIAL_LANGUAGE


def _address_lacks(channel: Channel, address: str) -> Iterator[Item]:
    if channel is Channel.EMAIL and not is_email_address(address):
        yield Item.RECIPIENT_EMAIL
    elif channel is Channel.POST and not address.strip():
        yield Item.RECIPIENT_POSTAL_ADDRESS
    elif channel is Channel.FAX and not address.strip():
        yield Item.RECIPIENT_FAX


def _detour_lacks(channel: Channel, reason: ChannelReason | None, usual_address: str | None) -> Iterator[Item]:
    """Another way than the usual one needs a stored reason that fits it (user charter §2)."""
    fits = {
        ChannelReason.SENSITIVE: channel not in ELECTRONIC,
        ChannelReason.NO_ADDRESS: not (usual_address or "").strip(),
        ChannelReason.ASKED: True,
    }
    if reason is None:
        yield Item.CHANNEL_REASON
    elif not fits[reason]:
        yield Item.CHANNEL_REASON_UNFIT
