"""Where data is: Postgres by role, Redis as broker and cache; and Celery's settings."""

from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from kombu import Queue

from config.settings.base import env

# Databases: `app` serves under row-level security, `owner` migrates.
_app = env.database("DATABASE_URL")
# PgBouncer in transaction mode shares connections: so no pool of our own, and no cursor that outlives its transaction.
# Nothing else depends on a session: scopes and roles are set for one transaction.
_behind_pgbouncer = env.flag("DATABASE_PGBOUNCER", default=False)
_pool_size = env.count("DATABASE_POOL_SIZE", "0" if _behind_pgbouncer else "16")
_pool = {"min_size": 1, "max_size": _pool_size, "timeout": 5} if _pool_size else False
DATABASES = {
    "default": {
        **_app,
        "ENGINE": "config.postgres",  # it looks by itself whether a pooled connection still lives
        "CONN_MAX_AGE": 0,
        "DISABLE_SERVER_SIDE_CURSORS": _behind_pgbouncer,
        "OPTIONS": {
            "pool": _pool,
            "connect_timeout": 5,
            # For psycopg's own cursors (channels/messages/incoming/receive.py). Django's prepare nothing.
            "prepare_threshold": 0 if _pool_size and not _behind_pgbouncer else None,
        },
    },
}
if env.text("DATABASE_OWNER_URL"):
    DATABASES["owner"] = {
        **env.database("DATABASE_OWNER_URL"),
        "ENGINE": "django.db.backends.postgresql",
        "OPTIONS": {"connect_timeout": 5},
    }
DATABASE_STAFF_URL = env.url("DATABASE_STAFF_URL", schemes=("postgres", "postgresql"))
if DATABASE_STAFF_URL:  # only Django's admin uses it (tenants/staff)
    DATABASES["staff"] = {
        **env.database("DATABASE_STAFF_URL"),
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 0,
        "OPTIONS": {"connect_timeout": 5},
    }
DATABASE_ADMIN_URL = env.url("DATABASE_ADMIN_URL", schemes=("postgres", "postgresql"))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# For how many days an owner can cancel the deletion of a workspace. Each `migrate` stores it in Postgres, which does
# not let `app` set a shorter time.
DELETION_GRACE_DAYS = env.quota("DELETION_GRACE_DAYS", "14")

# Redis: the broker and the cache. Nothing is lost if Redis loses its data.
REDIS_URL = env.url("REDIS_URL", schemes=("redis", "rediss"))
if not REDIS_URL:
    raise ImproperlyConfigured("REDIS_URL is not set: set it to a redis:// URL, or use `make run`, which has its own.")
CELERY_BROKER_URL = env.url("CELERY_BROKER_URL", REDIS_URL, schemes=("redis", "rediss", "amqp", "amqps"))
CACHES = {
    "default": {
        "BACKEND": "tenants.http.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "roster",
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
}

# Celery only wakes workers: what is to be done is in Postgres. Publishing must never block.
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
# What nobody waits for in a chat, messages, sweeps. A worker takes from all of them, or from those that -Q names.
QUEUES = ("background", "messages", "sweeps")
CELERY_TASK_QUEUES = [Queue(name) for name in QUEUES]
CELERY_TASK_DEFAULT_QUEUE = QUEUES[0]
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# After SIGQUIT, Celery sleeps so long if any task is running, even one of a moment: less than `make run` waits for us.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 3
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 0.5
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 0.5,
    "socket_connect_timeout": 0.5,
    "max_retries": 0,
    "retry_on_timeout": False,
    "visibility_timeout": 3600,
}
CELERY_REDIS_SOCKET_TIMEOUT = 0.5
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# What finds overdue work, by dotted path, with the seconds between two runs (tenants/jobs/sweeps.py).
SWEEPS = {
    "channels.tasks.overdue_messages": 3.0,
    "channels.tasks.overdue_checks": 60.0,
    "channels.tasks.overdue_files": 3.0,
    "tenants.tasks.overdue_exports": 5.0,
    "tenants.tasks.overdue_mails": 10.0,
    "billing.tasks.overdue_subscriptions": 10.0,
    "billing.tasks.overdue_events": 20.0,
}
CELERY_BEAT_SCHEDULE = {
    **{
        path: {"task": "tenants.tasks.sweep", "schedule": every, "args": [path], "options": {"expires": every}}
        for path, every in SWEEPS.items()
    },
    "reconcile": {"task": "billing.tasks.reconcile_subscriptions", "schedule": crontab(hour=3, minute=30)},
    "forget-events": {"task": "billing.tasks.forget_events", "schedule": crontab(hour=3, minute=0)},
    "forget-requests": {"task": "channels.tasks.forget_requests", "schedule": 60 * 60.0},
    "close-workspaces": {"task": "channels.tasks.close_workspaces", "schedule": 60 * 60.0},
    "forget-mails": {"task": "tenants.tasks.forget_mails", "schedule": crontab(hour=2, minute=15)},
    "tell-staff": {"task": "tenants.tasks.tell_staff", "schedule": 60.0, "options": {"expires": 60}},
    "forget-sessions": {"task": "tenants.tasks.forget_sessions", "schedule": crontab(hour=2, minute=45)},
    "blank-talk": {"task": "channels.tasks.blank_talk", "schedule": 10 * 60.0, "options": {"expires": 10 * 60}},
    "forget-drafts": {"task": "channels.tasks.forget_drafts", "schedule": crontab(hour=2, minute=10)},
    "forget-old": {"task": "channels.tasks.forget_old", "schedule": crontab(hour=2, minute=30)},
}
