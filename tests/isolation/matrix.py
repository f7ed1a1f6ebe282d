"""The matrix: every route, method, caller and kind of id, with the answers and writes."""

import json
import re
from contextlib import ExitStack
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode
from zlib import crc32

from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client

from tenants.models import Role
from tests.isolation import values
from tests.isolation.callers import Caller
from tests.isolation.furnishing import World
from tests.isolation.routes import METHODS, Route
from tests.isolation.values import Things
from tests.isolation.watching import Write, writes

OWN, FOREIGN, UNKNOWN = "own", "foreign", "unknown"
SLUG_OF_NOBODY = "nobody"
UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
RANDOM = re.compile(
    r'(?<=name="csrfmiddlewaretoken" value=")\w+|(?<="request_id":")[^"]+|(?<="request_id": ")[^"]+'
    r'|(?<=csrftoken=)\w+|(?<=sessionid=)\w+|(?<=expires=)[^;]+|(?<=data-request-id=")[^"]+|\bnonce-[^\' ]+'
)

NOTICES = re.compile(r'(?<=messages=)("?[\w.-]+):\w+:[\w-]+')
"""Messages are stored in a signed cookie: compare their text, not the time of the signature."""


@dataclass(frozen=True)
class Case:
    """One call: the workspace in its URL, and the owner of the rows it names."""

    route: Route
    method: str
    caller: Caller
    place: str
    things: str

    def __str__(self) -> str:
        return f"{self.method} {self.route.pattern} as {self.caller.name}, workspace {self.place}, ids {self.things}"


@dataclass(frozen=True)
class Outcome:
    """The result of a call."""

    case: Case
    status: int
    text: str
    writes: list[Write] = field(default_factory=list)
    sent: str = ""

    @property
    def succeeded(self) -> bool:
        return self.status < 400


@dataclass(repr=False)
class Matrix:
    """Two workspaces, and all callers of the first one, who try everything with both."""

    home: World
    neighbour: World
    callers: list[Caller]
    aliases: list[str]
    is_whole: bool = False
    """Try every combination, instead of only those that differ."""
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def run(self, route: Route) -> list[Outcome]:
        """Try everything with one route, rolling back each call. Raises UnknownArgumentError."""
        cache.clear()
        self._warm(route)
        outcomes: list[Outcome] = []
        for caller in self._who_calls(route):
            if self._is_left_out(route, caller):
                continue
            for method in METHODS:
                refused = any(each.case.method == method and each.status == 405 for each in outcomes)
                if refused and not self.is_whole and caller.role not in {None, Role.OWNER}:
                    continue  # a method that nobody may use is tried only by owners and by callers without a role
                outcomes += [self.call(case) for case in self._cases(route, method, caller, is_taken=not refused)]
        return outcomes

    def _cases(self, route: Route, method: str, caller: Caller, *, is_taken: bool) -> list[Case]:
        """The cases that differ. A method that nobody may use is tried once by each caller, as are the middle roles."""
        pairs = _variants(route, caller)
        is_rare = not caller.role and method not in {"GET", "POST"}
        if method in {"HEAD", "OPTIONS"} and caller.role in {Role.ADMIN, Role.OPERATOR} and not self.is_whole:
            return []
        if is_rare and route.kind in {"accounts", "admin"} and not self.is_whole:
            return []
        if route.kind == "admin" and not self.is_whole:  # refused before any id is read
            return [Case(route, method, caller, *pairs[0])]
        if not self.is_whole and len(pairs) > 1:
            if not is_taken:
                pairs = pairs[-2:-1] if caller.role else pairs[:1]
            elif caller.role in {Role.ADMIN, Role.OPERATOR}:
                pairs = [pair for pair in pairs if pair in {(OWN, OWN), (OWN, FOREIGN)}]
            elif caller.role is None or (caller.is_token and route.kind == "portal"):
                pairs = [pairs[0], pairs[-1]]
        return [Case(route, method, caller, *pair) for pair in pairs]

    def _who_calls(self, route: Route) -> list[Caller]:
        """The callers that differ: roles matter in a workspace, tokens in the API, and the admin is for staff."""
        if route.kind == "portal":
            return [each for each in self.callers if not each.is_token or each.role is Role.OWNER]
        if route.kind == "api" and (route.is_written_otherwise and not self.is_whole):
            return [each for each in self.callers if each.is_token or each.is_anonymous]
        if route.kind == "api":
            return self.callers
        few = [each for each in self.callers if each.role in {None, Role.OWNER}]
        return [each for each in few if not (each.is_staff or each.is_token)] if route.kind == "admin" else few

    def _is_left_out(self, route: Route, caller: Caller) -> bool:
        """Between owner and viewer one role per route is enough: admins try every other route, operators the rest."""
        left_out = (Role.ADMIN, Role.OPERATOR)[crc32(route.pattern.encode()) % 2]
        return not self.is_whole and caller.role is left_out and route.kind in {"portal", "api"}

    def call(self, case: Case) -> Outcome:
        """Make the call, collect what was written, and roll it back."""
        path, body, headers = self._path(case), self._body(case), self._headers(case)
        with ExitStack() as stack:
            for alias in self.aliases:
                stack.enter_context(transaction.atomic(using=alias))
            answer = self._ask(case, path, body, headers)
            text, written = _text(answer), writes(self.aliases)
            for alias in self.aliases:
                transaction.set_rollback(True, using=alias)
        return Outcome(case, answer.status_code, text, written, f"{path} {body!r} {headers}")

    def _ask(self, case: Case, path: str, body: bytes, headers: dict[str, str]) -> HttpResponseBase:
        kind = "application/json" if case.route.api_view else "application/x-www-form-urlencoded"
        self.client.cookies.clear()
        return self.client.generic(case.method, path, body, content_type=kind, headers=headers)

    def _path(self, case: Case) -> str:
        things = self._things(case.things)
        given = values.query(case.route, case.method, things) if case.things != OWN or case.place != OWN else {}
        path = case.route.path(values.arguments(case.route, self._slug(case.place), things))
        return f"{path}?{urlencode(given)}" if given else path

    def _body(self, case: Case) -> bytes:
        fields = values.body(case.route, case.method, self._things(case.things))
        if case.route.api_view:
            return json.dumps(fields).encode() if fields else b""
        return urlencode(fields, doseq=True).encode()

    def _headers(self, case: Case) -> dict[str, str]:
        by_header = case.route.api_view and not case.caller.is_token
        return {**case.caller.headers, **({"Roster-Workspace": self._slug(case.place)} if by_header else {})}

    def _slug(self, place: str) -> str:
        return {OWN: self.home.slug, FOREIGN: self.neighbour.slug, UNKNOWN: SLUG_OF_NOBODY}[place]

    def _things(self, things: str) -> Things:
        return Things({OWN: self.home, FOREIGN: self.neighbour, UNKNOWN: None}[things])

    def _warm(self, route: Route) -> None:
        """The other workspace just made the same call: its cached data must not leak."""
        token = {"Authorization": f"Bearer {next(iter(self.neighbour.tokens.values()))}"}
        path = route.path(values.arguments(route, self.neighbour.slug, Things(self.neighbour)))
        with transaction.atomic():
            self.client.get(path, headers=token if route.api_view else {})
            transaction.set_rollback(True)


