"""A local stand-in for Slack: consent, Web API, Events API, and a page to chat on.

`state` holds the data, `methods` has the Web API's methods, `chat` is the page. `api`, `consent` and `control` receive
the requests and may import all of them.
"""
