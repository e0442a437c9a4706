"""Odd input for gateways and topologies: either it is taken, or it is refused by sentences and nothing has changed.

    python benchmarks/fuzz.py [--calls 10000] [--topologies 10000] [--seed 1]

Needs no root and no network. Prints how many were taken and refused, how many ended in anything but a sentence
(tracebacks), and how many did something else than they should (wrong); exits with 1 if there was any of these.
"""

from __future__ import annotations

import argparse
import inspect
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from raslab.errors import RaslabError, TopologyError
from raslab.gateway import RasGateway
from raslab.gateway.plan import plan
from raslab.gateway.surroundings import Surroundings
from raslab.model.topology import EMPTY
from raslab.model.validation import problems_of
from raslab.net import Network, Topo
from raslab.net.names import clashes
from raslab.net.plan import difference
from raslab.services import Supervisor

MARK = "EVIL"
"""Stands at the beginning of a line of its own in texts that try to be two lines."""
_ASKING = ("changing", "explain", "diff", "routing_domain", "start")
_LONGEST_SENTENCE = 2000

NASTY: tuple[Any, ...] = (
    "",
    " ",
    f"2001:db8::%x\n{MARK} hostname\n/48",
    f"2001:db8::1%x\n{MARK}",
    "fe80::1%lan0",
    f"a\n{MARK}\n",
    "a\0b",
    "a\ud800b",
    'x"; flush ruleset; "',
    "{ } ; # $ \\ ' \" `id` $(id)",
    "%any",
    "x" * 10_000,
    "é" * 300,
    "٣.٣.٣.٣",
    "²",
    "1_0",
    "-1",
    "0x10",
    "../../etc/passwd",
    "10.0.0.0/255.0.255.0",
    "10.0.0.1/8",
    "::ffff:10.0.0.1",
    "999999999999999999999",
    "9" * 5000,
    None,
    True,
    -1,
    0,
    1,
    2**31,
    2**64,
    10**5000,
    1.5,
    float("nan"),
    float("inf"),
    b"bytes",
    [],
    ["10.1.0.0/24", None],
    {"a": 1},
    object(),
)
SENSIBLE: tuple[Any, ...] = (
    "lan0",
    "wan0",
    "one",
    "two",
    "10.1.0.254",
    "10.1.0.1",
    "203.0.113.1",
    "203.0.113.254",
    "198.51.100.2",
    "2001:DB8:1:0::1",
    "10.1.0.0/24",
    "10.2.0.0/255.255.255.0",
    "10.2.0.0/24:100",
    "2001:db8:2::/48",
    "10.0.0.0/16:10.2.0.0/16:TCP:0:443",
    "10.255.0.1/30",
    "10.255.0.2",
    64512,
    65001,
    "1.10",
    "65001:100",
    "no-export",
    "TCP",
    "Inbound",
    "Allow",
    "Deny",
    "ModifyAttribute",
    "Ingress",
    "Egress",
    "PSKOnly",
    "IPv4",
    "All",
    "VpnS2S",
    "a secret",
    443,
    3,
    60,
    True,
    False,
    None,
)


class Edge(Topo):
    """A gateway between a LAN and a provider."""

    def build(self) -> None:
        self.addRouter("gw1")
        self.addHost("h1")
        self.addHost("isp")
        lan = {"name": "lan0", "ips": ["10.1.0.254/24", "2001:db8:1::1/64"]}
        self.addLink("h1", "gw1", params1={"ips": ["10.1.0.1/24"]}, params2=lan)
        wan = {"name": "wan0", "ips": ["203.0.113.1/24"]}
        self.addLink("gw1", "isp", params1=wan, params2={"ips": ["203.0.113.254/24"]})
        self.addRoute("gw1", "default", via="203.0.113.254")


