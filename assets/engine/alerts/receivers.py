"""Who is told of alerts: URLs in the form of the library Apprise, which are secrets.

Belongs here: reading the URLs and sending to one. Does not: what is sent, and when (`delivery`).

A URL, or a part of one, is in no table, log, or error: receivers are told apart by a hash, and called by their number
and the scheme of their URL. So what the library says of a failure is not passed on either, but for its kind.
"""

import hashlib
import logging
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError

if TYPE_CHECKING:
    import apprise

SEND_SECONDS = 20.0
"""Within which a receiver has taken a message, or has not."""

ANSWER_SECONDS = 15.0
"""Within which it answers; one that takes messages and always answers later would get them again and again."""

EXTRA = "alerts need the library apprise: `uv sync --extra alerts`, or `pip install 'spendgate[alerts]'`"

LONGEST_MESSAGE = 10_000
"""Characters; less where a receiver takes less."""


@dataclass(frozen=True)
class Receiver:
    """One that is told.

    Attributes:
        number: its place among the URLs.
        scheme: of its URL, such as `mailto`.
        url: the secret.
    """

    number: int
    scheme: str
    url: str = field(repr=False)

    @property
    def name(self) -> str:
        """What it is called wherever people read it."""
        return f"{self.number} {self.scheme}"

    @property
    def hash(self) -> str:
        """By which the ledger knows it; another URL is another receiver."""
        return hashlib.sha256(self.url.encode()).hexdigest()


def receivers_of(root: DataRoot, given: str) -> list[Receiver]:
    """Those whom the environment names, `given`, and those of the file; none: alerts are off.

    Raises:
        SpendgateError: others may read the file, or there is a word in it that is no URL.
    """
    urls = list(dict.fromkeys([*_split(given), *_split(_text_of_file(root))]))
    receivers = []
    for number, url in enumerate(urls, 1):
        scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", url)
        if scheme is None:
            raise SpendgateError(f"receiver {number} of alerts is no URL such as mailto://... or slack://...")
        receivers.append(Receiver(number, scheme[1].lower(), url))
    return receivers


def _split(text: str) -> list[str]:
    """URLs between blanks, or between commas: one that no other URL follows is part of the URL."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    words = (re.split(r",(?=[A-Za-z][A-Za-z0-9+.-]*://)", word) for line in lines for word in line.split())
    return [url.strip(",") for several in words for url in several if url.strip(",")]


def _text_of_file(root: DataRoot) -> str:
    file = root.alert_urls_file
    try:
        if file.stat().st_mode & 0o077:
            raise SpendgateError(f"others may read {file}, which holds secrets: `chmod 600 {file}`")
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise SpendgateError(f"{file} is not UTF-8 text") from None


def room(receiver: Receiver) -> int:
    """Characters that a message to the receiver may have."""
    plugin = _plugin(receiver)
    return min(LONGEST_MESSAGE, plugin.body_maxlen) if plugin else LONGEST_MESSAGE


def send(receiver: Receiver, title: str, body: str) -> str | None:
    """Send a message, as text.

    Returns:
        None when the receiver has taken it, else why not, without any part of its URL.
    """
    import apprise

    plugin = _plugin(receiver)
    if plugin is None:
        return "its URL is not one that apprise understands, or something is missing for it"
    sender = apprise.Apprise()
    sender.add(plugin)
    try:
        result = sender.notify(body, title=title, body_format=apprise.NotifyFormat.TEXT, timeout=SEND_SECONDS)
        return None if result else _kind_of(" ".join(str(entry) for entry in result.logs()))
    except Exception as error:  # noqa: BLE001 whatever a plugin raises: its text may hold the URL
        return f"apprise failed with {type(error).__name__}"


def _plugin(receiver: Receiver) -> "apprise.NotifyBase | None":
    """What speaks to the receiver.

    Raises:
        SpendgateError: the library is not installed.
    """
    try:
        import apprise
    except ImportError as error:
        raise SpendgateError(EXTRA) from error
    _keep_urls_out_of_logs()
    plugin = apprise.Apprise.instantiate(receiver.url, suppress_exceptions=True)
    if not isinstance(plugin, apprise.NotifyBase):
        return None
    plugin.socket_read_timeout = ANSWER_SECONDS
    return plugin


@cache
def _keep_urls_out_of_logs() -> None:
    """What these libraries log quotes URLs; apprise hands the same to us."""
    for name in ("apprise", "urllib3", "requests"):
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.setLevel(logging.WARNING)
        logger.addHandler(logging.NullHandler())


def _kind_of(told: str) -> str:
    """What kind of failure the library tells of."""
    status = re.search(r"\berror=([1-5][0-9]{2})\b", told)
    if status:
        return f"it answered with HTTP status {status[1]}"
    if re.search(r"timed? ?out", told, re.IGNORECASE):
        return f"it did not take the message within {SEND_SECONDS:.0f} seconds"
    return "it could not be reached, or did not take the message"
