"""Mails about the subscription, and a mail server that is sometimes down."""

from django.utils import timezone
from pytest_django import Settings

from billing.models import Entitlement, Notice
from billing.sync import notices
from tenants.models import Mail
from tenants.scope import tenant_scope
from tests.conftest import Cast
from tests.waiting import free_ports


def test_a_mail_is_retried_while_the_mail_server_is_down(
    committed_cast: Cast, settings: Settings, mailoutbox: list[object]
) -> None:
    with tenant_scope(committed_cast.acme.id):
        Entitlement.objects.create(status=Entitlement.Status.CANCELED, subscription_id="sub_1")
        Notice.objects.create(kind=Notice.Kind.CANCELED, key="sub_1")
    within_memory = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_ports(1)
    notices.send(committed_cast.acme.id)
    settings.EMAIL_BACKEND = within_memory
    assert mailoutbox == []
    with tenant_scope(committed_cast.acme.id):
        assert Notice.objects.get().sent_at is None
        Mail.objects.update(retry_at=timezone.now())

    notices.send(committed_cast.acme.id)
    notices.send(committed_cast.acme.id)

    assert len(mailoutbox) == 1
    with tenant_scope(committed_cast.acme.id):
        assert Notice.objects.get().sent_at
        assert Mail.objects.get().sent_at
