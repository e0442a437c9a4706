"""How large the provider network's packets have to be: to the byte."""

from __future__ import annotations

import pytest
from tenants import WEB, tenants

from raslab.hnv import guest_mtu, provider_mtu

pytestmark = [
    pytest.mark.usefixtures("root"),
    pytest.mark.needs("vrf", "bridge vlans", "vxlan", "gretap"),
]

FULL = "1472"  # bytes of echo data in a packet of 1500


@pytest.mark.parametrize("encapsulation", ["vxlan", "nvgre"])
def test_the_mtu_is_needed_to_the_byte(encapsulation: str) -> None:
    needed = provider_mtu(encapsulation)
    with tenants(encapsulation=encapsulation, mtu=needed) as bed:
        assert bed.pings("contoso-sql", WEB, "-M", "do", "-s", FULL) == 1
        for link in bed.network.links:
            if "pa0" in (link.intf1.name, link.intf2.name):
                for end in link.ends:
                    end.change(mtu=needed - 1)
        assert bed.pings("contoso-sql", WEB, "-M", "do", "-s", FULL) == 0
        assert bed.pings("contoso-sql", WEB, "-M", "do", "-s", str(int(FULL) - 1)) == 1


@pytest.mark.parametrize("encapsulation", ["vxlan", "nvgre"])
def test_large_packets_die_on_a_usual_network(encapsulation: str) -> None:
    with tenants(encapsulation=encapsulation, mtu=1500) as bed:
        room = guest_mtu(encapsulation, 1500) - 28
        assert bed.pings("contoso-sql", WEB, "-s", str(room)) == 1
        assert bed.pings("contoso-sql", WEB, "-M", "do", "-s", str(room + 1)) == 0
        # Nor may the hosts cut into pieces what the machines allow to be cut.
        assert bed.pings("contoso-sql", WEB, "-M", "dont", "-s", FULL) == 0
