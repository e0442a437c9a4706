"""Virtual networks of a datacenter (Hyper-V Network Virtualization): desired state, and verbs that bring it about."""

from raslab.hnv.datacenter import Datacenter
from raslab.hnv.mtu import guest_mtu, overhead_bytes, provider_mtu
from raslab.hnv.plan.numbers import nvgre_key
from raslab.hnv.state import AclRule, DatacenterState

__all__ = [
    "AclRule",
    "Datacenter",
    "DatacenterState",
    "guest_mtu",
    "nvgre_key",
    "overhead_bytes",
    "provider_mtu",
]
