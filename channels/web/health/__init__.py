"""How connections are, for people and programs: the page of all channels (views, cards), and the API (api)."""
