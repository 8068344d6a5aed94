"""Odd mails: letters of every script, HTML, files, enclosed mails, signed and encrypted ones, invitations."""

import base64
import quopri
import struct

from tests.correspondence.mails import ADDRESS, PDF, PNG, QUESTION, TEXT, mail, multi, odd, part, parts

TEXTS = {
    "utf-8": "Où est le consulat d’Ankara ? 😀",
    "iso-8859-1": "Où est le consulat ? Äpfel",
    "iso-8859-15": "Cela coûte 20 €, œuvre",
    "windows-1252": "“Où” – 20 €",
    "windows-1251": "Где консульство?",
    "koi8-r": "Где консульство?",
    "iso-8859-7": "Πού είναι το προξενείο;",
    "windows-1256": "أين القنصلية",
    "iso-8859-9": "Konsolosluk nerede, İstanbul mu",
    "iso-2022-jp": "領事館はどこですか",
    "shift_jis": "領事館はどこですか",
    "euc-jp": "領事館はどこですか",
    "gb2312": "领事馆在哪里",
    "gb18030": "领事馆在哪里",
    "big5": "領事館在哪裡",
    "euc-kr": "영사관은 어디에 있습니까",
    "ks_c_5601-1987": "영사관은 어디에 있습니까",
    "utf-16": "Où est le consulat ?",
    "utf-7": "Où est le consulat ?",
    "macintosh": "Où est le consulat ?",
    "cp850": "Où est le consulat ?",
    "tis-620": "สถานกงสุลอยู่ที่ไหน",
    "windows-1255": "איפה הקונסוליה",
}
PYTHON_NAME = {"ks_c_5601-1987": "cp949", "macintosh": "mac_roman", "shift_jis": "cp932"}

CHARSETS = tuple(
    odd(
        f"a letter in {charset}",
        mail(
            base64.encodebytes(text.encode(PYTHON_NAME.get(charset, charset))),
            kind=f"text/plain; charset={charset}",
            encoding="base64",
        ),
        text=text,
        new_text=text,
    )
    for charset, text in TEXTS.items()
)

