"""Checks what a client sends against a platform's published OpenAPI description."""

from __future__ import annotations

import gzip
import json
import re
from functools import cached_property
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

SPECS = Path(__file__).resolve().parents[3] / "shared" / "specs"


class OpenApi:
    """One description. Where the test data is absent, nothing is checked and `here` is False."""

    def __init__(self, name: str) -> None:
        self._path = SPECS / name
        self.here = self._path.exists()

    @cached_property
    def _spec(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(gzip.decompress(self._path.read_bytes()))
        return found

    @cached_property
    def _registry(self) -> Registry[Any]:
        return Registry().with_resource("spec", Resource.from_contents(self._spec, DRAFT202012))

    @cached_property
    def _routes(self) -> list[tuple[re.Pattern[str], dict[str, Any]]]:
        # Fixed words before parameters, so that "@me" is not taken for somebody's id.
        paths = sorted(self._spec["paths"], key=lambda p: p.count("{"))
        return [
            (re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(p)) + r"$"), self._spec["paths"][p]) for p in paths
        ]

    def faults(self, method: str, path: str, body: Any, kind: str = "application/json") -> list[str]:
        """What is wrong with a request; nothing where it is as described."""
        if not self.here:
            return []
        operations = [
            item[method.lower()] for route, item in self._routes if route.match(path) and method.lower() in item
        ]
        if not operations:
            return [f"{method} {path}: no such operation"]
        content = operations[0].get("requestBody", {}).get("content", {})
        if body is None or kind not in content:
            return []
        schema = {"$ref": f"spec#{_pointer(self._spec, content[kind]['schema'])}"}
        validator = Draft202012Validator(schema, registry=self._registry)
        return [
            f"{method} {path}: {'/'.join(map(str, e.path))}: {e.message[:200]}" for e in validator.iter_errors(body)
        ]

    def shape(self, name: str, value: Any) -> list[str]:
        """What is wrong with a value that should be one of the description's named shapes."""
        if not self.here:
            return []
        schema = {"$ref": f"spec#/components/schemas/{name}"}
        validator = Draft202012Validator(schema, registry=self._registry)
        return [f"{name}: {'/'.join(map(str, e.path))}: {e.message[:200]}" for e in validator.iter_errors(value)]


def _pointer(spec: Any, schema: Any) -> str:
    """Where a schema object stands in the description."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix("#")
    waiting: list[tuple[str, Any]] = [("", spec["paths"])]
    while waiting:
        at, node = waiting.pop()
        if node is schema:
            return f"/paths{at}"
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        waiting += [(f"{at}/{str(k).replace('~', '~0').replace('/', '~1')}", v) for k, v in items]
    raise KeyError("schema")
