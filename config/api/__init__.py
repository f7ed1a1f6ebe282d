"""The root of the API: the routes of all apps (root), the documentation page (docs), its examples. URLs import it."""
