"""The staff's admin: what it shows of a workspace, and how long a second step holds there."""

# Each app owns its panels (tenants/staff/panels.py says what one is); they stand on the pages in this order.
STAFF_PANELS = [
    "tenants.web.admin.PeoplePanel",
    "agents.web.admin.EmployeesPanel",
    "channels.web.admin.ConnectionsPanel",
    "channels.web.admin.PipelinePanel",
    "billing.web.admin.SubscriptionPanel",
    "billing.web.admin.TrialPanel",
    "usage.web.admin.UsagePanel",
    "tenants.web.admin.SupportPanel",
    "tenants.web.admin.TrailPanel",
]

# A day's work: then staff prove their second step again.
STAFF_SECOND_STEP_SECONDS = 12 * 60 * 60
