"""The API's front, which knows no resource of billing: keys, forms, idempotency, lists, expansion.

Beside it the resources that are about the API itself: the account, webhook endpoints, events. It imports `account`.
"""
