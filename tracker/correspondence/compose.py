"""Owns how a message is written: one folder of templates for each kind, four languages, one version each."""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cache, lru_cache
from secrets import token_hex
from typing import Any
from unicodedata import category

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2 import Template as LaidOut
from jinja2.runtime import Context
from markupsafe import escape

from tracker.charter.words import Channel, Language, MailReason, MessageKind, ObligationKind, ServiceKind, WordToStaff
from tracker.correspondence.explanation import (
    by_channel,
    by_way_out,
    date_in_words,
    days_left_in_words,
    explain_rule,
    label,
    name_of,
    organisation,
    rung_in_words,
)
from tracker.correspondence.facts import (
    ActionNoticeFacts,
    DigestFacts,
    LetterFacts,
    MailNoticeFacts,
    NoticeFacts,
    PasswordLinkFacts,
    Promise,
    Request,
    StaffNoticeFacts,
)
from tracker.correspondence.gate import Item, Missing, SendRefused
from tracker.correspondence.in_html import as_page, codes_of, links_of, phones_of
from tracker.correspondence.phones import Line
from tracker.correspondence.placeholders import fill_in, values_of
from tracker.correspondence.tables import moment_in_words, text_of
from tracker.resources import resource

NOTICE, MAIL_NOTICE, DIGEST = "notice", "mail_notice", "digest"
STAFF_NOTICE, ACTION_NOTICE, PASSWORD_LINK = "staff_notice", "action_notice", "password_link"
"""The folders of the mails to staff; every other folder is named after its `MessageKind`."""
OMBUDSMAN = "www.federalombudsman.be"
"""What an answer to a complaint names: where its writer can turn next, free of charge (law of 22 March 1995)."""
MOST_LISTED = 25
"""How many held mails a notice names one by one; the list has the others."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A message exactly as it will go, in plain text and in HTML, with the template and version it came from."""

    subject: str
    text: str
    html: str
    template: str
    version: int


@dataclass(frozen=True, slots=True)
class Template:
    """One folder of templates, as its `message.toml` describes it."""

    name: str
    version: int
    since: date
    to: str
    """`requester`, `body` (another body) or `staff`."""
    automatic: bool
    """Whether it goes out without a person having written it."""
    needs: frozenset[str]
    """The facts without which it cannot be written."""


def compose(
    kind: MessageKind, facts: LetterFacts, language: Language, *, official_language: Language | None = None
) -> Composed:
    """Write a message in the requester's language; the same facts always give the same text.

    `official_language` is the one that counts beside a courtesy English. Raises `SendRefused`, naming what this
    kind of message needs and was not given; an answer to a complaint tells of the Federal Ombudsman. Who signs and
    which way it goes is for `gate.check_sendable`.
    """
    template = template_of(kind.value)
    given = _given(facts)
    lacking = [Missing(item) for item in dict.fromkeys(_lacking(template, facts, given.keys()))]
    if language is Language.EN and template.to == "requester":
        if official_language in (None, Language.EN):
            lacking.append(Missing(Item.OFFICIAL_LANGUAGE))
        given["official_language"] = official_language
    lacking += _fill_in(given, language)
    if lacking:
        raise SendRefused(tuple(lacking))
    values = given | {"language": language, "to": template.to, "template": template.name}
    subject, text = _write(template, language, values, layout="letter.txt")
    if kind is MessageKind.ANSWER and facts.complaint and OMBUDSMAN not in text:
        raise SendRefused.lacking(Item.OMBUDSMAN)
    whole = [given["reference"], *codes_of(facts)]
    phones = phones_of(facts)
    page = as_page(_layout(), subject, [(language, text)], links_of(facts), whole=whole, phones=phones)
    return Composed(subject, text, page, template.name, template.version)


def filled(text: str, facts: LetterFacts, language: Language) -> str:
    """Return a writer's own text as a letter says it, what the file knows put in. Raises `SendRefused`."""
    given = {**_given(facts), "body": _tidy(text)}
    if lacking := _fill_in(given, language):
        raise SendRefused(tuple(lacking))
    return str(given["body"])


def _fill_in(given: dict[str, Any], language: Language) -> list[Missing]:
    """Put what the file knows into the writer's own words; return what stands in them unfilled."""
    left: dict[str, None] = {}
    for name in _OWN_WORDS:
        if name in given:
            given[name], stays = fill_in(given[name], values_of(given, language))
            left |= dict.fromkeys(stays)
    return [Missing(Item.PLACEHOLDER, written) for written in left]


_OWN_WORDS = ("body", "reason")


