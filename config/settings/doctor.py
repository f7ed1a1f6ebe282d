"""What `manage.py doctor` looks at, in this order. Each app owns its checks (tenants/doctor.py says what one is)."""

DOCTOR_CHECKS = [
    "tenants.checks.databases",
    "tenants.checks.migrations",
    "tenants.checks.protection",
    "tenants.checks.clock",
    "tenants.checks.secrets",
    "config.checks.redis_and_broker",
    "channels.checks.worker",
    "config.checks.addresses",
    "config.checks.mail",
    "channels.checks.slack_app",
    "channels.checks.tenants_connections",
    "agents.checks.llm_providers",
    "tenants.checks.incidents",
    "billing.checks.stripe",
    "config.checks.error_reports",
    "config.checks.disk",
]
