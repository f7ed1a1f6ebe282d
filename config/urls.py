"""Every URL of the site."""

from django.urls import include, path
from django.views.generic import RedirectView

from agents.web import pictures
from agents.web import views as agents
from billing.web import webhooks as billing_webhooks
from billing.web.views import changes, returning
from billing.web.views import page as billing
from channels.web import connecting, setup, webhooks
from channels.web import data_views as channel_data
from channels.web import views as channels
from channels.web.chat import embedding, playground
from channels.web.chat import pages as chat
from channels.web.connections import page as connection_page
from channels.web.connections import value_check
from channels.web.health import views as channel_health
from channels.web.media import views as channel_media
from channels.web.outreach import template
from channels.web.routing import employee as employee_routing
from channels.web.routing import page as routing
from config.api import docs, root
from config.http import health
from config.styleguide import styleguide
from tenants import staff
from tenants.web.views import (
    accounts,
    activity,
    audit,
    entrance,
    entry,
    export_and_deletion,
    invitations,
    members,
    settings,
    support,
    tokens,
    wizard,
)
from usage.web import views as usage

workspace = [
    path("", channels.home, name="home"),
    path("onboarding/", wizard.onboarding_start, name="onboarding"),
    path("onboarding/<slug:step>/", wizard.onboarding_step, name="onboarding_step"),
    path("employees/", agents.employee_list, name="employees"),
    path("employees/new/", agents.new_employee, name="new_employee"),
    path("employees/<uuid:agent_id>/", agents.employee, name="employee"),
    path("employees/<uuid:agent_id>/let-go/", agents.let_go, name="let_go"),
    path("employees/<uuid:agent_id>/pause/", agents.pause_employee, name="pause_employee"),
    path("employees/<uuid:agent_id>/reactivate/", agents.reactivate_employee, name="reactivate_employee"),
    path("employees/<uuid:agent_id>/channels/", employee_routing.employee_channels, name="employee_channels"),
    path(
        "employees/<uuid:agent_id>/channels/<uuid:connection_id>/answer/", employee_routing.answer_at, name="answer_at"
    ),
    path("employees/<uuid:agent_id>/picture/", pictures.change_picture, name="change_picture"),
    path("employees/<uuid:agent_id>/move/", agents.move_employee, name="move_employee"),
    path("channels/", channel_health.channel_list, name="channels"),
    path("channels/<slug:provider>/install/", connecting.install, name="install"),
    path("channels/<slug:provider>/own-app/", connecting.use_own_app, name="use_own_app"),
    path("channels/<slug:provider>/setup/<uuid:draft_id>/", setup.setup, name="setup"),
    path("channels/<slug:provider>/setup/<uuid:draft_id>/check/<slug:field>/", value_check.check, name="check_value"),
    path("channels/<slug:provider>/setup/<uuid:draft_id>/consent/", setup.ask, name="ask_consent"),
    path("channels/<uuid:connection_id>/routing/", routing.routing, name="routing"),
    path("channels/<uuid:connection_id>/embed/", embedding.embed, name="embed"),
    path("channels/<uuid:connection_id>/check/", channel_health.check, name="check_channel"),
    path("channels/<uuid:connection_id>/mend/", channel_health.mend, name="mend_channel"),
    path("channels/<uuid:connection_id>/", connection_page.page, name="connection"),
    path("channels/<uuid:connection_id>/connected/", connection_page.connected, name="connected"),
    path("channels/<uuid:connection_id>/release/", connection_page.release, name="release_connection"),
    path("channels/<uuid:connection_id>/keep/", connection_page.keep, name="keep_connection"),
    path("channels/<uuid:connection_id>/listen/", channels.listen, name="listen"),
    path("channels/<uuid:connection_id>/disconnect/", channels.disconnect, name="disconnect"),
    path("playground/", playground.playground, name="playground"),
    path("playground/events/", playground.events, name="playground_events"),
    path("playground/talk/", playground.talk, name="playground_talk"),
    path("conversations/", channels.conversation_list, name="conversations"),
    path("conversations/<uuid:conversation_id>/", channels.conversation, name="conversation"),
    path("conversations/<uuid:conversation_id>/template/", template.template, name="template"),
    path("conversations/<uuid:conversation_id>/files/<uuid:file_id>/", channel_media.download, name="file"),
    path("usage/", usage.usage, name="usage"),
    path("billing/", billing.billing, name="billing"),
    path("billing/subscribe/", billing.subscribe, name="subscribe"),
    path("billing/seats/", changes.seats, name="seats"),
    path("billing/seats/keep/", billing.keep_seats, name="keep_seats"),
    path("billing/plan/", changes.switch_plan, name="switch_plan"),
    path("billing/card/", billing.update_card, name="update_card"),
    path("billing/portal/", billing.billing_portal, name="billing_portal"),
    path("billing/cancel/", billing.cancel_subscription, name="cancel_subscription"),
    path("billing/resume/", billing.resume_subscription, name="resume_subscription"),
    path("billing/return/", returning.billing_return, name="billing_return"),
    path("settings/", settings.settings, name="settings"),
    path("settings/contact/code/", settings.send_contact_code, name="send_contact_code"),
    path("settings/contact/confirm/", settings.confirm_contact, name="confirm_contact"),
    path("settings/data/", channel_data.data, name="data"),
    path("settings/data/retention/", channel_data.keep_for, name="keep_for"),
    path("settings/data/talk/", channel_data.keep_talk_for, name="keep_talk_for"),
    path("settings/data/people/", channel_data.people, name="people"),
    path("settings/data/people/<uuid:contact_id>/erase/", channel_data.erase_person, name="erase_person"),
    path("settings/data/exports/new/", export_and_deletion.start_export, name="start_export"),
    path("settings/data/exports/<uuid:export_id>/", export_and_deletion.export_progress, name="export_progress"),
    path(
        "settings/data/exports/<uuid:export_id>/download/", export_and_deletion.download_export, name="download_export"
    ),
    path("settings/data/delete/", export_and_deletion.delete_workspace, name="delete_workspace"),
    path("settings/data/keep/", export_and_deletion.keep_workspace, name="keep_workspace"),
    path("settings/tokens/", tokens.tokens, name="tokens"),
    path("settings/tokens/<uuid:token_id>/revoke/", tokens.revoke_token, name="revoke_token"),
    path("settings/audit/", audit.audit_trail, name="audit"),
    path("settings/audit/export.csv", audit.audit_csv, name="audit_csv"),
    path("settings/support/", support.support, name="support"),
    path("settings/support/end/", support.end_support, name="end_support"),
    path("settings/members/", members.member_list, name="members"),
    path("settings/members/invite/", invitations.invite, name="invite"),
    path("settings/members/hand-over/", members.hand_over, name="hand_over"),
    path("settings/members/leave/", members.leave, name="leave"),
    path("settings/members/<uuid:membership_id>/role/", members.change_role, name="change_role"),
    path("settings/members/<uuid:membership_id>/remove/", members.remove, name="remove_member"),
    path("settings/invitations/<uuid:invitation_id>/resend/", invitations.resend, name="resend_invitation"),
    path("settings/invitations/<uuid:invitation_id>/withdraw/", invitations.withdraw, name="withdraw_invitation"),
]

