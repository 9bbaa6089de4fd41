"""Serving the feed over HTTP: from its files, held in memory until another state is swapped in.

Belongs here: the answers, and when they change. Does not: the process and its address (`pipelines.cli.hand_on`).

The warehouse and the published file are never opened: a request costs no more than bytes that lie ready.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError, first_line
from assets.engine.feed.files import JSON, PARQUET, SCHEMA, Header, feed_since, header_of, merged

log = logging.getLogger("spendgate.feed")

LOOKS_EVERY = 0.25
"""Seconds between two looks whether another state was swapped in."""

LONGEST_WAIT = 60.0
"""Seconds that a request may wait for a change."""


@dataclass(frozen=True)
class State:
    """One state of the feed, ready to be sent."""

    header: Header
    body: bytes
    etag: str


class Feed:
    """The newest state, and who waits for the next."""

    def __init__(self, root: DataRoot) -> None:
        self.root = root
        self.state: State | None = None
        self._folder: Path | None = None
        self._trouble: str | None = None
        self._changed = asyncio.Condition()

    async def watch(self) -> None:
        """Take each state in as it is swapped in; one that cannot be read leaves the last one, which grows old."""
        while True:
            await self.look()
            await asyncio.sleep(LOOKS_EVERY)

    async def look(self) -> None:
        """Take the state in that is there now, if it is another one; trouble is told once, however often it is met."""
        try:
            await self._take_in()
        except (SpendgateError, OSError) as error:
            trouble = first_line(error)
            if trouble != self._trouble:
                log.error("the feed is gone or damaged: %s", trouble)
            self._trouble, self._folder = trouble, None  # taken in anew when it is back: who waits for it goes on
        else:
            if self._trouble is not None:
                log.info("the feed can be read")
            self._trouble = None

    async def _take_in(self) -> None:
        folder = self.root.feed.resolve(strict=True)
        if folder == self._folder:
            return
        self.state = await asyncio.to_thread(_load, folder)
        self._folder = folder
        async with self._changed:
            self._changed.notify_all()

    async def wait_for_another(self, state: State | None, seconds: float) -> None:
        """Return when another state is there, or after some time."""
        with contextlib.suppress(TimeoutError):
            async with self._changed:
                await asyncio.wait_for(self._changed.wait_for(lambda: self.state is not state), seconds)


def _load(folder: Path) -> State:
    header = header_of(folder)
    body = (folder / JSON).read_bytes()
    return State(header, body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


class Answers:
    """What is answered to each request."""

    def __init__(self, root: DataRoot) -> None:
        self.root = root
        self.feed = Feed(root)

    async def whole_or_changes(self, request: Request) -> Response:
        """The feed, or with `since` what changed; with `wait` as well, when something did."""
        try:
            since, wait = _number(request, "since"), _number(request, "wait") or 0
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        state = self.feed.state
        if wait and state and since == state.header.version:
            await self.feed.wait_for_another(state, min(wait, LONGEST_WAIT))
            state = self.feed.state
        if state is None:
            return _nothing_yet()
        if since is None:
            return _unless_known(request, state)
        if since == state.header.version:
            return JSONResponse(merged(state.header, since, []), headers=NOT_STORED)
        try:
            return JSONResponse(await asyncio.to_thread(feed_since, self.root, since), headers=NOT_STORED)
        except SpendgateError:  # it was taken away since, which is told by whoever looks
            return _nothing_yet()

    async def file(self, request: Request) -> Response:
        """The Parquet file, or the schema."""
        name, kind = FILES[request.url.path]
        try:
            return Response(await asyncio.to_thread((self.root.feed / name).read_bytes), media_type=kind)
        except FileNotFoundError:
            return _nothing_yet()

    async def health(self, _: Request) -> Response:
        """200 while the feed may be believed, else 503."""
        if self.feed.state is None:
            return _nothing_yet()
        header = self.feed.state.header
        valid = datetime.now(UTC) <= header.is_valid_until
        return JSONResponse({"valid": valid, **vars(header)}, 200 if valid else 503)

    async def events(self, request: Request) -> Response:
        """Server-sent events: each change as it comes."""
        try:
            known = _known_to(request)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        return StreamingResponse(_changes(self.feed, known), media_type="text/event-stream", headers=NOT_STORED)


FILES = {
    "/feed.parquet": (PARQUET, "application/vnd.apache.parquet"),
    "/feed.schema.json": (SCHEMA, "application/schema+json"),
}

NOT_STORED = {"Cache-Control": "no-store"}


def application(root: DataRoot) -> Starlette:
    """The application: `/feed`, `/feed.parquet`, `/feed.schema.json`, `/events`, `/health`; all of them only read."""
    answers = Answers(root)

    @contextlib.asynccontextmanager
    async def watched(_: Starlette) -> AsyncIterator[None]:
        await answers.feed.look()
        watching = asyncio.create_task(answers.feed.watch())
        try:
            yield
        finally:
            watching.cancel()

    routes = [
        Route("/feed", answers.whole_or_changes),
        *(Route(path, answers.file) for path in FILES),
        Route("/events", answers.events),
        Route("/health", answers.health),
    ]
    return Starlette(routes=routes, lifespan=watched)


def _nothing_yet() -> Response:
    return JSONResponse({"error": "there is no feed yet: `spendgate run` writes it"}, 503)


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    if not _is_number(text):
        raise ValueError(f"{name} is no whole number from 0")
    return int(text)


def _known_to(request: Request) -> tuple[str | None, int] | None:
    """Which version of which series a reader of events has: None, where that cannot be told, lets it take the whole."""
    since = _number(request, "since")
    feed_id, _, version = request.headers.get("last-event-id", "").rpartition(":")
    if version:  # the address of one that comes again stays the same
        return (feed_id or None, int(version)) if _is_number(version) else None
    return None if since is None else (None, since)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16


def _unless_known(request: Request, state: State) -> Response:
    headers = {"ETag": state.etag, "Cache-Control": "no-cache"}
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if state.etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(state.body, media_type="application/json", headers=headers)


async def _changes(feed: Feed, known: tuple[str | None, int] | None) -> AsyncIterator[str]:
    """Each change as an event, whose id says which version of which series it is; between them each renewal."""
    while True:
        state = feed.state
        if state:
            with contextlib.suppress(SpendgateError):  # it was taken away since: it goes on when it is back
                known, event = await _next_event(feed.root, state.header, known)
                yield event
        await feed.wait_for_another(state, LONGEST_WAIT)


async def _next_event(
    root: DataRoot, header: Header, known: tuple[str | None, int] | None
) -> tuple[tuple[str, int], str]:
    """What a reader knows after the next event, and the event."""
    newest = (header.feed_id, header.version)
    if known in (newest, (None, newest[1])):
        return newest, f"event: renewal\ndata: {json.dumps(vars(header))}\n\n"
    same = known is not None and known[0] in (None, newest[0])
    document = await asyncio.to_thread(feed_since, root, known[1] if same and known else None)
    newest = (document["feed_id"], document["version"])
    return newest, f"id: {newest[0]}:{newest[1]}\nevent: change\ndata: {json.dumps(document)}\n\n"
