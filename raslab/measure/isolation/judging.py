"""From what was sent and what was heard to the report. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from raslab.measure.isolation.listening import Heard
from raslab.measure.isolation.probes import ARP, MANAGEMENT, SOLICITATION, Probe
from raslab.measure.isolation.replays import Replays
from raslab.measure.isolation.report import Count, Leak
from raslab.measure.isolation.scene import Scene
from raslab.measure.isolation.sealed import REPLAYED
from raslab.measure.isolation.sights import Answer, Claim, Tokens, in_order, read_answer, summary
from raslab.measure.isolation.tenants import PROVIDER, STRANGER, Owners, Place
from raslab.measure.isolation.wire import Sealed, packed

_QUESTIONS = (ARP, SOLICITATION)


@dataclass
class Findings:
    """What has been heard so far of the probes, which are known by their numbers."""

    scene: Scene
    tokens: Tokens
    links: Mapping[Place, Place]
    probes: list[Probe] = field(default_factory=list)
    sights: dict[int, list[Heard]] = field(default_factory=lambda: defaultdict(list))
    answered: dict[int, Heard] = field(default_factory=dict)
    arrived: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._owners = Owners(self.scene.tenants)
        self._tenants = self.scene.by_name
        self._homes: dict[str, dict[str, set[str]]] = {one.name: defaultdict(set) for one in self.scene.tenants}
        for tenant in self.scene.tenants:
            for home in tenant.homes:
                self._homes[tenant.name][home.address].add(home.node)
        self.replays = Replays(self.scene)
        self._senders = {door.node for door in self.scene.doors}
        self._leaks: dict[int, Leak | None] = {}
        self._asked: dict[tuple[Place, bytes], int] = {}

    def add(self, probe: Probe) -> int:
        """Give a probe its number."""
        number = len(self.probes)
        self.probes.append(probe)
        if isinstance(probe.packet, Sealed) and not probe.packet.marked:
            self.replays.expect(number, probe.packet)
        if probe.kind in _QUESTIONS and not probe.is_control:
            self._asked.setdefault(((probe.door.node, probe.door.interface), packed(probe.asked)), number)
        return number

    def hear(self, everything: Iterable[Heard]) -> bool:
        """Take in what the ears have heard; True if a probe was among it."""
        any_probe = False
        for heard in everything:
            number = self.tokens.number_in(heard.data)
            if number is None:
                any_probe |= self.replays.hear(heard, self.sights)
            elif number < len(self.probes):
                any_probe = True
                if self.probes[number].is_control:
                    self.replays.hear_inside(self.probes[number], heard, self.sights)
                self.sights[number].append(heard)
                if self.probes[number].is_control and number not in self.arrived:
                    self._note_arrival(number, heard)
            if not heard.outgoing and heard.node in self._senders:
                self._note_answer(heard)
        return any_probe

    def _note_arrival(self, number: int, heard: Heard) -> None:
        probe = self.probes[number]
        at_home = heard.node in self._homes_of(probe.sender, probe.asked)
        if at_home and self._owners.owner_of((heard.node, heard.interface)) == probe.sender:
            self.arrived.add(number)

    def _homes_of(self, tenant: str, address: str) -> set[str]:
        return self._homes[tenant].get(address, set())

    def _note_answer(self, heard: Heard) -> None:
        answer = read_answer(heard, self.tokens)
        if isinstance(answer, Claim):
            number = self._asked.get(((heard.node, heard.interface), answer.address))
        elif isinstance(answer, Answer) and answer.number < len(self.probes):
            number = answer.number
        else:
            return
        if number is None or number in self.answered:
            return
        probe = self.probes[number]
        if isinstance(probe.packet, Sealed):  # it was for the tunnel's end, which may say that it has no use for it
            return
        if heard.node != probe.door.node or (isinstance(answer, Answer) and not _is_from(answer, packed(probe.asked))):
            return
        is_own = probe.sender != STRANGER and probe.asked in self._tenants[probe.sender].addresses
        may_refuse = is_own or (probe.kind == MANAGEMENT and probe.door.is_outer)
        opens = probe.kind == MANAGEMENT and isinstance(answer, Answer) and answer.accepts
        if opens or not may_refuse:
            self.answered[number] = heard

    # The report

    def leaks(self, numbers: Iterable[int]) -> tuple[Leak, ...]:
        """What crossed."""
        found = (self._leak(number) for number in numbers)
        return tuple(leak for leak in found if leak is not None)

    def counts(self, numbers: Iterable[int]) -> tuple[Count, ...]:
        """Probes by kind, sender and targets, in the order in which they were sent."""
        groups: dict[tuple[str, str, tuple[str, ...]], list[int]] = defaultdict(list)
        for number in numbers:
            probe = self.probes[number]
            groups[probe.kind, probe.sender, _targets(probe)].append(number)
        return tuple(
            Count(
                *group,
                sent=len(members),
                arrived=sum(number in self.arrived for number in members),
                leaked=sum(self._leak(number) is not None for number in members),
            )
            for group, members in groups.items()
        )

    def unproven(self, numbers: Sequence[int]) -> tuple[str, ...]:
        """A sentence for each kind of own probe of which a node gets none to a home by way of a gateway."""
        outcomes: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        for number in numbers:
            probe = self.probes[number]
            outcomes[probe.kind, probe.sender, probe.door.node].append(number)
        return tuple(
            f"{kind} of {sender} from {node} did not get to its own {self.probes[members[0]].asked} by way of a gateway"
            for (kind, sender, node), members in outcomes.items()
            if not any(number in self.arrived and self._passed_gateway(number) for number in members)
        )

    def _passed_gateway(self, number: int) -> bool:
        """True if a probe was seen at what its tenant has of a node that others use too: where the others are near.

        Questions for the neighbours on a link have no farther to go than there.
        """
        probe = self.probes[number]
        shared = self._tenants[probe.sender].interfaces
        return (
            not shared
            or probe.kind in _QUESTIONS
            or any((heard.node, heard.interface) in shared for heard in self.sights[number])
        )

    def unsent(self, numbers: Iterable[int]) -> tuple[str, ...]:
        """A sentence about the probes that have not been seen to leave their nodes, if there are any."""
        lost = [number for number in numbers if number not in self.sights]
        if not lost:
            return ()
        first = self.probes[lost[0]]
        return (f"{len(lost)} probes never left, the first of them by {first.door.interface} of {first.door.node}",)

    def _leak(self, number: int) -> Leak | None:
        """The leak that a probe is, if it is one, worked out once all has been heard."""
        if number not in self._leaks:
            self._leaks[number] = self._found_leak(number) if self._may_leak(number) else None
        return self._leaks[number]

    def _may_leak(self, number: int) -> bool:
        places = {(heard.node, heard.interface) for heard in self.sights.get(number, ())}
        owners = {self._owners.owner_of(place) for place in places} - {None, _at_home(self.probes[number])}
        return bool(owners) or number in self.answered

    def _found_leak(self, number: int) -> Leak | None:
        probe = self.probes[number]
        trail = in_order(self.sights.get(number, ()), probe.door.node, self.links)
        for position, heard in enumerate(trail):
            owner = self._owners.owner_of((heard.node, heard.interface))
            if owner is None or owner == _at_home(probe) or (probe.sender, owner) in self.scene.meeting:
                continue
            end = self._end(trail, position, owner, probe.asked)
            return self._made(probe, owner, "delivered", trail[: end + 1], heard)
        if number in self.answered:
            return self._made(probe, _asked(probe), "answered", [*trail, self.answered[number]], self.answered[number])
        return None

    def _end(self, trail: Sequence[Heard], first: int, owner: str, asked: str) -> int:
        """Where a leak's path ends: at the node that was asked, or else where the packet first came to the tenant's."""
        tenant = self._tenants[owner]
        for nodes in (self._homes_of(owner, asked) & set(tenant.nodes), set(tenant.nodes)):
            for position in range(first, len(trail)):
                heard = trail[position]
                if heard.node in nodes and tenant.owns((heard.node, heard.interface)):
                    return position
        return first

    def _made(self, probe: Probe, tenant: str, how: str, trail: Sequence[Heard], packet: Heard) -> Leak:
        places = [f"{heard.node}:{heard.interface}" for heard in trail]
        path = [place for n, place in enumerate(places) if n == 0 or place != places[n - 1]]
        return Leak(probe.kind, probe.sender, tenant, how, tuple(path), summary(packet))


def _at_home(probe: Probe) -> str | None:
    """With whom a probe may be seen; what is inside of a packet that is sent again is its sender's neither."""
    return None if probe.kind == REPLAYED else probe.sender


def _targets(probe: Probe) -> tuple[str, ...]:
    """For whom it is tried; the gateway's ports are the provider's, by whichever address."""
    return (PROVIDER,) if probe.kind == MANAGEMENT else probe.targets


def _asked(probe: Probe) -> str:
    """Whose answer it is: that of whoever has the address, of whom there may be many."""
    first, *others = _targets(probe)
    return f"{first} or {len(others)} others" if others else first


def _is_from(answer: Answer, asked: bytes) -> bool:
    """True if it comes from the address that was asked, and is not the probe itself, which somebody has sent back."""
    return answer.source == asked != answer.destination
