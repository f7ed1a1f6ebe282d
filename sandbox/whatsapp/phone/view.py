"""What the phone shows: which number, and as whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from sandbox.whatsapp.state.businesses import Business
from sandbox.whatsapp.state.peer import WhatsApp
from sandbox.whatsapp.state.people import Person


@dataclass(frozen=True)
class View:
    """Which number, and as whom; both are in the URL."""

    whatsapp: WhatsApp
    business: Business
    person: Person
    text: str

    @classmethod
    def of(cls, whatsapp: WhatsApp, query: Mapping[str, str]) -> View:
        """From a URL's query; anything missing falls back to the newest number and the first person."""
        businesses = {each.phone_id: each for each in whatsapp.businesses.all()}
        people = {each.key: each for each in whatsapp.people.all()}
        business = businesses.get(query.get("number", "")) or next(iter(businesses.values()))
        person = people.get(query.get("person", "")) or next(iter(people.values()))
        return cls(whatsapp, business, person, query.get("text", ""))

    def url(self, path: str = "") -> str:
        """Of a page or an action for the same chat."""
        query = urlencode({"number": self.business.phone_id, "person": self.person.key})
        return f"/whatsapp/{path}?{query}"
