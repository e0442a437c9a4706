"""The check itself: work out which ways lead across, send the probes, hear all interfaces, judge."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from raslab.errors import BadMeasurementError
from raslab.machine.here import here
from raslab.measure.frame import attributes, lab_name
from raslab.measure.isolation.confirming import attempts, confirmed
from raslab.measure.isolation.doors import find_doors
from raslab.measure.isolation.forgeries import forgeries
from raslab.measure.isolation.judging import Findings
from raslab.measure.isolation.listening import Ears
from raslab.measure.isolation.post import Post
from raslab.measure.isolation.probes import controls, crossings, replays
from raslab.measure.isolation.reasoning import reason
from raslab.measure.isolation.report import IsolationReport
from raslab.measure.isolation.scene import Scene
from raslab.measure.isolation.sights import Tokens, far_ends
from raslab.measure.isolation.tenants import Owners, Tenant
from raslab.measure.isolation.wire import version
from raslab.net import Network

_AT_ONCE = 50
_PAUSE_S = 0.005
"""Probes are sent in groups, no more often than this, so that neither a queue of the network nor a socket overflows."""
_RESEND_S = 0.25
_RESTLESS_S = 30.0


def check_isolation(
    network: Network,
    tenants: Iterable[Tenant],
    *,
    underlay: Sequence[str] = (),
    strangers: Sequence[str] = (),
    meeting: Iterable[tuple[str, str]] = (),
    forged: int = 0,
    seed: int = 0,
    deadline_s: float = 5.0,
    quiet_s: float = 1.0,
) -> IsolationReport:
    """Try to get from each tenant to every other one, to the gateway itself, and from strangers to all of them.

    First it is worked out from what the nodes say about themselves whether any packet there could be gets across, and
    by which way; a packet that takes it is then sent too. Each probe carries a token; every interface of every node is
    heard, and a token where it does not belong is a leak. Before and after, each tenant sends probes of the same kinds
    to its own, which have to arrive: a network in which nothing moves is not isolated but dead.

    network: running. underlay: addresses of the gateway itself, where tunnels end, which no tenant may reach from
    within. strangers: nodes on the provider's network that send forged packets too. meeting: pairs of tenants that are
    meant to reach each other, sender first. forged: how many packets with random addresses, keys and protocols to send
    besides, chosen by `seed`. deadline_s: how long a tenant's own probes are repeated until they have arrived;
    quiet_s: how long after the last sight of a probe to wait for more, both by the lab's clock.

    Raises BadMeasurementError, CaptureError.
    """
    everyone = tuple(tenants)
    _complain(network, everyone)
    topology = network.topology()
    shared = {home.address for one in everyone for home in one.homes if home.node not in one.nodes}
    doors = find_doors(network, everyone, strangers, sorted(shared | set(underlay)))
    scene = Scene(everyone, doors, tuple(underlay), frozenset(meeting))
    reasoning = reason(network, everyone, strangers, scene.meeting)
    tokens = Tokens(os.urandom(4))
    findings = Findings(scene, tokens, far_ends(topology))
    with Ears(network) as ears, Post(network, doors, tokens) as post:
        bench = _Bench(ears, post, findings)
        before = bench.send_until_arrived(scene, deadline_s)
        probes = [findings.add(probe) for probe in crossings(scene)]
        probes += [findings.add(probe) for probe in forgeries(scene, forged, seed)]
        bench.send(probes)
        bench.wait_until_quiet(quiet_s)
        if again := [findings.add(probe) for probe in replays(scene, findings.replays.carriers)]:
            bench.send(again)
            bench.wait_until_quiet(quiet_s)
            probes += again
            findings.replays.end()
        tried = [(way, findings.add(probe)) for way, probe in attempts(scene, reasoning, findings.links)]
        bench.send([number for _, number in tried])
        bench.wait_until_quiet(quiet_s if tried else 0.0)
        after = bench.send_until_arrived(scene, deadline_s)
        bench.wait_until_quiet(quiet_s)
    unproven = findings.unproven(before) or findings.unproven(after)
    return IsolationReport(
        findings.counts([*after, *probes]),
        findings.leaks([*before, *probes, *after]),
        (*_silent(network, scene), *_untried(findings, probes), *findings.unsent(probes), *unproven),
        replace(reasoning, ways=confirmed(reasoning, tried, findings.sights, Owners(everyone))),
        attributes(lab_name(next(iter(network.values()))), here(), []),
    )


def _complain(network: Network, tenants: tuple[Tenant, ...]) -> None:
    if len({one.name for one in tenants}) < 2:
        raise BadMeasurementError("Isolation is between tenants: describe at least two, with different names.")
    if not network.is_running:
        raise BadMeasurementError("Isolation is tried out on a network that runs: start it first.")
    seen: dict[str, str] = {}
    for one in tenants:
        for node in one.nodes:
            if (other := seen.setdefault(node, one.name)) != one.name:
                raise BadMeasurementError(
                    f"Node {node} cannot belong to both {other} and {one.name}: of a node that they share, name each "
                    "one's interfaces."
                )


def _silent(network: Network, scene: Scene) -> list[str]:
    """A sentence for each tenant's node that cannot send anything, or one about tenants without any nodes."""
    sending = {door.node for door in scene.doors}
    speaking = [tenant.name for tenant in scene.tenants if scene.doors_of(tenant)]
    if len(speaking) < 2:
        return [f"nobody but {' and '.join(speaking) or 'strangers'} has a node from which to send"]
    return [
        f"{node} of {tenant.name} has no next hop that it could send to"
        for tenant in scene.tenants
        for node in tenant.nodes
        if node not in sending and not network[node].kind.is_switch
    ]


