"""What is wrong with one route's answers: leaks, foreign writes, wrong refusals, and distinguishable ids."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tenants.permissions import allows
from tests.isolation import values
from tests.isolation.furnishing import World
from tests.isolation.matrix import FOREIGN, OWN, SLUG_OF_NOBODY, UNKNOWN, UUIDS, Case, Matrix, Outcome, blank
from tests.isolation.routes import UNSAFE, Route

LOGIN = ("/accounts/login/", "/admin/login/")
NOT_A_CHANGE = {"django_session", "usersessions_usersession", "tenants_apitoken.UPDATE", "tenants_user.UPDATE"}
"""Writes of any visit: the session, a token's last use, a person's last log-in."""
AUDIT = {"tenants_auditevent", "tenants_accountevent"}


@dataclass(frozen=True)
class Fault:
    """One fault: `leak`, `write`, `status`, `difference`, `error`, `unproven` or `unaudited`."""

    kind: str
    text: str


def judge(matrix: Matrix, route: Route, outcomes: list[Outcome]) -> Iterator[Fault]:
    """All faults of one route, from everything that was tried with it."""
    for outcome in outcomes:
        yield from _leaks(matrix, outcome)
        yield from _foreign_writes(matrix, outcome)
        yield from _wrong_status(matrix, outcome)
        yield from _unaudited(outcome)
    yield from _differences(matrix, outcomes)
    yield from _unproven(route, outcomes)


def _foreign(matrix: Matrix, case: Case) -> list[World]:
    """The workspaces that don't belong to this caller."""
    return [matrix.neighbour] if case.caller.role else [matrix.home, matrix.neighbour]


def _leaks(matrix: Matrix, outcome: Outcome) -> Iterator[Fault]:
    told = set(UUIDS.findall(outcome.text)) - set(UUIDS.findall(outcome.sent))
    for world in _foreign(matrix, outcome.case):
        if world.canary in outcome.text.lower():
            place = outcome.text.lower().index(world.canary)
            yield Fault("leak", f"{outcome.case}: …{outcome.text[max(0, place - 60) : place + 60]!r}…")
        elif told & world.ids:
            yield Fault("leak", f"{outcome.case}: ids {told & world.ids}")


def _foreign_writes(matrix: Matrix, outcome: Outcome) -> Iterator[Fault]:
    owners = {owner for world in _foreign(matrix, outcome.case) for owner in world.owners}
    for write in outcome.writes:
        if write.owners & owners:
            yield Fault("write", f"{outcome.case}: {write.verb} {write.table}")


def _wrong_status(matrix: Matrix, outcome: Outcome) -> Iterator[Fault]:
    case, status = outcome.case, outcome.status
    if status >= 500 and not _is_expected(case, status):
        yield Fault("error", f"{case}: {status} {outcome.text[-200:]}")
        return
    wanted = {"portal": _wrong_in_portal, "api": _wrong_in_api, "admin": _wrong_in_admin}.get(case.route.kind)
    if wanted and (wrong := wanted(outcome)):
        yield Fault("status", f"{case}: {status}, {wrong}")


def _is_expected(case: Case, status: int) -> bool:
    """Whether a permitted caller may get this answer, for a listed reason."""
    for key in (case.route.name, f"{case.method} {case.route.name}", f"{case.method} {case.route.pattern.rstrip('/')}"):
        if key in values.OTHERWISE and status in values.OTHERWISE[key][0]:
            return True
    return False


def _wrong_in_portal(outcome: Outcome) -> str:
    case = outcome.case
    if case.caller.is_anonymous or case.caller.is_token:
        return "" if _leads_to_login(outcome) else "not to the log-in"
    if case.caller.role is None or case.place != OWN:
        return "" if outcome.status == 404 else "not as an unknown workspace (404)"
    return _wrong_for_member(outcome)


def _wrong_in_api(outcome: Outcome) -> str:
    case = outcome.case
    if case.caller.is_anonymous:
        return "" if outcome.status == 401 else "not 401"
    if case.caller.role is None or case.place != OWN:
        return "" if outcome.status == 403 else "not as an unknown workspace (403)"
    if not case.route.takes(case.method):
        return "" if outcome.status in {403, 405} else "not 405, nor 403 to those who may write nothing there"
    return _wrong_for_member(outcome)


