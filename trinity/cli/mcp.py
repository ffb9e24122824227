"""The verb `trinity mcp`: Trinity's organs as tools for a program that starts it, over standard input and output."""

from __future__ import annotations

from trinity.cli.client import Client, Failed, talk


def mcp() -> None:
    """Serve MCP on standard input and output, as this home's owner.

    Works with a running Trinity, or starts one for as long as the input lasts. Over HTTP the same tools are at
    `/mcp` of the bridge, with a token of `trinity token create`.
    """
    talk(_serve)


async def _serve(_: Client) -> None:
    from mcp.shared.exceptions import MCPError

    from bots.mcp.relay import serve_stdio
    from manifest.settings import load_settings
    from trinity import home

    try:
        await serve_stdio(home.socket_path(load_settings().home))
    except MCPError as error:
        raise Failed(f"Trinity did not take this program in ({error}). Nothing was changed.") from None
