"""Ways in which a file can come to harm, drawn at random; each gives other bytes than before."""

import random
from collections.abc import Callable

BLOCK = 4096


def flip(content: bytes, draw: random.Random) -> bytes:
    place, bit = draw.randrange(len(content)), 1 << draw.randrange(8)
    return content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :]


def swap(content: bytes, draw: random.Random) -> bytes:
    blocks = [content[at : at + BLOCK] for at in range(0, len(content), BLOCK)]
    pairs = [(i, j) for i in range(len(blocks)) for j in range(i) if blocks[i] != blocks[j]]
    if not pairs:
        return truncate(content, draw)
    first, second = draw.choice(pairs)
    blocks[first], blocks[second] = blocks[second], blocks[first]
    return b"".join(blocks)


def truncate(content: bytes, draw: random.Random) -> bytes:
    return content[: draw.randrange(len(content))]


def zero_header(content: bytes, draw: random.Random) -> bytes:
    return bytes(min(BLOCK, len(content))) + content[BLOCK:]


def append(content: bytes, draw: random.Random) -> bytes:
    return content + draw.randbytes(1 + draw.randrange(64))


WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    flip,
    swap,
    truncate,
    zero_header,
    append,
)
