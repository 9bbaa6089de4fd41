"""The identity of a file: the SHA-256 of its bytes.

Belongs here: taking it from a file as it lies there. Does not: what it is compared with, nor hashing on the way of a
copy (`delivery.staging`).
"""

import hashlib
from pathlib import Path


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
