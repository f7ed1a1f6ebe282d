"""Compares what the sandbox Stripe returns with Stripe's own example of each resource and its SDK.

The examples, in `stripe-fixtures3.json` in the folder CONTRACTS_DIR, say which keys a resource has and their types.
The SDK, generated from Stripe's specification, says which keys may be null, which other keys exist, and the values of
each enumeration.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import pytest
from stripe import StripeObject
from stripe._object_classes import get_object_class

FIXTURES = "stripe-fixtures3.json"
JSON_TYPES: dict[Any, tuple[type, ...]] = {
    str: (str,),
    int: (int,),
    float: (int, float),
    bool: (bool,),
    Decimal: (str,),
}
LIST_KEYS = {"object", "data", "has_more", "url"}


@dataclass
class Verdict:
    """Missing keys of the example, values of a wrong type, and keys unknown to Stripe."""

    missing: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    judged: set[str] = field(default_factory=set)

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.missing or self.wrong or self.unknown)


class ShapeJudge:
    """Checks any object of the API, including all objects inside it."""

    def __init__(self, examples: Mapping[str, Any]) -> None:
        self._examples = examples

    def verdict(self, *objects: Mapping[str, Any] | StripeObject) -> Verdict:
        """The verdict on objects: SDK objects (their JSON is used) or JSON."""
        verdict = Verdict()
        for obj in objects:
            answer = _as_json(obj)
            self._resource(verdict, answer, str(answer["object"]))
        return verdict

    def approve(self, *objects: Mapping[str, Any] | StripeObject) -> None:
        """Fail the test unless all objects have Stripe's keys and types."""
        verdict = self.verdict(*objects)
        assert verdict.is_good, verdict

    def _resource(self, verdict: Verdict, obj: Mapping[str, Any], path: str) -> None:
        name = str(obj["object"])
        if name == "list":
            verdict.missing += [f"{path}.{key}" for key in LIST_KEYS - obj.keys()]
            for item in obj["data"]:
                self._resource(verdict, item, f"{path}.data.{item['object']}")
            return
        kind = "deleted_" + name if obj.get("deleted") else name
        verdict.judged.add(kind)
        if kind not in self._examples:
            verdict.unknown.append(f"{path}: no example of {kind}")
            return
        if obj.get("type") == "invoice.upcoming":
            obj = _with_an_id(obj)
        self._keys(verdict, obj, self._examples[kind], path)
        self._class(verdict, obj, get_object_class("V1", name), path, is_whole=not obj.get("deleted"))

    def _compare(self, verdict: Verdict, ours: Any, example: Any, path: str) -> None:
        """Compare with an example. The SDK decides where null is allowed."""
        if ours is None or example is None:
            return
        if isinstance(ours, dict) and isinstance(example, dict):
            if not isinstance(ours.get("object"), str) and not _is_other_variant(
                ours, example
            ):  # a resource is compared with its own example
                self._keys(verdict, ours, example, path)
        elif isinstance(ours, list) and isinstance(example, list):
            for item in ours if example else []:
                self._compare(verdict, item, example[0], f"{path}[]")
        elif not (_same_type(ours, example) or _is_expanded(ours, example)):
            verdict.wrong.append(f"{path}: {type(ours).__name__} instead of {type(example).__name__}")

    def _keys(self, verdict: Verdict, ours: Mapping[str, Any], example: Mapping[str, Any], path: str) -> None:
        verdict.missing += [f"{path}.{key}" for key in example.keys() - ours.keys() if not path.endswith(".metadata")]
        for key in example.keys() & ours.keys():
            self._compare(verdict, ours[key], example[key], f"{path}.{key}")

    def _class(
        self, verdict: Verdict, obj: Mapping[str, Any], described: type[StripeObject], path: str, *, is_whole: bool
    ) -> None:
        """Compare with the SDK's class: required keys, nulls, types, enums, unknown keys; then what is inside."""
        fields = dict(_fields(described))
        if is_whole:
            verdict.missing += [f"{path}.{key}" for key, kind in fields.items() if not _is_optional(kind, obj, key)]
        inner = getattr(described, "_inner_class_types", {})
        for key, value in obj.items():
            place = f"{path}.{key}"
            if key not in fields:
                self._beside(verdict, obj, key, place)
            elif not _fits(value, fields[key]):
                verdict.wrong.append(f"{place}: {value!r} is not {fields[key]}")
            self._inside(verdict, value, inner.get(key), place)

    def _inside(self, verdict: Verdict, value: Any, described: type[StripeObject] | None, path: str) -> None:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict) and isinstance(item.get("object"), str):
                self._resource(verdict, item, path)
            elif isinstance(item, dict) and described is not None:
                self._class(verdict, item, described, path, is_whole=True)

    def _beside(self, verdict: Verdict, obj: Mapping[str, Any], key: str, place: str) -> None:
        """Check a key that is missing from the SDK: the example may have it."""
        example = self._examples.get(str(obj.get("object")), {})
        if key not in example:
            verdict.unknown.append(place)


