"""What the API's documentation says about a schema of OpenAPI 3.0: its type, its limits, and an example value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BY_FORMAT = {
    "uuid": "0197a3c2-5d1e-7b6a-9f04-2c8e51d7a3b6",
    "date-time": "2026-03-01T09:30:00Z",
    "date": "2026-03-01",
    "decimal": "0.0125",
    "email": "alex@acme.example",
    "uri": "https://roster.example.com/…",
}
BY_NAME = {
    "name": "Maya",
    "agent_name": "Maya",
    "job_title": "Customer support for Acme",
    "instructions": "We open at 9 and close at 18. Returns are free within 30 days.",
    "unavailable_text": "I can't answer right now. Please call us at 555 0100.",
    "provider": "openai",
    "model": "gpt-4.1-mini",
    "max_output_tokens": 800,
    "text": "When do you open tomorrow?",
    "email": "alex@acme.example",
    "role": "operator",
    "time_zone": "Europe/London",
    "next": None,
    "previous": None,
}
TYPES = {
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "string": "text",
}
FORMATS = {
    "uuid": "UUID",
    "date-time": "time (ISO 8601, UTC)",
    "date": "day",
    "decimal": "decimal, as text",
    "email": "e-mail address",
    "uri": "address",
}
DEEPEST = 6


@dataclass(frozen=True)
class Schemas:
    """The named schemas of a document, to resolve references to them."""

    named: Mapping[str, Mapping[str, Any]]

    def resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema itself: references are followed, and the first of several alternatives is taken."""
        while True:
            parts = schema.get("allOf") or schema.get("oneOf") or schema.get("anyOf")
            if "$ref" in schema:
                schema = self.named[schema["$ref"].rsplit("/", 1)[-1]]
            elif parts:
                schema = parts[0]
            else:
                return schema

    def type_of(self, schema: Mapping[str, Any]) -> str:
        """A type in words, such as "text" or "list of: object"."""
        resolved = self.resolve(schema)
        nullable = schema.get("nullable") or resolved.get("nullable")
        return f"{self._kind(resolved)}{', or null' if nullable else ''}"

    def _kind(self, schema: Mapping[str, Any]) -> str:
        if schema.get("type") == "array":
            return f"list of: {self.type_of(schema.get('items', {}))}"
        if "enum" in schema:
            return "one of these"
        return FORMATS.get(schema.get("format", "")) or TYPES.get(schema.get("type", ""), "any JSON")

    def limits(self, schema: Mapping[str, Any]) -> str:
        """The limits of a value, in words; empty if there are none."""
        choices = [str(each) for each in schema.get("enum", []) if each not in {None, ""}]
        words = [
            ", ".join(choices),
            _if(schema.get("minimum"), "at least {}"),
            _if(schema.get("maximum"), "at most {}"),
            _if(schema.get("maxLength"), "at most {} characters"),
            "read only" if schema.get("readOnly") else "",
            "write only" if schema.get("writeOnly") else "",
        ]
        return "; ".join(filter(None, words))

    def example(self, schema: Mapping[str, Any], name: str = "", depth: int = DEEPEST) -> Any:
        """A plausible value; None below `depth`, for schemas that contain themselves."""
        if "example" in schema:
            return schema["example"]
        schema = self.resolve(schema)
        if depth == 0:
            return None
        if schema.get("type") == "array":
            return [self.example(schema.get("items", {}), name, depth - 1)]
        if schema.get("properties"):
            return {each: self.example(given, each, depth - 1) for each, given in schema["properties"].items()}
        return _scalar(schema, name)


def _if(value: object, text: str) -> str:
    return "" if value is None else text.format(value)


def _scalar(schema: Mapping[str, Any], name: str) -> Any:
    given = [value for value in (*schema.get("enum", []), schema.get("default")) if value not in {None, ""}]
    if given:
        return given[0]
    if name in BY_NAME:
        return BY_NAME[name]
    if schema.get("format") in BY_FORMAT:
        return BY_FORMAT[schema["format"]]
    plain = {"integer": schema.get("minimum", 1), "number": 1, "boolean": False, "object": {}}
    return plain.get(schema.get("type", ""), "…")
