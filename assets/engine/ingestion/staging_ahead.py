"""Files are staged in threads while others are read.

Belongs here: how many at a time. Does not: how one is staged (`delivery.staging`).
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from assets.engine.delivery.files import DeliveredFile, StagedFile

SMALL_BATCH = 32 * 1024**2
"""Bytes up to which the files of a batch are staged together before the first one is read."""

Staging = tuple[DeliveredFile, Future[StagedFile]]
"""A file, and its copy as soon as it is made."""

STAGERS = 8
"""Threads that stage small files."""


def staged_ahead(files: list[DeliveredFile], stage: Callable[[DeliveredFile], StagedFile]) -> Iterator[Staging]:
    """Each file with its staging, under way in a thread: the next ones are copied while one is read.

    Small files wait for the disk most of the time, and can do so together.
    """
    with ThreadPoolExecutor(max_workers=STAGERS if _are_small(files) else 1) as stager:
        stagings = [stager.submit(stage, file) for file in files]
        try:
            yield from zip(files, stagings, strict=True)
        except BaseException:  # the reader stops: what is not staged yet need not be
            stager.shutdown(cancel_futures=True)
            raise


def _are_small(files: Iterable[DeliveredFile]) -> bool:
    return sum(file.bytes for file in files) <= SMALL_BATCH