def standard_letter(
    kind: MessageKind, facts: LetterFacts, language: Language, *, official_language: Language | None = None
) -> Composed:
    """Write a message that holds nobody's own words: the very text that `compose` gives, many times faster.

    Such letters differ in reference, subject, name and tracking code alone, which stand in them as they are. What is
    told is drawn once for the same promise, signature and day, and those four are filled in. Raises `SendRefused`.
    """
    own = {name: one_line(getattr(facts, name)) for name in _MARKS if name != "code"}
    marked: dict[str, Any] = {name: _MARKS[name] for name, value in own.items() if value}
    if facts.tracking is not None:
        own["code"], marked["tracking"] = facts.tracking.code, replace(facts.tracking, code=_MARKS["code"])
    drawn = _drawn(kind, replace(facts, **marked), language, official_language=official_language)
    subject, text, html = drawn.subject, drawn.text, drawn.html
    for name, value in own.items():
        mark = _MARKS[name]
        subject, text, html = (
            subject.replace(mark, value), text.replace(mark, value), html.replace(mark, str(escape(value)))
        )  # fmt: skip
    return replace(drawn, subject=subject, text=text, html=html)


_MARKS = {name: f"@{token_hex(8)}@" for name in ("reference", "case_subject", "requester_name", "code")}
"""What stands for each of the four while a standard letter is drawn: by lot, so that nobody can have written it."""

_drawn = lru_cache(maxsize=128)(compose)
"""Kept by all that is told, so that another day, signature or promise draws a letter of its own."""


def compose_notice(facts: NoticeFacts, languages: Sequence[Language]) -> Composed:
    """Write the mail to staff about one obligation, once in each of its readers' languages, one after the other."""
    values = {field.name: getattr(facts, field.name) for field in fields(facts)}

    def said(language: Language) -> dict[str, Any]:
        handler = name_of(facts.handler_name, language, is_desk=facts.handler_is_desk)
        left = days_left_in_words(facts.due_on, facts.today, language)
        return values | {"days_left": left, "handler_name": handler}

    return _to_staff(NOTICE, said, languages, [facts.case_url], layout="notice.txt")


def compose_mail_notice(facts: MailNoticeFacts, languages: Sequence[Language]) -> Composed:
    """Write the mail to staff about held and ignored mail, once in each of its readers' languages."""
    values = {field.name: getattr(facts, field.name) for field in fields(facts)}
    listed, more = facts.held[:MOST_LISTED], len(facts.held[MOST_LISTED:])
    links = [facts.list_url, *(one.url for one in listed)]

    def said(language: Language) -> dict[str, Any]:
        named = [
            replace(one, handler_name=name_of(one.handler_name or "", language, is_desk=one.handler_is_desk))
            for one in listed
        ]
        return values | {"listed": named, "more": more}

    return _to_staff(MAIL_NOTICE, said, languages, links)


def compose_staff_notice(facts: StaffNoticeFacts, languages: Sequence[Language]) -> Composed:
    """Write the mail to colleagues about a task or a note that names them, once in each of their languages."""
    values = {field.name: getattr(facts, field.name) for field in fields(facts)}
    links = [url for url in (facts.answer_url, facts.case_url) if url]

    def said(language: Language) -> dict[str, Any]:
        return values | {"service": facts.service[language] if facts.service else None}

    return _to_staff(STAFF_NOTICE, said, languages, links, layout="notice.txt")


def compose_action_notice(facts: ActionNoticeFacts, languages: Sequence[Language]) -> Composed:
    """Write the mail to staff about a corrective action past its date, once in each of its readers' languages."""
    values = {field.name: getattr(facts, field.name) for field in fields(facts)}
    links = [facts.actions_url, facts.case_url]
    return _to_staff(ACTION_NOTICE, lambda _: values, languages, links, layout="notice.txt")


def compose_password_link(facts: PasswordLinkFacts, languages: Sequence[Language]) -> Composed:
    """Write the mail that tells of a link by which a password is set, once in each of its readers' languages."""
    values = {field.name: getattr(facts, field.name) for field in fields(facts)}

    def said(language: Language) -> dict[str, Any]:
        return values | {name: moment_in_words(values[name], language) for name in ("made_at", "until")}

    return _to_staff(PASSWORD_LINK, said, languages, [facts.history_url])


def compose_digest(facts: DigestFacts, language: Language) -> Composed:
    """Write the daily mail to one member of staff."""
    values = {field.name: getattr(facts, field.name) for field in fields(facts)}
    sections = (facts.overdue, facts.today, facts.week, facts.letters, facts.asked)
    links = [facts.queue_url, *(line.url for section in sections for line in section.lines)]
    return _to_staff(DIGEST, lambda _: values, [language], links)


def _to_staff(
    name: str,
    said: Callable[[Language], dict[str, Any]],
    languages: Sequence[Language],
    links: Sequence[str],
    *,
    layout: str | None = None,
) -> Composed:
    """Write a mail to staff, once in each language; its only links are to pages of ours."""
    template = template_of(name)
    letters = []
    for language in dict.fromkeys(languages):
        values = said(language) | {"language": language}
        letters.append((language, *_write(template, language, values, layout=layout)))
    subject = letters[0][1]
    text = "\n----\n\n".join(text for _, _, text in letters)
    page = as_page(_layout(), subject, [(language, text) for language, _, text in letters], links)
    return Composed(subject, text, page, template.name, template.version)


