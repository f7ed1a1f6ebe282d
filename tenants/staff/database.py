"""The database alias of the staff's admin. Nothing else uses it: its role passes by row-level security."""

STAFF = "staff"
