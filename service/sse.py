"""Server-sent events of others: the bytes of a stream -> the data of its events.

In: bytes as they come. Out: what stands after `data:` on each line; comments and other fields are passed over.
"""

from collections.abc import AsyncGenerator, AsyncIterator

MOST_BYTES = 1 << 20  # of one line


class LineTooLong(Exception):
    """A line that does not come to an end."""


async def data_lines(parts: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """The data of each event."""
    rest = b""
    async for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                yield line[5:].strip()
        if len(rest) > MOST_BYTES:
            raise LineTooLong
    if rest.startswith(b"data:"):
        yield rest[5:].strip()
