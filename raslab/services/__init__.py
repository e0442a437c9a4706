"""Declared services: the real daemons inside a lab's nodes. Knows no RAS words."""

from raslab.services.changes import Action, Change
from raslab.services.frr import Bfdd, Bgpd, Zebra
from raslab.services.nft_script import Chain, NftSet, Table
from raslab.services.nftables import Nftables
from raslab.services.service import Service
from raslab.services.shaping import Limit, Shaping, SharedLimit
from raslab.services.strongswan import Charon, Shared
from raslab.services.supervisor import Supervisor
from raslab.services.wireguard import Wireguard, WireguardInterface, WireguardKeys

__all__ = [
    "Action",
    "Bfdd",
    "Bgpd",
    "Chain",
    "Change",
    "Charon",
    "Limit",
    "NftSet",
    "Nftables",
    "Service",
    "Shaping",
    "Shared",
    "SharedLimit",
    "Supervisor",
    "Table",
    "Wireguard",
    "WireguardInterface",
    "WireguardKeys",
    "Zebra",
]
