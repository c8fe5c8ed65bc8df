"""Bytes of a text file in any encoding → UTF-8 blocks, and back to the same bytes.

Files are worked on as UTF-8 bytes. A UTF-8 file is passed through untouched, broken bytes included;
other encodings are converted block by block, and bytes that mean nothing in them are carried along
as lone surrogates, so that writing in the same encoding gives the same bytes again.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from collarclass.errors import DataError

_SAMPLE = 1 << 20
_BLOCK = 4 << 20
_BOMS = (  # that of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = ("utf-16", "utf-32")
_ESCAPED = re.compile("[\udc80-\udcff]")  # bytes as the error handler "surrogateescape" decodes them


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a file's text is written: Python's name of it, and the byte order mark or marks that it begins with."""

    name: str
    bom: bytes = b""

    @property
    def errors(self) -> str:
        return "surrogatepass" if self.name.startswith(_WIDE) else "surrogateescape"

    def encode(self, block: bytes) -> bytes:
        """Turn UTF-8 from `blocks` into this encoding; what it has no character for becomes "?"."""
        if self.name == "utf-8":
            return block
        text = block.decode("utf-8", "surrogatepass")
        try:
            return text.encode(self.name, self.errors)
        except UnicodeEncodeError:
            return b"".join(_encode_one(c, self.name, self.errors) for c in text)


def _encode_one(character: str, name: str, errors: str) -> bytes:
    try:
        return character.encode(name, errors)
    except UnicodeEncodeError:
        return character.encode(name, "replace")


def find_encoding(sample: bytes, given: str | None = None) -> Encoding:
    """Tell a file's encoding from its beginning.

    A byte order mark decides. Then, in this order: UTF-16 when every other byte is mostly zero; UTF-8 when at least
    three quarters of the bytes outside ASCII form valid sequences; GB18030 (which contains GBK and GB2312) when those
    bytes come in pairs as in Chinese text; Big5, as Windows writes it (cp950), when they come in pairs as in
    traditional Chinese; otherwise Windows-1252, which takes any byte.

    Parameters
    ----------
    sample : bytes
        The beginning of the file; a megabyte is plenty.
    given : str, optional
        The encoding's name, when it is known.

    Returns
    -------
    Encoding

    Raises
    ------
    DataError
        If `given` is not the name of an encoding.

    Examples
    --------
    >>> find_encoding("职位,描述".encode("gbk")).name
    'gb18030'
    >>> find_encoding("Bürokauffrau für Köln".encode("cp1252")).name
    'cp1252'
    """
    bom, marked = next(((b, name) for b, name in _BOMS if sample.startswith(b)), (b"", ""))
    mark = bom
    while bom and sample.startswith(bom + mark):
        bom += mark
    if given is not None:
        try:
            name = codecs.lookup(given).name.replace("_", "-")
            "".encode(name)
        except (LookupError, UnicodeError, TypeError):  # also what Python calls "undefined", or is no text
            raise DataError(
                "No encoding is called {given!r}: name one such as utf-8, utf-16, gb18030 or windows-1252.",
                given=given,
            ) from None  # fmt: skip
        name = {
            "utf-8-sig": "utf-8",
            "utf-16": marked or "utf-16-le",
            "utf-32": marked or "utf-32-le",
            "gbk": "gb18030",
            "gb2312": "gb18030",
        }.get(name, name)
        return Encoding(name, bom if name == marked else b"")
    if bom:
        return Encoding(marked, bom)
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(even, odd) > 0.3 * len(sample) / 2 and min(even, odd) < 0.05 * len(sample) / 2:
        return Encoding("utf-16-le" if odd > even else "utf-16-be")
    outside = len(sample) - len(sample.translate(None, bytes(range(0x80, 0x100))))
    if _stray(sample, "utf-8") <= 0.25 * outside:
        return Encoding("utf-8")
    if _stray(sample, "gb18030") <= 0.01 * outside and _chinese_pairs(sample) > 0.6 * outside:
        return Encoding("gb18030")
    if _stray(sample, "cp950") <= 0.01 * outside and _traditional_pairs(sample) > outside:
        return Encoding("cp950")
    return Encoding("cp1252")


def _stray(sample: bytes, name: str) -> int:
    """How many bytes mean nothing in an encoding; a character cut off at the end is none of them."""
    text = codecs.getincrementaldecoder(name)("surrogateescape").decode(sample)
    return len(text) - len(_ESCAPED.sub("", text)) if not text.isascii() else 0


def _chinese_pairs(sample: bytes) -> int:
    """How many bytes stand in pairs of GB 2312: characters of common Chinese text."""
    text = codecs.getincrementaldecoder("gb18030")("surrogateescape").decode(sample)
    common = "".join(c for c in text if not c.isascii()).encode("gb2312", "ignore")
    return len(common)


def _traditional_pairs(sample: bytes) -> int:
    """How many bytes stand in pairs of Big5's first level, common characters; the second byte may be ASCII."""
    text = sample.decode("cp950", "ignore")
    return 2 * sum(0xA4 <= c.encode("cp950", "ignore")[0] <= 0xC6 for c in text)


def blocks(source: BinaryIO, sample: bytes, encoding: Encoding, where: str, tail: list[bytes]) -> Iterator[bytes]:
    """Read a file as blocks of UTF-8, never empty; of UTF-8 its own bytes.

    `tail` gets what is left when the file is cut off in the middle of a UTF-16 or UTF-32 character. What cannot be
    converted there and back without loss is refused.
    """
    first = sample[len(encoding.bom) :]
    if encoding.name == "utf-8":
        if first:
            yield first
        while block := source.read(_BLOCK):
            yield block
        return
    decoder = codecs.getincrementaldecoder(encoding.name)(encoding.errors)
    block, held = first, b""
    while True:
        final = not block
        held += block
        try:
            text = decoder.decode(block, final)
            kept = b"" if final else decoder.getstate()[0]
            if text.encode(encoding.name, encoding.errors) != held[: len(held) - len(kept)]:
                raise ValueError("some character is written in an unusual way")
        except ValueError as error:  # UnicodeError is one
            if final and encoding.name.startswith(_WIDE):
                tail.append(held)
                return
            raise DataError(
                "{where} cannot be read as {name} without loss ({reason}): name its encoding, or convert it to "
                "UTF-8 first.", where=where, name=encoding.name, reason=error,
            ) from None  # fmt: skip
        held = kept
        if text:
            yield text.encode("utf-8", "surrogatepass")
        if final:
            return
        block = source.read(_BLOCK)


def more(held: bytes, parts: Iterator[bytes]) -> bytes:
    """What is held and at least as much again, so that a long row takes linear time; the same at the end."""
    new, size = [held], 0
    while size <= len(held) and (part := next(parts, b"")):
        new.append(part)
        size += len(part)
    return b"".join(new)


def read_sample(source: BinaryIO) -> bytes:
    parts, size = [], 0
    while size < _SAMPLE and (part := source.read(_SAMPLE - size)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)