def _with_an_id(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The event invoice.upcoming with an id added to its invoice, the only object in an event without one."""
    invoice = event["data"]["object"]
    assert "id" not in invoice, "an upcoming invoice has no id"
    return {**event, "data": {**event["data"], "object": {"id": "in_none", **invoice}}}


def _as_json(obj: Mapping[str, Any] | StripeObject) -> Mapping[str, Any]:
    """The answer's raw JSON: the SDK turns amounts with fractions of a cent into decimals."""
    if not isinstance(obj, StripeObject):
        return obj
    response = obj.last_response
    data: Any = obj.to_dict() if response is None else response.data
    return dict(data)


def _fields(described: type[StripeObject]) -> Iterator[tuple[str, Any]]:
    for name, kind in described.__annotations__.items():
        if not name.startswith("_") and "ClassVar" not in str(kind):
            yield name, kind


def _is_optional(kind: Any, obj: Mapping[str, Any], key: str) -> bool:
    return key in obj or type(None) in get_args(kind)


def _fits(value: Any, kind: Any) -> bool:
    """Whether a JSON value matches an annotated type; class names are checked with the object itself."""
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if kind in JSON_TYPES:
        return isinstance(value, JSON_TYPES[kind]) and (kind is bool or not isinstance(value, bool))
    if value is None:
        return kind is type(None) or kind is Any or type(None) in get_args(kind)
    if get_origin(kind) in (list, dict):
        return isinstance(value, get_origin(kind)) and _all_fit(value, kind)
    if get_origin(kind) in (Union, UnionType):
        return any(_fits(value, option) for option in _options(kind))
    if get_args(kind) == (str,):  # a hash of strings, such as metadata
        return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    return isinstance(value, dict)


def _options(kind: Any) -> list[Any]:
    """The types of a union. Besides an enum's values the SDK lists `str`, for values of later versions."""
    options = [option for option in get_args(kind) if option is not type(None)]
    words = [option for option in options if get_origin(option) is Literal]
    return [option for option in options if option is not str] if words else options


def _all_fit(value: Any, kind: Any) -> bool:
    return not isinstance(value, list) or all(_fits(item, get_args(kind)[0]) for item in value)


def _is_other_variant(ours: dict[str, Any], example: dict[str, Any]) -> bool:
    """Hashes with another `type` have other keys."""
    return "type" in example and ours.get("type") not in (example["type"], None)


def _same_type(ours: Any, example: Any) -> bool:
    numbers = (int, float)
    if isinstance(example, float) and isinstance(ours, numbers) and not isinstance(ours, bool):
        return True
    if isinstance(example, int) and isinstance(ours, float) and not isinstance(example, bool):
        return True  # such as percentages: the SDK says whether int or float
    return type(ours) is type(example)


def _is_expanded(ours: Any, example: Any) -> bool:
    return (isinstance(ours, dict) and "id" in ours and isinstance(example, str)) or (
        isinstance(example, dict) and "id" in example and isinstance(ours, str)
    )


def load_judge() -> ShapeJudge:
    """The checker with Stripe's examples. Skips the test without CONTRACTS_DIR."""
    folder = os.environ.get("CONTRACTS_DIR")
    if not folder:
        pytest.skip(f"CONTRACTS_DIR is not set: the folder that holds {FIXTURES}.")
    return ShapeJudge(json.loads((Path(folder) / FIXTURES).read_text())["resources"])
