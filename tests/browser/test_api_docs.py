"""The API documentation, as a programmer reads it."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewOperator
from tests.browser.pages import Judge


@pytest.mark.timeout(240)
def test_the_documentation_is_accessible_and_fits_a_small_screen(new_operator: NewOperator) -> None:
    operator = new_operator()
    judge = Judge(operator.page)

    operator.open("/api/docs")
    judge.look("api-docs")
    for details in operator.page.locator("#createAgent details").all():
        details.locator("summary").click()
    judge.look("api-docs-open", within="#createAgent")

    assert not judge.faults, "\n".join(judge.faults)


def test_a_link_in_the_contents_leads_to_its_operation(new_operator: NewOperator) -> None:
    operator = new_operator()
    operator.open("/api/docs/")
    contents = operator.page.get_by_role("navigation", name="Contents", exact=True)

    contents.get_by_role("link", name="Hire an AI employee").click()

    expect(operator.page.locator("article:target h3")).to_have_text("Hire an AI employee")
    expect(operator.page.locator("article:target")).to_be_in_viewport()


def test_an_example_can_be_copied(new_operator: NewOperator) -> None:
    operator = new_operator(permissions=["clipboard-read", "clipboard-write"])
    operator.open("/api/docs")

    operator.page.get_by_role("button", name="Copy example request of List AI employees").click()

    expect(operator.page.get_by_role("button", name="Copied example request of List AI employees")).to_be_visible()


def test_without_javascript_only_copying_is_missing(new_operator: NewOperator) -> None:
    operator = new_operator(java_script_enabled=False)
    operator.open("/api/docs")

    expect(operator.page.get_by_role("heading", name="Hire an AI employee")).to_be_visible()
    expect(operator.page.get_by_role("button", name="Copy")).to_have_count(0)
