"""WireGuard: keys, and the configuration of a node's WireGuard interfaces by generic netlink.

The interfaces themselves belong to the network; a service only says whom they talk to. There is no daemon: the kernel
does the handshakes.
"""

from __future__ import annotations

import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, TypeVar

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from raslab.errors import ConfigurationRefusedError, TunnelRefusedError
from raslab.model.addresses import address, network
from raslab.model.secrets import SECRET
from raslab.net.names import kernel_name
from raslab.net.waiting import look_until
from raslab.services.place import Place
from raslab.services.service import Service

R = TypeVar("R")

SESSION_S = 180
"""How long the keys of a handshake are good for (REJECT_AFTER_TIME, the WireGuard paper, section 6.1)."""
_POLL_S = 0.005
_PATIENCE_S = 2.0
_pause = partial(time.sleep, _POLL_S)


@dataclass(frozen=True)
class WireguardKeys:
    """A private key of Curve25519 (RFC 7748) and the public key that belongs to it, in base64 as `wg` writes them."""

    private_key: str = field(repr=False, metadata=SECRET)
    public_key: str


def new_keys() -> WireguardKeys:
    """A new pair of keys."""
    key = X25519PrivateKey.generate()
    return WireguardKeys(_text(key.private_bytes_raw()), _text(key.public_key().public_bytes_raw()))


def public_key_of(private_key: str) -> str:
    """The public key of a private one."""
    return _text(X25519PrivateKey.from_private_bytes(b64decode(private_key)).public_key().public_bytes_raw())


@dataclass(frozen=True)
class WireguardInterface:
    """One interface with its one peer.

    endpoint: where the peer listens, as address and port; keepalive_s: a packet at least so often, 0 for never.
    """

    interface: str
    private_key: str = field(repr=False, metadata=SECRET)
    listen_port: int
    peer_public_key: str
    endpoint: tuple[str, int]
    allowed_ips: tuple[str, ...]
    preshared_key: str | None = field(default=None, repr=False, metadata=SECRET)
    keepalive_s: int = 0


@dataclass(frozen=True)
class Wireguard(Service):
    """The keys and peers that a node's WireGuard interfaces shall have."""

    name: ClassVar[str] = "wireguard"
    interfaces: tuple[WireguardInterface, ...] = field(default=())

    def plan(self, old: Wireguard | None) -> tuple[str, ...]:
        """Commands of `wg`; keys are shown as the files that it would read them from."""
        return tuple(line for before, one in _changed(old, self) for line in _commands(before, one))

    def reload(self, place: Place, old: Wireguard | None) -> None:
        """Tell the kernel of what has changed. Raises ConfigurationRefusedError with the kernel's word."""
        for before, one in _changed(old, self):
            if _other_peer(before, one):
                assert before is not None
                _set(place, one.interface, peer={"public_key": before.peer_public_key, "remove": True})
            _set(place, one.interface, private_key=one.private_key, listen_port=one.listen_port, peer=_peer(one))

    def reloads_from(self, old: Service) -> bool:
        """Always: there is no process."""
        return True


