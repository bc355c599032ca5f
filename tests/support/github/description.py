"""GitHub's own OpenAPI description, fetched once from npm: what each request and answer must look like."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jsonschema import Draft4Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from tests.support.github.npm import member

PACKAGE = "@octokit/openapi"
VERSION = "23.0.2"
MEMBER = "generated/api.github.com.json"
ROOT = "urn:github"
# Answers that any operation can give, whether its description lists them or not.
COMMON_ERRORS = frozenset({400, 401, 403, 404, 422, 429, 500, 502, 503})


@dataclass(frozen=True)
class Operation:
    """One method of one path, as described."""

    method: str
    path: str
    spec: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Description:
    """The description with its schemas made into JSON Schema as they are first used."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._resources: Registry[Any] = Registry(retrieve=self._retrieve)
        self._validators: dict[str, Draft4Validator] = {}

    def operation(self, method: str, path: str) -> Operation:
        """The operation with this path template; KeyError where GitHub has none."""
        return Operation(method, path, self._document["paths"][path][method.lower()])

    def payload_violations(self, schema: str, payload: Any) -> Iterator[str]:
        """What in a webhook's payload GitHub does not describe; ``schema`` like ``webhook-push``."""
        yield from self._violations(payload, {"$ref": f"#/components/schemas/{schema}"}, schema)

    def example(self, name: str) -> Any:
        """A fresh copy of the example value of this name."""
        return json.loads(json.dumps(self._document["components"]["examples"][name]["value"]))

    def request_violations(
        self, operation: Operation, route: Mapping[str, str], query: Mapping[str, str], body: Any
    ) -> Iterator[str]:
        """What in a request GitHub does not describe."""
        parameters = [self._resolve(item) for item in operation.spec.get("parameters", [])]
        by_place = {(item["in"], item["name"]): item for item in parameters}
        for place, values in (("path", route), ("query", query)):
            for name, value in values.items():
                known = by_place.get((place, name))
                if known is None:
                    yield f"{operation}: unknown {place} parameter {name!r}"
                    continue
                where = f"{operation} {place} parameter {name}"
                yield from self._violations(_typed(value, known["schema"]), known["schema"], where)
        for (place, name), item in by_place.items():
            if place == "query" and item.get("required") and name not in query:
                yield f"{operation}: query parameter {name!r} is missing"
        yield from self._body_violations(operation, body)

    def answer_violations(self, operation: Operation, status: int, body: Any) -> Iterator[str]:
        """What in a JSON answer GitHub does not describe."""
        answer = operation.spec["responses"].get(str(status))
        if answer is None:
            if status not in COMMON_ERRORS:
                yield f"{operation}: answers {status}, which is not described"
            return
        content = self._resolve(answer).get("content")
        if not content:
            if body is not None:
                yield f"{operation}: answers {status} with a body, which is not described"
            return
        media = content.get("application/json") or next(iter(content.values()))
        yield from self._violations(body, media["schema"], f"{operation} answer {status}")

    def _body_violations(self, operation: Operation, body: Any) -> Iterator[str]:
        described = operation.spec.get("requestBody")
        if described is None:
            if body is not None:
                yield f"{operation}: takes no body"
            return
        schema = described["content"]["application/json"]["schema"]
        if body is None:
            if described.get("required"):
                yield f"{operation}: the body is missing"
            return
        yield from self._violations(body, schema, f"{operation} body")
        properties = schema.get("properties")
        if properties is not None and isinstance(body, dict) and not schema.get("additionalProperties"):
            for name in sorted(set(body) - set(properties)):
                yield f"{operation}: unknown body field {name!r}"

    def _violations(self, value: Any, schema: Mapping[str, Any], where: str) -> Iterator[str]:
        key = json.dumps(schema, sort_keys=True)
        validator = self._validators.get(key)
        if validator is None:
            validator = Draft4Validator(
                json_schema(schema), registry=self._resources, format_checker=_formats()
            )
            self._validators[key] = validator
        for error in validator.iter_errors(value):
            yield f"{where}: {error.json_path}: {error.message[:300]}"

    def _resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            node = self._pointer(node["$ref"])
        return node

    def _pointer(self, reference: str) -> Any:
        node: Any = self._document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]
        return node

    def _retrieve(self, uri: str) -> Resource[Any]:
        schema = json_schema(self._pointer("#/" + uri.removeprefix(ROOT + ":").replace(":", "/")))
        return Resource(contents=schema, specification=DRAFT4)


@functools.cache
def load() -> Description:
    """Read the cached description, fetching it first; npm.UnavailableError where there is no registry."""
    return Description(json.loads(member(PACKAGE, VERSION, MEMBER).read_bytes()))


def json_schema(node: Any) -> Any:
    """Translate an OpenAPI 3.0 schema: ``nullable`` becomes a type, references become resources."""
    if isinstance(node, list):
        return [json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return {"$ref": ROOT + ":" + node["$ref"].removeprefix("#/").replace("/", ":")}
    out = {
        key: json_schema(value)
        for key, value in node.items()
        if key not in ("nullable", "example", "examples")
    }
    if node.get("nullable") is not True:
        return out
    if "enum" in out:
        out["enum"] = [*out["enum"], None]
    if isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
        return out
    return {"anyOf": [out, {"type": "null"}]}


def _typed(value: str, schema: Mapping[str, Any]) -> object:
    """A path or query value as the type that the schema names, or as it stands where it is none."""
    if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", value):
        return int(value)
    if schema.get("type") == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


@functools.cache
def _formats() -> FormatChecker:
    checker = FormatChecker(formats=())

    @checker.checks("date-time", raises=ValueError)
    def date_time(value: object) -> bool:
        return not isinstance(value, str) or bool(datetime.fromisoformat(value.replace("Z", "+00:00")))

    @checker.checks("uri")
    def uri(value: object) -> bool:
        return not isinstance(value, str) or re.match(r"[a-z][a-z0-9+.-]*:", value) is not None

    return checker
