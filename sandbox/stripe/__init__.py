"""The sandbox Stripe: API, hosted pages and webhooks of one account in test mode.

Packages in order, each importing only those before it: `account`, `api`, `catalog`, `payments`, `billing`,
`subscriptions`, `time`, `pages`, then `checkout` and `portal`, which don't import each other. `routes` collects the
API's endpoints, `control` is the API for tests and scripts. It is frozen to what the product calls and what a person
can click: sandbox/README.md says what is left out.
"""