def _variants(route: Route, caller: Caller) -> list[tuple[str, str]]:
    """Pairs of (workspace, ids) that differ for this route."""
    has_place = "workspace" in route.arguments or (route.api_view is not None and not caller.is_token)
    has_things = values.refers_to_things(route)
    pairs = [(OWN, OWN), (OWN, FOREIGN), (OWN, UNKNOWN), (FOREIGN, OWN), (FOREIGN, FOREIGN), (UNKNOWN, UNKNOWN)]
    if not has_things:
        pairs = [(OWN, OWN), (FOREIGN, FOREIGN), (UNKNOWN, UNKNOWN)]
    return pairs if has_place else [pair for pair in pairs if pair[0] == OWN]


def _text(answer: HttpResponseBase) -> str:
    """Everything in an answer that its receiver can read."""
    head = "\n".join(f"{name}: {value}" for name, value in sorted(answer.headers.items()))
    cookies = answer.cookies.output() if hasattr(answer, "cookies") else ""
    body = b"".join(answer) if getattr(answer, "streaming", False) else getattr(answer, "content", b"")
    return f"{head}\n{cookies}\n\n{body.decode(errors='replace')}"


def blank(outcome: Outcome, slugs: set[str]) -> str:
    """An answer without what always differs: ids, workspace URLs, and random values."""
    path = outcome.sent.split(" ")[0].split("?")[0]
    text = outcome.text.replace(path, "<path>").replace(quote(path, safe=""), "<path>")
    text = NOTICES.sub(r"\1", RANDOM.sub("*", UUIDS.sub("<id>", text)))
    text = text.replace(values.UNKNOWN_NUMBER, "<id>")
    text = re.sub(r"(?m)^X-Request-ID: .*$|^Content-Length: .*$", "", text, flags=re.IGNORECASE)
    return re.sub("|".join(map(re.escape, sorted(slugs))), "<slug>", text) if slugs else text
