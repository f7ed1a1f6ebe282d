"""What can be done with a workspace, its people and its tokens, as the audit trail calls it."""

from tenants.audit.journal import Action

# Workspace
WORKSPACE_CREATED = Action("workspace.created", "Made the workspace")

# Members and invitations
MEMBER_CHANGED = Action("member.changed", "Changed a member's role")
MEMBER_REMOVED = Action("member.removed", "Removed a member")
MEMBER_LEFT = Action("member.left", "Left the workspace")
OWNERSHIP_HANDED_OVER = Action("ownership.handed_over", "Handed over ownership")
INVITATION_SENT = Action("invitation.sent", "Invited somebody")
INVITATION_RESENT = Action("invitation.resent", "Sent an invitation again")
INVITATION_CHANGED = Action("invitation.changed", "Changed the role of an invitation")
INVITATION_WITHDRAWN = Action("invitation.withdrawn", "Withdrew an invitation")
INVITATION_ACCEPTED = Action("invitation.accepted", "Accepted an invitation")
INVITATION_UNDELIVERED = Action("invitation.undelivered", "An invitation was not delivered")

SETTINGS_CHANGED = Action("workspace.settings_changed", "Changed the workspace's settings")
CONTACT_CODE_SENT = Action("workspace.contact_code_sent", "Sent a code to the contact address")
CONTACT_CONFIRMED = Action("workspace.contact_confirmed", "Confirmed the contact address")
RETENTION_CHANGED = Action("workspace.retention_changed", "Changed how long conversations are kept")
TALK_CHANGED = Action("workspace.talk_changed", "Changed how long talk around AI employees is kept")

# Data rights
EXPORT_REQUESTED = Action("export.requested", "Asked for an export of everything")
EXPORT_DOWNLOADED = Action("export.downloaded", "Downloaded an export of everything")
EXPORTS_WITHDRAWN = Action("export.withdrawn", "Deleted older exports")
DELETION_REQUESTED = Action("workspace.deletion_requested", "Asked for the deletion of the workspace")
DELETION_CANCELLED = Action("workspace.deletion_cancelled", "Kept the workspace")
WORKSPACE_ERASED = Action("workspace.erased", "A workspace was erased")  # stands in AccountEvent

# API tokens
TOKEN_CREATED = Action("token.created", "Made an API token")
TOKEN_REVOKED = Action("token.revoked", "Revoked an API token")

# The audit trail itself
AUDIT_EXPORTED = Action("audit.exported", "Downloaded the audit trail")

# Accounts: these stand in AccountEvent
SIGNED_UP = Action("account.signed_up", "Signed up")
LOGGED_IN = Action("account.logged_in", "Logged in")
LOG_IN_FAILED = Action("account.log_in_failed", "A log-in failed")
LOGGED_OUT = Action("account.logged_out", "Logged out")
PASSWORD_CHANGED = Action("account.password_changed", "Changed the password")
PASSWORD_SET = Action("account.password_set", "Set a password")
PASSWORD_RESET = Action("account.password_reset", "Reset the password by e-mail")
EMAIL_ADDED = Action("account.email_added", "Added an e-mail address")
EMAIL_CONFIRMED = Action("account.email_confirmed", "Confirmed an e-mail address")
UNPROVED_FORGOTTEN = Action("account.unproved_forgotten", "Dropped the password or log-in of an unproved sign-up")
EMAIL_CHANGED = Action("account.email_changed", "Changed the main e-mail address")
EMAIL_REMOVED = Action("account.email_removed", "Removed an e-mail address")
SECOND_STEP_ADDED = Action("account.second_step_added", "Added a second step")
SECOND_STEP_REMOVED = Action("account.second_step_removed", "Removed a second step")
RECOVERY_CODES_RENEWED = Action("account.recovery_codes_renewed", "Made new recovery codes")
RECOVERY_CODE_USED = Action("account.recovery_code_used", "Used a recovery code")
LOGIN_CONNECTED = Action("account.login_connected", "Connected another way to log in")
LOGIN_DISCONNECTED = Action("account.login_disconnected", "Disconnected a way to log in")

# Support access
SUPPORT_GRANTED = Action("support.granted", "Let Roster's support look at the workspace")
SUPPORT_ENDED = Action("support.ended", "Ended support access")
SUPPORT_VIEWED = Action("support.viewed", "Looked at a page as Roster's support")

# Roster's staff in their admin: in the workspace's trail what is about it, the rest in AccountEvent
STAFF_LISTED = Action("staff.listed", "Looked at a list as Roster staff")
STAFF_VIEWED = Action("staff.viewed", "Looked at a record as Roster staff")
STAFF_CHANGED = Action("staff.changed", "Changed a record as Roster staff")
ACCOUNT_DEACTIVATED = Action("account.deactivated", "Deactivated an account")
ACCOUNT_REACTIVATED = Action("account.reactivated", "Reactivated an account")
