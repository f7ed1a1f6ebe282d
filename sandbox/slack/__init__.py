"""A local peer of Slack: consent, Web API, Events API, and a page on which people chat."""
