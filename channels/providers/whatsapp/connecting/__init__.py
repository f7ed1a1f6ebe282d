"""How a number is connected: by hand (`form`) or by Meta's sign-up (`sign_up`).

`installing` has what both do at Meta.
"""
