"""strongSwan's control interface VICI: one connection for each question, answers as text instead of bytes."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from vici import Session
from vici.exception import CommandException
from vici.protocol import Message, Packet, Transport

from raslab.errors import (
    ConfigurationRefusedError,
    DaemonHangsError,
    NoSuchServiceError,
    NotObservedError,
    ServiceDeclarationError,
    TunnelRefusedError,
)
from raslab.model.sentences import quoted
from raslab.services.patience import Patience

_TIMEOUT_S = 30.0
_EVENT_POLL_S = 0.02
_DO_NOT_WAIT = -1
_LONGEST_BYTES = 0xFFFF
_LAST_WORDS = 3  # lines
_EXTRA_S = 5.0  # charon gives up by itself first
# RFC 7296, section 3.10.1, in other words.
_MEANINGS = {
    "AUTHENTICATION_FAILED": "the other side does not accept this one's secret, certificate or identity",
    "NO_PROPOSAL_CHOSEN": "the two sides have no cipher suite in common",
    "TS_UNACCEPTABLE": "the other side does not want the subnets that were offered",
    "INVALID_KE_PAYLOAD": "the two sides have no key exchange group in common",
    "INTERNAL_ADDRESS_FAILURE": "the other side has no address to assign",
    "FAILED_CP_REQUIRED": "the other side wants to be asked for an address",
}
# What tells why a tunnel failed, most telling first.
_TELLING = (
    re.compile(r"received (?P<why>[A-Z_]+) (?:error )?notify"),
    re.compile(r"(?P<why>no (?:shared key|private key|trusted \S+ public key).*)"),
    re.compile(r"(?P<why>(?:unable to resolve|peer not responding).*)"),
    re.compile(r"(?P<why>giving up after .*)"),
    re.compile(r"(?P<why>.*(?:constraint|certificate|EAP|authentication).*failed.*)"),
)


class Vici:
    """The charon of one node. Its methods raise NoSuchServiceError if it is not there, DaemonHangsError."""

    def __init__(self, node: str, path: Path, patience: Patience | None = None) -> None:
        """path: of the daemon's socket; patience: with its answers."""
        self.node = node
        self._path = path
        self._patience = patience

    def request(self, command: str, message: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Any command of VICI that is answered by one message. Raises ConfigurationRefusedError."""
        with self._session() as session:
            try:
                answer = session.request(command, None if message is None else _plain(message))
            except CommandException as error:
                subject = next(iter(message or {}), "")
                raise ConfigurationRefusedError(
                    self.node, "charon", f"{command} {subject}".strip(), _reason(error)
                ) from error
        return dict(_text(answer))

    def answers(self) -> bool:
        """True if the daemon takes commands."""
        try:
            self.request("version")
        except (NoSuchServiceError, DaemonHangsError):
            return False
        return True

    def list_sas(self, **filters: str) -> list[dict[str, Any]]:
        """The IKE SAs with their CHILD SAs, each with its name as `name`. filters: such as ike="branch1"."""
        return self._list("list-sas", "list-sa", filters)

    def list_conns(self) -> list[dict[str, Any]]:
        """The connections that are loaded, each with its name as `name`."""
        return self._list("list-conns", "list-conn", {})

    def initiate(self, ike: str, child: str | None = None, timeout_s: float = 10.0, wait: bool = True) -> None:
        """Set up a tunnel and wait until it is. Raises TunnelRefusedError with the reason.

        wait=False: return at once and let charon try; what comes of it is in `list_sas` and `events`.
        """
        milliseconds = round(timeout_s * 1000) if wait else _DO_NOT_WAIT
        wanted = {"ike": ike, **({"child": child} if child else {}), "timeout": str(milliseconds)}
        self._control("initiate", wanted, child or ike, timeout_s)

    def terminate(
        self,
        ike: str | None = None,
        child: str | None = None,
        force: bool = False,
        timeout_s: float = 10.0,
        ike_id: str | None = None,
    ) -> None:
        """End a tunnel; ike_id: one IKE SA by its number. force: do not wait for the other side.

        Raises TunnelRefusedError, also if there is none.
        """
        named = {"ike": ike, "child": child, "ike-id": ike_id, "force": "yes" if force else None}
        wanted = {key: value for key, value in named.items() if value}
        wanted["timeout"] = str(round(timeout_s * 1000))
        self._control("terminate", wanted, child or ike or ike_id or "", timeout_s)

    def rekey(self, ike: str | None = None, child: str | None = None) -> None:
        """Replace the keys of a tunnel now. Raises ConfigurationRefusedError if there is none."""
        self.request("rekey", {key: value for key, value in (("ike", ike), ("child", child)) if value})

    @contextmanager
    def events(
        self, kinds: Iterable[str] = ("ike-updown", "child-updown"), timeout_s: float = _TIMEOUT_S
    ) -> Iterator[Iterator[tuple[str, dict[str, Any]]]]:
        """Events as (kind, message) from now on; the iterator raises NotObservedError after `timeout_s` without one."""
        with self._session(events=True) as session:
            stream = session.listen(list(kinds), _EVENT_POLL_S)
            first = next(stream)  # only now are the events asked for
            try:
                yield _until(self.node, chain([first], stream), timeout_s)
            finally:
                stream.close()

    @contextmanager
    def listen(self, kinds: Iterable[str]) -> Iterator[Listener]:
        """Events from now on, without end: of the kinds that `events` knows, and the lines of the log, ``log``."""
        with self._session(events=True) as session:
            listener = Listener(session, list(kinds))
            try:
                yield listener
            finally:
                listener.forget()

    def _control(self, command: str, message: Mapping[str, str], tunnel: str, timeout_s: float) -> None:
        log: list[str] = []
        with self._session(timeout_s + _EXTRA_S) as session:  # it is silent while it tries
            stream = getattr(session, command)(dict(message))
            try:
                log.extend(_text(entry).get("msg", "") for entry in stream)
            except CommandException as error:
                raise TunnelRefusedError(self.node, tunnel, why(log) or _last_words(error, log), log) from error

    def _list(self, command: str, event: str, filters: Mapping[str, str]) -> list[dict[str, Any]]:
        with self._session() as session:
            entries = [_text(entry) for entry in session.streamed_request(command, event, dict(filters))]
        return [{"name": name, **facts} for entry in entries for name, facts in entry.items()]

    @contextmanager
    def _session(self, silent_s: float | None = None, events: bool = False) -> Iterator[Any]:
        """A connection. silent_s: how long charon may be silent if it does nothing; events: as long as it likes."""
        with _Connection(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as connection:
            connection.settimeout(_TIMEOUT_S)
            if self._patience is not None and not events:
                connection.patience = self._patience if silent_s is None else replace(self._patience, seconds=silent_s)
            try:
                connection.connect(str(self._path))
                yield Session(connection)
            except OSError as error:
                raise NoSuchServiceError(self.node, f"charon that answers ({error})", ()) from error


class _Connection(socket.socket):
    """A socket that waits for answers with patience."""

    patience: Patience | None = None

    def recv(self, *args: Any) -> bytes:
        if self.patience is not None:
            self.patience.await_answer(self)
        return super().recv(*args)


class Listener:
    """Events of a charon as (kind, message), which end when the daemon does, or with `close`."""

    def __init__(self, session: Any, kinds: Sequence[str]) -> None:
        self._transport: Transport = session.transport
        self._stream = session.listen(kinds, _EVENT_POLL_S)
        self._first = next(self._stream)  # only now are the events asked for

    def __iter__(self) -> Iterator[tuple[str, dict[str, Any]]]:
        if self._first[0] is not None:
            yield _text(self._first[0]), _text(self._first[1])
        self._transport.socket.settimeout(None)
        while True:
            packet = Packet.parse(self._transport.receive())
            if packet.response_type == Packet.EVENT:
                yield _text(packet.event_type), _text(Message.deserialize(packet.payload))

    def close(self) -> None:
        """End the iteration, from any thread: it raises NoSuchServiceError, as when the daemon ends."""
        with suppress(OSError):
            self._transport.socket.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """Ask for no more events."""
        with suppress(OSError):
            self._stream.close()


def _until(node: str, stream: Iterable[Any], timeout_s: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of a stream in which None stands for a moment without one."""
    deadline = time.monotonic() + timeout_s
    for kind, message in stream:
        if kind is not None:
            yield _text(kind), _text(message)
            deadline = time.monotonic() + timeout_s
        elif time.monotonic() > deadline:
            raise NotObservedError(f"charon of {node} reports an event", timeout_s, "")


def why(log: Iterable[str]) -> str:
    """The most telling words of what charon says about a tunnel that fails."""
    lines = list(log)
    for pattern in _TELLING:
        for line in reversed(lines):
            if match := pattern.search(line):
                meaning = _MEANINGS.get(match["why"])
                return f"{match['why']}: {meaning}" if meaning else match["why"]
    return ""


def _last_words(error: CommandException, log: Sequence[str]) -> str:
    """What charon says in the end, where none of it is known to be telling."""
    said = "; ".join(log[-_LAST_WORDS:])
    return f"{_reason(error)} (charon's last words: {said})" if said else _reason(error)


def _reason(error: CommandException) -> str:
    return str(error).removeprefix("Command failed: ")


def _plain(value: Any) -> Any:
    """A message with the types that the package `vici` knows."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [inner if isinstance(inner, bytes) else _within(str(inner)) for inner in value]
    return _within(value) if isinstance(value, str) else value


def _within(text: str) -> str:
    """A text of a length that VICI's sixteen bits can tell, without a zero byte, at which charon would cut it off."""
    if "\0" in text or len(text.encode(errors="replace")) > _LONGEST_BYTES:
        raise ServiceDeclarationError(f"charon cannot take {quoted(text[:40])}...: it is too long or has a zero byte.")
    return text


def _text(value: Any) -> Any:
    """A message with its bytes as text."""
    if isinstance(value, dict):
        return {key: _text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_text(inner) for inner in value]
    return value.decode(errors="replace") if isinstance(value, bytes) else value
