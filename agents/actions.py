"""What can be done with AI employees and conversations, as the audit trail calls it."""

from django.utils.translation import gettext_lazy as _

from tenants.audit.journal import Action

EMPLOYEE_HIRED = Action("employee.hired", _("Hired an AI employee"))
EMPLOYEE_CHANGED = Action("employee.changed", _("Changed an AI employee"))
EMPLOYEE_PAUSED = Action("employee.paused", _("Paused an AI employee"))
EMPLOYEE_REACTIVATED = Action("employee.reactivated", _("Reactivated an AI employee"))
EMPLOYEE_MOVED = Action("employee.moved", _("Changed the order of seats"))
EMPLOYEE_PICTURED = Action("employee.pictured", _("Changed the picture of an AI employee"))
EMPLOYEE_LET_GO = Action("employee.let_go", _("Let an AI employee go"))
CONVERSATION_READ = Action("conversation.read", _("Read a conversation"))
