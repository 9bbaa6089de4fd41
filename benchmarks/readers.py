"""What readers cost: the feed for ad servers, its server, an export, the views over the ledger.

Belongs here: how they are asked, as those who use them do. Does not: the worlds, nor the table (`__main__`).
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONNECTIONS = 16
"""Ad servers that ask at once, each on a connection that it keeps."""

SECONDS = 5.0


@contextmanager
def served_on_one_core(data: Path) -> Iterator[int]:
    """`spendgate serve` on the first core, and its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [str(Path(sys.executable).with_name("spendgate")), "serve", "--data", str(data), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        os.sched_setaffinity(server.pid, {0})
        try:
            _wait_for(port)
            yield port
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the server did not begin to listen")


def requests_per_second(port: int, path: str, headers: str = "") -> float:
    """Answers a second to many clients at once, which share the other core."""
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode()

    async def ask(until: float) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answers = 0
        while time.perf_counter() < until:
            writer.write(request)
            await _answer(reader)
            answers += 1
        writer.close()
        return answers

    async def crowd() -> int:
        until = time.perf_counter() + SECONDS
        return sum(await asyncio.gather(*(ask(until) for _ in range(CONNECTIONS))))

    return asyncio.run(crowd()) / SECONDS


def etag_of(port: int) -> str:
    """The ETag of the feed that is served."""

    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /feed HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = await _answer(reader)
        writer.close()
        return head

    return next(line[6:] for line in asyncio.run(ask()).decode().split("\r\n") if line.lower().startswith("etag: "))


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length: "):
            await reader.readexactly(int(line[16:]))
    return head