LETTERS = (
    odd("plain", mail(QUESTION), text=QUESTION, new_text=QUESTION, quoted="", sender=ADDRESS, subject="Passeport"),
    odd("signature stays", mail("Merci.\n-- \nJeanne"), new_text="Merci.\n-- \nJeanne"),
    odd("no charset, UTF-8", mail(QUESTION, kind="text/plain"), new_text=QUESTION),
    odd("no charset, Latin-1", mail("Où ça ?".encode("latin-1"), kind="text/plain"), new_text="Où ça ?"),
    odd("ASCII claimed, Latin-1 sent", mail("Où ?".encode("latin-1"), kind="text/plain; charset=us-ascii"), text="Où ?"),
    odd("UTF-8 claimed, Latin-1 sent", mail("Où ça ?".encode("latin-1")), text="Où ça ?", damaged=("charset",)),
    odd("Latin-1 claimed, UTF-8 sent", mail("Où ?", kind="text/plain; charset=iso-8859-1"), text="Où ?"),
    odd("charset nobody knows", mail("Où ?", kind="text/plain; charset=x-klingon-42"), text="Où ?"),
    odd("charset that unpacks", mail("Où ?", kind="text/plain; charset=zlib_codec"), text="Où ?"),
    odd("charset named oddly", mail("Où ?", kind='text/plain; charset="UTF8"'), text="Où ?"),
    odd(
        "quoted-printable, broken lines",
        mail(quopri.encodestring("Où puis-je renouveler mon passeport, s’il vous plaît ?".encode()),
             encoding="quoted-printable"),
        text="Où puis-je renouveler mon passeport, s’il vous plaît ?",
    ),
    odd("quoted-printable, malformed", mail("O=C3=B9 =ZZ est =C", encoding="quoted-printable"), holds="Où"),
    odd("flowed lines", mail("Une longue \nligne.\nUne autre.", kind="text/plain; charset=utf-8; format=flowed"),
        text="Une longue ligne.\nUne autre."),
    odd("bottom up marks and NUL bytes", mail(b"Bon\x00jour\x07 \xe2\x80\xaevous"), holds="Bonjour"),
    odd("byte order mark", mail(b"\xef\xbb\xbfBonjour"), text="Bonjour"),
    odd("old line ends", mail("Bonjour\nvous").replace(b"\r\n", b"\r"), text="Bonjour\nvous"),
    odd("Unix line ends", mail("Bonjour\nvous").replace(b"\r\n", b"\n"), text="Bonjour\nvous"),
    odd("subject in words of several charsets", mail(QUESTION, subject="=?utf-8?q?Passeport_=C3=A0?=\r\n =?iso-8859-1?b?IHJlbm91dmVs6Q==?="),
        subject="Passeport à renouvelé"),
    odd("subject split inside a letter", mail(QUESTION, subject="=?utf-8?b?w4?= =?utf-8?b?o=?="), holds="passeport"),
    odd("subject in raw UTF-8", mail(QUESTION, subject="Où ça"), subject="Où ça"),
    odd("subject of two lines", mail(QUESTION, subject="=?utf-8?q?Un=0D=0ABcc:_tous@x.example?="),
        subject="Un Bcc: tous@x.example"),
    odd("name with a comma", mail(QUESTION, sender='"Dubois, Jeanne" <JEANNE.DUBOIS@citizen.example>'),
        sender=ADDRESS, sender_name="Dubois, Jeanne"),
    odd("encoded name", mail(QUESTION, sender="=?iso-8859-1?q?Jos=E9?= <j@x.example>"), sender="j@x.example", sender_name="José"),
    odd("name that is another address", mail(QUESTION, sender='"minister@fps.example" <j@x.example>'), sender="j@x.example"),
    odd("bare address with a comment", mail(QUESTION, sender="j@x.example (Jean (dit Jo))"), sender="j@x.example"),
    odd("address in another script", mail(QUESTION, sender="Пётр <пётр@почта.example>"), sender="пётр@почта.example"),
    odd("keyed address among the recipients", mail(QUESTION, "Delivered-To: service+dos-1@fps.example", to='"A, B" <a@x.example>, c@x.example'),
        recipients=("service+dos-1@fps.example", "a@x.example", "c@x.example"), recipient_count=2),
    odd("nobody named", mail(QUESTION, to="undisclosed-recipients:;"), recipients=(), recipient_count=0),
)  # fmt: skip

