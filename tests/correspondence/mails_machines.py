"""Odd mails: what machines send. Automatic replies, reports of delivery in every form, lists, receipts."""

from tests.correspondence.mails import OURS, QUESTION, mail, multi, odd, part
from tracker.correspondence.sorting import Sort

AWAY = "Je suis absente jusqu’au 12 janvier."
OURS_BACK = (
    f"From: service@fps.example\nTo: jeanne@x.example\nSubject: Votre demande\nMessage-ID: {OURS}\n\nBonjour\n"
)
DAEMON = "Mail Delivery System <MAILER-DAEMON@mx.x.example>"


def report(status: str, *, copy: str = "message/rfc822", **heads: str) -> bytes:
    """A report of delivery as RFC 3464 has it."""
    return multi(
        'report; report-type="delivery-status"',
        part("text/plain", "Votre message n’a pas pu être remis."),
        part("message/delivery-status", f"Reporting-MTA: dns; mx.x.example\n\n{status}"),
        *([part(copy, OURS_BACK)] if copy else []),
        sender=DAEMON,
        subject="Undelivered Mail Returned to Sender",
        **heads,
    )


FAILED = "Final-Recipient: rfc822; jeanne@x.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <jeanne@x.example>:\n user unknown\n"
AUTO = {"sort": Sort.AUTOMATIC_REPLY}
LIST = {"sort": Sort.MAILING_LIST}
BOUNCE = {"sort": Sort.BOUNCE, "about": (OURS,), "bounced": (OURS,)}
ABOUT = {"about": (OURS,)}

AUTOMATIC = (
    odd("away, RFC 3834", mail(AWAY, "Auto-Submitted: auto-replied", f"In-Reply-To: {OURS}"), **AUTO, in_reply_to=OURS),
    odd("away, with a comment in the header", mail(AWAY, "Auto-Submitted: auto-replied (vacation)"), **AUTO),
    odd("away, Outlook", mail(AWAY, "X-Auto-Response-Suppress: All", "X-MS-Exchange-Inbox-Rules-Loop: j@x.example", subject="Réponse automatique : Passeport"), **AUTO),
    odd("away, Exchange, header alone", mail(AWAY, "X-Auto-Response-Suppress: DR, OOF, AutoReply"), **AUTO),
    odd("away, Gmail", mail(AWAY, "Precedence: bulk", "X-Autoreply: yes", "Auto-Submitted: auto-replied"), **AUTO),
    odd("away, old vacation program", mail(AWAY, "Precedence: bulk", "X-Autorespond: away"), **AUTO),
    odd("away, precedence of its own", mail(AWAY, "Precedence: auto_reply"), **AUTO),
    odd("away, to nobody", mail(AWAY, "Return-Path: <>"), **AUTO),
    *(odd(f"away, by its subject: {subject}", mail(AWAY, subject=subject), **AUTO) for subject in (
        "Automatic reply: Passport", "Out of Office: Passport", "Réponse automatique : Passeport", "Automatisch antwoord: Paspoort",
        "Automatische Antwort: Reisepass", "Abwesenheitsnotiz: Reisepass", "=?utf-8?q?R=C3=A9ponse_automatique_:_Passeport?=")),
    odd("a ticket system", mail("Ticket 12", "Auto-Submitted: auto-generated"), **AUTO),
    odd("a read receipt", multi("report; report-type=disposition-notification", part("text/plain", "Lu."),
        part("message/disposition-notification", f"Disposition: manual-action/MDN-sent-manually; displayed\nOriginal-Message-ID: {OURS}\n")), **AUTO, **ABOUT),
    odd("a report of abuse", multi("report; report-type=feedback-report", part("text/plain", "Spam."), part("message/feedback-report", "Feedback-Type: abuse\n"),
        part("message/rfc822", OURS_BACK)), **AUTO, **ABOUT),
    odd("a list", mail(QUESTION, "List-Id: <news.x.example>", "Precedence: list"), **LIST),
    odd("a newsletter", mail(QUESTION, "List-Unsubscribe: <https://x.example/u>"), **LIST),
    odd("bulk", mail(QUESTION, "Precedence: bulk"), **LIST),
    odd("junk", mail(QUESTION, "Precedence: junk"), **LIST),
)  # fmt: skip

