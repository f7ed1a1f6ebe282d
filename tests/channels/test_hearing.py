"""Who gets an answer in Slack: people and bots, threads with several people, channels that require a mention."""

from typing import Any

import pytest
from django.test import Client

from channels.connections import health
from channels.connections.connect import listen
from channels.handles import people
from channels.messages.incoming import addressing
from channels.models import Connection, Contact, InboxEvent
from channels.providers.base import NOT_A_PERSON
from tenants.models import Role, Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.channels.slack import BOT, TEAM, payload, post
from tests.conftest import Cast

ADA, BEN = "U123ABC456", "U0BEN"
OUR_APP, OTHER_APP = "A123ABC456", "A0OTHER"
ROOT = "1515449522.000016"


@pytest.fixture
def acme(committed_cast: Cast) -> Tenant:
    with tenant_scope(committed_cast.acme.id):
        factories.make_agent()
        factories.make_connection(TEAM, bot_user_id=BOT)
    return committed_cast.acme


class Channel:
    """A channel with the employee in it; messages arrive through the signed webhook."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant, self.client, self.said = tenant, Client(), 0

    def says(self, text: str, name: str = "message_channels", **event: Any) -> str:
        """Someone (Ada by default) writes a message; returns its event's state."""
        self.said += 1
        event_id = f"Ev{self.said}"
        told = {"ts": f"15154{self.said:05}.000001", "user": ADA, **event, "text": text, "_event_id": event_id}
        assert post(self.client, payload(name, **told)).status_code == 200
        with tenant_scope(self.tenant.id):
            stored = InboxEvent.objects.get(event_id=event_id)
            return str(stored.reason) or stored.state


@pytest.fixture
def channel(acme: Tenant) -> Channel:
    return Channel(acme)


def test_the_asker_continues_without_a_mention_and_others_need_one(channel: Channel) -> None:
    assert channel.says(f"<@{BOT}> When do you open?", "app_mention", ts=ROOT) == "pending"
    assert channel.says("And on Sundays?", thread_ts=ROOT) == "pending"
    assert channel.says("I know that", user=BEN, thread_ts=ROOT) == str(addressing.SAID_TO_OTHERS())
    assert channel.says(f"<@{BOT}> And when do you close?", user=BEN, thread_ts=ROOT) == "pending"
    assert channel.says("Thanks", user=BEN, thread_ts=ROOT) == "pending"
    assert channel.says("Bye", user="U0CHLOE", thread_ts=ROOT) == str(addressing.SAID_TO_OTHERS())


@pytest.mark.parametrize("others", [f"<@{BEN}>", f"<@{BEN}|ben>", "<!here>", "<!channel>", "<!subteam^S0TEAM|@bakers>"])
def test_a_message_to_others_is_ignored_even_from_the_asker(channel: Channel, others: str) -> None:
    channel.says(f"<@{BOT}> When do you open?", "app_mention", ts=ROOT)
    assert channel.says(f"{others} what do you think?", thread_ts=ROOT) == str(addressing.SAID_TO_OTHERS())
    assert channel.says(f"{others} and <@{BOT}> what do you think?", thread_ts=ROOT) == "pending"


def test_a_direct_message_is_answered_whoever_it_mentions(channel: Channel) -> None:
    assert channel.says(f"Who is <@{BEN}>?", "message_im") == "pending"


def test_a_group_direct_message_is_like_a_channel(channel: Channel) -> None:
    group = {"channel": "G0GROUP", "channel_type": "mpim"}
    assert channel.says("Lunch?", **group) == str(addressing.SAID_TO_OTHERS())
    assert channel.says(f"<@{BOT}> lunch?", ts=ROOT, **group) == "pending"
    assert channel.says("At noon", thread_ts=ROOT, **group) == "pending"
    assert channel.says("At one", user=BEN, thread_ts=ROOT, **group) == str(addressing.SAID_TO_OTHERS())


