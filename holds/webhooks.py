"""The built-in action of declared webhooks: one signed POST, with an idempotency key, never anywhere else."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping

from adapters.models.reach import stays_private
from holds.actions import Action, ActionFailed, ActionUnclear, Done
from holds.runs import ActionContext
from manifest.tools import WebhookDeclaration, secret
from organs.bundles import Effect
from organs.ports import OfferedTool

_MOST_CHARS = 2_000  # of what the other side answers
# The other side looked at it and would not take it. 408, 409, 425 and 429 leave open whether an earlier try counted.
_OPEN = frozenset({408, 409, 425, 429})


class Webhook:
    """One declared address."""

    def __init__(self, declared: WebhookDeclaration) -> None:
        self.declared = declared

    def action(self, name: str) -> Action:
        """As the registry takes it."""
        meaning = self.declared.meaning

        async def run(arguments: Mapping[str, str], context: ActionContext) -> Done:
            return await self._post(name, arguments, context)

        return Action(
            name=name,
            summary=meaning.summary,
            effect=Effect(meaning.effect),
            run=run,
            action_class=meaning.action_class,
            timeout_s=self.declared.timeout_s + 5.0,
            required=tuple(a for a in self.declared.arguments if a not in self.declared.optional),
        )

    async def offered(self, name: str) -> OfferedTool:
        """As the pipeline sees it."""
        d = self.declared
        schema = {
            "type": "object",
            "properties": {a: {"type": "string", "description": words} for a, words in d.arguments.items()},
            "required": [a for a in d.arguments if a not in d.optional],
        }
        outside = not await stays_private(d.url)
        summary = d.meaning.summary
        return OfferedTool(
            name, name.replace(".", "_"), summary, summary, schema, Effect(d.meaning.effect), outside=outside
        )

    async def _post(self, name: str, arguments: Mapping[str, str], context: ActionContext) -> Done:
        """POST the arguments. Signature: HMAC-SHA256 over "TIMESTAMP.BODY" in hex, in `X-Trinity-Signature`."""
        import httpx

        d = self.declared
        unknown = set(arguments) - set(d.arguments)
        if unknown:
            raise ActionFailed(f"Not done: {name} has no argument called {sorted(unknown)[0]}.")
        if d.url.startswith("http:") and not await stays_private(d.url):
            raise ActionFailed(f"Not done: the address of {name} is outside and not encrypted (https).")
        body = json.dumps({"action": name, "arguments": dict(arguments), "key": context.key}, sort_keys=True).encode()
        stamp = str(int(context.now.timestamp()))
        headers = {"Content-Type": "application/json", "Idempotency-Key": context.key, "X-Trinity-Timestamp": stamp}
        if d.secret is not None:
            key = secret(d.secret)
            if key is None:
                raise ActionFailed(f"Not done: the key of {name} is not set ({d.secret}).")
            signed = hmac.new(key.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
            headers["X-Trinity-Signature"] = f"v1={signed}"
        timeout = httpx.Timeout(d.timeout_s, connect=min(5.0, d.timeout_s))
        try:
            async with (
                httpx.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False) as client,
                client.stream("POST", d.url, content=body, headers=headers) as response,
            ):
                return _said(name, response.status_code)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise ActionFailed(f"Not done: {name} cannot be reached.") from error
        except httpx.HTTPError as error:
            raise ActionUnclear(f"The connection to {name} broke off ({type(error).__name__}).") from error


def _said(name: str, status: int) -> Done:
    if 200 <= status < 300:
        return Done(f"Done: {name} accepted it (HTTP {status}).")
    if 300 <= status < 400:
        raise ActionFailed(f"Not done: {name} points to another address (HTTP {status}), which is not followed.")
    if 400 <= status < 500 and status not in _OPEN:
        raise ActionFailed(f"Not done: {name} refused it (HTTP {status}).")
    raise ActionUnclear(f"{name} answered with HTTP {status}.")