HTML = (
    odd("HTML only", mail("<html><head><style>p{color:red}</style></head><body><p>Bonjour,<br>o&ugrave; ?</p><p>Merci</p></body></html>",
                          kind="text/html; charset=utf-8"), text="Bonjour,\noù ?\n\nMerci"),
    odd("HTML, charset in the page", mail('<meta charset="windows-1251">Где?'.encode("cp1251"), kind="text/html"), text="Где?"),
    odd("HTML with a link that lies", mail('<a href="https://evil.example/x">https://bank.example</a>', kind="text/html"),
        text="https://bank.example (https://evil.example/x)"),
    odd("HTML with a picture that spies", mail('Bonjour<img src="https://spy.example/1.gif" onerror="x()">', kind="text/html"), text="Bonjour"),
    odd("HTML with a script", mail("<script>alert('x')</script>Bonjour<script>", kind="text/html"), text="Bonjour"),
    odd("HTML never closed", mail("<div><p>Bonjour <b>vous <!-- et <a href='x", kind="text/html"), text="Bonjour vous et <a href='x"),
    odd("HTML with bare signs", mail("<p>1 < 2 & 3 > 2 <3 <b>a</b></p>", kind="text/html"), text="1 < 2 & 3 > 2 <3 a"),
    odd("HTML list and table", mail("<ul><li>un<li>deux</ul><table><tr><td>a<td>b<tr><td>c</table>", kind="text/html"),
        text="- un\n- deux\na b\nc"),
    odd("HTML number that is none", mail("a&#" + "9" * 5000 + ";b", kind="text/html"), holds="a"),
    odd("plain text beside HTML", multi("alternative", TEXT, part("text/html", "<p>autre</p>")), text=QUESTION,
        otherwise="autre"),
    odd("another figure in the HTML", multi("alternative", part("text/plain; charset=utf-8", "J'ai payé 20 € le 3."),
        part("text/html; charset=utf-8", "<p>J'ai payé <b>250 €</b> le 3.</p>")), text="J'ai payé 20 € le 3.",
        otherwise="J'ai payé 250 € le 3."),
    odd("one word less in the HTML", multi("alternative", part("text/plain", "Je ne veux pas de passeport, pas maintenant."),
        part("text/html", "<p>Je ne veux pas de passeport, maintenant.</p>")),
        text="Je ne veux pas de passeport, pas maintenant.", otherwise="Je ne veux pas de passeport, maintenant."),
    odd("HTML that says the same, laid out", multi("alternative", part("text/plain; charset=utf-8",
        "BONJOUR,\n\n1. *Mon* passe-\nport [1]\n2. Voyez le site<https://x.example/a>\n> Merci\n[image: logo.png]"),
        part("text/html; charset=utf-8", "<h1>Bonjour,</h1><ol><li><b>Mon</b> passeport<li>Voyez&nbsp;le <a "
        "href='https://x.example/a'>site</a></ol><blockquote>Merci</blockquote><img src=cid:1>")), holds="BONJOUR",
        otherwise=""),
    odd("empty plain text beside HTML", multi("alternative", part("text/plain", " \n"), part("text/html", "<p>Bonjour</p>")), text="Bonjour"),
    odd("stub beside HTML", multi("alternative", part("text/plain", "Your mail program cannot show this."),
        part("text/html", "<p>" + "Bonjour tout le monde. " * 30 + "</p>")), holds="tout le monde"),
    odd("HTML with its picture", multi("related", part("text/html", '<p>Voyez<img src="cid:1"></p>'),
        part('image/png; name="image001.png"', PNG, "Content-ID: <1>")), text="Voyez", files=("image001.png",)),
)  # fmt: skip