# In addition to allauth's; where both have the same URL, ours comes first.
account = [
    path("", RedirectView.as_view(pattern_name="account_security")),
    path("login/", entry.login, name="account_login"),
    path("signup/", entry.signup, name="account_signup"),
    path("login/code/", entry.request_login_code, name="account_request_login_code"),
    path("password/reset/", entry.reset_password, name="account_reset_password"),
    path("security/", accounts.security, name="account_security"),
    path("email/", accounts.email, name="account_email"),
    path("email/confirm/", accounts.confirm_email_change, name="account_confirm_email_change"),
    path("password/set/", accounts.choose_password, name="account_set_password"),
    path("activity/", activity.account_activity, name="account_activity"),
    path("sessions/", accounts.session_list, name="usersessions_list"),
    path("sessions/<int:session_id>/end/", accounts.end_session, name="account_end_session"),
    path("reauthenticate/code/", accounts.reauthenticate_by_code, name="account_reauthenticate_by_code"),
]

# With the names that dj-stripe uses to find its own view.
stripe = [path("<uuid:uuid>/", billing_webhooks.stripe_events, name="djstripe_webhook_by_uuid")]

urlpatterns = [
    path("", entrance.front, name="home"),
    path("accounts/", include(account)),
    path("accounts/", include("allauth.urls")),
    path("workspaces/", entrance.workspaces, name="workspaces"),
    path("workspaces/new/", entrance.new_workspace, name="new_workspace"),
    path("invitations/", invitations.accept, name="accept_invitation"),
    path("invitations/switch/", invitations.switch, name="switch_account"),
    path("invitations/<str:link>/", invitations.follow, name="invitation"),
    path("t/<slug:workspace>/", include((workspace, "workspace"))),
    path("pictures/<uuid:tenant_id>/<slug:key>.png", pictures.picture, name="picture"),
    path("pictures/initials/<slug:letters>.png", pictures.initials, name="initials"),
    path("chat/<uuid:connection_id>/", chat.page, name="chat"),
    path("chat/<uuid:connection_id>/events/", chat.events, name="chat_events"),
    path("chat/<uuid:connection_id>/talk/", chat.talk, name="chat_talk"),
    path("chat/<uuid:connection_id>/frame/", chat.page, {"is_framed": True}, name="chat_frame"),
    path("chat/<uuid:connection_id>/frame/events/", chat.events),
    path("chat/<uuid:connection_id>/frame/talk/", chat.talk),
    path("chat/<uuid:connection_id>/embed.js", embedding.script, name="chat_embed"),
    path("oauth/<slug:provider>/callback", connecting.come_back, name="come_back"),
    path("webhooks/stripe/", include((stripe, "djstripe"))),
    path("webhooks/<slug:provider>", webhooks.webhook, name="webhook"),
    path("webhooks/<slug:provider>/<slug:endpoint>", webhooks.webhook, name="webhook_endpoint"),
    path("webhooks/<slug:provider>/<uuid:connection_id>/", webhooks.webhook, name="own_webhook"),
    path(
        "webhooks/<slug:provider>/<uuid:connection_id>/<slug:endpoint>", webhooks.webhook, name="own_webhook_endpoint"
    ),
    path("api/v1/", include(root.urlpatterns)),
    path("api/docs", docs.documentation, name="api_docs"),
    path("api/docs/", docs.documentation),
    path("admin/", staff.site.urls),
    path("styleguide/", styleguide, name="styleguide"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("healthz", health.healthz, name="healthz"),
]

handler400 = "tenants.http.errors.bad_request"
handler403 = "tenants.http.errors.forbidden"
handler404 = "tenants.http.errors.not_found"
handler429 = "tenants.http.errors.too_many"
handler500 = "tenants.http.errors.server_error"
