"""Headers and their fields, and what takes them off the front of a packet. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from raslab.measure import header_meanings as words


@dataclass(frozen=True, slots=True)
class Field:
    """Some bytes of a header.

    offset: counts from the first byte of the packet. varying_digits: how many hexadecimal digits at the end differ
    from run to run of the same experiment. steady_meaning: what can be said of the field without those.
    """

    name: str
    offset: int
    data: bytes
    meaning: str
    varying_digits: int = 0
    steady_meaning: str = "varies"

    @property
    def steady_data(self) -> str:
        """The bytes in hexadecimal, with an x for each digit that varies: ``60 0x xx xx``."""
        digits = self.data.hex()
        kept = digits[: len(digits) - self.varying_digits].ljust(len(digits), "x")
        return " ".join(kept[start : start + 2] for start in range(0, len(kept), 2))


@dataclass(frozen=True, slots=True)
class Header:
    """A header: its protocol, ``inner`` or ``outer`` where there are several of its kind, its source, its fields.

    cut: the packet ends within it, so that it lacks fields.
    """

    protocol: str
    source: str
    fields: tuple[Field, ...]
    place: str = ""
    cut: bool = False

    @property
    def title(self) -> str:
        """``Outer IPv4``."""
        return f"{self.place.capitalize()} {self.protocol}".strip()

    @property
    def length(self) -> int:
        """Bytes."""
        return sum(len(field.data) for field in self.fields)

    def data(self, name: str) -> bytes | None:
        """The bytes of a field; None if the header has not got it."""
        return next((field.data for field in self.fields if field.name == name), None)

    def number(self, name: str) -> int | None:
        """A field as a number; None if the header has not got it."""
        found = self.data(name)
        return None if found is None else int.from_bytes(found)


@dataclass(frozen=True, slots=True)
class Dissection:
    """The headers of a packet from the outside in, and what they carry.

    carries: what the last header says that follows it, as far as that has a name. padding: bytes behind the end that
    the headers tell of, with which a short frame is filled up.
    """

    headers: tuple[Header, ...]
    payload: bytes
    carries: str = ""
    padding: bytes = b""

    def __str__(self) -> str:
        parts = [f"{header.title} {header.length}" for header in self.headers]
        padding = [f"padding {len(self.padding)}"] if self.padding else []
        return " | ".join([*parts, f"payload {len(self.payload)}", *padding])


class Cursor:
    """Takes fields off the front of the bytes of one header and what it carries.

    end: where those end. is_short: a field was to be taken that is not there, or not whole; from then on none is.
    is_other: the bytes are not the header that they were said to be.
    """

    def __init__(self, data: bytes, offset: int, end: int) -> None:
        self.offset = offset
        self.end = end
        self.fields: list[Field] = []
        self.is_short = self.is_other = False
        self._data = data
        self._start = offset

    @property
    def taken(self) -> int:
        """How many bytes of the header have been taken."""
        return self.offset - self._start

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return self.end - self.offset

    def next_bytes(self, length: int) -> bytes:
        """The bytes that would be taken next, fewer at the end."""
        return b"" if self.is_short else self._data[self.offset : min(self.offset + length, self.end)]

    @property
    def next_byte(self) -> int:
        """The byte that would be taken next, 0 at the end."""
        return int.from_bytes(self.next_bytes(1))

    def limit(self, length: int) -> None:
        """Header and what it carries are that many bytes together, if there are as many."""
        if not self.is_short:
            self.end = max(self.offset, min(self.end, self._start + length))

    def take(self, name: str, length: int, meaning: Callable[[int], str] = str) -> int:
        """The next `length` bytes as a number, noted under `name` with what they mean."""
        return int.from_bytes(self.take_bytes(name, length, lambda data: meaning(int.from_bytes(data))))

    def take_port(self, name: str) -> int:
        """A port: those of servers are known, those of clients are chosen anew for each connection."""
        port = int.from_bytes(self.next_bytes(2))
        if port < words.FIRST_CHOSEN_PORT or port == words.WIREGUARD_PORT:
            return self.take(name, 2)
        return self.take_varying(name, 2)

    def take_varying(
        self,
        name: str,
        length: int,
        meaning: Callable[[int], str] = str,
        digits: int | None = None,
        steadily: Callable[[int], str] = lambda _: "varies",
    ) -> int:
        """As `take`, of a field of which the last `digits` (all of them) differ from run to run."""
        value = self.take(name, length, meaning)
        if not self.is_short:
            varying = 2 * length if digits is None else digits
            self.fields[-1] = replace(self.fields[-1], varying_digits=varying, steady_meaning=steadily(value))
        return value

    def take_bytes(self, name: str, length: int, meaning: Callable[[bytes], str]) -> bytes:
        """The next `length` bytes; zeros in the place of what is not there."""
        data = self.next_bytes(length)
        if len(data) < length:
            self.is_short = True
        elif length:
            self.fields.append(Field(name, self.offset, data, meaning(data)))
            self.offset += length
        return data.ljust(length, b"\0")
