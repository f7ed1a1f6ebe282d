"""Django's admin for Roster's staff: a Postgres role of its own, a second factor to get in, everything audited.

`site` admits staff with a fresh second factor and runs each page in one transaction of the database alias `staff`.
`rows.StaffAdmin` is the base class of every admin: `reads`, `also_reads` and `writes` name columns, and `rights` grants
exactly those after each `migrate --database owner`. A new column is out of reach until an admin names it.

It imports accounts; http and the admins of every app import it.
"""

from tenants.staff.database import STAFF
from tenants.staff.panels import Panel, Table, every, panels
from tenants.staff.rows import StaffAdmin
from tenants.staff.site import site
from tenants.staff.trail import note

__all__ = ["STAFF", "Panel", "StaffAdmin", "Table", "every", "note", "panels", "site"]
