"""How long BGP believes in a neighbour that has fallen silent; run in a lab machine by `test_services_virtual`.

    session_outage.py [--bfd] [--idle SECONDS]

Two routers with a switch between them, so that cutting one cable leaves the other router's carrier on. Prints, as JSON,
the seconds on the lab's clock from the cut until the session was down.
"""

from __future__ import annotations

import argparse
import json
import time

from raslab.net import Network, Topo
from raslab.services import Bfdd, Bgpd, Service, Supervisor, Zebra

BFD = "bfd\n profile fast\n  detect-multiplier 3\n  transmit-interval 50\n  receive-interval 50\n"
DEADLINE_S = 60.0
STEP_S = 0.001
ENOUGH_PACKETS = 20


class Silence(Topo):
    """r1 - s1 - r2."""

    def build(self) -> None:
        self.addSwitch("s1")
        for number in (1, 2):
            self.addRouter(f"r{number}", ip=f"10.0.0.{number}/24")
            self.addLink(f"r{number}", "s1", delay="1ms", bw=1000)


def services(number: int, bfd: bool) -> list[Service]:
    """What runs on a router."""
    other = f"10.0.0.{3 - number}"
    rows = [
        f"router bgp {65000 + number}",
        " no bgp ebgp-requires-policy",
        f" neighbor {other} remote-as {65003 - number}",
    ]
    rows += [f" neighbor {other} timers 1 3", f" neighbor {other} timers connect 1"]
    rows += [f" neighbor {other} bfd profile fast"] if bfd else []
    return [Zebra(), Bgpd("\n".join(rows)), *([Bfdd(BFD)] if bfd else [])]


def state(supervisor: Supervisor) -> str:
    """What r1 says about its session."""
    return str(supervisor.vty("r1", "bgpd").show("show bgp ipv4 unicast summary json")["peers"]["10.0.0.2"]["state"])


def bfd_is_fast(supervisor: Supervisor) -> bool:
    """True if r1 has had enough packets of BFD: a session begins with one a second (RFC 5880, section 6.8.3)."""
    found = supervisor.vty("r1", "bfdd").show("show bfd peers counters json")
    return [peer["control-packet-input"] >= ENOUGH_PACKETS for peer in found] == [True]


def main() -> None:
    """Wait for the session, be idle, cut, measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bfd", action="store_true")
    parser.add_argument("--idle", type=float, default=0.0)
    options = parser.parse_args()
    with Network(Silence()) as network:
        supervisor = Supervisor(network)
        supervisor.apply({f"r{number}": services(number, options.bfd) for number in (1, 2)})
        deadline = time.monotonic() + DEADLINE_S
        while state(supervisor) != "Established" or (options.bfd and not bfd_is_fast(supervisor)):
            assert time.monotonic() < deadline, "no session"
            time.sleep(20 * STEP_S)
        time.sleep(options.idle)
        assert state(supervisor) == "Established"
        network["r2"].intf("r2-eth0").change(up=False)
        cut = time.monotonic()
        while state(supervisor) == "Established":
            assert time.monotonic() < cut + DEADLINE_S, "the session stays"
            time.sleep(STEP_S)
        print(json.dumps({"outage_s": round(time.monotonic() - cut, 3)}))


if __name__ == "__main__":
    main()
