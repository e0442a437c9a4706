"""The tunnels, as a RAS gateway makes them."""

from __future__ import annotations

from labs.tunnel_kinds.cases import Kind
from raslab.gateway import CustomPolicy, RasGateway
from raslab.net import Network
from raslab.services import Supervisor

NAME = "tunnel"
CARRIER = "carrier"
KEY = 1001
TRANSPORT = {1: "192.0.2.1", 2: "192.0.2.2"}
SITES = ((1, 2), (2, 1))


def build(net: Network, kind: Kind) -> list[str]:
    """Make a tunnel of that kind between both gateways, up and ready; what one would have typed for it on gw1."""
    services = Supervisor(net)
    gateways = {site: RasGateway(net[f"gw{site}"], services) for site, _ in SITES}
    keys = {site: gateway.new_wireguard_keys() for site, gateway in gateways.items()}
    for here, there in SITES:
        gateway, subnet = gateways[here], f"10.{there}.0.0/24"
        ends = {"source_ip_address": TRANSPORT[here], "destination": TRANSPORT[there]}
        with gateway.changing():
            gateway.install_remote_access(vpn_type="VpnS2S")
            match kind.name:
                case "gre":
                    gateway.add_gre_interface(NAME, **ends, ipv4_subnet=subnet)
                case "gre-key":
                    gateway.add_gre_interface(NAME, **ends, gre_key=KEY, ipv4_subnet=subnet)
                case "wireguard":
                    gateway.add_wireguard_interface(
                        NAME,
                        destination=TRANSPORT[there],
                        private_key=keys[here].private_key,
                        public_key=keys[there].public_key,
                        ipv4_subnet=subnet,
                    )
                case "gre-over-ipsec":
                    _add_ipsec(gateway, CARRIER, TRANSPORT[there], kind, ipv4_address=f"10.254.0.{here}/30")
                    gateway.add_gre_interface(
                        NAME,
                        source_ip_address=f"10.254.0.{here}",
                        destination=f"10.254.0.{there}",
                        ipv4_subnet=subnet,
                    )
                case _:
                    _add_ipsec(gateway, NAME, TRANSPORT[there], kind, ipv4_subnet=subnet)
    gateways[1].connect_vpn_s2s_interface(CARRIER if kind.name == "gre-over-ipsec" else NAME)
    return list(gateways[1].explain(everything=True).lines)


def _add_ipsec(gateway: RasGateway, name: str, destination: str, kind: Kind, **settings: str) -> None:
    gateway.add_vpn_s2s_interface(
        name,
        destination=destination,
        authentication_method="PSKOnly",
        shared_secret="tunnels side by side",
        custom_policy=CustomPolicy(
            dh_group="ECP256",
            pfs_group="ECP256",
            cipher_transform_constants=str(kind.cipher),
            authentication_transform_constants=str(kind.check),
        ),
        **settings,
    )
