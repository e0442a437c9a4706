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
    """A header: its protocol, ``inner`` or ``outer`` where there are several of its kind, its source, its fields."""

    protocol: str
    source: str
    fields: tuple[Field, ...]
    place: str = ""

    @property
    def title(self) -> str:
        """``Outer IPv4``."""
        return f"{self.place.capitalize()} {self.protocol}".strip()

    @property
    def length(self) -> int:
        """Bytes."""
        return sum(len(field.data) for field in self.fields)


@dataclass(frozen=True, slots=True)
class Dissection:
    """The headers of a packet from the outside in, and what they carry."""

    headers: tuple[Header, ...]
    payload: bytes

    def __str__(self) -> str:
        parts = [f"{header.title} {header.length}" for header in self.headers]
        return " | ".join([*parts, f"payload {len(self.payload)}"])


class Cursor:
    """Takes fields off the front of some bytes."""

    def __init__(self, data: bytes, offset: int) -> None:
        self.offset = offset
        self.fields: list[Field] = []
        self.is_short = False
        self._data = data

    @property
    def next_byte(self) -> int:
        """The byte that would be taken next, 0 at the end."""
        return int.from_bytes(self._data[self.offset : self.offset + 1])

    def take(self, name: str, length: int, meaning: Callable[[int], str] = str) -> int:
        """The next `length` bytes as a number, noted under `name` with what they mean."""
        return int.from_bytes(self.take_bytes(name, length, lambda data: meaning(int.from_bytes(data))))

    def take_port(self, name: str) -> int:
        """A port: those of servers are known, those of clients are chosen anew for each connection."""
        port = int.from_bytes(self._data[self.offset : self.offset + 2])
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
        """The next `length` bytes."""
        data = self._data[self.offset : self.offset + length]
        if len(data) < length:
            self.is_short = True
        else:
            self.fields.append(Field(name, self.offset, data, meaning(data)))
        self.offset += length
        return data.ljust(length, b"\0")
