"""JSON bodies of the API: read into a model with one sentence for what is wrong, and described for the docs page."""

from __future__ import annotations

from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError

from bots.bridge.errors import Refusal

Model = TypeVar("Model", bound=BaseModel)


class Body(BaseModel):
    """A body that knows every one of its fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


async def read_body(request: Request, model: type[Model]) -> Model:
    """The JSON body as `model`; raises Refusal(400) with a sentence that names what is wrong, not its value."""
    raw = await request.body()
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal(
            400, "not_utf8", f"The body is not valid UTF-8 (byte {error.start}). Nothing was taken; send UTF-8."
        ) from None
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        raise Refusal(400, "invalid", f"{place}: {first['msg']}. See /api/docs.") from None


def takes(model: type[BaseModel]) -> dict[str, Any]:
    """What the docs page says of a route that reads this body itself."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": _schema(model)}}}}


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    """The model's schema with nothing left to look up elsewhere."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})

    def inline(node: Any) -> Any:
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str):
                return inline(definitions[reference.rpartition("/")[2]])
            return {key: inline(value) for key, value in node.items()}
        return [inline(value) for value in node] if isinstance(node, list) else node

    return dict(inline(schema))
