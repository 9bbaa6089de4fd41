"""What a person can mend, told in a run as one sentence, without the code it came through.

Belongs here: how a step of a run fails. Does not: what may go wrong (`engine`).
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

import dagster as dg

from assets.engine.errors import SpendgateError, first_line

Step = TypeVar("Step", bound=Callable[..., Any])


def told_plainly(step: Step) -> Step:
    """Let a step fail with the sentence of a `SpendgateError`: another try would find the same."""
    if inspect.isgeneratorfunction(step):

        @wraps(step)
        def steps(*arguments: Any, **named: Any) -> Iterator[Any]:
            with _plainly():
                yield from step(*arguments, **named)

        return steps  # type: ignore[return-value]

    @wraps(step)
    def whole(*arguments: Any, **named: Any) -> Any:
        with _plainly():
            return step(*arguments, **named)

    return whole  # type: ignore[return-value]


@contextmanager
def _plainly() -> Iterator[None]:
    try:
        yield
    except SpendgateError as error:
        raise dg.Failure(first_line(error), allow_retries=False) from None
