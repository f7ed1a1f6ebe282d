"""How allauth makes accounts here."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are known by e-mail address alone; there is no user name."""

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """Nothing to fill in."""