@dataclass
class Tally:
    """What came of all attempts. bad: what should not have been, with the attempt."""

    counts: Counter[str] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)

    def note(self, kind: str, attempt: str) -> None:
        """Count one; keep what is bad."""
        self.counts[kind] += 1
        if kind in ("traceback", "wrong"):
            self.bad.append(f"{kind}: {attempt}")


def verbs() -> dict[str, inspect.Signature]:
    """Every verb of a gateway that changes or asks it, with its parameters."""
    found = inspect.getmembers(RasGateway, inspect.isfunction)
    return {name: inspect.signature(verb) for name, verb in found if not name.startswith("_") and name not in _ASKING}


def gateway_calls(count: int, seed: int) -> Tally:
    """Calls of a gateway that does not run, each with some odd values; a new gateway every hundred calls."""
    chosen, tally, known = random.Random(seed), Tally(), verbs()
    for number in range(count):
        if number % 100 == 0:
            gateway = _gateway()
        name = chosen.choice(list(known))
        settings = dict(_settings(known[name], chosen))
        call(gateway, name, settings, tally)
    return tally


def topologies(count: int, seed: int) -> Tally:
    """Topologies, each with some odd values, described as people do and then checked as a start would."""
    chosen, tally = random.Random(seed), Tally()
    for _ in range(count):
        choice = _Choice(chosen)
        attempt = "topology"
        try:
            topo = _odd(choice)
            attempt = f"topology {choice.said}"
            network = Network(topo)
            topology = network.topology()
            Surroundings.of(topology, "r1")
            problems = problems_of(topology) or clashes(topology)
            if problems:
                raise TopologyError(problems)
            difference(EMPTY, topology)
            tally.note("taken", attempt)
        except RaslabError as error:
            tally.note("refused" if _is_told(error) else "wrong", f"{attempt}: {error}")
        except Exception as error:
            tally.note("traceback", f"topology {choice.said}: {type(error).__name__} {error}"[:600])
    return tally


def _gateway() -> RasGateway:
    network = Network(Edge())
    gateway = RasGateway(network["gw1"], Supervisor(network))
    gateway.install_remote_access(vpn_type="VpnS2S")
    gateway.add_bgp_router(
        bgp_identifier="10.1.0.254", local_asn=64512, ipv6_routing=True, local_ipv6_address="2001:db8:1::1"
    )
    gateway.add_bgp_peer("one", local_ip_address="10.1.0.254", peer_ip_address="10.1.0.1", peer_asn=65001)
    return gateway


def _settings(signature: inspect.Signature, chosen: random.Random) -> Iterator[tuple[str, Any]]:
    parameters = [one for one in signature.parameters.values() if one.name != "self"]
    for one in parameters:
        required = one.default is inspect.Parameter.empty
        if one.kind in (one.VAR_KEYWORD, one.VAR_POSITIONAL) or not (required or chosen.random() < 0.2):
            continue
        yield one.name, chosen.choice(NASTY if chosen.random() < 0.3 else SENSIBLE)


def call(gateway: RasGateway, name: str, settings: dict[str, Any], tally: Tally) -> None:
    """One call, and what came of it."""
    before, attempt = gateway.state, f"{name}({_shown(settings)})"
    try:
        getattr(gateway, name)(**settings)
    except RaslabError as error:
        unchanged = gateway.state == before
        tally.note("refused" if unchanged and _is_told(error) else "wrong", f"{attempt}: {error}"[:900])
        return
    except Exception as error:
        tally.note("traceback", f"{attempt}: {type(error).__name__} {error}"[:600])
        return
    try:
        rendered = plan(gateway.state, gateway.surroundings)
        lines = [line for service in rendered.services for line in service.plan(None)]
        lines += [line for service in rendered.services for line in getattr(service, "config", "").splitlines()]
    except Exception as error:
        tally.note("traceback", f"planning after {attempt}: {type(error).__name__} {error}"[:600])
        return
    tally.note("wrong" if any(line.lstrip().startswith(MARK) for line in lines) else "taken", attempt)


