"""Odd mails: answers that repeat the mails before them, in the ways programs and people do it in four languages."""

from tests.correspondence.mails import OURS, mail, multi, odd, part

OLD = "> Bonjour Madame,\n>\n> Votre demande est enregistrée.\n>\n> Anna Peeters\n"
BARE = OLD.replace("> ", "").replace(">", "")
NEW = "Voici ma réponse.\n\nJeanne"

INTRODUCTIONS = {
    "Gmail fr": "Le lun. 5 janv. 2026 à 10:12, Service <service@fps.example> a écrit :",
    "Gmail fr, broken": "Le lun. 5 janv. 2026 à 10:12, Service Public Fédéral Affaires étrangères <\nservice@fps.example> a\nécrit :",
    "Thunderbird fr": "Le 05/01/2026 à 10:12, Service a écrit\xa0:",
    "Apple fr": "Le 5 janv. 2026 à 10:12, Service <service@fps.example> a écrit :",
    "name first fr": "Anna Peeters a écrit le 05/01/2026 10:12 :",
    "Gmail nl": "Op ma 5 jan 2026 om 10:12 schreef Dienst <service@fps.example>:",
    "Thunderbird nl": "Op 5-01-26 om 10:12 schreef Dienst:",
    "Apple nl": "Op 5 jan. 2026, om 10:12 heeft Dienst <service@fps.example> het volgende geschreven:",
    "name first nl": "Anna Peeters schreef op 5-1-2026 10:12:",
    "Gmail de": "Am Mo., 5. Jan. 2026 um 10:12 Uhr schrieb Dienst <service@fps.example>:",
    "Thunderbird de": "Am 05.01.26 um 10:12 schrieb Dienst:",
    "name first de": "Anna Peeters schrieb am 05.01.2026 10:12:",
    "Gmail en": "On Mon, 5 Jan 2026 at 10:12, Service <service@fps.example> wrote:",
    "Gmail en, broken": "On Mon, 5 Jan 2026 at 10:12, Federal Public Service Foreign Affairs <\nservice@fps.example> wrote:",
    "Apple en": "On 5 Jan 2026, at 10:12, Service <service@fps.example> wrote:",
    "Yahoo fr": "Le lundi 5 janvier 2026 à 10:12:13 UTC+1, Service <service@fps.example> a écrit\u202f:",
    "Yahoo nl": "Op maandag 5 januari 2026 om 10:12:13 CET schreef Dienst <service@fps.example>:",
    "Yahoo de": "Am Montag, 5. Januar 2026 um 10:12:13 MEZ hat Dienst <service@fps.example> Folgendes geschrieben:",
    "Proton en": "On Monday, January 5th, 2026 at 10:12 AM, Service <service@fps.example> wrote:",
    "old Gmail": "2026-01-05 10:12 GMT+01:00 Service <service@fps.example>:",
}

BLOCKS = {
    "Outlook fr": "De : Service <service@fps.example>\nEnvoyé : lundi 5 janvier 2026 10:12\nÀ : Jeanne\nObjet : Passeport\n",
    "Outlook nl": "Van: Dienst <service@fps.example>\nVerzonden: maandag 5 januari 2026 10:12\nAan: Jeanne\nOnderwerp: Paspoort\n",
    "Outlook de": "Von: Dienst <service@fps.example>\nGesendet: Montag, 5. Januar 2026 10:12\nAn: Jeanne\nBetreff: Reisepass\n",
    "Outlook en": "From: Service <service@fps.example>\nSent: Monday, January 5, 2026 10:12 AM\nTo: Jeanne\nSubject: Passport\n",
    "Outlook, ruled": "________________________________\nFrom: Service <service@fps.example>\nSent: Monday\nTo: Jeanne\nSubject: X\n",
    "Outlook, bold": "*From:* Service\n*Sent:* Monday\n*To:* Jeanne\n*Subject:* X\n",
    "GMX": "Gesendet: Montag, 5. Januar 2026 um 10:12 Uhr\nVon: Dienst <service@fps.example>\nAn: Jeanne\nBetreff: Reisepass\n",
    "Samsung": "-------- Message d'origine --------\nDe : Service\nDate : 05/01/2026 10:12 (GMT+01:00)\nÀ : Jeanne\n",
    "Original Message": "-----Original Message-----\nFrom: Service\n",
    "Message d'origine": "-----Message d'origine-----\nDe : Service\n",
    "Oorspronkelijk bericht": "-----Oorspronkelijk bericht-----\nVan: Dienst\n",
    "Ursprüngliche Nachricht": "-----Ursprüngliche Nachricht-----\nVon: Dienst\n",
}