def test_a_photo_from_the_asker_is_heard(channel: Channel) -> None:
    channel.says(f"<@{BOT}> Can you bake this?", "app_mention", ts=ROOT)
    photo: dict[str, Any] = {"subtype": "file_share", "files": [{"name": "cake.jpg", "mimetype": "image/jpeg"}]}
    assert channel.says("", thread_ts=ROOT, **photo) == "pending"
    assert channel.says("", **photo) == str(addressing.SAID_TO_OTHERS())


def test_a_thread_from_before_authors_were_stored_continues(channel: Channel) -> None:
    channel.says(f"<@{BOT}> When do you open?", "app_mention", ts=ROOT)
    with tenant_scope(channel.tenant.id):
        InboxEvent.objects.update(author="")
    assert channel.says("I know that", user=BEN, thread_ts=ROOT) == str(addressing.SAID_TO_OTHERS())
    assert channel.says("And on Sundays?", thread_ts=ROOT) == "pending"


def test_only_when_mentioned(channel: Channel) -> None:
    channel.says(f"<@{BOT}> When do you open?", "app_mention", ts=ROOT)
    with tenant_scope(channel.tenant.id):
        listen(Connection.objects.get(), only_when_mentioned=True)
    assert channel.says("And on Sundays?", thread_ts=ROOT) == str(addressing.SAID_TO_OTHERS())
    assert channel.says(f"<@{BOT}> And on Sundays?", thread_ts=ROOT) == "pending"
    assert channel.says("Hello", "message_im") == "pending"


def test_another_persons_reply_that_arrived_before_the_mention_stays_ignored(channel: Channel) -> None:
    for user, text in ((ADA, "It is urgent"), (BEN, "Is it?")):
        channel.says(text, user=user, ts=f"151544953{len(text)}.000001", thread_ts=ROOT)
    channel.says(f"<@{BOT}> When do you open?", "app_mention", ts=ROOT)
    with tenant_scope(channel.tenant.id):
        heard = dict(InboxEvent.objects.values_list("event_id", "state"))
    assert heard == {"Ev1": "pending", "Ev2": "ignored", "Ev3": "pending"}


BY_APP = {"bot_id": "B0APP", "app_id": OTHER_APP}
MACHINES = [
    {"user": "USLACKBOT"},
    {"user": BOT},
    {"user": None, "bot_id": "B0APP"},
    {"user": {"id": ADA}},
    {"user": [ADA]},
    {"subtype": "bot_message", "bot_id": "B0APP"},
    {"bot_id": "B0OLD"},
    {"bot_id": "B0APP", "app_id": OUR_APP},
    {"bot_id": "B0APP", "bot_profile": {"app_id": OUR_APP, "user_id": "U0OURS"}},
    {**BY_APP, "bot_profile": {"is_workflow_bot": True}},
]


@pytest.mark.parametrize("marks", MACHINES)
@pytest.mark.parametrize("name", ["app_mention", "message_im"])
def test_bots_are_not_answered(channel: Channel, name: str, marks: dict[str, Any]) -> None:
    assert channel.says(f"<@{BOT}> hello", name, _api_app_id=OUR_APP, **marks) == str(NOT_A_PERSON())


def test_a_person_posting_through_an_app_is_distinguished_from_its_bot(channel: Channel) -> None:
    through = {**BY_APP, "bot_profile": {"app_id": OTHER_APP, "user_id": "U0ITSBOT"}}
    assert channel.says(f"<@{BOT}> hello", "app_mention", **through) == "pending"
    assert channel.says("hello", "message_im", **BY_APP) == "pending", "there is nobody else in a direct message"


@pytest.mark.parametrize("profile", [None, {"app_id": OTHER_APP}, {"app_id": OTHER_APP, "user_id": ADA}, ["odd"]])
def test_unclear_messages_wait_for_slacks_answer(channel: Channel, profile: Any) -> None:
    marks = {**BY_APP, "bot_profile": profile}
    assert channel.says(f"<@{BOT}> hello", "app_mention", ts=ROOT, **marks) == str(addressing.WHO_WROTE())
    with tenant_scope(channel.tenant.id):
        assert InboxEvent.objects.get().state == "doubtful"
    assert channel.says("Said to others", **marks) == str(addressing.SAID_TO_OTHERS()), (
        "nobody is asked about what is not for us"
    )