def _wrong_for_member(outcome: Outcome) -> str:
    """For their own ids, members may be refused only by the permission table."""
    case, needed = outcome.case, outcome.case.route.needs(outcome.case.method)
    if needed is None or case.caller.role is None:
        return ""
    if not allows(case.caller.role, needed):
        return "" if outcome.status == 403 else f"not 403, which the table says for {needed}"
    if (
        case.things == OWN
        and outcome.status in {400, 401, 403, 404, 409, 422}
        and not _is_expected(case, outcome.status)
    ):
        return f"although the table gives {needed}: {outcome.text[-300:]!r}"
    return ""


def _wrong_in_admin(outcome: Outcome) -> str:
    if outcome.case.route.pattern in {"admin/login/", "admin/logout/"}:
        return ""
    return "" if _leads_to_login(outcome) or outcome.status in {403, 404, 405} else "not refused"


def _leads_to_login(outcome: Outcome) -> bool:
    return outcome.status == 302 and any(f"Location: {page}" in outcome.text for page in LOGIN)


def _differences(matrix: Matrix, outcomes: list[Outcome]) -> Iterator[Fault]:
    """Other workspaces' ids must answer byte for byte like ids that don't exist."""
    slugs = {matrix.home.slug, matrix.neighbour.slug, SLUG_OF_NOBODY}
    found = {(each.case.method, each.case.caller.name, each.case.place, each.case.things): each for each in outcomes}
    for (method, name, place, things), each in found.items():
        twin = found.get((method, name, *_unknown_twin(each.case, place, things)))
        if twin and twin is not each and (each.status, blank(each, slugs)) != (twin.status, blank(twin, slugs)):
            yield Fault("difference", f"{each.case}: {each.status}, but {twin.status} with what does not exist")


def _unknown_twin(case: Case, place: str, things: str) -> tuple[str, str]:
    """The same call with a nonexistent id, for calls that must be answered alike; otherwise the call itself."""
    if case.route.kind in {"portal", "api"} and case.caller.role is None:
        return UNKNOWN, UNKNOWN
    if place == FOREIGN:
        return UNKNOWN, UNKNOWN
    return (place, UNKNOWN) if things == FOREIGN else (place, things)


def _unproven(route: Route, outcomes: list[Outcome]) -> Iterator[Fault]:
    """A refusal proves nothing unless the same call changes something for permitted callers."""
    if route.kind not in {"portal", "api"} or route.is_written_otherwise:
        return
    for method in sorted(UNSAFE):
        own = [each for each in outcomes if each.case.method == method and _is_own(each.case)]
        is_taken = own and all(each.status != 405 for each in own)
        listed = {f"{method} {route.name}", f"{method} {route.pattern.rstrip('/')}", route.name} & set(values.STILL)
        if is_taken and not listed and not any(each.succeeded and changes(each) for each in own):
            yield Fault("unproven", f"{method} {route.pattern} ({route.name}): nobody changed anything, so that a "
                                    "refusal proves nothing: give it a body in tests.isolation.values")  # fmt: skip


def _is_own(case: Case) -> bool:
    return (case.place, case.things) == (OWN, OWN) and case.caller.role is not None


def changes(outcome: Outcome) -> list[str]:
    """The tables that a call changed, except the audit trail and the writes of any visit."""
    noted = {(write.table, f"{write.table}.{write.verb}") for write in outcome.writes}
    return sorted(table for table, verb in noted if table not in AUDIT and not {table, verb} & NOT_A_CHANGE)


def _unaudited(outcome: Outcome) -> Iterator[Fault]:
    """Each change must add an entry to the workspace's or the account's audit trail."""
    changed = set(changes(outcome)) - set(values.NOT_AUDITED)
    if outcome.succeeded and changed and not AUDIT & {write.table for write in outcome.writes}:
        yield Fault("unaudited", f"{outcome.case}: changed {sorted(changed)} without an entry")


def by_kind(faults: Iterable[Fault]) -> dict[str, list[str]]:
    """The faults' texts by kind."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        found.setdefault(fault.kind, []).append(fault.text)
    return found