ANSWERS = (
    *(odd(f"answer above, {name}", mail(f"{NEW}\n\n{line}\n\n{OLD}", f"In-Reply-To: {OURS}", subject="Re: Passeport"),
          new_text=NEW, folds="Anna Peeters", in_reply_to=OURS) for name, line in INTRODUCTIONS.items()),
    *(odd(f"answer above, unmarked, {name}", mail(f"{NEW}\n\n{line}\n\n{BARE}", subject="Re: Passeport"), new_text=NEW, folds="enregistrée")
      for name, line in INTRODUCTIONS.items()),
    *(odd(f"answer above, {name}", mail(f"{NEW}\n\n{block}\n{BARE}", subject="RE: Passeport"), new_text=NEW, folds="enregistrée")
      for name, block in BLOCKS.items()),
    odd("answer below", mail(f"Le 05/01/2026 à 10:12, Service a écrit :\n{OLD}\n{NEW}"), new_text=NEW, folds="enregistrée"),
    odd("answer to a mail that we forwarded", mail("Merci.\n\nLe 05/01/2026 à 10:12, Service a écrit :\n> ---------- Forwarded message ---------\n> Texte\n"), new_text="Merci.", folds="Texte"),
    odd("answer in between", mail("On Mon, 5 Jan 2026 at 10:12, S <s@x.example> wrote:\n> Votre nom ?\nDubois\n> Votre âge ?\n42\n"), new_text="Dubois\n42", folds="âge"),
    odd("a chain of answers", mail(f"{NEW}\n\nOp ma 5 jan 2026 om 10:12 schreef D <d@x.example>:\n> A\n>> B\n>>> C\n"), new_text=NEW, folds=">>> C"),
    odd("answer in HTML, Gmail", mail('<div>Voici.</div><div class="gmail_quote"><div>Le lun. 5 janv. 2026 à 10:12, Service &lt;<a href="mailto:s@x.example">s@x.example</a>&gt; a écrit :<br></div>'
        "<blockquote><p>Votre demande</p><p>est là</p></blockquote></div>", kind="text/html"), new_text="Voici.", folds="> Votre demande"),
    odd("answer in HTML, Outlook", mail('<p>Hier is het.</p><hr><div><p><b>Van:</b> Dienst<br><b>Verzonden:</b> maandag<br><b>Aan:</b> Jeanne<br><b>Onderwerp:</b> X</p></div><p>Oud</p>',
        kind="text/html"), new_text="Hier is het.", folds="Oud"),
    odd("references of a long chain", mail(NEW, "References: " + " ".join(f"<{n}@x.example>" for n in range(500)) + f" {OURS}"),
        new_text=NEW, references=("<0@x.example>", *(f"<{n}@x.example>" for n in range(302, 500)), OURS)),
    odd("a Message-ID without brackets", mail(NEW, "Message-ID: abc@x.example"), message_id="<abc@x.example>"),
    odd("an In-Reply-To with words around", mail(NEW, f"In-Reply-To: Your message of Monday {OURS}"), in_reply_to=OURS),
)  # fmt: skip

NOT_HISTORY = (
    odd("forwarded by Gmail", mail("Voyez :\n\n---------- Forwarded message ---------\nDe : Paul <p@x.example>\nDate: lun. 5 janv. 2026\nSubject: A\nTo: moi\n\nTexte",
        subject="Fwd: A"), holds="Texte", quoted=""),
    odd("forwarded by Outlook", mail("Zie onder.\n\nVan: Paul <p@x.example>\nVerzonden: maandag\nAan: Jan\nOnderwerp: A\n\nTekst", subject="FW: A"), quoted=""),
    odd("forwarded by Apple", mail("Siehe unten.\n\nAnfang der weitergeleiteten Nachricht:\n\nVon: Paul\nBetreff: A\nDatum: Montag\nAn: mich\n\nText\n> Zitat\n> noch eins"), quoted=""),
    odd("nothing but history", mail(OLD, subject="Re: Passeport"), quoted="", new_text=OLD.strip()),
    odd("a sentence that ends like an introduction", mail("Bonjour,\nOn page 3 of the form you wrote:\n\nAppelez-nous.\nMerci"), quoted=""),
    odd("a sentence with a date, in Dutch", mail("Op 5 januari 2026 schreef u:\nkom langs.\nIk kwam."), quoted=""),
    odd("indented by hand in HTML", mail('<p>Mon adresse :</p><blockquote style="margin:0 0 0 40px;border:none"><p>Rue A 1</p><p>1000 Bruxelles</p></blockquote>', kind="text/html"),
        quoted="", holds="Rue A 1"),
    odd("a lone sign", mail("Mon enfant a\n> 12 ans et\nveut un passeport."), quoted=""),
    odd("a letter with its own heading", mail("Van: Jan Peeters\nAan: de dienst\nOnderwerp: klacht\n\nIk wil klagen."), quoted="", holds="Ik wil klagen."),
    odd("a heading of two lines in a letter", mail("Bonjour,\nDe : Paris\nÀ : Bruxelles\nle train est cher."), quoted=""),
    odd("history folded beside a file", multi("mixed", part("text/plain; charset=utf-8", f"{NEW}\n\nLe 05/01/2026 à 10:12, Service a écrit :\n{OLD}"), part("image/png; name=a.png", b"\x89PNG")),
        new_text=NEW, folds="Anna", files=("a.png",)),
)  # fmt: skip

MAILS = (*ANSWERS, *NOT_HISTORY)
