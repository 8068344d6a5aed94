"""Owns the seeding of a population: how many cases on which day, what each goes through, and all of it written."""

from bisect import bisect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from sqlalchemy import func, select

from tracker.casework.errors import Refused
from tracker.casework.house import House
from tracker.casework.seeding.courses import DONE, FALLBACK, JOINED, MERGED, OPEN, Course, live
from tracker.casework.seeding.judging import CAUSES, THEMES
from tracker.casework.seeding.passages import keep_passages
from tracker.casework.seeding.people import Office, Officer, address_of, employ, read_texts
from tracker.casework.seeding.plan import Day, Plan
from tracker.casework.seeding.rows import MODELS, Shape, fill, shape_of
from tracker.casework.seeding.story import TooYoung
from tracker.casework.staffing import COMPLAINTS_SERVICE
from tracker.charter.counting import aware, brussels_day
from tracker.charter.reference import Reference
from tracker.charter.words import Channel, Language, Nature
from tracker.correspondence.explanation import title_of
from tracker.models.base import Base
from tracker.models.cases import Case
from tracker.models.database import Database

TWICE = 0.04
"""How often two cases of a day are the same request, sent twice."""
LONG_AGO = 400
"""Days after which one request in four also asks what nobody asks any more."""
COMMON, RARE = 6, 2
"""How many different stories a day has for the common and for the rare kinds of request."""
SHAPES = 2000
"""How many stories are kept: those of a few days, since a story belongs to its day."""

CHANNELS = {
    Channel.WEB: 46,
    Channel.EMAIL: 24,
    Channel.POST: 12,
    Channel.PHONE: 8,
    Channel.COUNTER: 6,
    Channel.FAX: 4,
}
NATURES = {
    Nature.INFORMATION: 70, Nature.COMPLEX: 12, Nature.MISDIRECTED: 7, Nature.COMPLAINT: 7, Nature.DOCUMENT_ACCESS: 4,
}  # fmt: skip
LANGUAGES = {"nl": 48, "fr": 40, "de": 4, "en": 8}
COUNTRIES = ("MA", "TR", "CD", "ES", "FR", "US", "TH", "IN", "SN", "JP", "GB", "IT")
BODIES = ("EXT:FPS-JUSTICE", "EXT:IMMIGRATION-OFFICE", "EXT:FPS-ECONOMY", "EXT:FPS-HEALTH-ENVIRONMENT")


WRITTEN = (
    "request", "acknowledged", "answer", "interim", "question", "follow_up", "transmission", "transmitted",
)  # fmt: skip
"""The texts of the four languages that speak of the case itself."""


class NotEmpty(Refused):
    """A population is only made where there are no cases yet."""

    code = "not_empty"

    def __init__(self, cases: int) -> None:
        super().__init__(
            f"The database holds {cases} cases already: a population is only made in one without any.", cases=cases
        )


def seed(database: Database, house: House, *, cases: int, open_share: float, now: datetime, number: int) -> int:
    """Make a population as it would stand at ``now`` (aware) and return how many rows were written.

    All or nothing: whatever stops it, nothing is left behind. Raises ``NotEmpty`` or ``NaiveDatetime``.
    """
    from tracker.casework.seeding.loading import load

    plan = Plan(cases, open_share, aware(now), number, house.reference_prefix)
    with database.reading() as session:
        held = session.scalar(select(func.count()).select_from(Case)) or 0
    if held:
        raise NotEmpty(held)
    with database.writing() as session:
        employ(session, seed=number, now=now)
        keep_passages(session, now=now)
        office = Office.load(session, day=brussels_day(now))
        return load(session, plan, office, house)


class _Wheel:
    """Draws from a list by weight."""

    def __init__(self, weights: Mapping[Any, int]) -> None:
        self._things = list(weights)
        self._sums = list(accumulate(weights.values()))

    def draw(self, random: Random) -> Any:
        """Return one of the things."""
        return self._things[bisect(self._sums, random.random() * self._sums[-1])]


