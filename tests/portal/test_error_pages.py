"""Error pages say what happened and what to do, with a request id, and need no database."""

import pytest
import structlog
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import RequestFactory

from tenants.http import errors

PAGES = {400: errors.bad_request, 403: errors.forbidden, 404: errors.not_found}


@pytest.fixture
def request_with_id(rf: RequestFactory) -> HttpRequest:
    structlog.contextvars.bind_contextvars(request_id="id-of-this-request")
    return rf.get("/somewhere/")


@pytest.mark.parametrize("status", PAGES)
def test_a_refusal_names_its_status_and_the_request(request_with_id: HttpRequest, status: int) -> None:
    answer = PAGES[status](request_with_id, Exception("Ask an owner."))

    assert answer.status_code == status
    page = answer.getvalue().decode()
    assert f"Error {status}" in page
    assert "id-of-this-request" in page


def test_a_missing_role_is_explained(request_with_id: HttpRequest) -> None:
    page = errors.forbidden(request_with_id, Exception("This needs the role owner.")).getvalue()

    assert b"This needs the role owner." in page


def test_the_page_for_server_errors_needs_no_database(request_with_id: HttpRequest) -> None:
    page = errors.server_error(request_with_id).getvalue()

    assert b"Something broke on our side" in page
    assert b"id-of-this-request" in page


@pytest.mark.parametrize("name", ["429.html", "403_csrf.html"])
def test_error_pages_of_libraries_have_the_request_id_too(request_with_id: HttpRequest, name: str) -> None:
    assert "id-of-this-request" in render_to_string(name, request=request_with_id)
