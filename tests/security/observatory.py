"""The scoring rules of Mozilla's HTTP Observatory, applied to responses that we fetch ourselves.

Source: github.com/mdn/mdn-http-observatory, `src/analyzer/tests/` and `src/grader/charts.js`, algorithm 6 (version
1.6.3). We can't check two things and assume: the certificate is valid; the site is in no browser's preload list, which
costs five points that a listed site would get.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.cookies import Morsel
from urllib.parse import urlsplit

BASE = 100
BONUS_FROM = 90
"""Below this score, bonuses add nothing."""
SIX_MONTHS = 15_552_000
BROAD = {"ftp:", "http:", "https:", "*", "http://*", "https://*", "data:", "'unsafe-inline'"}
PRIVATE_REFERRERS = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
SCRIPT = re.compile(r"<script\b([^>]*)>", re.IGNORECASE)


@dataclass(frozen=True)
class Visit:
    """What the Observatory checks: one page over HTTPS, its cookies, a CORS preflight, and the redirect from HTTP."""

    headers: Mapping[str, str]
    body: str
    cookies: tuple[Morsel[str], ...]
    cors_headers: Mapping[str, str]
    route_from_http: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """A rule's outcome, by the Observatory's name, and the points it adds or subtracts."""

    rule: str
    outcome: str
    points: int


def judge(visit: Visit) -> list[Result]:
    """Every rule's result, in the Observatory's order."""
    return [
        Result("Content Security Policy", *_csp(visit)),
        Result("Cookies", *_cookies(visit)),
        Result("Cross Origin Embedder Policy", *_embedder(visit)),
        Result("Cross Origin Opener Policy", *_opener(visit)),
        Result("Cross Origin Resource Sharing", *_cors(visit)),
        Result("Redirection", *_redirection(visit)),
        Result("Referrer Policy", *_referrer(visit)),
        Result("Strict Transport Security", *_hsts(visit)),
        Result("Subresource Integrity", *_integrity(visit)),
        Result("X-Content-Type-Options", *_nosniff(visit)),
        Result("X-Frame-Options", *_frames(visit)),
        Result("Cross Origin Resource Policy", *_resource(visit)),
    ]


def score(results: list[Result]) -> int:
    """The score: bonuses count only if the penalties leave an A."""
    without_bonus = BASE + sum(min(result.points, 0) for result in results)
    if without_bonus < BONUS_FROM:
        return max(without_bonus, 0)
    return BASE + sum(result.points for result in results)


def _policy(visit: Visit) -> dict[str, set[str]]:
    parts = (part.lower().split() for part in visit.headers.get("content-security-policy", "").split(";"))
    return {words[0]: set(words[1:]) for words in parts if words}


def _csp(visit: Visit) -> tuple[str, int]:
    policy = _policy(visit)
    if not policy:
        return "csp-not-implemented", -25
    fallback = policy.get("default-src", {"*"})
    scripts, objects = policy.get("script-src", fallback), policy.get("object-src", fallback)
    if scripts & BROAD or objects & (BROAD - {"'unsafe-inline'"}):
        return "csp-implemented-with-unsafe-inline", -20
    if any(source.startswith(("http:", "ftp:")) for sources in policy.values() for source in sources):
        return "csp-implemented-with-insecure-scheme", -20
    styles = policy.get("style-src", fallback)
    if "'unsafe-eval'" in scripts | styles:
        return "csp-implemented-with-unsafe-eval", -10
    if styles & BROAD:
        return "csp-implemented-with-unsafe-inline-in-style-src-only", 0
    if policy.get("default-src") == {"'none'"}:
        return "csp-implemented-with-no-unsafe-default-src-none", 10
    return "csp-implemented-with-no-unsafe", 5


def _cookies(visit: Visit) -> tuple[str, int]:
    if not visit.cookies:
        return "cookies-not-found", 0
    faults = [fault for cookie in visit.cookies for fault in _faults_of(cookie, is_hsts=_hsts(visit)[1] >= 0)]
    if faults:
        return min(faults, key=lambda fault: fault[1])
    if all(cookie["samesite"] for cookie in visit.cookies):
        return "cookies-secure-with-httponly-sessions-and-samesite", 5
    return "cookies-secure-with-httponly-sessions", 0


def _faults_of(cookie: "Morsel[str]", *, is_hsts: bool) -> Iterator[tuple[str, int]]:
    name = cookie.key.lower()
    is_session = "sess" in name or "login" in name
    if cookie["samesite"].lower() not in {"", "lax", "strict", "none"}:
        yield "cookies-samesite-flag-invalid", -20
    if not cookie["secure"]:
        yield (
            ("cookies-without-secure-flag-but-protected-by-hsts", -5)
            if is_hsts
            else ("cookies-without-secure-flag", -20)
        )
    if is_session and not cookie["secure"]:
        yield ("cookies-session-without-secure-flag", -10 if is_hsts else -40)
    if "csrf" in name and not cookie["samesite"]:
        yield "cookies-anticsrf-without-samesite-flag", -20
    if is_session and not cookie["httponly"]:
        yield "cookies-session-without-httponly-flag", -30


def _of_header(visit: Visit, header: str, rule: str, points: Mapping[str, int]) -> tuple[str, int]:
    value = visit.headers.get(header, "").strip().lower()
    if not value:
        return f"{rule}-not-implemented", 0
    return (f"{rule}-implemented-with-{value}", points[value]) if value in points else (f"{rule}-header-invalid", -5)


def _embedder(visit: Visit) -> tuple[str, int]:
    points = {"require-corp": 10, "credentialless": 10, "unsafe-none": 0}
    return _of_header(visit, "cross-origin-embedder-policy", "coep", points)


def _opener(visit: Visit) -> tuple[str, int]:
    points = {"same-origin": 10, "same-origin-allow-popups": 10, "noopener-allow-popups": 10, "unsafe-none": 0}
    return _of_header(visit, "cross-origin-opener-policy", "coop", points)


def _resource(visit: Visit) -> tuple[str, int]:
    points = {"same-origin": 10, "same-site": 10, "cross-origin": 0}
    return _of_header(visit, "cross-origin-resource-policy", "cross-origin-resource-policy", points)


def _cors(visit: Visit) -> tuple[str, int]:
    rule, allowed = "cross-origin-resource-sharing", visit.cors_headers.get("access-control-allow-origin", "")
    if not allowed:
        return f"{rule}-not-implemented", 0
    if allowed != "*" and visit.cors_headers.get("access-control-allow-credentials", "").lower() == "true":
        return f"{rule}-implemented-with-universal-access", -50
    return f"{rule}-implemented", 0


def _redirection(visit: Visit) -> tuple[str, int]:
    route = [urlsplit(address) for address in visit.route_from_http]
    if len(route) == 1:
        return "redirection-missing", -20
    if route[-1].scheme != "https":
        return "redirection-not-to-https", -20
    if route[1].scheme != "https":
        return "redirection-not-to-https-on-initial-redirection", -10
    if route[1].hostname != route[0].hostname:
        return "redirection-off-host-from-http", -5
    return "redirection-to-https", 0


def _referrer(visit: Visit) -> tuple[str, int]:
    value = visit.headers.get("referrer-policy", "")
    if not value:
        return "referrer-policy-not-implemented", 0
    is_private = value.rsplit(",", maxsplit=1)[-1].strip().lower() in PRIVATE_REFERRERS
    return ("referrer-policy-private", 5) if is_private else ("referrer-policy-unsafe", -5)


def _hsts(visit: Visit) -> tuple[str, int]:
    value = visit.headers.get("strict-transport-security", "").lower()
    if not value:
        return "hsts-not-implemented", -20
    found = re.search(r"max-age=(\d+)", value)
    if not found or "," in value:
        return "hsts-header-invalid", -20
    if int(found[1]) < SIX_MONTHS:
        return "hsts-implemented-max-age-less-than-six-months", -10
    return "hsts-implemented-max-age-at-least-six-months", 0


def _integrity(visit: Visit) -> tuple[str, int]:
    scripts = SCRIPT.findall(visit.body)
    sources = [found[1] for found in (re.search(r'src="([^"]+)"', each) for each in scripts) if found]
    if not scripts:
        return "sri-not-implemented-but-no-scripts-loaded", 0
    if any(urlsplit(source).netloc for source in sources):
        return "sri-not-implemented-but-external-scripts-loaded", -50
    if any("integrity=" in each for each in scripts):
        return "sri-implemented-and-all-scripts-loaded-securely", 5
    return "sri-not-implemented-but-all-scripts-loaded-from-secure-origin", 0


def _nosniff(visit: Visit) -> tuple[str, int]:
    is_set = visit.headers.get("x-content-type-options", "").strip().lower() == "nosniff"
    return ("x-content-type-options-nosniff", 0) if is_set else ("x-content-type-options-not-implemented", -5)


def _frames(visit: Visit) -> tuple[str, int]:
    if "frame-ancestors" in _policy(visit):
        return "x-frame-options-implemented-via-csp", 5
    if visit.headers.get("x-frame-options", "").strip().lower() in {"deny", "sameorigin"}:
        return "x-frame-options-sameorigin-or-deny", 5
    return "x-frame-options-not-implemented", -20
