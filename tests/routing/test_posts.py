"""The list of posts abroad: every line checked, and none without a source and its date."""

from datetime import date

import pytest

from tracker.charter.words import PostKind
from tracker.routing.posts import COLUMNS, read_posts

TODAY = date(2026, 11, 22)
BANGKOK = {
    "country": "th", "city": "Bangkok", "kind": "embassy", "name_fr": "Ambassade de Belgique à Bangkok",
    "name_nl": "Belgische ambassade in Bangkok", "name_de": "Belgische Botschaft in Bangkok",
    "name_en": "Embassy of Belgium in Bangkok", "phone": "+66 2 108 18 00", "email": "", "postal_address": "",
    "covers": "LA KH LA", "source": "FPS", "read_on": "2026-11-01", "valid_to": "",
}  # fmt: skip


def as_csv(*rows: dict[str, str], sign: str = ",") -> str:
    lines = [COLUMNS, *([row.get(name, "") for name in COLUMNS] for row in rows)]
    return "".join(sign.join(line) + "\r\n" for line in lines)


@pytest.mark.parametrize("sign", [",", ";"])
def test_a_line_is_read(sign: str) -> None:
    row = BANGKOK | {"source": "FPS: list of posts"}
    ((post,), problems) = read_posts("\ufeff" + as_csv(row, sign=sign), today=TODAY)
    assert problems == []
    assert (post.country, post.city, post.kind, post.covers) == ("TH", "Bangkok", PostKind.EMBASSY, ("LA", "KH"))
    assert (post.names["de"], post.read_on, post.valid_to) == (
        "Belgische Botschaft in Bangkok",
        date(2026, 11, 1),
        None,
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"source": ""}, "line 2: source is empty: no post without."),
        ({"read_on": ""}, "line 2: read_on is empty: no post without."),
        ({"source": " ", "read_on": ""}, "line 2: source, read_on is empty: no post without."),
        ({"name_de": ""}, "line 2: name_de is empty: no post without."),
        ({"read_on": "1/11/2026"}, "line 2: read_on is '1/11/2026': write a date like 2026-11-22."),
        ({"read_on": "2026-11-23"}, "line 2: read_on is 2026-11-23, which is still to come."),
        ({"country": "Thailand"}, "line 2: 'Thailand' is no country: write two letters, such as TH."),
        ({"covers": "LA Laos"}, "line 2: 'Laos' is no country: write two letters, such as TH."),
        ({"kind": "castle"}, "line 2: kind is 'castle': write one of embassy, consulate_general, "),
        ({"phone": "1" * 61}, "line 2: phone has more than 60 characters."),
        ({"name_fr": "x" * 201}, "line 2: name_fr has more than 200 characters."),
        ({"city": "Bang\x00kok"}, "line 2: city holds a character that cannot be seen"),
        ({"name_nl": "\u202ekokgnaB"}, "line 2: name_nl holds a character that cannot be seen"),
        ({"phone": ""}, "line 2: neither phone nor email nor postal_address is given."),
    ],
)
def test_a_wrong_line_is_named(change: dict[str, str], says: str) -> None:
    _, problems = read_posts(as_csv(BANGKOK | {"source": "FPS"} | change), today=TODAY)
    (problem,) = problems
    assert problem.startswith(says)


def test_every_wrong_line_is_named_and_a_post_stands_there_once() -> None:
    row = BANGKOK | {"source": "FPS"}
    posts, problems = read_posts(as_csv(row, row | {"source": ""}, row | {"city": "BANGKOK"}), today=TODAY)
    assert len(posts) == 1
    assert problems == ["line 3: source is empty: no post without.", "line 4: embassy in BANGKOK stands here twice."]


@pytest.mark.parametrize("text", ["", "country,city\nTH,Bangkok\n", "\x00\x01\x02", "x" * 300_000])
def test_what_is_no_list_names_the_columns(text: str) -> None:
    posts, problems = read_posts(text, today=TODAY)
    assert posts == []
    assert "source" in problems[0]
    assert len(problems) == 1


def test_a_line_with_too_many_fields_is_named() -> None:
    row = as_csv(BANGKOK | {"source": "FPS"}).rstrip("\r\n") + ",more\r\n"
    assert read_posts(row, today=TODAY)[1] == ["line 2: it has more fields than there are columns."]


def test_a_column_misspelt_is_named_and_not_passed_over() -> None:
    text = as_csv(BANGKOK | {"source": "FPS"}).replace("covers", "cover", 1)
    posts, (problem,) = read_posts(text, today=TODAY)
    assert posts == []
    assert problem.startswith("line 1: unknown column cover: name the columns country, ")
