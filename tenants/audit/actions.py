"""What can be done with a workspace, its people and its tokens, as the audit trail calls it."""

from django.utils.translation import gettext_lazy as _

from tenants.audit.journal import Action

# Workspace
WORKSPACE_CREATED = Action("workspace.created", _("Made the workspace"))

# Members and invitations
MEMBER_CHANGED = Action("member.changed", _("Changed a member's role"))
MEMBER_REMOVED = Action("member.removed", _("Removed a member"))
MEMBER_LEFT = Action("member.left", _("Left the workspace"))
OWNERSHIP_HANDED_OVER = Action("ownership.handed_over", _("Handed over ownership"))
INVITATION_SENT = Action("invitation.sent", _("Invited somebody"))
INVITATION_RESENT = Action("invitation.resent", _("Sent an invitation again"))
INVITATION_CHANGED = Action("invitation.changed", _("Changed the role of an invitation"))
INVITATION_WITHDRAWN = Action("invitation.withdrawn", _("Withdrew an invitation"))
INVITATION_ACCEPTED = Action("invitation.accepted", _("Accepted an invitation"))
INVITATION_UNDELIVERED = Action("invitation.undelivered", _("An invitation was not delivered"))

SETTINGS_CHANGED = Action("workspace.settings_changed", _("Changed the workspace's settings"))
CONTACT_CODE_SENT = Action("workspace.contact_code_sent", _("Sent a code to the contact address"))
CONTACT_CONFIRMED = Action("workspace.contact_confirmed", _("Confirmed the contact address"))
RETENTION_CHANGED = Action("workspace.retention_changed", _("Changed how long conversations are kept"))
TALK_CHANGED = Action("workspace.talk_changed", _("Changed how long talk around AI employees is kept"))

# Data rights
EXPORT_REQUESTED = Action("export.requested", _("Asked for an export of everything"))
EXPORT_DOWNLOADED = Action("export.downloaded", _("Downloaded an export of everything"))
EXPORTS_WITHDRAWN = Action("export.withdrawn", _("Deleted older exports"))
DELETION_REQUESTED = Action("workspace.deletion_requested", _("Asked for the deletion of the workspace"))
DELETION_CANCELLED = Action("workspace.deletion_cancelled", _("Kept the workspace"))
WORKSPACE_ERASED = Action("workspace.erased", _("A workspace was erased"))  # in AccountEvent

# API tokens
TOKEN_CREATED = Action("token.created", _("Made an API token"))
TOKEN_REVOKED = Action("token.revoked", _("Revoked an API token"))

# The audit trail itself
AUDIT_EXPORTED = Action("audit.exported", _("Downloaded the audit trail"))

# Accounts: these are in AccountEvent
SIGNED_UP = Action("account.signed_up", _("Signed up"))
LOGGED_IN = Action("account.logged_in", _("Logged in"))
LOG_IN_FAILED = Action("account.log_in_failed", _("A log-in failed"))
LOGGED_OUT = Action("account.logged_out", _("Logged out"))
PASSWORD_CHANGED = Action("account.password_changed", _("Changed the password"))
PASSWORD_SET = Action("account.password_set", _("Set a password"))
PASSWORD_RESET = Action("account.password_reset", _("Reset the password by e-mail"))
EMAIL_ADDED = Action("account.email_added", _("Added an e-mail address"))
EMAIL_CONFIRMED = Action("account.email_confirmed", _("Confirmed an e-mail address"))
UNPROVED_FORGOTTEN = Action("account.unproved_forgotten", _("Removed the password or log-in of an unconfirmed sign-up"))
EMAIL_CHANGED = Action("account.email_changed", _("Changed the main e-mail address"))
EMAIL_REMOVED = Action("account.email_removed", _("Removed an e-mail address"))
SECOND_STEP_ADDED = Action("account.second_step_added", _("Added a second step"))
SECOND_STEP_REMOVED = Action("account.second_step_removed", _("Removed a second step"))
RECOVERY_CODES_RENEWED = Action("account.recovery_codes_renewed", _("Made new recovery codes"))
RECOVERY_CODE_USED = Action("account.recovery_code_used", _("Used a recovery code"))
LOGIN_CONNECTED = Action("account.login_connected", _("Connected another way to log in"))
LOGIN_DISCONNECTED = Action("account.login_disconnected", _("Disconnected a way to log in"))

# Support access
SUPPORT_GRANTED = Action("support.granted", _("Let Roster's support look at the workspace"))
SUPPORT_ENDED = Action("support.ended", _("Ended support access"))
SUPPORT_VIEWED = Action("support.viewed", _("Looked at a page as Roster's support"))

# Roster's staff in their admin: in the workspace's trail what is about it, the rest in AccountEvent
STAFF_LISTED = Action("staff.listed", _("Looked at a list as Roster staff"))
STAFF_VIEWED = Action("staff.viewed", _("Looked at a record as Roster staff"))
STAFF_CHANGED = Action("staff.changed", _("Changed a record as Roster staff"))
ACCOUNT_DEACTIVATED = Action("account.deactivated", _("Deactivated an account"))
ACCOUNT_REACTIVATED = Action("account.reactivated", _("Reactivated an account"))
