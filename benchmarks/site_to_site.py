"""How long a lab with real daemons takes, from nothing until every site reaches every other, and to its end.

    .venv/bin/raslab exec --machine uml [--virtual-time] -- .venv/bin/python benchmarks/site_to_site.py </dev/null

20 nodes: four sites (a gateway, a switch and two hosts each), two Internet routers, a server and a spare host. FRR runs
on the four gateways and both Internet routers, with BGP and BFD (50 ms x 3). The gateways are a ring of four IPsec
tunnels with BGP inside, and translate what goes to the Internet. Prints a line of JSON: seconds on the lab's clock for
each phase; `converged_after_s`, when every site reaches every other and the Internet; `watched_after_s`, when BFD
watches every session too; `deaths` must be 0.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

STARTED = time.monotonic()

from raslab.machine.here import here  # noqa: E402 - imports are a phase
from raslab.net import Network, Topo  # noqa: E402
from raslab.services import Bfdd, Bgpd, Chain, Charon, Nftables, Service, Shared, Supervisor, Table, Zebra  # noqa: E402
from raslab.services.vty import Vty  # noqa: E402

SITES = (1, 2, 3, 4)
RING = tuple(pairwise((*SITES, 1)))
SESSIONS = {"isp1": 1, "isp2": 1, **{f"gw{site}": 2 for site in SITES}}  # of BGP, by node
DEADLINE_S = 60.0
BFD = """
bfd
 profile fast
  detect-multiplier 3
  transmit-interval 50
  receive-interval 50
"""


class Sites(Topo):
    """Four sites on an Internet of two routers."""

    def build(self) -> None:
        wire: dict[str, Any] = {"bw": 1000, "delay": "2ms"}
        for name in ("isp1", "isp2"):
            self.addRouter(name)
        self.addHost("www", ip="198.51.100.80/24", defaultRoute="via 198.51.100.1")
        self.addLink("www", "isp2", params2={"ip": "198.51.100.1/24"}, **wire)
        self.addLink("isp1", "isp2", params1={"ip": "203.0.113.1/30"}, params2={"ip": "203.0.113.2/30"}, **wire)
        self.addLink(self.addHost("spare", ip="198.51.101.2/24"), "isp1", params2={"ip": "198.51.101.1/24"}, **wire)
        for site in SITES:
            gateway, switch = self.addRouter(f"gw{site}"), self.addSwitch(f"s{site}")
            isp = "isp1" if site < 3 else "isp2"
            ends: dict[str, Any] = {"params1": {"ip": f"192.0.{site}.2/24"}, "params2": {"ip": f"192.0.{site}.1/24"}}
            self.addLink(gateway, isp, intfName1=f"gw{site}-wan", **ends, **wire)
            self.addRoute(gateway, "default", via=f"192.0.{site}.1")
            self.addLink(gateway, switch, params1={"ip": f"10.{site}.0.1/24"}, **wire)
            for number in (2, 3):
                host = self.addHost(
                    f"h{site}{number}", ip=f"10.{site}.0.{number}/24", defaultRoute=f"via 10.{site}.0.1"
                )
                self.addLink(host, switch, **wire)
        for number, (a, b) in enumerate(RING, start=1):
            for here_, there, last in ((a, b, 1), (b, a, 2)):
                self.addTunnel(
                    f"gw{here_}",
                    f"to{there}",
                    kind="xfrm",
                    local=f"192.0.{here_}.2",
                    remote=f"192.0.{there}.2",
                    key=number,
                    mtu=1400,
                    ips=(f"169.254.{number}.{last}/30",),
                )


def bgp(number: int, neighbours: dict[str, int], networks: list[str], watches: tuple[str, ...]) -> str:
    """bgpd's configuration. neighbours: AS by address. watches: lines by which neighbours are watched."""
    rows = ["frr defaults datacenter", "bgp route-map delay-timer 1", f"router bgp {number}", " coalesce-time 0"]
    rows += [" no bgp ebgp-requires-policy", " no bgp network import-check", f" bgp router-id 1.0.0.{number % 256}"]
    for address, other in neighbours.items():
        rows.append(f" neighbor {address} remote-as {other}")
        rows += [f" neighbor {address} {what}" for what in ("timers connect 1", "timers 3 9", *watches)]
    rows += [" address-family ipv4 unicast", *(f"  network {network}" for network in networks), " exit-address-family"]
    return "\n".join(rows)


def tunnels(site: int) -> dict[str, dict[str, Any]]:
    """charon's connections of a gateway."""
    found: dict[str, dict[str, Any]] = {}
    for number, (a, b) in enumerate(RING, start=1):
        if site not in (a, b):
            continue
        mine, other = f"192.0.{site}.2", f"192.0.{b if site == a else a}.2"
        found[f"to{b if site == a else a}"] = {
            "version": "2",
            "local_addrs": [mine],
            "remote_addrs": [other],
            "proposals": ["aes256gcm16-prfsha256-ecp256"],
            "local": {"auth": "psk", "id": mine},
            "remote": {"auth": "psk", "id": other},
            "if_id_in": str(number),
            "if_id_out": str(number),
            "children": {
                "all": {"local_ts": ["0.0.0.0/0"], "remote_ts": ["0.0.0.0/0"], "esp_proposals": ["aes256gcm16"]}
            },
        }
    return found