def _untried(findings: Findings, numbers: Sequence[int]) -> list[str]:
    """A sentence for each pair of tenants that could meet and for which nothing was sent."""
    scene = findings.scene
    tried = {(probe.sender, target) for probe in map(findings.probes.__getitem__, numbers) for target in probe.targets}
    return [
        f"nothing was sent from {sender.name} to {victim.name}"
        for sender in scene.tenants
        for victim in scene.victims_of(sender.name)
        if (sender.name, victim.name) not in tried and _could_meet(scene, sender, victim)
    ]


def _could_meet(scene: Scene, sender: Tenant, victim: Tenant) -> bool:
    """True if the sender has a way to send to one of the victim's addresses."""
    versions = {version(home.address) for home in victim.homes}
    return any(door.source(number) for door in scene.doors_of(sender) for number in versions)


class _Bench:
    """What probes are sent and heard with."""

    def __init__(self, ears: Ears, post: Post, findings: Findings) -> None:
        self._ears, self._post, self._findings = ears, post, findings

    def send(self, numbers: Sequence[int]) -> None:
        """Send probes and take in what is heard meanwhile."""
        for first in range(0, len(numbers), _AT_ONCE):
            next_s = time.monotonic() + _PAUSE_S
            for number in numbers[first : first + _AT_ONCE]:
                self._post.send(number, self._findings.probes[number])
            self._findings.hear(self._ears.listen())
            time.sleep(max(0.0, next_s - time.monotonic()))

    def send_until_arrived(self, scene: Scene, deadline_s: float) -> list[int]:
        """Send each tenant's probes to its own, again and again those that have not arrived; returns their numbers.

        Not all of them can arrive, as a tenant need not have a route to everywhere: enough is when those have that
        must, and another try has brought nothing new.
        """
        numbers = [self._findings.add(probe) for probe in controls(scene)]
        deadline = time.monotonic() + deadline_s
        missing, before = numbers, -1
        while missing and time.monotonic() < deadline:
            self.send(missing)
            self.wait_until_quiet(_RESEND_S)
            missing = [number for number in numbers if number not in self._findings.arrived]
            if len(missing) == before and not self._findings.unproven(numbers):
                break
            before = len(missing)
        return numbers

    def wait_until_quiet(self, quiet_s: float) -> None:
        """Hear the network until no probe has been seen for that long; not for ever, if one runs in circles."""
        now = time.monotonic()
        end, last = now + quiet_s, now + _RESTLESS_S
        while (now := time.monotonic()) < min(end, last):
            if self._findings.hear(self._ears.listen(min(end, last) - now)):
                end = time.monotonic() + quiet_s
