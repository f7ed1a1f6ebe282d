"""The API documentation page: a view model built from our OpenAPI document."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from config.api import root
from config.api.examples import BY_FORMAT, Schemas
from tenants.http import idempotency

METHODS = ("get", "post", "put", "patch", "delete")
JSON = "application/json"
PROBLEM = {
    "type": "about:blank",
    "title": "Bad Request",
    "status": 400,
    "detail": "Some fields or parameters are not right: see errors.",
    "request_id": "5f0c1d2e-7a41-4c0b-9d63-8e2f1b7a9c10",
    "errors": {"model": ["There is no price for gpt-0 of openai: choose a model that has one."]},
}


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body. The `name` of a nested field has dots; `notes` describe its limits."""

    name: str
    type: str
    required: bool
    help: SafeString
    notes: str = ""


@dataclass(frozen=True)
class Answer:
    """What a status means for an operation."""

    status: int
    title: str
    description: SafeString

    @property
    def is_success(self) -> bool:
        return self.status < HTTPStatus.BAD_REQUEST


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    id: str
    method: str
    path: str
    summary: str
    description: SafeString
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    result: tuple[Field, ...]
    answers: tuple[Answer, ...]
    curl: str
    example: str


@dataclass(frozen=True)
class Section:
    """The operations of one tag."""

    id: str
    title: str
    operations: tuple[Operation, ...]


@require_GET
def documentation(request: HttpRequest) -> HttpResponse:
    """`/api/docs`, for everybody."""
    context = {
        "sections": sections(),
        "public_url": settings.PUBLIC_URL,
        "problem": _pretty(PROBLEM),
        "body_limit": settings.REQUEST_MAX_BYTES,
        "per_minute": settings.API_REQUESTS_PER_MINUTE,
        "provider_per_minute": settings.API_PROVIDER_REQUESTS_PER_MINUTE,
        "kept_hours": idempotency.KEPT_FOR // timedelta(hours=1),
    }
    return render(request, "api/documentation.html", context)


@cache
def sections() -> tuple[Section, ...]:
    """All operations of the API by tag, in the order of their paths."""
    document = root.openapi()
    return read_sections(document, settings.PUBLIC_URL)


def read_sections(document: Mapping[str, Any], base_url: str) -> tuple[Section, ...]:
    """The view model of an OpenAPI 3.0 document; `base_url` is used in the example requests."""
    reader = _Reader(Schemas(document["components"]["schemas"]), base_url)
    by_tag: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                tag = methods[method].get("tags", ["Other"])[0]
                by_tag.setdefault(tag, []).append(reader.operation(path, method, methods[method]))
    return tuple(Section(slugify(tag), tag, tuple(found)) for tag, found in by_tag.items())


@dataclass(frozen=True)
class _Reader:
    schemas: Schemas
    base_url: str

    def operation(self, path: str, method: str, given: Mapping[str, Any]) -> Operation:
        body = _content(given.get("requestBody", {}))
        result = _content(_success(given))
        return Operation(
            id=given["operationId"],
            method=method.upper(),
            path=path,
            summary=given.get("summary", given["operationId"]),
            description=prose(given.get("description", "")),
            parameters=tuple(self._parameter(each) for each in given.get("parameters", [])),
            body=tuple(self._fields(body)),
            result=tuple(self._fields(result)),
            answers=tuple(_answers(given["responses"])),
            curl=self._curl(path, method, given, body),
            example=_pretty(self.schemas.example(result)) if result else "",
        )

    def _parameter(self, given: Mapping[str, Any]) -> Field:
        schema = self.schemas.resolve(given["schema"])
        required = given.get("required", False)
        place = {"path": "in the address", "header": "a header"}.get(given["in"], "")
        notes = ", ".join(filter(None, [place, self.schemas.limits(schema)]))
        return Field(given["name"], self.schemas.type_of(schema), required, prose(given.get("description", "")), notes)

    def _fields(self, schema: Mapping[str, Any], prefix: str = "", depth: int = 3) -> Iterator[Field]:
        schema = self.schemas.resolve(schema)
        if schema.get("type") == "array":
            yield from self._fields(schema.get("items", {}), f"{prefix}[]", depth)
            return
        for name, given in schema.get("properties", {}).items():
            field = self.schemas.resolve(given)
            full = f"{prefix}.{name}".lstrip(".")
            required = name in schema.get("required", [])
            help_text = prose(given.get("description") or field.get("description", ""))
            yield Field(full, self.schemas.type_of(given), required, help_text, self.schemas.limits(field))
            if depth > 1:
                yield from self._fields(field, full, depth - 1)

    def _curl(self, path: str, method: str, given: Mapping[str, Any], body: Mapping[str, Any]) -> str:
        address = f"{self.base_url}{path.replace('{id}', BY_FORMAT['uuid'])}"
        lines = ["curl", *([f"-X {method.upper()}"] if method != "get" else []), f"'{address}'"]
        parts = [" ".join(lines)]
        if given.get("security"):
            parts.append('-H "Authorization: Bearer $TOKEN"')
        if body:
            text = json.dumps(self.schemas.example(body), ensure_ascii=False, indent=2).replace("'", r"'\''")
            parts += [f"-H 'Content-Type: {JSON}'", f"-d '{text}'"]
        return " \\\n  ".join(parts)


def prose(text: str) -> SafeString:
    """The document's text, escaped; text between backticks becomes code."""
    parts = ((_code(part) if number % 2 else part,) for number, part in enumerate(text.split("`")))
    return format_html_join("", "{}", parts)


def _code(text: str) -> SafeString:
    return format_html("<code>{}</code>", text)


def _content(given: Mapping[str, Any]) -> Mapping[str, Any]:
    content = given.get("content", {})
    found: Mapping[str, Any] = content.get(JSON, {}).get("schema", {})
    return found


def _success(given: Mapping[str, Any]) -> Mapping[str, Any]:
    found = [response for status, response in given["responses"].items() if status.startswith("2")]
    return found[0] if found else {}


def _answers(responses: Mapping[str, Mapping[str, Any]]) -> Iterator[Answer]:
    for status, response in responses.items():
        if status.isdigit():
            yield Answer(int(status), HTTPStatus(int(status)).phrase, prose(response.get("description", "")))


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
