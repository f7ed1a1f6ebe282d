"""Refuses to serve as a Postgres role that row-level security does not bind."""

import logging
import sys
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.db import connection as default_connection
from django.db.backends.base.base import BaseDatabaseWrapper

log = logging.getLogger(__name__)

_checked: set[tuple[str, str]] = set()

POWERS = """
    SELECT current_user, r.rolsuper, r.rolbypassrls,
           EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p'))
      FROM pg_roles r WHERE r.rolname = current_user
"""

SENTENCES = {
    "default": "DATABASE_URL logs in as {name!r}, which {reason}, so tenants would not be kept apart: "
    "use the role `app` that `manage.py provision_database` makes.",
    "staff": "DATABASE_STAFF_URL logs in as {name!r}, which {reason}: "
    "use the role `staff` that `manage.py provision_database` makes.",
}


def refuse_powerful_role() -> None:
    """Check the role when the process starts. If Postgres does not answer yet, the first connection checks it.

    Exits with the reason if the role may not serve.
    """
    try:
        default_connection.ensure_connection()
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except OperationalError:
        log.warning("Postgres does not answer yet.")
    finally:
        default_connection.close()


def check_role(sender: object, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Check the role of the first connection on `default` and on `staff`, once per process and role.

    Raises ImproperlyConfigured if `default` is a superuser, may bypass row-level security, or owns tables; and if
    `staff`, which has to bypass it, can do more than that, or cannot.
    """
    key = (connection.alias, str(connection.settings_dict["USER"]))
    if connection.alias not in SENTENCES or key in _checked:
        return
    with connection.cursor() as cursor:
        cursor.execute(POWERS)
        name, is_superuser, bypasses, owns = cursor.fetchone()
    if connection.alias == "default":
        reason = refusal(is_superuser=is_superuser, bypasses=bypasses, owns=owns)
    else:
        reason = refusal_of_staff(is_superuser=is_superuser, bypasses=bypasses, owns=owns)
    if reason:
        raise ImproperlyConfigured(SENTENCES[connection.alias].format(name=name, reason=reason))
    _checked.add(key)


def refusal(*, is_superuser: bool, bypasses: bool, owns: bool) -> str:
    """Why a role with these powers may not serve; empty if it may."""
    if is_superuser:
        return "is a superuser"
    if bypasses:
        return "has BYPASSRLS"
    return "owns tables" if owns else ""


def refusal_of_staff(*, is_superuser: bool, bypasses: bool, owns: bool) -> str:
    """Why a role with these powers may not serve the staff's admin; empty if it may."""
    if is_superuser or owns:
        return refusal(is_superuser=is_superuser, bypasses=False, owns=owns)
    return "" if bypasses else "lacks BYPASSRLS, so the admin would look empty"