class WireguardPeer:
    """The peer of one interface in a running kernel."""

    def __init__(self, place: Place, wanted: WireguardInterface) -> None:
        self._place, self._wanted = place, wanted

    def last_handshake(self) -> float:
        """When keys were last agreed on, seconds of the system's clock; 0 for never."""
        (device,) = _ask(self._place, lambda socket: tuple(socket.info(kernel_name(self._wanted.interface))))
        (peer,) = device.get("WGDEVICE_A_PEERS")
        moment = peer.get("WGPEER_A_LAST_HANDSHAKE_TIME")
        return float(moment["tv_sec"] + moment["tv_nsec"] / 1e9)

    def is_connected(self) -> bool:
        """Whether there are keys that are still good."""
        moment = self.last_handshake()
        return moment > 0 and time.time() - moment < SESSION_S

    def dial(self, timeout_s: float) -> None:
        """Let the kernel agree on keys now, and wait until it has. Raises TunnelRefusedError.

        If both sides dial at the same moment, both may drop what the other one answers, and the kernel tries again only
        after 5 s, again both at once. So the peer is made anew before that, which lets it try at once.
        """
        before, deadline = self.last_handshake(), time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            self._speak()
            moment = look_until(lambda seen: seen > before, self.last_handshake, min(left, _PATIENCE_S), _pause)
            if moment > before:
                return
            self.hang_up()
        where, port = self._wanted.endpoint
        reason = f"no handshake with {where} port {port} within {timeout_s:g} s: the keys do not fit, or none answers"
        raise TunnelRefusedError(self._place.name, self._wanted.interface, reason, ())

    def hang_up(self) -> None:
        """Forget the keys that were agreed on."""
        self._set(peer={"public_key": self._wanted.peer_public_key, "remove": True})
        self._set(peer=_peer(self._wanted))

    def _speak(self) -> None:
        """The kernel sends a packet at once when keepalives are switched on, and for that it needs keys."""
        key = self._wanted.peer_public_key
        for seconds in (0, self._wanted.keepalive_s or 1, self._wanted.keepalive_s):
            self._set(peer={"public_key": key, "persistent_keepalive": seconds, "update_only": True})

    def _set(self, peer: dict[str, Any]) -> None:
        _set(self._place, self._wanted.interface, peer=peer)


def _changed(old: Wireguard | None, new: Wireguard) -> Iterator[tuple[WireguardInterface | None, WireguardInterface]]:
    """The interfaces to configure, each with what the kernel knows of it, if anything."""
    before = {one.interface: one for one in (old.interfaces if old else ())}
    for one in new.interfaces:
        known = before.get(one.interface)
        if known != one:
            yield known, one


def _other_peer(before: WireguardInterface | None, one: WireguardInterface) -> bool:
    """Settings of a peer that is not known by its key any more, or that cannot be taken back one by one."""
    return before is not None and (
        before.peer_public_key != one.peer_public_key or before.preshared_key != one.preshared_key
    )


def _commands(before: WireguardInterface | None, one: WireguardInterface) -> Iterator[str]:
    name = kernel_name(one.interface)
    if _other_peer(before, one):
        assert before is not None
        yield f"wg set {name} peer {before.peer_public_key} remove"
    where, port = one.endpoint
    words = [f"wg set {name} private-key {one.interface}.key listen-port {one.listen_port} peer {one.peer_public_key}"]
    if one.preshared_key is not None:
        words.append(f"preshared-key {one.interface}.psk")
    words.append(f"endpoint {f'[{where}]' if ':' in where else where}:{port}")
    if one.keepalive_s or (before and before.keepalive_s):
        words.append(f"persistent-keepalive {one.keepalive_s}")
    words.append(f"allowed-ips {','.join(one.allowed_ips)}")
    yield " ".join(words)


def _peer(one: WireguardInterface) -> dict[str, Any]:
    """A peer as pyroute2 takes it; raises ValueError for what is no address or no prefix."""
    preshared = {} if one.preshared_key is None else {"preshared_key": one.preshared_key}
    return {
        "public_key": one.peer_public_key,
        "endpoint_addr": str(address(one.endpoint[0])),
        "endpoint_port": one.endpoint[1],
        "persistent_keepalive": one.keepalive_s,
        "replace_allowed_ips": True,
        "allowed_ips": [str(network(text)) for text in one.allowed_ips],
        **preshared,
    }


def _set(place: Place, interface: str, **settings: Any) -> None:
    from pyroute2 import NetlinkError

    try:
        _ask(place, lambda socket: socket.set(kernel_name(interface), **settings))
    except NetlinkError as error:
        raise ConfigurationRefusedError(place.name, "wireguard", f"wg set {interface}", str(error)) from error


def _ask(place: Place, question: Callable[[Any], R]) -> R:
    """Talk to the kernel's WireGuard from inside the node."""

    def inside() -> R:
        from pyroute2 import WireGuard

        with WireGuard() as socket:
            return question(socket)

    return place.node.call(inside)


def _text(key: bytes) -> str:
    return b64encode(key).decode()
