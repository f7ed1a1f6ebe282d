"""Members and invitations in the REST API: `members/`, `invitations/`."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import exceptions, mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.http.access import opens_own_scope
from tenants.http.authentication import caller_workspace
from tenants.http.idempotency import idempotent
from tenants.http.problems import ConflictError
from tenants.http.schema import ProblemSchema, problem
from tenants.mail.server import MailError
from tenants.models import Invitation, Membership, Role, Tenant
from tenants.permissions import Permission
from tenants.scope import tenant_scope
from tenants.team import invitations, members
from tenants.team.invitations import TooManyError
from tenants.team.members import Manager, NotAllowedError, TeamError
from tenants.web.api.fields import AddressField, JSONBooleanField

HOUR = 60 * 60
"""Seconds."""
NOT_ALLOWED = "The role of the caller does not cover this: `detail` says what it takes."
TOO_MANY = "Too many invitation mails within a day, or too many requests: wait `Retry-After` seconds."


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """Somebody who belongs to the workspace."""

    email = serializers.EmailField(source="user.email", read_only=True)
    name = serializers.CharField(source="user.name", read_only=True, help_text="Empty if they did not give one.")
    role = serializers.ChoiceField(Role.choices, help_text="Yours must cover the one that they have and the new one.")

    class Meta:
        model = Membership
        fields: ClassVar = ["id", "email", "name", "role", "created_at"]
        read_only_fields: ClassVar = ["created_at"]


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    """A place in the workspace that waits for the owner of an e-mail address."""

    email = AddressField(help_text="The invitation works for this address only. A domain's ASCII form is kept.")
    role = serializers.ChoiceField(Role.choices, default=Role.OPERATOR.value, help_text="Not above your own.")
    invited_by = serializers.EmailField(
        source="invited_by.email",
        read_only=True,
        allow_null=True,
        default=None,
        help_text="Who invited, or made the API token that did; null: a token made by a command.",
    )
    is_open = serializers.SerializerMethodField(help_text="Whether its link still works; it does for seven days.")
    is_delivered = serializers.SerializerMethodField(
        help_text="Whether the mail server took the latest mail. If not, send it again with `resend`."
    )

    class Meta:
        model = Invitation
        fields: ClassVar = ["id", "email", "role", "invited_by", "is_open", "is_delivered", "created_at", "expires_at"]
        read_only_fields: ClassVar = ["created_at", "expires_at"]

    def get_is_open(self, invitation: Invitation) -> bool:
        return invitation.expires_at > timezone.now()

    def get_is_delivered(self, invitation: Invitation) -> bool:
        return invitation.id not in self.context["undelivered"]


class InvitationChangeSerializer(serializers.Serializer[Any]):
    """What can be done with an invitation."""

    role = serializers.ChoiceField(Role.choices, required=False, help_text="Another role, not above your own.")
    resend = JSONBooleanField(
        default=False, help_text="Send a new mail, with a new link for another seven days; the old link stops working."
    )


class MailLimitError(exceptions.APIException):
    """So many mails in a day that it would be a nuisance to somebody (429)."""

    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_code = "too_many_mails"
    wait = HOUR  # for the header Retry-After: the mails of a day pass one by one


@contextmanager
def _refusals() -> Iterator[None]:
    """The domain's refusals as problems."""
    try:
        yield
    except NotAllowedError as error:
        raise exceptions.PermissionDenied(str(error)) from error
    except TooManyError as error:
        raise MailLimitError(str(error)) from error
    except TeamError as error:
        raise ConflictError(str(error)) from error
    except (Membership.DoesNotExist, Invitation.DoesNotExist) as error:
        raise Http404 from error


def _mail(invitation: Invitation, plain: str) -> None:
    """`is_delivered` of the answer says whether the mail server took it."""
    with suppress(MailError):
        invitations.mail(invitation, plain)


class TeamViewSet(viewsets.GenericViewSet[Any]):
    """What members and invitations have in common. Mails are sent outside of any transaction: verbs open their own."""

    schema = ProblemSchema()
    lookup_field = "id"
    http_method_names = ("get", "head", "options", "post", "patch", "delete")

    @classmethod
    def as_view(cls, actions: Any = None, **initkwargs: Any) -> Any:
        return opens_own_scope(cast("Any", super().as_view(actions, **initkwargs)))

    def get_queryset(self) -> QuerySet[Any]:
        """These tables are outside of row-level security, since they decide which tenant may be set."""
        return super().get_queryset().filter(tenant=self.tenant)

    @property
    def tenant(self) -> Tenant:
        return caller_workspace(self.request).tenant

    @property
    def caller(self) -> Manager:
        return cast("Manager", self.request.user)

    def invite(self, request: Request) -> Invitation:
        """Invite whom the request names, and mail it."""
        asked = InvitationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        with _refusals():
            sent, plain = invitations.invite(
                self.tenant, asked.validated_data["email"], Role(asked.validated_data["role"]), by=self.caller
            )
        _mail(sent, plain)
        return sent

    def shown(self, found: list[Invitation]) -> list[dict[str, Any]]:
        """Invitations as the API tells about them."""
        context = {"undelivered": invitations.undelivered(self.tenant, found)}
        return list(InvitationSerializer(found, many=True, context=context).data)


