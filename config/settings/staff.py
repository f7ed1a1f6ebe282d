"""The staff's admin: what it shows about a workspace, and how long a second factor lasts there."""

# Each app owns its panels (tenants/staff/panels.py says what one is); pages show them in this order.
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

# One working day; after that, staff have to use their second factor again.
STAFF_SECOND_STEP_SECONDS = 12 * 60 * 60
