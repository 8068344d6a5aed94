"""Odd mails: broken, hostile, huge and empty ones."""

import base64

from tests.correspondence.mails import ADDRESS, PDF, QUESTION, TEXT, mail, multi, odd, part, parts


def nested(depth: int, kind: str = "mixed") -> bytes:
    """A mail so many parts deep."""
    inner = TEXT
    for level in range(depth):
        inner = f'Content-Type: multipart/{kind}; boundary="d{level}."\r\n\r\n'.encode() + parts(
            inner, boundary=f"d{level}."
        )
    return mail(parts(inner), kind='multipart/mixed; boundary="=_b1"')


def enclosed(depth: int) -> bytes:
    """A mail in a mail in a mail."""
    inner = mail("Au fond.")
    for _ in range(depth):
        inner = mail(inner, kind="message/rfc822")
    return inner


BOMB = base64.encodebytes(b"PK\x03\x04" + b"\x00" * 2_000)

STRUCTURE = (
    odd("no bytes at all", b"", text="", damaged=("no_headers",), sender=None),
    odd("empty lines", b"\r\n\r\n\r\n", text="", damaged=("no_headers",)),
    odd("no mail at all", b"Bonjour, ceci est une lettre.\nSans rien.", holds="Sans rien.", damaged=("headers", "no_headers")),
    odd("bytes", bytes(range(256)) * 4, sender=None, damaged=("headers", "no_headers", )),
    odd("headers alone", mail("").rstrip(b"\r\n"), text="", sender=ADDRESS),
    odd("no empty line before the text", mail("x").replace(b"\r\n\r\nx", b"\r\nBonjour vous tous\r\nMerci"), holds="Bonjour vous tous", damaged=("headers",)),
    odd("empty", mail(""), text="", attachments=()),
    odd("only spaces", mail(" \n\t\n\xa0\n"), text="", new_text=""),
    odd("from an mbox", b"From jeanne@x.example Mon Jan  5 09:00:00 2026\n" + mail(QUESTION), text=QUESTION, sender=ADDRESS),
    odd("no sender", mail(QUESTION, sender=None), sender=None, text=QUESTION),
    odd("a sender that is no address", mail(QUESTION, sender="Jeanne Dubois"), sender=None, sender_name="Jeanne Dubois"),
    odd("an empty sender", mail(QUESTION, sender="<>"), sender=None),
    odd("quotation marks that are not needed", mail(QUESTION, sender='J <"jeanne.d"@x.example>'), sender="jeanne.d@x.example", sender_name="J"),
    odd("an address that needs its quotation marks", mail(QUESTION, sender='<"jeanne dubois"@x.example>'), sender=None),
    odd("such an address by itself", mail(QUESTION, sender='"jeanne; dubois".d@x.example'), sender=None),
    odd("a name and an address in one quotation", mail(QUESTION, sender='"Jeanne, a@x.example"'), sender="a@x.example"),
    odd("two senders in two headers", mail(QUESTION, "From: minister@fps.example"), sender=None, damaged=("several_senders",)),
    odd("the same sender in two headers", mail(QUESTION, f"From: {ADDRESS}"), sender=ADDRESS),
    odd("two senders in one header", mail(QUESTION, sender="a@x.example, b@x.example"), sender="a@x.example"),
    odd("a header injected by an address", mail(QUESTION, sender='"a\\\r\nBcc: x" <a@x.example>'), sender=None, recipients=("service@fps.example",)),
    odd("no subject, no date, no version", b"From: a@x.example\r\n\r\nBonjour", text="Bonjour", subject=""),
    odd("headers folded with tabs and empty folds", b"From:\r\n\ta@x.example\r\nSubject: un\r\n  deux\r\n\ttrois\r\n\r\nBonjour", sender="a@x.example", subject="un deux trois"),
    odd("spaces before the colon", b"From : a@x.example\r\nSubject : X\r\n\r\nBonjour", sender="a@x.example", subject="X"),
    odd("content type that is none", mail("Bonjour", kind="text"), text="Bonjour"),
    odd("content type of rubbish", mail("Bonjour", kind="=?;;;\"'"), text="Bonjour"),
    odd("transfer encoding nobody knows", mail("Bonjour", encoding="x-rot13"), text="Bonjour", damaged=("transfer_encoding",)),
    odd("transfer encoding in quotes and capitals", mail("Qm9uam91cg==", encoding='"BASE64"'), text="Bonjour"),
    odd("a text in base64 that lost its end", mail("Qm9uam91cg", encoding="base64"), text="Bonjour"),
    odd("base64 stuck together", mail("Qm9u\r\nag==b3Vy", encoding="base64"), text="Bonjour"),
    odd("a boundary that never comes", mail("Bonjour", kind="multipart/mixed; boundary=abc"), text="Bonjour", damaged=("boundary",)),
    odd("another boundary than announced", mail(parts(TEXT, boundary="real"), kind="multipart/mixed; boundary=other"), text=QUESTION),
    odd("no boundary announced", mail(parts(TEXT, boundary="real"), kind="multipart/mixed"), text=QUESTION),
    odd("the end cut off", mail(parts(TEXT, part("application/pdf; name=a.pdf", PDF))[:-40], kind='multipart/mixed; boundary="=_b1"'), text=QUESTION, files=("a.pdf",), damaged=("cut_short",)),
    odd("a boundary that begins another", multi("mixed", b'Content-Type: multipart/mixed; boundary="=_b1x"\r\n\r\n' + parts(TEXT, boundary="=_b1x")), text=QUESTION),
    odd("text before and after the parts", mail(b"This is MIME.\r\n" + parts(TEXT) + b"Trailer", kind='multipart/mixed; boundary="=_b1"'), text=QUESTION),
    odd("parts in base64 as a whole", mail(base64.encodebytes(parts(TEXT)), kind='multipart/mixed; boundary="=_b1"', encoding="base64"), text=QUESTION),
    odd("a part without headers", multi("mixed", b"\r\nBonjour"), text="Bonjour"),
    odd("an empty part", multi("mixed", b"", TEXT), text=QUESTION),
    odd("no parts", multi("mixed"), text=""),
)  # fmt: skip

