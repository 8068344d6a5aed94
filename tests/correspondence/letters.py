"""What the tests of this room make their letters of: one set of plain facts, in which every text is easy to find."""

from dataclasses import replace
from datetime import date
from typing import Any

from tracker.charter.words import Channel, Language, MessageKind, ObligationKind, ServiceKind
from tracker.correspondence.facts import Destination, LetterFacts, Promise, Request, Signature, Tracking
from tracker.correspondence.phones import Line, Phone, emergency_phones

REFERENCE = "DOS-2026-0001234-14"

SIGNATURE = Signature(
    name="Anna Peeters",
    title="Attachée",
    phone="+32 2 501 00 17",
    email="anna.peeters@diplobel.example",
    service_name="DG Affaires consulaires",
    postal_address="Rue des Petits Carmes 15\n1000 Bruxelles",
)

FACTS = LetterFacts(
    reference=REFERENCE,
    case_subject="Passeport perdu à Nairobi",
    received_on=date(2026, 1, 5),
    signature=SIGNATURE,
    requester_name="Jeanne Dubois",
    tracking=Tracking("https://suivi.example/fr/follow", "7K2QD-9XWMA"),
)

DESTINATION = Destination(
    name="Service fédéral des Pensions",
    kind=ServiceKind.PUBLIC_SERVICE,
    email="info@sfpd.example",
    phone="1765",
    postal_address="Esplanade de l'Europe 1\n1060 Bruxelles",
    website="https://www.sfpd.example",
)

REQUEST = Request(
    name="Jeanne Dubois",
    contact=("jeanne.dubois@example.org", "+254 700 000 000"),
    text="Bonjour,\n\nquand ma pension sera-t-elle payée ?\n\n\nMerci d'avance <script>alert(1)</script>",
    channel=Channel.EMAIL,
    language=Language.FR,
    attachments=("relevé.pdf",),
)

P1 = Promise(kind=ObligationKind.REPLY, rule_id="P1", due_on=date(2026, 1, 20), days=15)
P3 = Promise(kind=ObligationKind.INTERIM, rule_id="P3", due_on=date(2026, 1, 20), days=15)
P4 = Promise(kind=ObligationKind.PROMISED_REPLY, rule_id="P4", due_on=date(2026, 3, 2), days=None)
P5 = Promise(kind=ObligationKind.TRANSMISSION, rule_id="P5", due_on=date(2026, 1, 20), days=15)
P6 = Promise(kind=ObligationKind.REPLY, rule_id="P6", due_on=date(2026, 1, 20), days=15)


def facts(**more: Any) -> LetterFacts:
    """Return the plain facts with what one kind of message needs beside them."""
    return replace(FACTS, **more)


# One of each kind that goes out, and the variants that read differently.
LETTERS: dict[str, tuple[MessageKind, LetterFacts]] = {
    "acknowledgement": (MessageKind.ACKNOWLEDGEMENT, facts(promise=P1, answer_by=Channel.EMAIL)),
    "acknowledgement-complex": (MessageKind.ACKNOWLEDGEMENT, facts(promise=P3, answer_by=Channel.EMAIL)),
    "acknowledgement-misdirected": (MessageKind.ACKNOWLEDGEMENT, facts(promise=P5, answer_by=Channel.POST)),
    "acknowledgement-overdue": (
        MessageKind.ACKNOWLEDGEMENT,
        facts(promise=replace(P1, overdue=True), answer_by=Channel.EMAIL),
    ),
    "acknowledgement-desk": (
        MessageKind.ACKNOWLEDGEMENT,
        facts(promise=P1, answer_by=Channel.EMAIL, signature=replace(SIGNATURE, is_desk=True)),
    ),
    "complaint_acknowledgement": (MessageKind.COMPLAINT_ACKNOWLEDGEMENT, facts(promise=P6, answer_by=Channel.EMAIL)),
    "complaint_acknowledgement-desk": (
        MessageKind.COMPLAINT_ACKNOWLEDGEMENT,
        facts(promise=P6, answer_by=Channel.EMAIL, signature=replace(SIGNATURE, is_desk=True)),
    ),
    "emergency": (
        MessageKind.EMERGENCY,
        facts(phones=emergency_phones(post=Phone(Line.POST, "+254 20 712 20 11", "Ambassade à Nairobi"))),
    ),
    "interim": (
        MessageKind.INTERIM,
        facts(reason="Nous attendons l'avis des autorités kényanes.", promised_on=date(2026, 3, 2)),
    ),
    "answer": (
        MessageKind.ANSWER,
        facts(body="Votre nouveau passeport est prêt.\n\n- apportez une photo\n- et 65 €"),
    ),
    "answer-complaint": (MessageKind.ANSWER, facts(body="Nous vous avons mal informée.", complaint=True)),
    "interim-complaint": (
        MessageKind.INTERIM,
        facts(reason="Nous interrogeons le guichet.", promised_on=date(2026, 3, 2), complaint=True),
    ),
    "question": (MessageKind.QUESTION, facts(body="À quelle date l'avez-vous perdu ?", promise=P4)),
    "question-complaint": (
        MessageKind.QUESTION,
        facts(body="Quel jour était-ce ?", promise=replace(P3, overdue=True), complaint=True),
    ),
    "transmission": (MessageKind.TRANSMISSION, facts(destination=DESTINATION, request=REQUEST, reason="Pension.")),
    "transmission_notice": (
        MessageKind.TRANSMISSION_NOTICE,
        facts(destination=DESTINATION, forwarded=True, reason="Il s'agit du paiement d'une pension."),
    ),
    "transmission_notice-foreign": (
        MessageKind.TRANSMISSION_NOTICE,
        facts(destination=replace(DESTINATION, kind=ServiceKind.FOREIGN_BODY), forwarded=False),
    ),
    "closing": (
        MessageKind.CLOSING,
        facts(body="Votre passeport vous a été remis.", survey_url="https://suivi.example/s"),
    ),
    "closing-complaint": (MessageKind.CLOSING, facts(complaint=True)),
    "tracking_code": (MessageKind.TRACKING_CODE, facts()),
}
