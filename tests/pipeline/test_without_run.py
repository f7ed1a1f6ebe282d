"""What is sent without a run, such as words of a person in the employee's place, goes the same way as an answer."""

from agents.models import Conversation, Turn
from channels.messages import answering, deliver
from channels.models import Delivery, Thread
from tenants.scope import tenant_scope
from tests.pipeline.conftest import Desk
from tests.pipeline.test_truth import Reader, conversation, messages, sent_and_received


def reply(desk: Desk, text: str = "I am Alice. We open at nine.") -> Thread:
    """Ben got an answer, and a colleague of the employee adds something."""
    thread_id = desk.hear("When do you open?")
    answering.answer(desk.tenant.id, thread_id)
    deliver.send_due(desk.tenant.id, thread_id)
    with tenant_scope(desk.tenant.id):
        thread = Thread.objects.select_related("connection").get(id=thread_id)
        turn = Turn.objects.create(
            conversation=Conversation.objects.get(), speaker=Turn.Speaker.EMPLOYEE, author="Alice", text=text
        )
        deliver.queue(thread, turn, Delivery.objects.get().address)
    return thread


def test_it_arrives_and_answers_nothing_else(desk: Desk) -> None:
    thread = reply(desk)
    deliver.send_due(desk.tenant.id, thread.id)
    assert desk.posted()[-1] == "I am Alice. We open at nine."
    assert (desk.deliveries(), desk.events()) == (["sent", "sent"], [("done", "")])
    assert sent_and_received(desk) == (1, 1), "only answers count"


def test_it_fails_and_fails_nothing_else(desk: Desk) -> None:
    thread = reply(desk)
    with tenant_scope(desk.tenant.id):
        Delivery.objects.filter(turn__run=None).update(address={"channel": "C0NOWHERE"})
    deliver.send_due(desk.tenant.id, thread.id)
    assert (desk.deliveries(), desk.events()) == (["sent", "failed"], [("done", "")])
    page = Reader(desk).page(conversation(desk))
    assert "I am Alice. We open at nine." in page
    assert "Not delivered" in page


def test_pages_and_the_api_show_its_way(desk: Desk) -> None:
    thread = reply(desk)
    deliver.send_due(desk.tenant.id, thread.id)
    reader = Reader(desk)
    assert reader.page(conversation(desk)).count("Delivered") == 2
    said = messages(reader, desk)[-1]
    assert (said["author"], said["state"], said["reason"], said["outcome"]) == ("Alice", None, "", "")
    assert [part["state"] for part in said["deliveries"]] == ["sent"]


def test_one_queued_at_the_same_moment_keeps_its_parts_in_order(desk: Desk) -> None:
    reply(desk, "a " * 15_000)
    with tenant_scope(desk.tenant.id):
        moment = Delivery.objects.earliest("created_at").created_at
        Delivery.objects.update(created_at=moment)
        parts = [part.sequence for part in Delivery.objects.in_order() if part.turn.run_id is None]
    assert len(parts) > 1
    assert parts == sorted(parts)
