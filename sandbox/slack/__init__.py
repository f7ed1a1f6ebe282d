"""A local peer of Slack: consent, Web API, Events API, and a page on which people chat.

`state` is what there is, `methods` the Web API's methods on it, `chat` the page. `api`, `consent` and `control` are the
doors, over all of them.
"""
