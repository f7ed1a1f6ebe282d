"""What `manage.py doctor` checks, in this order. Each app owns its checks (see tenants/doctor/report.py)."""

DOCTOR_CHECKS = [
    "tenants.doctor.checks.databases",
    "tenants.doctor.checks.migrations",
    "tenants.doctor.checks.protection",
    "tenants.doctor.checks.clock",
    "tenants.doctor.checks.secrets",
    "config.checks.redis_and_broker",
    "channels.web.checks.worker",
    "config.checks.sandbox",
    "config.checks.addresses",
    "config.checks.mail",
    "channels.web.checks.platforms",
    "channels.web.checks.tenants_connections",
    "channels.web.checks.tenants_probes",
    "agents.web.checks.llm_providers",
    "tenants.doctor.checks.incidents",
    "billing.web.checks.stripe",
    "config.checks.error_reports",
    "config.checks.disk",
]
