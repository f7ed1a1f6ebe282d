"""Django's admin for Roster's staff: its own role of Postgres, a second step to get in, everything audited."""

from tenants.staff.database import STAFF
from tenants.staff.panels import Panel, Table, every, panels
from tenants.staff.rows import StaffAdmin
from tenants.staff.site import site
from tenants.staff.trail import note

__all__ = ["STAFF", "Panel", "StaffAdmin", "Table", "every", "note", "panels", "site"]
