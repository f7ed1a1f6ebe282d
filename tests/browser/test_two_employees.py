"""Two employees in one Slack workspace: people see who answers, by name and by face."""

import io

import httpx
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import NewOperator
from tests.browser.pages import Judge
from tests.flow.office import INSTRUCTIONS, open_office
from tests.stack import Stack

SEATS = """
INSERT INTO billing_compseats (id, tenant_id, seats, reason, expires_at, granted_by_name, created_at)
SELECT gen_random_uuid(), id, 2, 'A test', now() + interval '1 day', 'Staff', now() FROM tenants_tenant WHERE slug = %s
RETURNING id
"""


@pytest.mark.timeout(180)
def test_each_answers_where_it_was_chosen_under_its_own_name_and_face(new_operator: NewOperator, stack: Stack) -> None:
    office = open_office(stack, agent={"name": "Rosa", "instructions": INSTRUCTIONS})
    assert stack.query(SEATS, [office.slug])
    profile = {"name": "Leo", "job_title": "Orders", "instructions": INSTRUCTIONS}
    leo = office.api.post("agents/", json=profile).json()["id"]
    [channel] = office.api.get("channels/").json()["results"]
    direct = {"place": "direct", "label": "Direct messages", "agent": leo}
    routed = office.api.put(f"channels/{channel['id']}/routing", json={"agent": None, "places": [direct]})
    assert routed.status_code == 200, routed.text

    first = office.reply_to(office.mentions("When do you open?")["ts"])
    called = office.reply_to(office.mentions("Leo, is parking free?")["ts"])
    assert (first["username"], called["username"]) == ("Rosa", "Leo")
    office.says("When do you close?", channel="dm", user="ada")
    office.settled()
    assert [each["username"] for each in office.heard("dm", "ada")] == ["Leo"]
    face = httpx.get(called["icons"]["image_48"])
    assert face.headers["Content-Type"] == "image/png"
    assert Image.open(io.BytesIO(face.content)).size == (256, 256)

    page = new_operator().page
    page.goto(f"{stack.sandbox_url}/slack/chat/?team={office.team}&channel=general")
    for name in ("Rosa", "Leo"):
        expect(page.get_by_text(name, exact=True).first).to_be_visible()
    loaded = page.locator("article img.ava").evaluate_all("all => all.map((each) => each.naturalWidth)")
    assert loaded == [256, 256]
    Judge(page)._take("two-employees")