@cache
def template_of(name: str) -> Template:
    """Return the description of one folder of templates. Raises `FileNotFoundError` when there is none."""
    path = resource("templates") / "correspondence" / name / "message.toml"
    described = tomllib.loads(path.read_text("utf-8"))
    described["needs"] = frozenset(described["needs"])
    return Template(name=name, **described)


def _lacking(template: Template, facts: LetterFacts, given: Set[str]) -> Iterator[Item]:
    """Name what a kind of message needs and was not given."""
    if not facts.case_subject.strip():
        yield Item.SUBJECT
    for name in sorted(template.needs - given):
        yield Item.DESTINATION if name == "forwarded" else Item(name)
    body = facts.destination if "destination" in template.needs else None
    if body is None:
        return
    if not body.name.strip():
        yield Item.DESTINATION
    agreed = facts.request is not None and facts.request.consent_on is not None
    if template.to == "body" and body.kind is ServiceKind.FOREIGN_BODY and not agreed:
        yield Item.CONSENT  # a body that is no Belgian public service gets a citizen's data only with consent


def one_line(text: str) -> str:
    """Return a text on one line, without control characters: fit for a header, a name, a subject."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _given(facts: LetterFacts) -> dict[str, Any]:
    """Return the facts that were given, so that a template that uses another one fails."""
    given = {}
    for field in fields(facts):
        value = getattr(facts, field.name)
        if field.name in _OWN_WORDS and value is not None:
            value = _tidy(value)
        elif field.name in ("case_subject", "requester_name", "reference"):
            value = one_line(value)
        elif isinstance(value, Request):
            value = _tidy_request(value)
        if value is not None and value not in ("", ()):
            given[field.name] = value
    return given


def _tidy_request(request: Request) -> Request:
    """Return a citizen's request whose one-line details stay on one line, so that none passes for a line of ours."""
    return replace(
        request,
        name=one_line(request.name),
        contact=tuple(one_line(line) for line in request.contact),
        text=_tidy(request.text),
        attachments=tuple(one_line(name) for name in request.attachments),
    )


def _tidy(text: str) -> str:
    """Return a text of several lines without control characters and without blank ends."""
    lines = (line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return "\n".join("".join(c for c in line if c.isprintable() or _holds_words(c)) for line in lines).strip("\n")


def _holds_words(character: str) -> bool:
    """Say whether a character that does not print stands between words or letters: a space of any kind, a joiner."""
    return character in "\t\u200c\u200d" or category(character) == "Zs"


def _write(
    template: Template, language: Language, values: Mapping[str, Any], *, layout: str | None
) -> tuple[str, str]:
    """Return the subject and the whole text, layout (where it has one) and signature included."""
    folder = f"{template.name}/{language.value}"
    subject = one_line(_texts().get_template(f"{folder}/subject.txt").render(values))
    shared = {
        "organisation": organisation(language),
        "charter": text_of("promises", "source", "charter_2", language),
    }
    message = _texts().get_template(f"{folder}/body.txt").render(values, **shared)
    whole = message
    if layout is not None:
        whole = _texts().get_template(f"layout/{language.value}/{layout}").render(values, message=message, **shared)
    return subject, whole.strip("\n") + "\n"


def _layout() -> LaidOut:
    return _texts().get_template("layout/message.html")


@cache
def _texts() -> Environment:
    """Return the reader of templates: .txt is plain text, .html is escaped, and nothing stays unfilled."""
    environment = Environment(
        loader=FileSystemLoader(resource("templates") / "correspondence"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        auto_reload=False,
        cache_size=200,
    )
    environment.filters |= {
        "date": _in_language(date_in_words),
        "weekday": _in_language(lambda day, language: date_in_words(day, language, weekday=True)),
        "by_way_out": _in_language(lambda channel, language: by_way_out(Channel(channel), language)),
        "by_channel": _in_language(lambda channel, language: by_channel(Channel(channel), language)),
        "name": _in_language(lambda other, language: label(Language(other), language)),
        "phone": _in_language(lambda line, language: label(Line(line), language)),
        "mail_reason": _in_language(lambda reason, language: label(MailReason(reason), language)),
        "kind": _in_language(lambda kind, language: label(ObligationKind(kind), language)),
        "word": _in_language(lambda kind, language: label(WordToStaff(kind), language)),
        "rung": _in_language(rung_in_words),
        "why": _in_language(_why),
    }
    return environment


def _why(promise: Promise, language: Language) -> str:
    return explain_rule(promise.rule_id, days=promise.days, due_on=promise.due_on, language=language)


def _in_language(say: Any) -> Any:
    """Return a filter that says a value in the language of the message being written."""

    @pass_context
    def filter_(context: Context, value: Any) -> str:
        return str(say(value, context["language"]))

    return filter_
