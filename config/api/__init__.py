"""The API's root: the routes of all apps (root), its documentation page (docs) and the examples. `urls` imports it."""
