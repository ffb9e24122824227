"""A loopback proxy that adds a bearer token: the published test tools have no way to send one.

One request a connection. Host and Origin go through as they came, save that the proxy's own port becomes the server's.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_MAX_HEAD = 64 * 1024


@contextmanager
def doorman(port: int, token: str) -> Iterator[str]:
    """The address of the proxy before 127.0.0.1:`port`."""
    started, address = threading.Event(), ""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        own = str(writer.get_extra_info("sockname")[1]).encode()
        upstream: asyncio.StreamWriter | None = None
        both: list[asyncio.Task[None]] = []
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head[:-4].split(b"\r\n")
            kept = [line for line in lines if not line.lower().startswith((b"connection:", b"authorization:"))]
            for i, line in enumerate(kept):
                if line.lower().startswith((b"host:", b"origin:")):
                    kept[i] = line.replace(b":" + own, b":" + str(port).encode())
            kept += [b"Connection: close", b"Authorization: Bearer " + token.encode()]
            back, upstream = await asyncio.open_connection("127.0.0.1", port)
            upstream.write(b"\r\n".join([first, *kept]) + b"\r\n\r\n")
            both = [asyncio.create_task(pipe(reader, upstream)), asyncio.create_task(pipe(back, writer))]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)  # either side hung up
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # hung up, or the test is over: asyncio's own callback would report a cancelled one as a fault
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            for side in (upstream, writer):
                if side is not None:
                    side.close()
                    with contextlib.suppress(OSError):
                        await side.wait_closed()

    async def main() -> None:
        nonlocal address
        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=_MAX_HEAD)
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        started.set()
        async with server:
            await stop.wait()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield address
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
