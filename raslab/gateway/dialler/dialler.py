"""The thread of a gateway that dials what nobody waits for.

charon makes one attempt, at one destination, when a packet asks for a tunnel. What follows an attempt in vain is
decided here (see `calls`), as is everything about persistent interfaces.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial

from raslab.errors import RaslabError, TunnelRefusedError
from raslab.gateway.ask import ipsec
from raslab.gateway.dialler import events
from raslab.gateway.dialler.calls import Call, failed
from raslab.gateway.dialler.childless import Childless
from raslab.gateway.dialler.events import Heard
from raslab.gateway.dialler.reasons import Conversations, reason, refused_keys
from raslab.gateway.dialler.surplus import surplus
from raslab.gateway.state import VpnS2SInterface
from raslab.model.addresses import address
from raslab.net.waiting import look_until
from raslab.services.vici import Listener, Vici

_SETTLES_S = 0.1  # charon tells of an end while the SA is still on its list
_FORGOTTEN_S = 60.0  # after this, an attempt of which charon has not even told the beginning is made again
_GOES_ON_S = 0.5  # how long charon may take for an attempt that it has called a failure
_AGAIN_S = 1.0  # until a charon that does not answer is asked again


@dataclass(frozen=True)
class Exchange:
    """The gateway's side: its charon, its enabled IKEv2 interfaces, and what the thread may have changed.

    load: give charon an interface's connection with one destination first; promote: make that the interface's order.
    note: what went wrong last with an interface, empty if all is well.
    """

    vici: Callable[[], Vici]
    interfaces: Callable[[], tuple[VpnS2SInterface, ...]]
    load: Callable[[VpnS2SInterface], None]
    promote: Callable[[VpnS2SInterface], None]
    note: Callable[[str, str], None]


class Dialler:
    """Runs from its making until `close`."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._lock = threading.RLock()
        self._closed = threading.Event()
        self._inbox: queue.SimpleQueue[Heard | None] = queue.SimpleQueue()
        self._calls: dict[str, Call] = {}
        self._attempts: set[str] = set()  # numbers of IKE SAs that are being set up, whoever asked for them
        self._first: dict[str, str] = {}  # destination that charon has first now, where it is not the interface's own
        self._by_hand: set[str] = set()
        self._begun_by_hand: set[str] = set()
        self._hung_up: set[str] = set()
        self._seen: set[str] = set()
        self._up: set[str] = set()  # interfaces whose tunnels are up, as far as this charon has told
        self._lost: set[str] = set()  # those that were up when the charon before died
        self._refused: dict[str, VpnS2SInterface] = {}  # interfaces that were refused new keys, as they were then
        self._childless = Childless()
        self._look_at_s: float | None = None
        self._listener: Listener | None = None
        self._threads = [
            threading.Thread(target=run, name=f"raslab-{name}", daemon=True)
            for name, run in (("dialler", self._run), ("dialler-ear", self._listen))
        ]
        for thread in self._threads:
            thread.start()

    def look(self) -> None:
        """The interfaces may have changed."""
        self._inbox.put(None)

    def hang_up(self, name: str) -> None:
        """Do not dial an interface until a packet or somebody else has."""
        with self._lock:
            self._hung_up.add(name)
            self._drop(name)

    @contextmanager
    def by_hand(self, name: str) -> Iterator[None]:
        """The interface is dialled by somebody who waits for it, so nothing is done about it in the block."""
        with self._lock:
            self._by_hand.add(name)
            self._hung_up.discard(name)
            self._drop(name)
        try:
            yield
        finally:
            with self._lock:
                self._by_hand.discard(name)
            self.look()

    def disregard(self, error: TunnelRefusedError) -> None:
        """The attempts behind this error are somebody's own affair, even if their end is heard of later."""
        with self._lock:
            self._begun_by_hand |= events.begun(error.log)

    def close(self) -> None:
        """End the threads."""
        self._closed.set()
        self.look()
        with self._lock:
            if self._listener is not None:
                self._listener.close()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()

    # Threads

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                with self._exchange.vici().listen(events.KINDS) as listener:
                    with self._lock:
                        self._listener = listener
                        self._calls.clear()
                        self._attempts.clear()
                        self._begun_by_hand.clear()
                        self._lost |= self._up  # the other side may wait a long time before it doubts
                        self._up.clear()
                    self.look()
                    conversations = Conversations()
                    for kind, message in () if self._closed.is_set() else listener:
                        if found := conversations.heard(kind, message):
                            self._inbox.put(found)
            except RaslabError:
                with self._lock:
                    self._listener = None
                self._closed.wait(_AGAIN_S)

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                found = self._inbox.get(timeout=self._patience_s())
            except queue.Empty:
                found = None
            if self._closed.is_set():
                return
            with suppress(RaslabError):  # charon is being restarted: whatever it forgets is looked at again then
                self._take(found)
                self._dial_what_is_due()

    def _patience_s(self) -> float | None:
        with self._lock:
            due = [one.due_s for one in self._calls.values() if one.due_s is not None]
            due += [self._look_at_s] if self._look_at_s is not None else []
        return max(min(due) - time.monotonic(), 0.0) if due else None

    def _take(self, found: Heard | None) -> None:
        promoted = None
        with self._lock:
            known = {one.name: one for one in self._exchange.interfaces()}
            if found is None or self._is_time(self._look_at_s):
                self._look_at_s = None
                self._look_around(known)
            if found is not None and found.name in known:
                promoted = self._follow(found, known[found.name])
                if found.what == "up":
                    self._end_surplus(found.name)
            elif found is not None and found.peer:
                for interface in known.values():
                    if address(found.peer) in map(address, interface.destination):
                        self._exchange.note(interface.name, found.why)
        if promoted is not None:
            self._exchange.promote(promoted)  # without the lock: somebody may be changing the gateway

    def _look_around(self, known: dict[str, VpnS2SInterface]) -> None:
        """Persistent interfaces that are down are dialled; what no longer is there is forgotten."""
        if self._listener is None:
            return  # what came of a dialling would not be heard
        self._calls = {name: call for name, call in self._calls.items() if name in known}
        self._hung_up &= {name for name, interface in known.items() if interface.persistent}
        sas = self._exchange.vici().list_sas()
        for number in self._childless.to_end(sas, known, time.monotonic()):
            self._end(number)
        if self._childless.next_s is not None:
            self._look_at_s = self._childless.next_s
        for name, interface in known.items():
            wanted = interface.persistent and (interface.auto_connect_enabled or name not in self._seen)
            if ipsec.tunnel_of(name, sas) is not None:
                if name not in self._first:  # else charon is about to tell that an alternate has answered
                    self._drop(name)
            elif (wanted or name in self._lost) and name not in self._by_hand | self._hung_up | self._calls.keys():
                self._calls[name] = Call(due_s=time.monotonic())
        self._seen = set(known)
        self._lost.clear()

    def _follow(self, found: Heard, interface: VpnS2SInterface) -> VpnS2SInterface | None:
        """What comes of an event; an interface with its destinations in a new order if that is to stay."""
        name, now = interface.name, time.monotonic()
        if found.what == "up":
            self._up.add(name)
            self._attempts.discard(found.number)
            self._hung_up.discard(name)
            if self._refused.get(name) != interface:
                self._refused.pop(name, None)
                self._exchange.note(name, "")
            return self._answered(interface)
        if found.what == "rekeyed":
            self._refused.pop(name, None)
            self._exchange.note(name, "")
        if found.what == "ends":
            self._up.discard(name)
            self._look_at_s = now + _SETTLES_S
        elif found.what == "begins" and name not in self._by_hand and found.number not in self._begun_by_hand:
            self._attempts.add(found.number)
            self._calls[name] = replace(self._calls.get(name, Call()), due_s=None)
        elif found.what == "fails":
            self._fail(found, interface, now)
        return None

    def _fail(self, found: Heard, interface: VpnS2SInterface, now: float) -> None:
        """An attempt of this or the other side has failed, or new keys for what is up."""
        name = interface.name
        if found.why:
            self._exchange.note(name, found.why)
        sa = next((one for one in self._exchange.vici().list_sas() if one.get("uniqueid") == found.number), None)
        carries = sa is not None and bool(sa.get("child-sas"))
        if carries:
            self._refused[name] = interface  # each lifetime will end so
        if carries and found.refused:
            self._exchange.note(name, refused_keys(interface, found.why))
            self._calls[name] = Call(due_s=now)
        if sa is not None and found.refused:
            self._end(found.number)
        self._look_at_s = now + _SETTLES_S
        if found.number in self._attempts:
            self._attempts.discard(found.number)
            following = failed(self._calls[name], interface, now) if name in self._calls else None
            if following is None or found.number in self._begun_by_hand:
                self._drop(name)
            else:
                self._calls[name] = following

    def _end(self, number: str) -> None:
        """End an IKE SA that carries nothing any more, and whoever asks next begins anew."""
        with suppress(TunnelRefusedError):  # it has ended by itself
            self._exchange.vici().terminate(ike_id=number, force=True)

    def _answered(self, interface: VpnS2SInterface) -> VpnS2SInterface | None:
        target = self._first.get(interface.name)
        if target is None or target == interface.destination[0] or not interface.promote_alternate:
            self._drop(interface.name)
            return None
        self._calls.pop(interface.name, None)
        del self._first[interface.name]
        return _with_first(interface, target)

    def _end_surplus(self, name: str) -> None:
        """If both sides have dialled at once, one tunnel stays."""
        vici = self._exchange.vici()
        for number in surplus(name, vici.list_sas()):
            with suppress(TunnelRefusedError):  # the other side was faster
                vici.terminate(ike_id=number, force=True)

    def _dial_what_is_due(self) -> None:
        with self._lock:
            known = {one.name: one for one in self._exchange.interfaces()}
            for name, call in list(self._calls.items()):
                if name in known and self._is_time(call.due_s):
                    self._calls[name] = replace(call, due_s=time.monotonic() + _FORGOTTEN_S)
                    self._set_first(known[name], known[name].destination[call.position])
                    try:
                        self._exchange.vici().initiate(ike=name, child=name, wait=False)
                    except TunnelRefusedError:
                        self._calls[name] = replace(call, due_s=time.monotonic() + known[name].retry_interval_seconds)

    # Under the lock

    def _drop(self, name: str) -> None:
        """No more calls for an interface; charon gets its destinations in their order again."""
        self._calls.pop(name, None)
        for interface in self._exchange.interfaces():
            if interface.name == name and name in self._first:
                self._set_first(interface, interface.destination[0])

    def _set_first(self, interface: VpnS2SInterface, target: str) -> None:
        if self._first.get(interface.name, interface.destination[0]) != target:
            self._exchange.load(_with_first(interface, target))
        self._first[interface.name] = target
        if target == interface.destination[0]:
            del self._first[interface.name]

    def _is_time(self, due_s: float | None) -> bool:
        return due_s is not None and due_s <= time.monotonic()