@dataclass
class Maker:
    """Makes the rows of whole days; keeps the shapes of stories, which many cases of a day share."""

    plan: Plan
    house: House
    office: Office
    shapes: dict[tuple[Any, ...], Shape] = field(default_factory=dict)

    def __post_init__(self) -> None:
        texts = read_texts()
        self._names, self._texts = texts["names"], texts["texts"]
        self._older_texts = {
            language: {**some, "request": some["request"] + some["long_ago"]}
            for language, some in self._texts.items()
        }
        self._subjects = {entry["service"]: entry for entry in texts["subject"]}
        self._services = _Wheel({entry["service"]: entry["weight"] for entry in texts["subject"]})
        self._channels, self._natures, self._languages = _Wheel(CHANNELS), _Wheel(NATURES), _Wheel(LANGUAGES)
        self._handlers = {code: self.office.handlers(code) for code in (*self._subjects, COMPLAINTS_SERVICE)}
        self._reach: dict[tuple[Any, ...], str] = {}
        self._wheels: dict[tuple[Any, ...], _Wheel] = {}
        self._palettes: dict[tuple[Any, ...], list[tuple[Course, int]]] = {}

    def rows(self, days: Sequence[Day]) -> dict[type[Base], list[str]]:
        """Return all the rows of some days, by table."""
        made: dict[type[Base], list[str]] = {model: [] for model in MODELS}
        for day in days:
            random = Random(f"{self.plan.seed} {day.day}")  # noqa: S311 - made-up people, the same for the same number
            self._palettes.clear()
            for case, course, minute, channel, nature in self._courses(day, random):
                shape = self._shape(day.day, course, minute, channel, nature)
                self._add(made, day, case, shape, random)
        return made

    def _courses(self, day: Day, random: Random) -> Iterator[tuple[int, Course, int, Channel, Nature]]:
        """Deal out courses to the cases of a day; now and then two cases are the same request, sent twice."""
        age = (brussels_day(self.plan.until) - day.day).days
        is_open = [True] * day.open + [False] * day.done
        random.shuffle(is_open)
        place = 0
        while place < len(is_open):
            channel, nature = self._channels.draw(random), self._natures.draw(random)
            twice = not any(is_open[place : place + 2]) and place + 1 < len(is_open) and age > 10
            if twice and random.random() < TWICE:
                yield day.first + place, JOINED, 60, channel, Nature.INFORMATION
                yield day.first + place + 1, MERGED, 75, channel, Nature.INFORMATION
                place += 2
                continue
            course, minute = self._course(is_open[place], day.day, channel, nature, random)
            yield day.first + place, course, minute, channel, nature
            place += 1

    def _course(
        self, is_open: bool, day: date, channel: Channel, nature: Nature, random: Random
    ) -> tuple[Course, int]:
        """Return a course and the minutes after 08:00 at which it began: on one day the rare kinds share one."""
        key = (is_open, day, channel, nature)
        palette = self._palettes.setdefault(key, [])
        common = nature is Nature.INFORMATION and channel in (Channel.WEB, Channel.EMAIL)
        if len(palette) < (COMMON if common else RARE):
            palette.append((self._fitting(is_open, day, channel, nature).draw(random), random.randrange(540)))
            return palette[-1]
        return palette[random.randrange(len(palette))]

    def _fitting(self, is_open: bool, day: date, channel: Channel, nature: Nature) -> _Wheel:
        """Return the courses that a case of that age, channel and nature can have taken, by weight."""
        age = (brussels_day(self.plan.until) - day).days
        key = (is_open, age, channel, nature)
        wheel = self._wheels.get(key)
        if wheel is None:
            fitting = {
                course: course.weight
                for course in (OPEN if is_open else DONE)
                if course.youngest <= age <= course.oldest and nature in course.natures and channel in course.channels
            }
            wheel = self._wheels[key] = _Wheel(fitting or {FALLBACK: 1})
        return wheel

    def _shape(self, day: date, course: Course, minute: int, channel: Channel, nature: Nature) -> Shape:
        """Return the shape of a story; one that cannot have happened yet gives way to a shorter one."""
        key = (day, course.name, channel, nature, minute)
        shape = self.shapes.get(key)
        if shape is None:
            if len(self.shapes) > SHAPES:
                self.shapes.clear()
            shape = self.shapes[key] = self._told(day, course, channel, nature, minute)
        return shape

    def _told(self, day: date, course: Course, channel: Channel, nature: Nature, minute: int) -> Shape:
        until = self.plan.until
        shorter = (OPEN[2],) if course in OPEN else (FALLBACK,)
        for one, kind in ((course, nature), *((short, Nature.INFORMATION) for short in shorter)):
            for early in (minute, 0, -470):
                try:
                    return shape_of(
                        live(one, self.house, day=day, until=until, channel=channel, nature=kind, minute=early)
                    )
                except TooYoung:
                    continue
        story = live(OPEN[2], self.house, day=day - timedelta(days=1), until=until, channel=channel,
                     nature=Nature.INFORMATION, minute=minute)  # fmt: skip
        return shape_of(story)

    def _add(
        self, made: dict[type[Base], list[str]], day: Day, case: int, shape: Shape, random: Random
    ) -> None:  # fmt: skip
        about = self._services.draw(random)
        service = COMPLAINTS_SERVICE if shape.nature is Nature.COMPLAINT else about
        handlers = self.office.dispatchers if shape.triage else self._handlers[service]
        handler = handlers[random.randrange(len(handlers))]
        facts = self._facts(day, case, about, service, handler, random)
        facts["associated"] = self._associated(shape, about, service)
        facts["since"] = f"{day.day.isoformat()}T09:00:00.000000+00:00"
        lead = None if shape.triage else service

        def reached(to: tuple[Any, ...]) -> str:
            key = (to, handler.id, lead)
            found = self._reach.get(key)
            if found is None:
                found = self._reach[key] = self.office.reached(to, handler=handler.id, service=lead)
            return found

        for model, row in fill(shape, case, facts, reached):
            made[model].append(row)
        facts.clear()  # some of its texts refer to it: let go of all of them at once

    def _associated(self, shape: Shape, about: str, service: str) -> list[str]:
        if shape.triage:
            return []
        joining = {about, *self.office.services[about]["associated"]} if service != about else set()
        return sorted((joining | set(self.office.services[service]["associated"])) - {service})

    def _facts(
        self, day: Day, case: int, about: str, service: str, handler: Officer, random: Random
    ) -> dict[str, Any]:
        """Return what the tokens of a story stand for in one case."""
        language = self._languages.draw(random)
        texts, names = self._texts[language], self._names[language]
        if case % 4 == 0 and (brussels_day(self.plan.until) - day.day).days > LONG_AGO:
            texts = self._older_texts[language]
        name = f"{random.choice(names['first'])} {random.choice(names['last'])}"
        body = BODIES[case % len(BODIES)]
        home = f"Rue de la Poste / Poststraat {case % 180 + 1}, {1000 + case % 8000} Belgique / België"
        facts: dict[str, Any] = {
            "reference": self._reference(day, case), "previous": case - 1,
            "previous_reference": _Later(self._reference, day, case - 1),
            "next_reference": _Later(self._reference, day, case + 1),
            "language": language, "official": ("fr", "nl")[case % 2] if language == "en" else "\x00",
            "country": random.choice(COUNTRIES) if random.random() < 0.5 else "\x00",
            "subject": random.choice(self._subjects[about][language]), "name": name,
            "email": f"{address_of(name)}.{case}@post.example",
            "phone": f"+32 470 {case % 90 + 10} {case % 89 + 10} 10",
            "fax": f"+32 2 555 {case % 90 + 10} 20", "address": f"{name}, {home}", "sensitive": "0",
            "handler": handler.id, "handler_name": handler.name,
            "handler_title": title_of(handler.titles, handler.role, Language(language)),
            "handler_phone": handler.phone, "handler_email": handler.email,
            "registrar": handler.name, "registrar_id": handler.id, "service": service, "about": about,
            "service_name": self.office.services[service]["names"][language],
            "office": self.office.services[service]["address"] or "1000 Bruxelles / Brussel",
            "body": body, "body_address": self.office.services[body]["address"],
            "body_name": self.office.services[body]["names"][language],
            "reason": texts["reason"], "ground": texts["ground"],
            "too_old": texts["too_old"], "found": texts["found"], "mend": texts["mend"], "seen": texts["seen"],
            "theme": THEMES[case % len(THEMES)], "cause": CAUSES[case % len(CAUSES)],
            "withdrawn": texts["withdrawn"], "twice": texts["twice"], "texts": texts,
        }  # fmt: skip
        for what in WRITTEN:
            facts[what] = _Later(texts[what].__mod__, facts)
        return facts

    def _reference(self, day: Day, case: int) -> str:
        return Reference(self.plan.prefix, day.day.year, case).format()


class _Later:
    """A text that is only written when a row asks for it."""

    __slots__ = ("_given", "_write")

    def __init__(self, write: Callable[..., str], *given: Any) -> None:
        self._write, self._given = write, given

    def __str__(self) -> str:
        return self._write(*self._given)