def services(watches: tuple[str, ...] = ()) -> dict[str, list[Service]]:
    """What runs where. watches: see `bgp`."""
    wanted: dict[str, list[Service]] = {}
    for name, isp, peer, sites in (("isp1", 64501, "203.0.113.2", (1, 2)), ("isp2", 64502, "203.0.113.1", (3, 4))):
        networks = [f"192.0.{site}.0/24" for site in sites] + (["198.51.100.0/24"] if name == "isp2" else [])
        wanted[name] = [Zebra(), Bfdd(BFD), Bgpd(bgp(isp, {peer: 129003 - isp}, networks, watches))]
    snat = Chain("type nat hook postrouting priority srcnat; policy accept", ('oifname "*-wan" masquerade',))
    for site in SITES:
        inner = {}
        for number, (a, b) in enumerate(RING, start=1):
            if site == a:
                inner[f"169.254.{number}.2"] = 65000 + b
            if site == b:
                inner[f"169.254.{number}.1"] = 65000 + a
        nat = Chain(snat.header, (f'oifname "gw{site}-wan" ip saddr 10.0.0.0/8 masquerade',))
        wanted[f"gw{site}"] = [
            Zebra(),
            Bfdd(BFD),
            Bgpd(bgp(65000 + site, inner, [f"10.{site}.0.0/24"], watches)),
            Charon(connections=tunnels(site), secrets={"lab": Shared("IKE", "a secret of the lab")}),
            Nftables((Table("ip", "nat", {"out": nat}),)),
        ]
    return wanted


def wait_for(what: str, holds: Callable[[], bool]) -> None:
    """Look until `holds()` is true."""
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        if time.monotonic() > deadline:
            sys.exit(f"not within {DEADLINE_S:g} s: {what}")
        time.sleep(0.02)


def routes(vty: Vty) -> dict[str, object]:
    """What bgpd knows, by prefix."""
    return dict(vty.show("show bgp ipv4 unicast json")["routes"])


def installed(supervisor: Supervisor, node: str) -> int:
    """How many routes of BGP are in the kernel."""
    found = supervisor.vty(node, "zebra").show("show ip route bgp json").values()
    return sum(any(route.get("installed") for route in routes) for routes in found)


def watched(supervisor: Supervisor, node: str) -> int:
    """How many sessions BFD watches."""
    peers = supervisor.vty(node, "bfdd").show("show bfd peers json")
    return sum(bool(peer["status"] == "up") for peer in peers)


def reaches(network: Network, name: str, target: str) -> bool:
    """One ping."""
    return bool(network[name].run(["ping", "-c1", "-W1", target]).status == 0)


def main() -> None:
    """Build, converge, prove, end, and print."""
    marks = [("imports", time.monotonic())]
    network = Network(Sites())
    assert len(network.keys()) == 20
    network.start()
    marks.append(("network", time.monotonic()))
    supervisor = Supervisor(network)
    wanted = services()
    # A gateway's BGP begins when its tunnels are there: FRR looks again for a peer that it has missed after seconds.
    later = {node: [one for one in wanted[node] if isinstance(one, Bgpd)] for node in wanted if node.startswith("gw")}
    supervisor.apply({node: [one for one in all_ if one not in later.get(node, ())] for node, all_ in wanted.items()})
    marks.append(("daemons", time.monotonic()))
    for name, count in (("isp1", 3), ("isp2", 2)):
        wait_for(f"the Internet's routes are on {name}", lambda: installed(supervisor, name) == count)  # noqa: B023
    marks.append(("transit", time.monotonic()))
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda pair: supervisor.vici(f"gw{pair[0]}").initiate(f"to{pair[1]}", "all"), RING))
    supervisor.apply(wanted)
    marks.append(("tunnels", time.monotonic()))
    for site in SITES:
        wait_for(f"gw{site} knows all sites", lambda: installed(supervisor, f"gw{site}") == len(SITES) - 1)  # noqa: B023
    marks.append(("routes", time.monotonic()))
    # Not before: when a BGP session comes up, bgpd makes its BFD session anew, of a known interface and address. If the
    # old one was up by then, the other side takes its end for an outage, and BGP waits two seconds and tries again.
    supervisor.apply(services(watches=("bfd profile fast",)))
    marks.append(("bfd", time.monotonic()))
    targets = [(f"h{a}2", f"10.{b}.0.3") for a in SITES for b in SITES if a != b]
    for name, target in (*targets, *((f"h{site}3", "198.51.100.80") for site in SITES)):
        wait_for(f"{name} reaches {target}", lambda: reaches(network, name, target))  # noqa: B023
    marks.append(("pings", time.monotonic()))
    for node, count in SESSIONS.items():
        wait_for(f"BFD watches all sessions of {node}", lambda: watched(supervisor, node) == count)  # noqa: B023
    marks.append(("watched", time.monotonic()))
    deaths = supervisor.deaths()
    network.stop()
    marks.append(("stop", time.monotonic()))
    times = {name: round(end - begin, 3) for (_, begin), (name, end) in pairwise([("", STARTED), *marks])}
    after = {name: round(at - STARTED, 3) for name, at in marks}
    told: dict[str, object] = {"clock": here().clock, "deaths": len(deaths), "converged_after_s": after["pings"]}
    print(json.dumps(told | {"watched_after_s": after["watched"], "phases_s": times}))


if __name__ == "__main__":
    main()