def _is_told(error: RaslabError) -> bool:
    """One line for each problem, of a length that can be read."""
    problems = getattr(error, "problems", None) or [str(error)]
    return all("\n" not in one and 0 < len(one) < _LONGEST_SENTENCE for one in problems)


def _shown(settings: dict[str, Any]) -> str:
    def one(value: Any) -> str:
        try:
            return repr(value)[:80]
        except ValueError:
            return "a huge number"

    return ", ".join(f"{name}={one(value)}" for name, value in settings.items())


class _Choice:
    """Values of a topology: mostly the usual ones. said: those that are not."""

    def __init__(self, chosen: random.Random) -> None:
        self._chosen = chosen
        self._odd = chosen.random() * 0.15
        self.said: list[str] = []

    def __call__(self, what: str, usual: Any) -> Any:
        """The usual value, or an odd one."""
        if self._chosen.random() >= self._odd:
            return usual
        value = self._chosen.choice(NASTY if self._chosen.random() < 0.7 else SENSIBLE)
        self.said.append(_shown({what: value}))
        return value


def _odd(choice: Callable[[str, Any], Any]) -> Topo:
    """Two routers and two hosts, a switch, and one of everything that a topology may have."""
    topo = Topo()
    topo.addRouter(choice("router", "r1"))
    topo.addRouter("r2")
    topo.addHost(choice("host", "h1"), ip=choice("ip", "10.1.0.1/24"))
    topo.addSwitch("s1")
    ends = [
        {
            "name": choice("name", name),
            "ips": [choice("ips", own)],
            "mac": choice("mac", None),
            "mtu": choice("mtu", 1500),
        }
        for name, own in (("wan0", "192.0.2.1/24"), ("wan0", "192.0.2.2/24"))
    ]
    shape = {
        "rate_mbps": choice("rate_mbps", 100),
        "delay_ms": choice("delay_ms", 1),
        "jitter_ms": choice("jitter_ms", 0),
    }
    shape["loss_percent"] = choice("loss_percent", 0)
    topo.addLink("r1", "r2", params1=ends[0], params2=ends[1], **shape)
    topo.addLink("h1", "s1", params2={"vlans": choice("vlans", [10]), "untagged_vlan": choice("untagged_vlan", None)})
    topo.addTunnel(
        "r1",
        choice("tunnel", "gre1"),
        local=choice("local", "192.0.2.1"),
        remote=choice("remote", "192.0.2.2"),
        kind=choice("kind", "gre"),
        key=choice("key", 7),
        ttl=choice("ttl", 64),
        mtu=choice("mtu", None),
        ips=choice("ips", ["10.255.0.1/30"]),
    )
    topo.addVrf("r1", choice("vrf", "red"), choice("table", 1000))
    topo.addVlan("r1", choice("parent", "wan0"), choice("vlan_id", 20), ips=choice("ips", ["10.20.0.1/24"]))
    topo.addRoute(
        "r1", choice("destination", "10.2.0.0/24"), via=choice("via", "192.0.2.2"), metric=choice("metric", None)
    )
    topo.addRoute("r1", "10.3.0.0/24", dev=choice("dev", "gre1"), labels=choice("labels", ()))
    topo.addMplsRoute("r1", choice("label", 100), via=choice("via", "192.0.2.2"), out_labels=choice("out", ()))
    return topo


def main() -> int:
    """Both, and their counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--topologies", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    bad: list[str] = []
    for what, tally in (
        ("gateway calls", gateway_calls(given.calls, given.seed)),
        ("topologies", topologies(given.topologies, given.seed)),
    ):
        counts = tally.counts
        print(
            f"{sum(counts.values())} {what}: {counts['taken']} taken, {counts['refused']} refused, "
            f"tracebacks {counts['traceback']}, wrong {counts['wrong']}"
        )
        bad += tally.bad
    for one in bad[:40]:
        print(one)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
