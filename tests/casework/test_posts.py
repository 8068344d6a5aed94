"""The posts abroad in the database: loaded once and again, and first of all who is called in trouble there."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from tests.factories import INTAKE, MONDAY, make_house, settle
from tracker.casework.house import CITIZEN
from tracker.casework.posts import Loaded, load_posts
from tracker.casework.register import register
from tracker.charter.words import Channel, Language, MessageKind, PostKind
from tracker.insight.posts import post_for, posts_abroad
from tracker.models.database import Database
from tracker.models.directory import Post
from tracker.models.messages import Message
from tracker.routing.posts import PostLine

TODAY = MONDAY.date()
BANGKOK = PostLine(
    country="TH", city="Bangkok", kind=PostKind.EMBASSY,
    names={language.value: f"Bangkok {language.value}" for language in Language}, phone="+66 2 108 18 00", email="",
    postal_address="", covers=("LA", "KH"), source="FPS, list of posts", read_on=date(2026, 2, 1), valid_to=None,
)  # fmt: skip
PHUKET = replace(BANGKOK, city="Phuket", kind=PostKind.HONORARY_CONSULATE, covers=())
VIENTIANE = replace(BANGKOK, country="LA", city="Vientiane", kind=PostKind.HONORARY_CONSULATE, covers=())
GENEVA = replace(BANGKOK, country="CH", city="Genève", kind=PostKind.PERMANENT_REPRESENTATION, covers=())


def load(database: Database, *lines: PostLine) -> Loaded:
    with database.writing() as session:
        return load_posts(session, lines, now=MONDAY)


def test_a_list_may_be_loaded_again_and_changes_only_what_changed(database: Database) -> None:
    assert load(database, BANGKOK, PHUKET) == Loaded(2, 0, 0, 0)
    assert load(database, BANGKOK, PHUKET) == Loaded(0, 0, 2, 0)
    assert load(database, replace(BANGKOK, phone="+66 2 1", city="BANGKOK")) == Loaded(0, 1, 0, 1)
    with database.reading() as session:
        assert [(post.city, post.phone) for post in posts_abroad(session, day=TODAY)] == [
            ("Bangkok", "+66 2 1"), ("Phuket", "+66 2 108 18 00"),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("country", "city"),
    [
        ("TH", "Bangkok"),
        ("LA", "Vientiane"),
        ("KH", "Bangkok"),
        ("FR", None),
        ("CH", None),
        ("BE", None),
        (None, None),
    ],
)
def test_the_post_of_a_country_is_the_one_there_else_the_one_that_covers_it(
    database: Database, country: str | None, city: str | None
) -> None:
    load(database, PHUKET, BANGKOK, VIENTIANE, GENEVA)
    with database.reading() as session:
        post = post_for(session, country, day=TODAY)
        assert (post.city if post else None) == city


def test_a_post_that_ended_is_not_named(database: Database) -> None:
    load(database, replace(BANGKOK, valid_to=TODAY), PHUKET)
    with database.reading() as session:
        before, after = (post_for(session, "TH", day=day) for day in (TODAY - timedelta(days=1), TODAY))
    assert before is not None
    assert after is not None
    assert (before.city, after.city) == ("Bangkok", "Phuket")


def test_the_database_refuses_a_post_without_a_source(database: Database) -> None:
    row = {
        "country": "TH", "city": "X", "kind": PostKind.OFFICE, "names": {}, "covers": [], "source": "",
        "read_on": TODAY, "loaded_at": MONDAY, "seal": 0,
    }  # fmt: skip
    with pytest.raises(IntegrityError), database.writing() as session:
        session.execute(insert(Post).values(row))


@pytest.mark.parametrize(("country", "first"), [("KH", "Bangkok fr"), ("FR", None), (None, None)])
def test_in_an_emergency_the_post_of_the_country_is_called_first(
    database: Database, country: str | None, first: str | None
) -> None:
    load(database, BANGKOK)
    with database.writing() as session:
        settle(session)
        intake = replace(INTAKE, channel=Channel.WEB, urgent=True, country=country)
        case = register(session, make_house(), intake=intake, actor=CITIZEN, now=MONDAY).case
        sent = session.scalars(select(Message).where(Message.case_id == case.id)).all()
    (told,) = [one.body for one in sent if one.kind is MessageKind.EMERGENCY]
    phones = [line for line in told.splitlines() if line.startswith("- ")]
    assert (phones[0].startswith(f"- {first}") and phones[0].endswith("+66 2 108 18 00")) == (first is not None)
    assert any("501 32 00" in line for line in phones)
