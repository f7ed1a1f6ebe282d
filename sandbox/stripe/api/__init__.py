"""The API's entry point, without any billing resource: keys, forms, idempotency, lists, expansion.

It also has the API's own resources: the account, webhook endpoints, events. It imports `account`.
"""
