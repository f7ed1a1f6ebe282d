"""What can be done with AI employees and conversations, as the audit trail calls it."""

from tenants.audit.journal import Action

EMPLOYEE_HIRED = Action("employee.hired", "Hired an AI employee")
EMPLOYEE_CHANGED = Action("employee.changed", "Changed an AI employee")
EMPLOYEE_PAUSED = Action("employee.paused", "Paused an AI employee")
EMPLOYEE_REACTIVATED = Action("employee.reactivated", "Reactivated an AI employee")
EMPLOYEE_MOVED = Action("employee.moved", "Changed the order of seats")
EMPLOYEE_LET_GO = Action("employee.let_go", "Let an AI employee go")
CONVERSATION_READ = Action("conversation.read", "Read a conversation")