REPORTS = (
    odd("bounce, RFC 3464", report(FAILED), **BOUNCE, bounce_status="rfc822; jeanne@x.example; 5.1.1; smtp; 550 5.1.1 <jeanne@x.example>: user unknown"),
    odd("bounce, headers alone", report(FAILED, copy="text/rfc822-headers"), **BOUNCE),
    odd("bounce, no copy, by what it replies to", multi("report; report-type=delivery-status", part("text/plain", "x"), part("message/delivery-status", f"\n{FAILED}"), more=[f"In-Reply-To: {OURS}"]), **BOUNCE),
    odd("bounce, status alone", report("Final-Recipient: rfc822; j@x.example\nStatus: 5.2.2\n"), **BOUNCE),
    odd("bounce, one of two", report("Action: delivered\nStatus: 2.0.0\n\n" + FAILED), **BOUNCE),
    odd("bounce, its status encoded", multi("report; report-type=delivery-status", part("text/plain", "x"), part("message/delivery-status", FAILED.encode()), part("message/rfc822", OURS_BACK)), **BOUNCE),
    odd("delayed", report("Action: delayed\nStatus: 4.4.1\n"), **ABOUT, sort=Sort.DELAYED),
    odd("delayed, status alone", report("Status: 4.4.7\n"), **ABOUT, sort=Sort.DELAYED),
    odd("delivered", report("Action: delivered\nStatus: 2.1.5\n"), **AUTO, **ABOUT),
    odd("relayed", report("Action: relayed\nStatus: 2.1.9\n"), **AUTO, **ABOUT),
    odd("bounce of qmail", mail("Hi. This is the qmail-send program at x.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n\n"
        f"<jeanne@x.example>:\n550 5.1.1 No such user\n\n--- Below this line is a copy of the message.\n\n{OURS_BACK}", sender="MAILER-DAEMON@x.example", subject="failure notice"),
        **BOUNCE, bounce_status="550 5.1.1 No such user"),
    odd("bounce of Exim", mail(f"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered.\n\n  j@x.example\n    550 5.1.1 unknown\n\n{OURS_BACK}",
        "X-Failed-Recipients: j@x.example", "Auto-Submitted: auto-replied", sender="Mail Delivery System <Mailer-Daemon@x.example>", subject="Mail delivery failed: returning message to sender"), **BOUNCE),
    odd("delayed, Exim", mail(f"This message was created automatically by mail delivery software.\nA message that you sent has not yet been delivered after more than 24 hours.\n\n{OURS_BACK}",
        sender="Mailer-Daemon@x.example", subject="Warning: message 1abc delayed 24 hours"), **ABOUT, sort=Sort.DELAYED),
    odd("bounce of Exchange", mail("Votre message n’a pas été remis.", "Return-Path: <>", f"In-Reply-To: {OURS}", sender="Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@x.example>",
        subject="Non remis : Votre demande"), **BOUNCE),
    odd("bounce of Gmail", mail("Address not found. Your message wasn't delivered.\n550 5.1.1 The email account does not exist.", f"References: {OURS}", "Auto-Submitted: auto-replied", sender="Mail Delivery Subsystem <mailer-daemon@googlemail.example>",
        subject="Delivery Status Notification (Failure)"), **BOUNCE),
    odd("bounce, the copy enclosed", multi("mixed", part("text/plain", "User unknown 550 5.1.1"), part("message/rfc822", OURS_BACK), sender="postmaster@x.example", subject="Undeliverable: Votre demande"), **BOUNCE),
    odd("a person about a failure", mail("Mon mail à l’ambassade could not be delivered: 550 5.1.1. Que faire ?", subject="Undeliverable mail"), sort=Sort.PERSON),
    odd("a postmaster's other business", mail("Le quota est presque atteint.", sender="postmaster@x.example", subject="Quota"), **AUTO),
    odd("a person, Auto-Submitted: no", mail(QUESTION, "Auto-Submitted: no"), sort=Sort.PERSON),
    odd("a person who asks for no receipts", mail(QUESTION, "X-Auto-Response-Suppress: DR, RN"), sort=Sort.PERSON),
    odd("a person, with a priority", mail(QUESTION, "Precedence: normal", "X-Priority: 1"), sort=Sort.PERSON),
)  # fmt: skip

PROVEN = (
    odd("DMARC failed, our host says", mail(QUESTION, "Authentication-Results: mx1.fps.example; spf=pass; dmarc=fail (p=REJECT) header.from=x.example"), sender_disproven=True),
    odd("DMARC failed, another host says", mail(QUESTION, "Authentication-Results: mx.elsewhere.example; dmarc=fail"), sender_disproven=False),
    odd("DMARC passed", mail(QUESTION, "Authentication-Results: MX1.fps.example 1;\r\n spf=pass; dmarc=pass (dmarc=fail)"), sender_disproven=False),
)  # fmt: skip

MAILS = (*AUTOMATIC, *REPORTS, *PROVEN)