def _with_first(interface: VpnS2SInterface, target: str) -> VpnS2SInterface:
    others = tuple(one for one in interface.destination if one != target)
    return replace(interface, destination=(target, *others))


def dial(vici: Vici, name: str, timeout_s: float) -> None:
    """Dial and wait until the tunnel is up, whoever has brought it up. Raises TunnelRefusedError with the reason.

    charon refuses to make a second tunnel with the same policies, so if a packet or the other side has dialled since
    one has looked, that refusal is good news. And it takes the end of the tunnel before, when both sides hang up at the
    same moment, for the end of the attempt: then it fails without a reason and goes on, or is worth another attempt.
    """
    deadline_s = time.monotonic() + timeout_s
    for is_last in (False, True):
        try:
            vici.initiate(ike=name, child=name, timeout_s=deadline_s - time.monotonic())
            return
        except TunnelRefusedError as error:
            said = reason(error.log)
            has_reason = bool(said)
            if _comes_up(vici, name, 0.0 if has_reason else min(_GOES_ON_S, deadline_s - time.monotonic())):
                return
            if has_reason:
                raise TunnelRefusedError(vici.node, name, said, error.log) from error
            if is_last or time.monotonic() >= deadline_s:
                raise


def _comes_up(vici: Vici, name: str, within_s: float) -> bool:
    return look_until(
        bool, lambda: ipsec.tunnel_of(name, vici.list_sas()) is not None, within_s, partial(time.sleep, _SETTLES_S)
    )