@pytest.mark.parametrize(("is_machine", "outcome"), [(True, str(NOT_A_PERSON())), (False, "pending")])
def test_a_known_author_is_not_looked_up_again(channel: Channel, is_machine: bool, outcome: str) -> None:
    with tenant_scope(channel.tenant.id):
        contact = people.meet(Connection.objects.get(), ADA)
        Contact.objects.filter(id=contact.id).update(is_machine=is_machine)
    assert channel.says(f"<@{BOT}> hello", "app_mention", **BY_APP) == outcome


def test_disconnecting_ends_pending_lookups(channel: Channel) -> None:
    channel.says(f"<@{BOT}> hello", "app_mention", **BY_APP)
    with tenant_scope(channel.tenant.id):
        health.disconnect(Connection.objects.get(), health.IN_THE_PORTAL())
        assert InboxEvent.objects.get().state == "failed"


PARTNER = {"enterprise_id": None, "team_id": "T0PARTNER", "user_id": "U0THEIRS", "is_bot": True}
OURS = {"enterprise_id": None, "team_id": TEAM, "user_id": BOT, "is_bot": True}


@pytest.mark.parametrize(
    "envelope",
    [
        {"_authorizations": [PARTNER, OURS]},
        {"_authorizations": [{"team_id": None}, None, "odd", {"team_id": 7}, OURS]},
        {"_authorizations": [], "_authed_teams": ["T0PARTNER", TEAM]},
        {"_authorizations": None, "_context_team_id": TEAM},
    ],
)
def test_any_authorization_that_is_ours_routes_an_event(channel: Channel, envelope: dict[str, Any]) -> None:
    strangers = {"_team_id": "T0PARTNER", "_context_team_id": None, "_authed_teams": None}
    told = {**strangers, **envelope}
    assert channel.says(f"<@{BOT}> hello", ts=ROOT, **told) == "pending"
    twin = payload("app_mention", ts=ROOT, text=f"<@{BOT}> hello", _team_id=TEAM, _event_id="EvTwin")
    assert post(channel.client, twin).status_code == 200
    with tenant_scope(channel.tenant.id):
        assert InboxEvent.objects.count() == 1, "duplicates are one message, whichever team routed them"


def test_of_two_workspaces_in_a_channel_only_the_mentioned_employee_hears(
    channel: Channel, committed_cast: Cast
) -> None:
    with tenant_scope(committed_cast.globex.id):
        factories.make_agent()
        factories.make_connection("T0PARTNER", bot_user_id="U0THEIRS")
    both = {"_authorizations": [OURS, PARTNER], "_event_id": "EvShared"}
    assert post(channel.client, payload("message_channels", text="<@U0THEIRS> hello", **both)).status_code == 200
    for tenant, count in ((committed_cast.acme, 0), (committed_cast.globex, 1)):
        with tenant_scope(tenant.id):
            assert InboxEvent.objects.filter(state="pending").count() == count


def test_an_operator_sets_when_a_channel_is_answered(channel: Channel, committed_cast: Cast) -> None:
    with tenant_scope(channel.tenant.id):
        connection = Connection.objects.get()
    for role, status in ((Role.VIEWER, 403), (Role.OPERATOR, 302)):
        client = Client()
        client.force_login(factories.make_member(channel.tenant, role))
        address = f"/t/acme/channels/{connection.id}/listen/"
        assert client.post(address, {"only_when_mentioned": "1"}).status_code == status
        with tenant_scope(channel.tenant.id):
            assert Connection.objects.get().only_when_mentioned is (status == 302)
    page = client.get("/t/acme/channels/").content.decode()
    assert "In channels: only when mentioned" in page
    assert "Answer in threads, too" in page