FILES = (
    odd("a file", multi("mixed", TEXT, part("application/pdf", PDF, 'Content-Disposition: attachment; filename="acte.pdf"')),
        text=QUESTION, files=("acte.pdf",)),
    odd("a file named in RFC 2231", multi("mixed", TEXT, part("application/pdf", PDF,
        "Content-Disposition: attachment; filename*0*=utf-8''%C3%A9tat; filename*1*=%20civil.pdf")), files=("état civil.pdf",)),
    odd("a file named in encoded words", multi("mixed", TEXT, part('application/pdf; name="=?utf-8?b?w6l0YXQucGRm?="', PDF)), files=("état.pdf",)),
    odd("a file that would leave its folder", multi("mixed", TEXT, part("application/pdf", PDF,
        'Content-Disposition: attachment; filename="..\\\\..\\\\etc/passwd.pdf"')), files=("passwd.pdf",)),
    odd("a name that turns round", multi("mixed", TEXT, part("application/pdf", PDF,
        "Content-Disposition: attachment; filename*=utf-8''fdp%E2%80%AEexe.pdf")), files=("fdpexe.pdf",)),
    odd("a file without a name", multi("mixed", TEXT, part("application/pdf", PDF)), files=("",)),
    odd("a text file", multi("mixed", TEXT, part("text/plain", "Notes", 'Content-Disposition: attachment; filename="notes.txt"')),
        text=QUESTION, files=("notes.txt",)),
    odd("only a file", mail(base64.encodebytes(PDF), "Content-Disposition: attachment; filename=lettre.pdf",
        kind="application/pdf", encoding="base64"), text="", files=("lettre.pdf",)),
    odd("text around a file", multi("mixed", part("text/plain", "Avant"), part("image/png; name=a.png", PNG), part("text/plain", "Après")),
        text="Avant\n\nAprès", files=("a.png",)),
    odd("lying type", multi("mixed", TEXT, part('application/pdf; name="photo.pdf"', PNG)), files=("photo.pdf",)),
    odd("base64 with rubbish in it", multi("mixed", TEXT, b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + b"\r\n!! ".join(base64.encodebytes(PDF).split(b"\n")) + b"="), files=("a.pdf",)),
    odd("base64 that is none", multi("mixed", TEXT, b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!"),
        files=(), damaged=("transfer_encoding",)),
    odd("uuencoded", mail("begin 644 a.txt\n(0F]N:F]U<@  \n`\nend\n", "Content-Disposition: attachment; filename=a.txt", encoding="x-uuencode"), files=("a.txt",)),
    odd("a file to be fetched elsewhere", multi("mixed", TEXT, part('message/external-body; access-type=URL; URL="https://x.example"', "Content-Type: image/png\n")),
        text=QUESTION, damaged=("elsewhere",)),
)  # fmt: skip

INNER = mail("Le contenu transmis.", sender="Paul <paul@x.example>", subject="Original")
INVITATION = (
    "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Rendez-vous\nDTSTART;TZID=Europe/Brussels:20260110T100000\n"
    "DESCRIPTION:Apportez vo\n tre passeport\\nMerci\nEND:VEVENT\nEND:VCALENDAR\n"
)

ENCLOSED = (
    odd("a mail enclosed", multi("mixed", TEXT, b"Content-Type: message/rfc822\r\n\r\n" + INNER), holds="From: Paul <paul@x.example>", lacks="Message-ID"),
    odd("a mail enclosed stays with the text", multi("mixed", TEXT, b"Content-Type: message/rfc822\r\n\r\n" + INNER), holds="Le contenu transmis.", quoted=""),
    odd("a file in an enclosed mail", multi("mixed", TEXT, b"Content-Type: message/rfc822\r\n\r\n"
        + multi("mixed", TEXT, part("application/pdf; name=a.pdf", PDF), boundary="in")), files=("a.pdf",)),
    odd("a digest", multi("digest", b"\r\n" + INNER, b"\r\n" + INNER), holds="Subject: Original"),
    odd("an invitation alone", mail(INVITATION, kind="text/calendar; method=REQUEST; charset=utf-8"),
        text="SUMMARY: Rendez-vous\nDTSTART: 20260110T100000\nDESCRIPTION: Apportez votre passeport\nMerci", files=("",)),
    odd("an invitation beside text", multi("alternative", TEXT, part("text/calendar; name=invite.ics", INVITATION)), text=QUESTION, files=("invite.ics",)),
    odd("S/MIME signed", multi("signed", TEXT, part("application/pkcs7-signature; name=smime.p7s", b"0\x80")), text=QUESTION, files=()),
    odd("PGP signed", multi("signed", TEXT, part("application/pgp-signature; name=s.asc", "-----BEGIN PGP SIGNATURE-----\nx")), text=QUESTION, files=()),
    odd("PGP signed in the text", mail("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nBonjour\n- -- \nJeanne\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n"),
        text="Bonjour\n-- \nJeanne"),
    odd("PGP encrypted", multi("encrypted", part("application/pgp-encrypted", "Version: 1\n"), part("application/octet-stream; name=encrypted.asc", "-----BEGIN PGP MESSAGE-----\n")),
        encrypted=True),
    odd("PGP encrypted in the text", mail("-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n"), encrypted=True),
    odd("S/MIME encrypted", mail(base64.encodebytes(b"0\x82\x01\x00"), kind="application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", encoding="base64"),
        encrypted=True, text="", files=("smime.p7m",)),
    odd("nested four deep", multi("mixed", b'Content-Type: multipart/mixed; boundary="b2"\r\n\r\n' + parts(
        b'Content-Type: multipart/alternative; boundary="b3"\r\n\r\n' + parts(TEXT, part("text/html", "<p>x</p>"), boundary="b3"), boundary="b2")), text=QUESTION, otherwise="x"),
    odd("a person who forwards by hand", mail("Voyez.\n\n---------- Forwarded message ---------\nFrom: Paul <p@x.example>\nDate: lundi\nSubject: A\nTo: moi\n\nTexte\n"),
        holds="Texte", quoted=""),
)  # fmt: skip


def tnef(*files: tuple[str, bytes], text: str = "") -> bytes:
    """Outlook's package, as MS-OXTNEF has it: each file with a short name and, in its properties, its own."""

    def attribute(level: int, number: int, data: bytes) -> bytes:
        return struct.pack("<BII", level, number, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)

    out = b"\x78\x9f\x3e\x22\x01\x00"
    if text:
        out += attribute(1, 0x0002800C, text.encode("cp1252") + b"\0")
    for name, content in files:
        wide = (name + "\0").encode("utf-16-le")
        named = struct.pack("<HH16sIIHHI", 0x0003, 0x8001, bytes(16), 0, 0x8586, 0x000B, 0x7FFE, 1)
        own = named[:28] + struct.pack("<I", 7) + named[28:]
        own += struct.pack("<HHII", 0x001F, 0x3707, 1, len(wide)) + wide + bytes(-len(wide) % 4)
        out += attribute(2, 0x00069002, bytes(14)) + attribute(2, 0x00018010, b"SHORT~1.PDF\0")
        out += attribute(2, 0x0006800F, content) + attribute(2, 0x00069005, struct.pack("<I", 3) + own)
    return out


def ber(tag: int, *within: bytes, stated: bool = True) -> bytes:
    """One element of BER, its length stated or left to the end mark."""
    content = b"".join(within)
    if not stated:
        return bytes([tag, 0x80]) + content + b"\0\0"
    return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content


def signed(content: bytes, *, stated: bool) -> bytes:
    """Signed S/MIME without its certificates: what stands before them is all that is read."""
    data = ber(0x04, content) if stated else ber(0x24, ber(0x04, content[:20]), ber(0x04, content[20:]), stated=False)
    inner = ber(0x30, ber(0x06, bytes.fromhex("2a864886f70d010701")), ber(0xA0, data, stated=stated), stated=stated)
    whole = ber(0x30, ber(0x02, b"\x01"), ber(0x31), inner, stated=stated)
    return ber(0x30, ber(0x06, bytes.fromhex("2a864886f70d010702")), ber(0xA0, whole, stated=stated), stated=stated)


SMIME = "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m"
PACKAGE = tnef(("état civil.pdf", PDF), ("photo.png", PNG), text="Écrit dans Outlook.")

WRAPPED = (
    odd("Outlook's package beside text", multi("mixed", TEXT, part("application/ms-tnef; name=winmail.dat", PACKAGE)), text=QUESTION, files=("état civil.pdf", "photo.png")),
    odd("Outlook's package alone", mail(base64.encodebytes(PACKAGE), kind="application/octet-stream; name=WINMAIL.DAT", encoding="base64"), text="Écrit dans Outlook.", files=("état civil.pdf", "photo.png")),
    odd("Outlook's package, cut short", multi("mixed", TEXT, part("application/ms-tnef; name=winmail.dat", PACKAGE[:-60])), holds=QUESTION, files=("winmail.dat", "état civil.pdf", "SHORT~1.PDF"), damaged=("tnef",)),
    odd("winmail.dat that is none", multi("mixed", TEXT, part("application/ms-tnef; name=winmail.dat", b"no")), text=QUESTION, files=("winmail.dat",), damaged=("tnef",)),
    odd("S/MIME, signed, in one piece", mail(base64.encodebytes(signed(TEXT, stated=True)), kind=SMIME, encoding="base64"), text=QUESTION, files=()),
    odd("S/MIME, signed, in pieces", mail(base64.encodebytes(signed(TEXT, stated=False)), kind=SMIME, encoding="base64"), text=QUESTION, files=()),
    odd("S/MIME, signed four times over", mail(base64.encodebytes(signed(b"Content-Type: " + SMIME.encode() + b"\r\n\r\n" + signed(b"Content-Type: " + SMIME.encode() + b"\r\n\r\n" + signed(
        b"Content-Type: " + SMIME.encode() + b"\r\n\r\n" + signed(TEXT, stated=True), stated=True), stated=True), stated=True)), kind=SMIME, encoding="base64"), encrypted=True, text=""),
)  # fmt: skip

MAILS = (*CHARSETS, *LETTERS, *HTML, *FILES, *ENCLOSED, *WRAPPED)
