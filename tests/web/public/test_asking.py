"""A request goes in by the form: what is asked, what comes of it, and that nothing typed is lost."""

from flask.testing import FlaskClient

from tests.web.public.conftest import send, soup


def test_a_request_gets_its_reference_code_and_date(client: FlaskClient) -> None:
    response = send(client)

    assert response.status_code == 303, response.get_data(as_text=True)
    page = client.get(response.location)
    print(soup(page).get_text(" ", strip=True))
