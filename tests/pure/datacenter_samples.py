"""Datacenters for the pure tests: a good one, and what it stands on."""

from __future__ import annotations

from ipaddress import ip_address

from raslab.hnv.state import (
    AclRule,
    Attachment,
    ComputeHost,
    CustomerRoute,
    DatacenterState,
    VirtualNetwork,
    VirtualSubnet,
)
from raslab.hnv.surroundings import Surroundings
from raslab.model.topology import NodeKind

HOST1, HOST2 = ComputeHost("host1", "192.168.1.10"), ComputeHost("host2", "192.168.2.20")
CONTOSO = VirtualNetwork(
    "Contoso",
    "0b7e1f0c-5a3e-4c55-9d3e-0d3f6f4c0001",
    1001,
    (VirtualSubnet(5001, ("10.1.1.0/24", "2001:db8:1:1::/64")), VirtualSubnet(5002, ("10.1.2.0/24",))),
    (CustomerRoute("default", "10.1.2.254"),),
)
FABRIKAM = VirtualNetwork(
    "Fabrikam", "0b7e1f0c-5a3e-4c55-9d3e-0d3f6f4c0002", 1002, (VirtualSubnet(6001, ("10.1.1.0/24",)),)
)
SQL = Attachment("sql", 5001, "host1", "eth0", ("10.1.1.11/24", "2001:db8:1:1::b/64"), "02:00:00:01:40:00")
WEB = Attachment("web", 5001, "host2", "eth0", ("10.1.1.12/24", "2001:db8:1:1::c/64"), "02:00:00:02:40:00")
GATEWAY = Attachment(
    "gw", 5002, "host2", "contoso", ("10.1.2.254/24",), "02:00:00:03:40:00", default_route=False, routes_for_others=True
)
OTHER_SQL = Attachment(
    "sql2",
    6001,
    "host1",
    "eth0",
    ("10.1.1.11/24",),
    "02:00:00:04:40:00",
    acl=(
        AclRule(direction="Inbound", action="Allow", protocol="TCP", destination_ports="1433"),
        AclRule(direction="Inbound", action="Deny", protocol="ICMP", source_prefix="10.1.1.0/24"),
        AclRule(direction="Outbound", action="Allow", destination_prefix="10.1.1.12/32"),
    ),
)
HERE = Surroundings(
    kinds={
        "host1": NodeKind.ROUTER,
        "host2": NodeKind.ROUTER,
        "core": NodeKind.ROUTER,
        "switch": NodeKind.BRIDGE,
        "sql": NodeKind.HOST,
        "web": NodeKind.HOST,
        "sql2": NodeKind.HOST,
        "gw": NodeKind.ROUTER,
    },
    interfaces={"host1": ("pa0",), "host2": ("pa0",), "gw": ("wan0",)},
    addresses={
        ("host1", ip_address("192.168.1.10")): ("pa0", 1780),
        ("host2", ip_address("192.168.2.20")): ("pa0", 1780),
    },
)
PROVIDER_INTERFACES = {"host1": "pa0", "host2": "pa0"}
GOOD = DatacenterState(hosts=(HOST1, HOST2), networks=(CONTOSO, FABRIKAM), attachments=(SQL, WEB, GATEWAY, OTHER_SQL))
