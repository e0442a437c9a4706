"""Names that a gateway makes of others take nothing over in the kernel."""

from __future__ import annotations

import pytest
from two_tenants import NAMES, OUTSIDE, Tenants, TwoTenants, until

from raslab.errors import GatewayRefusedError
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("nft nat")]


def test_an_interface_with_the_name_of_a_vrf_stays_what_it_is() -> None:
    with Network(TwoTenants()) as network:
        network.addLink("csp", "isp", params1={"name": "vrf-Fabrikam", "ips": ["192.0.2.1/30"]})
        tenants = Tenants(network)
        before = network["csp"].run("ip -d link show vrf-Fabrikam").stdout
        with pytest.raises(GatewayRefusedError, match="interface vrf-Fabrikam of csp and the VRF vrf-Fabrikam"):
            tenants.csp.enable_remote_access_routing_domain("Fabrikam")
        assert network["csp"].run("ip -d link show vrf-Fabrikam").stdout == before
        assert "veth" in before
        tenants.csp.enable_remote_access_routing_domain("Fabrikam2")
        assert "vrf" in network["csp"].run("ip -d link show vrf-Fabrikam2").stdout


def test_tenants_whose_names_differ_by_a_dash_have_maps_and_time_outs_of_their_own() -> None:
    """Together with those of their translators they would be one name."""
    with Network(TwoTenants()) as network:
        tenants = Tenants(network)
        for name in NAMES.values():
            tenants.csp.disable_remote_access_routing_domain(name)
        for number, (name, nat) in enumerate((("A-B", "C"), ("A", "B-C")), 1):
            tenants.csp.enable_remote_access_routing_domain(name, interfaces=f"tenant{number}")
            domain = tenants.csp.routing_domain(name)
            domain.new_net_nat(nat, udp_filtering_behavior="EndpointIndependent", udp_idle_session_timeout=40 * number)
            domain.add_net_nat_external_address(nat, f"{OUTSIDE}.5{number}")
        code = "import socket; s = socket.socket(2, 2); s.bind(('', 4000)); s.sendto(b'?', ('203.0.113.254', 9))"
        for number in (1, 2):
            assert network[f"vm{number}"].run(["python3", "-c", code]).status == 0

        def sessions() -> dict[str | None, float]:
            return {one.routing_domain: one.timeout_s for one in tenants.csp.get_net_nat_session()}

        until("both are on their way", lambda: sessions().keys() == {"A-B", "A"})
        found = sessions()
        assert 30 < found["A-B"] <= 40 < 70 < found["A"] <= 80
        for name, own in (("udp-ports-A-B/C", ".51"), ("udp-ports-A/B-C", ".52")):
            shown = network["csp"].run(["nft", "list", "map", "ip", "nat", name]).stdout
            assert f"203.0.113{own} . 4000" in shown
            assert shown.count(" . 4000") == 2  # the end outside, and the one inside
