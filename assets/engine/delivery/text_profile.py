"""What has to be known of a text before a bulk reader may have it.

Belongs here: facts that are gathered while the text is copied. Does not: reading rows (`reading`).
"""

from codecs import getincrementaldecoder


def has_blank_beside_quote(text: bytes) -> bool:
    """Whether DuckDB would read a CSV text as nobody else does: it passes over blanks before and behind quotes."""
    return b'"' in text and (b'" ' in text or b' "' in text)


class TextProfile:
    """What has to be known of a text before a bulk reader may have it, gathered chunk by chunk.

    It is searched as bytes, which runs as fast as memory is read.
    """

    def __init__(self, max_line_bytes: int, *, is_csv: bool) -> None:
        self.lines = 0
        self.clean = True
        self.terminated = True
        self._is_csv = is_csv
        self._last_byte = b""
        self._max_line_bytes = max_line_bytes
        self._line_bytes = 0
        self._is_ascii = True
        self._decoder = getincrementaldecoder("utf-8")()

    def add(self, chunk: bytes) -> None:
        """Take in the next bytes (never none) of the text."""
        if self._is_csv:
            self.lines += chunk.count(b"\n")
            odd = has_blank_beside_quote(chunk) or has_blank_beside_quote(self._last_byte + chunk[:1])
            self.clean = self.clean and not odd
            self._last_byte = chunk[-1:]
        self.terminated = chunk.endswith(b"\n")
        if self.clean:
            self.clean = b"\0" not in chunk and self._decodes(chunk) and self._has_short_lines(chunk)

    def _decodes(self, chunk: bytes) -> bool:
        self._is_ascii = chunk.isascii() and self._is_ascii  # from then on a character may go on in the next chunk
        try:
            if not self._is_ascii:
                self._decoder.decode(chunk)
        except UnicodeDecodeError:
            return False
        return True

    def _has_short_lines(self, chunk: bytes) -> bool:
        start = 0
        while (end := chunk.rfind(b"\n", start, start + self._max_line_bytes - self._line_bytes)) >= 0:
            start, self._line_bytes = end + 1, 0
        self._line_bytes += len(chunk) - start
        return self._line_bytes < self._max_line_bytes
