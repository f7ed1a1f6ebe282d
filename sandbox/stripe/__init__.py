"""The sandbox Stripe: API, hosted pages and webhooks of one account in test mode.

From the ground up, each package importing only those before it: `account`, `api`, `catalog`, `payments`, `billing`,
`subscriptions`, `time`, `pages`, and on top `checkout` and `portal`, which do not know each other. `routes` collects
what the API knows, `control` is the API for tests and scripts. It is frozen to what the product calls and a person can
click: sandbox/README.md says what is left out.
"""
