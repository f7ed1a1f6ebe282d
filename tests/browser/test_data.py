"""The settings and data pages in a browser: checked, and used as an owner would."""

import json
import zipfile

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewOperator
from tests.browser.operator import PASSWORD, Operator
from tests.browser.pages import Judge


def see_the_settings(operator: Operator, judge: Judge) -> None:
    page, workspace = operator.page, operator.workspace
    page.goto(f"{workspace}settings/")
    judge.look("settings")
    page.get_by_label("Address").fill("admin")
    operator.press("Save settings")
    judge.look("settings-errors")
    confirm_the_contact(operator, judge)
    page.get_by_label("Address").fill(f"{workspace.rstrip('/').rpartition('/')[2]}-ltd")
    operator.press("Save settings")
    expect(page.get_by_role("status")).to_contain_text("Your settings were saved.")
    page.goto(f"{workspace}settings/data/")
    expect(page).to_have_url(f"{workspace.rstrip('/')}-ltd/settings/data/")


def confirm_the_contact(operator: Operator, judge: Judge) -> None:
    page, office = operator.page, f"office.{operator.email}"
    page.goto(f"{operator.workspace}settings/")
    page.get_by_label("Contact e-mail").fill(office)
    operator.press("Save settings")
    expect(page.get_by_text("Not confirmed")).to_be_visible()
    judge.look("settings-contact")
    page.get_by_label("Code from the mail").fill("BCDF-GHJK")
    operator.press("Confirm the address")
    judge.look("settings-contact-errors")
    page.get_by_label("Code from the mail").fill(operator.site.newest_code(office))
    operator.press("Confirm the address")
    expect(page.get_by_text("Confirmed", exact=True)).to_be_visible()
    judge.look("settings-contact-confirmed")


def take_everything(operator: Operator, judge: Judge) -> None:
    page = operator.page
    judge.look("data")
    operator.press("Export everything")
    expect(page.get_by_text("Ready", exact=True)).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Export everything")).to_be_visible()
    judge.look("data-export-ready")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    archive = zipfile.ZipFile(download.value.path())
    manifest = json.loads(archive.read("manifest.json"))
    assert manifest["rows"] > 20
    assert archive.testzip() is None


def forget_ada(operator: Operator, judge: Judge) -> None:
    page = operator.page
    page.get_by_label("Keep conversations").select_option("own")
    page.get_by_label("Number of days").fill("0")
    operator.press("Save")
    judge.look("data-errors")
    page.get_by_role("link", name="Find the person").click()
    judge.look("people")
    page.get_by_role("button", name="Erase").first.click()
    expect(page.get_by_role("alertdialog").get_by_role("button", name="Cancel")).to_be_focused()
    judge.look("people-erase")
    page.get_by_role("alertdialog").get_by_role("button", name="Erase").click()
    expect(page.get_by_role("status")).to_contain_text("1 conversation deleted")
    judge.look("people-empty")


def see_the_current_tab_on_a_phone(operator: Operator) -> None:
    page = operator.page
    size = page.viewport_size
    page.set_viewport_size({"width": 375, "height": 700})
    page.goto(f"{operator.workspace}settings/support/")
    current = page.get_by_role("navigation", name="Settings").locator("[aria-current]")
    expect(current).to_have_text("Support access")
    expect(current).to_be_in_viewport(ratio=0.95)
    page.set_viewport_size(size or {"width": 1280, "height": 900})


def delete_and_keep(operator: Operator, judge: Judge) -> None:
    page = operator.page
    page.goto(f"{operator.workspace}settings/data/")
    page.get_by_role("link", name="Delete workspace").click()
    if "reauthenticate" in page.url:
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        operator.press("Continue")
    judge.look("delete-workspace")
    page.get_by_label("The workspace's name").fill("Acme")
    operator.press("Delete Acme Support")
    judge.look("delete-workspace-errors")
    page.get_by_label("The workspace's name").fill("Acme Support")
    operator.press("Delete Acme Support")
    judge.look("data-deletion-asked")
    page.goto(f"{operator.workspace}onboarding/employee/")
    expect(page.get_by_role("heading", name="This workspace will be erased")).to_be_visible()
    page.goto(f"{operator.workspace}settings/data/")
    operator.press("Keep the workspace")
    expect(page.get_by_role("status")).to_contain_text("Acme Support will not be deleted.")


@pytest.mark.timeout(300)
def test_an_owner_changes_settings_exports_erases_a_person_and_cancels_a_deletion(new_operator: NewOperator) -> None:
    operator = new_operator()
    judge = Judge(operator.page)
    operator.begin()
    operator.sign_up()
    operator.confirm()
    operator.make_workspace("Acme Support")
    operator.go_to_slack()
    operator.allow()
    operator.set_up_employee()
    operator.send_test_message()
    operator.read_reply()
    operator.finish()

    see_the_settings(operator, judge)
    take_everything(operator, judge)
    see_the_current_tab_on_a_phone(operator)
    operator.page.goto(f"{operator.workspace}settings/data/")
    forget_ada(operator, judge)
    delete_and_keep(operator, judge)

    assert not judge.faults, "\n".join(judge.faults)
