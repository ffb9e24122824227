"""Slack's Web API as the rest of this folder uses it: one client, time limits, errors as this house names them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from notifications.outbox import SendLater, SendRefused

TIMEOUT_S = 10
_FILE_S = 2.0  # a download happens before the acknowledgement, for which Slack waits 3 s
_NEVER = frozenset(
    "channel_not_found not_in_channel is_archived msg_too_long no_text invalid_blocks msg_blocks_too_long "
    "invalid_blocks_format restricted_action user_not_found users_not_found cannot_dm_bot thread_not_found "
    "message_not_found cant_update_message edit_window_closed invalid_arguments user_disabled".split()
)

quiet = logging.getLogger("slack.sdk")  # the libraries log message text and addresses: nothing of theirs is kept
quiet.addHandler(logging.NullHandler())
quiet.propagate = False
quiet.setLevel(logging.CRITICAL)


def base_url(api_url: str | None) -> str:
    """The API's address with the final slash that the client needs."""
    return (api_url or "https://slack.com/api").rstrip("/") + "/"


class SlackFailed(Exception):
    """A call failed for a reason that may pass; the message is the platform's own word for it."""


@dataclass(frozen=True, slots=True)
class Web:
    """Two clients on one session: `say` never repeats by itself (the outbox does, once it knows whether the first try
    arrived), `ask` may repeat freely."""

    say: AsyncWebClient
    ask: AsyncWebClient
    session: aiohttp.ClientSession

    async def close(self) -> None:
        """Close every connection."""
        await self.session.close()


def open_web(token: str, api_url: str | None) -> Web:
    """Clients for one workspace's token; call it in the running loop."""
    session = aiohttp.ClientSession()

    def client(handlers: list[AsyncRetryHandler]) -> AsyncWebClient:
        return AsyncWebClient(
            token=token,
            base_url=base_url(api_url),
            timeout=TIMEOUT_S,
            session=session,
            retry_handlers=handlers,
            logger=quiet,
        )

    patient: list[AsyncRetryHandler] = [
        AsyncConnectionErrorRetryHandler(max_retry_count=1),
        AsyncRateLimitErrorRetryHandler(max_retry_count=2),
    ]
    return Web(client([]), client(patient), session)


def error_of(error: SlackApiError) -> str:
    """The platform's own word for it, `ratelimited` for 429."""
    if error.response.status_code == 429:
        return "ratelimited"
    data = error.response.data
    return str(data.get("error", "unknown")) if isinstance(data, dict) else f"http_{error.response.status_code}"


def wait_of(error: SlackApiError) -> float:
    """Seconds that the platform asks to wait."""
    try:
        return float(error.response.headers.get("Retry-After", "1"))
    except ValueError:
        return 1.0


async def said(call: Awaitable[Any]) -> Any:
    """A sending call's answer. Raises SendLater or SendRefused, as the outbox understands it; `ok: false` under
    HTTP 200 is an error like any other."""
    try:
        async with asyncio.timeout(TIMEOUT_S * 3):
            return await call
    except SlackApiError as error:
        word = error_of(error)
        if word in ("ratelimited", "rate_limited", "message_limit_exceeded"):
            raise SendLater(wait_of(error)) from None
        if word in _NEVER:
            raise SendRefused(word) from None
        raise SlackFailed(word) from None


def ours(url: str, api_url: str | None) -> bool:
    """Whether the bot's token may be shown to this address: Slack's own hosts over TLS, or the configured one."""
    parts = urlsplit(url)
    if api_url is not None:
        seam = urlsplit(api_url)
        if (parts.scheme, parts.netloc) == (seam.scheme, seam.netloc):
            return True
    host = parts.hostname or ""
    return parts.scheme == "https" and (host == "slack.com" or host.endswith(".slack.com"))


async def download(web: Web, url: str, api_url: str | None, most: int) -> bytes | None:
    """A shared file's bytes, at most `most` + 1 of them (so that “too large” can be told); None where not to be had."""
    if not ours(url, api_url):
        return None
    try:
        async with (
            asyncio.timeout(_FILE_S),
            web.session.get(url, headers={"Authorization": f"Bearer {web.ask.token}"}, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                return None
            data = bytearray()
            async for part in answer.content.iter_chunked(64 * 1024):
                data += part
                if len(data) > most:
                    break
            return bytes(data[: most + 1])
    except (TimeoutError, aiohttp.ClientError, OSError):
        return None