HUGE = (
    odd("nineteen deep", nested(18), text=QUESTION),
    odd("a thousand deep", nested(1_000), damaged=("too_deep",)),
    odd("fifty mails in one another", enclosed(50), damaged=("too_deep",)),
    odd("a thousand parts", multi("mixed", TEXT, *[part("text/plain", "x")] * 1_000), holds="passeport", damaged=("too_many_parts",)),
    odd("ten thousand recipients", mail(QUESTION, to=",\r\n ".join(f"Jean {n} <j{n}@x.example>" for n in range(10_000))), recipient_count=10_000, text=QUESTION),
    odd("ten thousand lines of history", mail("Merci.\n\nOn Mon, 5 Jan 2026 at 10:12, S <s@x.example> wrote:\n" + "> ancien\n" * 10_000), new_text="Merci."),
    odd("a very long line", mail("a" * 150_000), new_text="a" * 150_000),
    odd("a text longer than any letter", mail("Bonjour à tous. " * 20_000), files=("message.txt",), damaged=("text_cut",)),
    odd("a very long subject", mail(QUESTION, subject="a" * 100_000), subject="a" * 500),
    odd("a very long Message-ID", mail(QUESTION, f"Message-ID: <{'a' * 5_000}@x.example>"), holds="passeport"),
    odd("a thousand Received", mail(QUESTION, *["Received: from a by b; Mon, 5 Jan 2026 09:00:00 +0100"] * 1_000), text=QUESTION),
    odd("quotes and brackets never closed", mail(QUESTION, sender='"' + '\\"(<' * 5_000), holds="passeport"),
    odd("an archive that would fill the disk", multi("mixed", TEXT, b"Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" + BOMB), files=("a.zip",)),
)  # fmt: skip

MAILS = (*STRUCTURE, *HUGE)
