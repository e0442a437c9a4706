"""Where packets get to from an interface: through hooks, rules, routes, bridges and cables, from node to node. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

from raslab.measure.isolation.reasoning import headers as h
from raslab.measure.isolation.reasoning.flow import Flow
from raslab.measure.isolation.reasoning.headers import Headers
from raslab.measure.isolation.reasoning.lookup import Way, is_local
from raslab.measure.isolation.reasoning.node import NodeModel
from raslab.measure.isolation.reasoning.space import Packets
from raslab.measure.isolation.reasoning.state import Hop, Link, Place
from raslab.measure.isolation.reasoning.tunnels import Tunnels

_MOST_HOPS = 40
_EGRESS_REDIRECT, _EGRESS_MIRROR, _INGRESS_REDIRECT = 1, 2, 3
_SHOT = 2
_HARMLESS = ("gact", "police", "csum", "sample", "vlan", "skbedit", "mirred")
_NOWHERE = {
    4: ("127.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32", "0.0.0.0/8"),
    6: ("ff00::/8", "fe80::/10", "::1/128", "::/128"),
}
"""Destinations that no router passes on."""

Stop = Callable[[bool, Place, Flow], Flow | None]
"""Is told of each place that packets come to, whether they come in there; what it returns goes on."""


class Walk:
    """Follows packets until they come to an end, or `stop` says so. models: of nodes that are followed into; of
    others only that packets got there.
    """

    def __init__(
        self,
        headers: Headers,
        models: Mapping[str, NodeModel],
        cables: Mapping[Place, Place],
        tunnels: Tunnels,
        stop: Stop,
        delivered: Callable[[Place, Flow, Way, Link | None], None],
        sealed: Callable[[Place, Flow, tuple[str, str]], None],
    ) -> None:
        self._headers, self._space = headers, headers.space
        self._models, self._cables, self._tunnels = models, cables, tunnels
        self._stop, self._delivered, self._sealed = stop, delivered, sealed
        self._waiting: deque[tuple[bool, str, Link, Flow]] = deque()
        self._seen: dict[tuple[object, ...], Packets] = {}
        unpassed = headers.nothing
        for prefixes in _NOWHERE.values():
            for one in prefixes:
                unpassed |= headers.prefix("dst", one)
        self._passed_on = headers.any_ip - unpassed
        self._untagged = self._space.value("vlan", 0)

    def receive(self, place: Place, flow: Flow) -> None:
        """Follow what comes in by an interface."""
        link = self._models[place[0]].links[place[1]]
        self._waiting.append((True, place[0], link, flow.at(place)))
        self._run()

    def transmit(self, place: Place, flow: Flow) -> None:
        """Follow what leaves by an interface."""
        link = self._models[place[0]].links[place[1]]
        self._send(self._models[place[0]], link, flow.at(place))
        self._run()

    def receive_inside(self, place: Place, flow: Flow) -> None:
        """Follow what has come out of a tunnel of the node's on an interface, above its link layer."""
        model = self._models[place[0]]
        self._upper(model, model.links[place[1]], flow.at(place))
        self._run()

    def _run(self) -> None:
        while self._waiting:
            inward, node, link, flow = self._waiting.popleft()
            key = (inward, node, link.index, flow.inside, bool(flow.doubts), bool(flow.sometimes))
            known = self._seen.get(key, self._headers.nothing)
            fresh = flow.packets - known
            if not fresh or flow.hops > _MOST_HOPS:
                continue
            self._seen[key] = known | fresh
            one = flow.narrowed(fresh)
            model = self._models[node]
            if inward:
                self._inward(model, link, one)
            else:
                self._outward(model, link, one)

    def _go(self, inward: bool, model: NodeModel, link: Link, flow: Flow) -> None:
        """Come to the next interface."""
        if not link.up or not flow.packets:
            return
        place = (model.state.name, link.name)
        going = self._stop(inward, place, flow.at(place))
        if going is not None and going.packets:
            self._waiting.append((inward, model.state.name, link, going))

    # What comes in

    def _inward(self, model: NodeModel, link: Link, flow: Flow) -> None:
        if link.has_program:
            flow = flow.doubtful(f"a program (XDP) on {model.state.name}:{link.name}")
        for one in self._hook(model, "netdev", "ingress", flow, link, None):
            for passed in self._filtered(model, link, one, inward=True):
                self._link_layer(model, link, passed)

    def _link_layer(self, model: NodeModel, link: Link, flow: Flow) -> None:
        """VLANs, bridges, and what else takes frames before the node itself does."""
        for sub in model.above(link):
            if sub.kind == "vlan":
                tagged = flow.packets & self._space.value("vlan", sub.details["vlan"])
                if tagged:
                    self._go(True, model, sub, flow.narrowed(tagged).assigned("vlan", [(0, 0)]))
                    flow = flow.narrowed(flow.packets - tagged)
            elif sub.kind in ("macvlan", "macvtap", "ipvlan", "ipvtap"):
                self._go(True, model, sub, flow)
        master = model.by_index.get(link.master)
        if master is not None and master.kind == "bridge":
            for one in self._hook(model, "bridge", "prerouting", flow, link, None):
                self._bridge(model, master, link, one)
        elif master is not None and master.kind in ("bond", "team"):
            self._go(True, model, master, flow)
        elif master is not None and master.kind not in ("vrf",):
            self._stop(
                False, (model.state.name, master.name), flow.doubtful(f"{master.kind} {model.state.name}:{master.name}")
            )
        else:
            self._upper(model, link, flow)

    def _bridge(self, model: NodeModel, bridge: Link, port: Link | None, flow: Flow) -> None:
        """To all other ports, and to the node itself: any frame may be for everybody."""
        for vlan, one in self._classified(model, bridge, port or bridge, flow):
            for out in [*model.ports(bridge), bridge]:
                if out is port or (port is None and out is bridge) or not out.up:
                    continue
                if port is not None and port.details.get("isolated") and out.details.get("isolated"):
                    continue
                leaving = one
                if vlan is not None:
                    known = model.vlans(out)
                    if vlan not in known.members:
                        continue
                    leaving = one.assigned("vlan", [(0, 0)] if vlan in known.bare else [(vlan, vlan)])
                if out is bridge:
                    for passed in self._hook(model, "bridge", "input", leaving, port, None):
                        self._go_up(model, bridge, passed)
                    continue
                hook = "forward" if port is not None else "output"
                for passed in self._hook(model, "bridge", hook, leaving, port, out):
                    for last in self._hook(model, "bridge", "postrouting", passed, port, out):
                        self._go(False, model, out, last)

    def _classified(self, model: NodeModel, bridge: Link, port: Link, flow: Flow) -> list[tuple[int | None, Flow]]:
        """Frames by VLAN; None on bridges that do not heed VLANs."""
        if not bridge.details.get("heeds_vlans"):
            return [(None, flow)]
        known = model.vlans(port)
        found: list[tuple[int | None, Flow]] = []
        for vlan in known.members:
            tags = [(vlan, vlan), *([(0, 0)] if vlan == known.inbound else [])]
            if part := flow.packets & self._space.among("vlan", tags):
                found.append((vlan, flow.narrowed(part)))
        return found

    def _go_up(self, model: NodeModel, bridge: Link, flow: Flow) -> None:
        """To the bridge as an interface of the node."""
        place = (model.state.name, bridge.name)
        going = self._stop(True, place, flow.at(place))
        if going is None or not going.packets:
            return
        for sub in model.above(bridge):
            if sub.kind == "vlan" and (tagged := going.packets & self._space.value("vlan", sub.details["vlan"])):
                self._go(True, model, sub, going.narrowed(tagged).assigned("vlan", [(0, 0)]))
        self._upper(model, bridge, going)

    # The node itself

    def _upper(self, model: NodeModel, link: Link, flow: Flow) -> None:
        """Labels, and IP: first what arrives, then where it goes."""
        flow = flow.narrowed(flow.packets & self._untagged)
        if link.takes_labels and (labelled := flow.packets & self._space.value("family", h.LABELLED)):
            self._by_label(model, flow.narrowed(labelled))
        flow = flow.narrowed(flow.packets & self._headers.any_ip)
        if not flow.packets:
            return
        vrf = model.vrf_of(link)
        flow = self._put_together(flow) if model.ruleset.tracks else flow
        arrived = self._hook(model, "ip", "prerouting", flow, link, None)
        if vrf is not None and vrf is not link:
            arrived = [two for one in arrived for two in self._hook(model, "ip", "prerouting", one, vrf, None)]
        names = {model.kernel(link), *([model.kernel(vrf)] if vrf else [])}
        for one in arrived:
            self._groups(model, link, one)
            for routed, way in model.lookup.ways(one, names, vrf):
                self._take(model, link, vrf, routed, way)

    def _put_together(self, flow: Flow) -> Flow:
        """Parts of packets as the packets that they are parts of."""
        if not flow.packets - self._space.value("fragment", h.WHOLE):
            return flow
        return flow.assigned("fragment", [(h.WHOLE, h.WHOLE)])

    def _groups(self, model: NodeModel, link: Link, flow: Flow) -> None:
        for group in model.state.groups:
            chosen = self._headers.ip[group.version] & self._space.among("dst", [group.group])
            chosen &= self._space.among("src", [group.source])
            if group.incoming == link.index and (part := flow.packets & chosen):
                for index in group.outgoing:
                    if out := model.by_index.get(index):
                        self._leave(model, link, out, flow.narrowed(part).through("multicast route"))

    def _take(self, model: NodeModel, link: Link, vrf: Link | None, flow: Flow, way: Way) -> None:
        if is_local(way):
            four, six = (flow.narrowed(flow.packets & self._headers.ip[version]) for version in (4, 6))
            for whole in (self._put_together(four), six):  # IPv6 is put together behind the hook
                for one in self._hook(model, "ip", "input", whole, vrf or link, None) if whole.packets else ():
                    self._deliver(model, link, self._put_together(one), way, vrf)
        elif way.kind == "unicast":
            version = 0 if flow.packets & self._headers.ip[4] else 1
            if not (link.forwards[version] or (vrf is not None and vrf.forwards[version])):
                return
            going = flow.narrowed(flow.packets & self._passed_on)
            table = f"table {way.table}"
            for hop in way.hops:
                out = model.by_index.get(hop.index)
                if out is not None and going.packets:
                    for one in self._hook(model, "ip", "forward", going.through(table), vrf or link, out):
                        self._leave(model, vrf or link, out, one, hop)

    def _deliver(self, model: NodeModel, link: Link, flow: Flow, way: Way, vrf: Link | None) -> None:
        self._delivered((model.state.name, link.name), flow, way, vrf)
        for tunnel, inner in self._tunnels.opened(model, flow):
            self._go(True, model, tunnel, inner)

    def _leave(self, model: NodeModel, link: Link | None, out: Link, flow: Flow, hop: Hop | None = None) -> None:
        """What is about to leave: the last hook, IPsec's policies, labels."""
        if hop is not None and hop.pushes:
            flow = flow.doubtful(f"{hop.pushes} on {model.state.name}")
        for one in self._hook(model, "ip", "postrouting", flow, link, out):
            rest = one
            for policy, part in self._tunnels.claimed(model, one, 0):
                rest = rest.narrowed(rest.packets - part.packets)
                if policy.template:
                    self._seal(model, out, part, policy.template[:2])
            if hop is not None and hop.labels:
                rest = rest.wrapped("mpls", self._labelled(hop.labels[0]))
            self._go(False, model, out, rest)

    def _seal(self, model: NodeModel, link: Link, flow: Flow, ends: tuple[str, str]) -> None:
        self._sealed((model.state.name, link.name), flow, ends)

    def _labelled(self, label: int) -> Packets:
        return self._headers.arriving & self._space.value("family", h.LABELLED) & self._space.value("dst", label)

    def _by_label(self, model: NodeModel, flow: Flow) -> None:
        for route in model.state.labels:
            if not (part := flow.packets & self._space.value("dst", route.label)):
                continue
            one = flow.narrowed(part).through(f"label {route.label}")
            for hop in route.hops:
                out = model.by_index.get(hop.index)
                if out is None:
                    continue
                if hop.labels:
                    self._go(False, model, out, one.assigned("dst", [(hop.labels[0], hop.labels[0])]))
                else:
                    self._go(False, model, out, one.opened(self._headers.arriving & self._headers.any_ip))

    # What goes out

    def _send(self, model: NodeModel, link: Link, flow: Flow) -> None:
        self._waiting.append((False, model.state.name, link, flow))

    def _outward(self, model: NodeModel, link: Link, flow: Flow) -> None:
        for one in self._hook(model, "netdev", "egress", flow, None, link):
            for passed in self._filtered(model, link, one, inward=False):
                self._by_kind(model, link, passed)

    def _by_kind(self, model: NodeModel, link: Link, flow: Flow) -> None:
        if link.kind == "veth":
            far = self._cables.get((model.state.name, link.name))
            if far is not None:
                other = self._models[far[0]]
                crossed = flow.forgotten(self._headers.arriving) if far[0] != model.state.name else flow
                self._go(True, other, other.links[far[1]], crossed)
        elif link.kind == "vlan" or link.kind in ("macvlan", "macvtap", "ipvlan", "ipvtap"):
            lower = model.by_index.get(link.lower)
            tagged = flow.assigned("vlan", [(link.details["vlan"],) * 2]) if link.kind == "vlan" else flow
            for sibling in model.above(lower) if lower and link.kind != "vlan" else []:
                if sibling is not link and sibling.kind == link.kind:
                    self._go(True, model, sibling, flow)
            if lower is not None:
                self._go(False, model, lower, tagged)
        elif link.kind == "bridge":
            self._bridge(model, link, None, flow)
        elif link.kind in ("bond", "team"):
            for port in model.ports(link):
                self._go(False, model, port, flow)
        elif link.kind == "vrf":
            self._output(model, flow, link)
        elif link.name == "lo":
            self._upper(model, link, flow)
        elif link.kind in ("xfrm", "vti", "vti6"):
            for policy, part in self._tunnels.claimed(model, flow, int(link.details.get("if_id", 0))):
                if policy.template:
                    self._seal(model, link, part, policy.template[:2])
        elif link.kind == "wireguard":
            for ends in self._tunnels.peers(model, link):
                self._seal(model, link, flow, ends)
        else:
            for outer, under in self._tunnels.wrapped(model, link, flow):
                self._output(model, outer, model.vrf_of(under), under)

    def _output(self, model: NodeModel, flow: Flow, vrf: Link | None, under: Link | None = None) -> None:
        """What the node itself sends, such as tunnels' packets."""
        bound = model.kernel(under) if under else ""
        for routed, way in model.lookup.ways(flow, ("lo",), vrf, bound):
            if is_local(way):
                for one in self._hook(model, "ip", "input", routed, vrf, None):
                    self._deliver(model, vrf or model.links["lo"], one, way, vrf)
            for hop in way.hops if way.kind == "unicast" else ():
                out = model.by_index.get(hop.index)
                if out is not None:
                    for one in self._hook(model, "ip", "output", routed, None, out):
                        self._leave(model, None, out, one, hop)

    # Hooks

    def _hook(
        self, model: NodeModel, layer: str, hook: str, flow: Flow, incoming: Link | None, outgoing: Link | None
    ) -> list[Flow]:
        if not model.ruleset.rules:
            return [flow]
        passed = model.ruleset.passed(layer, hook, flow, model.situation(incoming, outgoing))
        for name, leaving in passed.leaving:
            if link := model.by_kernel.get(name):
                self._go(False, model, link, leaving)
            else:
                self._stop(False, (model.state.name, name or "?"), leaving.doubtful("a copy to an address"))
        return [one for one in passed.flows if one.packets]

    def _filtered(self, model: NodeModel, link: Link, flow: Flow, inward: bool) -> list[Flow]:
        """What filters of traffic control let by; the rest they send elsewhere."""
        for one in model.filters(link, inward):
            where = f"tc filter on {model.state.name}:{link.name}"
            if one.kind == "bpf" or (not one.actions and one.kind not in ("matchall", "u32", "flower", "fw")):
                flow = flow.doubtful(f"{where} of kind {one.kind}")
            for kind, details in one.actions:
                if kind == "mirred" and details is not None:
                    what, index = details
                    target = model.by_index.get(index)
                    if target is not None and target.kind == "ifb":
                        continue  # it comes back to where it was
                    if target is not None:
                        copy = flow.through(where)
                        copy = copy if one.matches_all else copy.only_sometimes(where)
                        self._go(what > _EGRESS_MIRROR, model, target, copy)
                    if one.matches_all and what in (_EGRESS_REDIRECT, _INGRESS_REDIRECT):
                        return []
                elif kind == "gact" and details == _SHOT and one.matches_all:
                    return []
                elif kind == "skbedit":
                    flow = flow.assigned("mark", [(0, 0xFFFFFFFF)])
                elif kind not in _HARMLESS:
                    flow = flow.doubtful(f"{where} with action {kind}")
        return [flow]
