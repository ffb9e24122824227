"""One MCP server's session: started at the first use, owned by one task, ended when idle or when the server dies."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import structlog

from adapters.tools.base import ListedTool, NoAnswer, NotSent, ToolAnswer
from manifest.tools import ServerDeclaration, secret

if TYPE_CHECKING:
    from mcp import ClientSession

log = structlog.get_logger(__name__)

MOST_CHARS = 20_000  # of one answer; what is longer is cut, and that is said
_MOST_TOOLS = 500  # listed by one server
_MOST_BYTES = 32 * 1024 * 1024  # of one answer over HTTP; a server that sends more is left
_FIRST_REST_S, _LONGEST_REST_S = 2.0, 60.0  # how long a server that did not start is left alone
# The server looked at the call and would not take it (JSON-RPC 2.0, section 5.1: parse error, invalid request,
# method not found, invalid params).
_REFUSALS = frozenset({-32700, -32600, -32601, -32602})


class ServerSession:
    """Use `listed` and `call`; the first use starts the server. Safe for many callers at once."""

    def __init__(self, declared: ServerDeclaration) -> None:
        self.declared = declared
        self._session: ClientSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._end = asyncio.Event()
        self._busy = 0
        self._used = 0.0
        self._rest_until, self._rest = 0.0, 0.0
        self._listing: dict[str, ListedTool] | None = None
        self.trouble = ""  # why it did not start when it was last tried
        self.seen: tuple[str, ...] = ()  # what it offered when it was last asked

    @property
    def running(self) -> bool:
        """Whether the server is started now."""
        return self._session is not None

    async def listed(self, *, fresh: bool = False) -> Mapping[str, ListedTool]:
        """Every tool that the server offers. `fresh` asks it again. Raises NotSent."""
        for second in (False, True):
            session = await self._open()
            if self._listing is not None and not fresh:
                return self._listing
            try:
                with self._working():
                    self._listing = await self._list(session)
                    self.seen = tuple(self._listing)
            except Exception as error:  # whatever a server does, it is the server's fault
                await self._drop()
                if second:
                    raise NotSent(f"The tool server “{self.declared.name}” does not answer.") from error
            else:
                return self._listing
        raise AssertionError  # pragma: no cover - the loop returns or raises

    async def call(
        self, tool: str, arguments: Mapping[str, Any], meta: Mapping[str, str], *, fresh: bool = True
    ) -> ToolAnswer:
        """Call a tool, once. The server is asked for its list right before, so that a dead one is found in time;
        `fresh` false where the caller has just done that.

        Raises:
            NotSent: nothing was done.
            NoAnswer: it was sent, and nobody knows what became of it.
        """
        listing = await self.listed(fresh=fresh)
        if tool not in listing:
            raise NotSent(f"The tool server “{self.declared.name}” does not offer {tool} now. Nothing was done.")
        session = await self._open()
        name = self.declared.name
        from mcp import MCPError
        from mcp.types import CONNECTION_CLOSED

        try:
            with self._working():
                async with asyncio.timeout(self.declared.call_s):
                    result = await session.call_tool(tool, dict(arguments), meta=cast(Any, dict(meta)))
        except TimeoutError as error:
            raise NoAnswer(f"The tool did not answer within {self.declared.call_s:g} seconds.") from error
        except MCPError as error:
            if error.code in _REFUSALS:
                raise NotSent(f"The tool server “{name}” refused the call. Nothing was done.") from error
            if error.code != CONNECTION_CLOSED:  # the server lives, and others may be waiting for it
                raise NoAnswer(f"The tool server “{name}” reported a fault of its own.") from error
            await self._drop()
            raise NoAnswer(f"The connection to the tool server “{name}” broke off in the middle.") from error
        except Exception as error:  # the library's own faults, a result that does not fit its schema
            raise NoAnswer(f"The tool's answer could not be read ({type(error).__name__}).") from error
        return _answer(result)

    @contextlib.contextmanager
    def _working(self) -> Iterator[None]:
        """While something is asked of it, the server is not idle."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            self._used = asyncio.get_running_loop().time()

    async def close(self) -> None:
        """End the server."""
        await self._drop()

    # -- the session's own task --------------------------------------------------------------------------------------

    async def _open(self) -> ClientSession:
        loop = asyncio.get_running_loop()
        name = self.declared.name
        async with self._starting:
            self._used = loop.time()
            if self._session is not None and self._task is not None and not self._task.done():
                return self._session
            if loop.time() < self._rest_until:
                raise NotSent(f"The tool server “{name}” did not start a moment ago and is left alone for now.")
            ready: asyncio.Future[ClientSession] = loop.create_future()
            self._end = asyncio.Event()
            self._listing = None
            self._task = asyncio.create_task(self._run(ready, self._end), name=f"tools-{name}")
            try:
                async with asyncio.timeout(self.declared.start_s):
                    self._session = await asyncio.shield(ready)
            except Exception as error:
                self._end.set()
                self._task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await self._task
                self._task, self._session = None, None
                self._rest = min(_LONGEST_REST_S, max(_FIRST_REST_S, 2 * self._rest))
                self._rest_until = loop.time() + self._rest
                log.warning("tools.no_start", server=name, error=type(error).__name__)
                slow = isinstance(error, TimeoutError)
                how = f"within {self.declared.start_s:g} seconds" if slow else f"({type(error).__name__})"
                self.trouble = f"The tool server “{name}” did not start {how}."
                raise NotSent(self.trouble) from error
            self._rest, self.trouble = 0.0, ""
            return self._session

    async def _run(self, ready: asyncio.Future[ClientSession], end: asyncio.Event) -> None:
        """Enter and leave the connection in one task, as its cancel scopes demand; end it when nobody uses it."""
        try:
            async with contextlib.AsyncExitStack() as stack:
                session = await self._connect(stack)
                self._used = asyncio.get_running_loop().time()
                ready.set_result(session)
                await self._until_idle(end)
        except asyncio.CancelledError:
            raise
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - a group of the library's tasks, too
            if not ready.done():
                ready.set_exception(_first(error))
                ready.exception()  # marked as seen: the caller may have gone
            else:
                log.warning("tools.died", server=self.declared.name, error=type(_first(error)).__name__)
        finally:
            if self._task is asyncio.current_task():
                self._session = None

    async def _connect(self, stack: contextlib.AsyncExitStack) -> ClientSession:
        await asyncio.to_thread(__import__, "mcp")
        logging.getLogger("mcp.client").setLevel(logging.CRITICAL)  # its tracebacks repeat what a server said
        from mcp import Client, StdioServerParameters, stdio_client
        from mcp.client.streamable_http import streamable_http_client

        d = self.declared
        if d.url is None:
            given = {name: value for name in d.env if (value := secret(name)) is not None}
            quiet = stack.enter_context(open(os.devnull, "w"))  # noqa: ASYNC230, SIM115 - what it complains of may hold texts
            parameters = StdioServerParameters(command=d.command[0], args=list(d.command[1:]), env=given)
            transport: Any = stdio_client(parameters, errlog=quiet)
        else:
            transport = streamable_http_client(d.url, http_client=await self._http(stack))
        client = await stack.enter_async_context(Client(transport, cache=None, read_timeout_seconds=d.call_s))
        return client.session

    async def _http(self, stack: contextlib.AsyncExitStack) -> Any:
        """A client that knows no proxy from the environment, follows no redirect and reads no endless answer."""
        import httpx2

        d = self.declared
        token = secret(d.bearer) if d.bearer is not None else None

        async def bounded(response: httpx2.Response) -> None:
            length = response.headers.get("content-length", "")
            if length.isdigit() and int(length) > _MOST_BYTES:
                raise httpx2.ReadError("the answer is too long")

        return await stack.enter_async_context(
            httpx2.AsyncClient(
                headers={"Authorization": f"Bearer {token}"} if token else {},
                timeout=httpx2.Timeout(d.call_s, connect=min(d.start_s, 10.0)),
                trust_env=False,
                follow_redirects=False,
                event_hooks={"response": [bounded]},
            )
        )

    async def _until_idle(self, end: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        while not end.is_set():
            left = self._used + self.declared.idle_s - loop.time()
            if left <= 0 and not self._busy:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(end.wait(), max(0.05, left))

    async def _drop(self) -> None:
        """Leave this session; the next use starts another."""
        task, self._session, self._listing = self._task, None, None
        self._task = None
        self._end.set()
        if task is not None and task is not asyncio.current_task():
            done, _ = await asyncio.wait({task}, timeout=8.0)
            if not done:
                task.cancel()

    async def _list(self, session: ClientSession) -> dict[str, ListedTool]:
        from mcp.types import PaginatedRequestParams

        found: dict[str, ListedTool] = {}
        cursor: str | None = None
        async with asyncio.timeout(self.declared.start_s):
            while True:
                page = await session.list_tools(params=PaginatedRequestParams(cursor=cursor))
                for tool in page.tools:
                    found[tool.name] = _listed(tool)
                cursor = page.next_cursor
                if cursor is None or len(found) >= _MOST_TOOLS:
                    return found


def _listed(tool: Any) -> ListedTool:
    hints = tool.annotations
    return ListedTool(
        name=tool.name,
        description=(tool.description or "")[:2_000],
        schema=tool.input_schema,
        read_only=None if hints is None else hints.read_only_hint,
        destructive=None if hints is None else hints.destructive_hint,
        open_world=None if hints is None else hints.open_world_hint,
    )


def _answer(result: Any) -> ToolAnswer:
    texts, left_out, room = [], 0, MOST_CHARS
    for block in result.content:
        text = getattr(block, "text", None)
        if text is None:
            resource = getattr(block, "resource", None)
            text = getattr(resource, "text", None) or f"[{getattr(block, 'type', 'something')} that cannot be shown]"
        texts.append(text[:room])
        left_out += max(0, len(text) - room)
        room = max(0, room - len(text))
    values = result.structured_content
    return ToolAnswer(
        "\n".join(t for t in texts if t), values if isinstance(values, dict) else {}, bool(result.is_error), left_out
    )


def _first(error: BaseException) -> BaseException:
    """The fault inside a group of faults."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return error if isinstance(error, Exception) else RuntimeError(type(error).__name__)
