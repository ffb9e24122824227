"""MCP over stdio: a server of its own that passes every tool call to `/mcp` of the Trinity behind a home's socket.

Whoever can read the socket is the home's owner (mode 0600, checked peer), so no token is needed and none is kept.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server import Server
from mcp.server.context import ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams, TextContent

from bots.mcp.mount import PATH

_URL = f"http://localhost{PATH}"
_WAIT_S = 320.0  # longer than any call may take (bots/mcp/desk.py)
_GONE = "Trinity stopped answering in the middle of this. What it had taken in is kept; start it and ask again."


async def serve_stdio(socket: Path) -> None:
    """Speak MCP on standard input and output until the input ends. Raises MCPError or OSError where Trinity is away."""
    logging.getLogger("mcp").setLevel(logging.CRITICAL)  # standard error is for plain lines
    transport = httpx2.AsyncHTTPTransport(uds=str(socket))
    async with (
        httpx2.AsyncClient(transport=transport, timeout=httpx2.Timeout(_WAIT_S, connect=5.0)) as http,
        Client(streamable_http_client(_URL, http_client=http)) as behind,
        stdio_server() as (incoming, outgoing),
    ):
        server = _relay(behind)
        await server.run(incoming, outgoing, server.create_initialization_options())


def _relay(behind: Client) -> Server[Any]:
    """A server with the other one's tools; progress and cancellation pass through."""

    async def list_tools(_: ServerRequestContext[Any], params: PaginatedRequestParams | None) -> ListToolsResult:
        return await behind.list_tools(cursor=params.cursor if params else None)

    async def call_tool(ctx: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
        async def told(progress: float, total: float | None, message: str | None) -> None:
            await ctx.session.report_progress(progress, total, message)

        try:
            return await behind.call_tool(
                params.name, params.arguments, read_timeout_seconds=_WAIT_S, progress_callback=told
            )
        except MCPError:
            raise
        except (httpx2.HTTPError, OSError):
            return CallToolResult(content=[TextContent(type="text", text=_GONE)], is_error=True)

    info = behind.server_info
    return Server(
        info.name if info else "trinity",
        title=info.title if info else None,
        version=info.version if info else "",
        instructions=behind.instructions,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