@extend_schema(tags=["Members"])
@extend_schema_view(
    list=extend_schema(operation_id="listMembers", summary="List members", description="Who joined last comes first."),
    retrieve=extend_schema(operation_id="getMember", summary="Read a member"),
)
class MemberViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TeamViewSet):
    """Who belongs to the workspace."""

    reads, writes = Permission.READ, Permission.MANAGE_MEMBERS
    queryset = Membership.objects.select_related("user")
    serializer_class = MemberSerializer

    @extend_schema(
        operation_id="inviteMember",
        summary="Invite a member",
        description="Nobody becomes a member without having agreed: this does the same as `POST invitations/`, "
        "answers with the invitation, and the member is listed once they have accepted it.",
        request=InvitationSerializer,
        responses={
            202: InvitationSerializer,
            **problem(403, NOT_ALLOWED),
            **problem(409, "The address is a member or invited already, or too many invitations are open."),
            **problem(429, TOO_MANY),
        },
    )
    @idempotent
    def create(self, request: Request) -> Response:
        invitation = self.invite(request)
        where = reverse("invitation-detail", args=[invitation.id])
        return Response(self.shown([invitation])[0], status=status.HTTP_202_ACCEPTED, headers={"Location": where})

    @extend_schema(
        operation_id="updateMember",
        summary="Change a member's role",
        description="Invitations that they may not send any more are withdrawn.",
        responses={
            200: MemberSerializer,
            **problem(403, NOT_ALLOWED),
            **problem(409, "They are the only owner: make somebody else an owner first."),
        },
    )
    def partial_update(self, request: Request, id: str) -> Response:
        membership = self.get_object()
        asked = MemberSerializer(membership, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        if "role" in asked.validated_data:
            role = Role(asked.validated_data["role"])
            with _refusals():
                membership = members.change_role(self.tenant, membership.id, role, by=self.caller)
        return Response(MemberSerializer(membership).data)

    @extend_schema(
        operation_id="removeMember",
        summary="Remove a member",
        description="They lose access at once. API tokens that they made stop working, and invitations that they "
        "sent are withdrawn.",
        responses={
            204: None,
            **problem(403, NOT_ALLOWED),
            **problem(409, "They are the only owner: make somebody else an owner first."),
        },
    )
    def destroy(self, request: Request, id: str) -> Response:
        with _refusals():
            members.remove(self.tenant, self.get_object().id, by=self.caller)
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(tags=["Members"])
class InvitationViewSet(TeamViewSet):
    """Who is invited to the workspace."""

    reads = writes = Permission.MANAGE_MEMBERS
    queryset = Invitation.objects.select_related("tenant", "invited_by")
    serializer_class = InvitationSerializer

    @extend_schema(
        operation_id="listInvitations",
        summary="List invitations",
        description="Those that nobody accepted yet, the newest first.",
        responses=InvitationSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        page: Any = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.shown(page))

    @extend_schema(operation_id="getInvitation", summary="Read an invitation")
    def retrieve(self, request: Request, id: str) -> Response:
        return Response(self.shown([self.get_object()])[0])

    @extend_schema(
        operation_id="createInvitation",
        summary="Invite somebody",
        description="They get a mail with a link that is good for seven days. The answer is the same whether the "
        "address has an account or not.",
        responses={
            201: InvitationSerializer,
            **problem(403, NOT_ALLOWED),
            **problem(409, "The address is a member or invited already, or too many invitations are open."),
            **problem(429, TOO_MANY),
        },
    )
    @idempotent
    def create(self, request: Request) -> Response:
        return Response(self.shown([self.invite(request)])[0], status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="updateInvitation",
        summary="Change an invitation's role, or send it again",
        request=InvitationChangeSerializer,
        responses={
            200: InvitationSerializer,
            **problem(403, NOT_ALLOWED),
            **problem(409, "They became a member meanwhile, or too many invitations are open."),
            **problem(429, TOO_MANY),
        },
    )
    def partial_update(self, request: Request, id: str) -> Response:
        asked = InvitationChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        invitation, plain = self.get_object(), ""
        with _refusals(), tenant_scope(self.tenant.id):
            if "role" in asked.validated_data:
                role = Role(asked.validated_data["role"])
                invitation = invitations.change_role(self.tenant, invitation.id, role, by=self.caller)
            if asked.validated_data["resend"]:
                invitation, plain = invitations.resend(self.tenant, invitation.id, by=self.caller)
        if plain:
            _mail(invitation, plain)
        return Response(self.shown([invitation])[0])

    @extend_schema(
        operation_id="withdrawInvitation",
        summary="Withdraw an invitation",
        description="Its link stops working.",
        responses={204: None, **problem(403, NOT_ALLOWED)},
    )
    def destroy(self, request: Request, id: str) -> Response:
        with _refusals():
            invitations.withdraw(self.tenant, self.get_object().id, by=self.caller)
        return Response(status=status.HTTP_204_NO_CONTENT)
