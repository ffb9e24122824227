"""The API's documentation, drawn from its OpenAPI description by our own page: no asset from another host."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from bots.bridge.auth import session_or_none
from bots.bridge.pages import Pages

_METHODS = ("get", "post", "put", "delete")


def operations(description: dict[str, Any]) -> list[dict[str, Any]]:
    """Every operation in the order of the paths, with its request's fields spelled out."""
    found = []
    for path, item in description["paths"].items():
        for method in _METHODS:
            if method in item:
                operation = item[method]
                found.append(
                    {
                        "method": method.upper(),
                        "path": path,
                        "id": operation["operationId"],
                        "tag": (operation.get("tags") or ["other"])[0],
                        "summary": operation.get("summary", ""),
                        "description": operation.get("description", ""),
                        "parameters": operation.get("parameters", []),
                        "fields": _fields(operation.get("requestBody"), description),
                        "answers": [(c, a.get("description", "")) for c, a in operation.get("responses", {}).items()],
                    }
                )
    return found


def _fields(body: dict[str, Any] | None, description: dict[str, Any]) -> list[dict[str, Any]]:
    if body is None:
        return []
    schema = _resolve(body["content"]["application/json"]["schema"], description)
    required = set(schema.get("required", ()))
    rows = []
    for name, field in schema.get("properties", {}).items():
        kinds = [k.get("type", "object") for k in field.get("anyOf", [field])]
        rows.append(
            {
                "name": name,
                "type": " or ".join(kinds),
                "required": name in required,
                "description": field.get("description", ""),
            }
        )
    return rows


def _resolve(schema: dict[str, Any], description: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    node: Any = description
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return dict(node)


def routes(pages: Pages) -> APIRouter:
    """The description and its page."""
    router = APIRouter(include_in_schema=False)

    @router.get("/api/openapi.json")
    async def openapi(request: Request) -> Response:
        return JSONResponse(request.app.openapi())

    @router.get("/api/docs")
    async def docs(request: Request) -> Response:
        grouped: dict[str, list[dict[str, Any]]] = {}
        for operation in operations(request.app.openapi()):
            grouped.setdefault(operation["tag"], []).append(operation)
        return pages.page("docs.html", groups=grouped, session=await session_or_none(request), here="docs")

    return router
