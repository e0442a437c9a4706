"""Whether tenants are isolated: worked out for all packets there can be, and tried out with ears on every interface."""

from raslab.measure.isolation.check import check_isolation
from raslab.measure.isolation.parties import Parties, find_parties
from raslab.measure.isolation.reasoning import WayThrough
from raslab.measure.isolation.report import IsolationReport, Leak
from raslab.measure.isolation.tenants import Home, Tenant, TunnelEnd

__all__ = [
    "Home",
    "IsolationReport",
    "Leak",
    "Parties",
    "Tenant",
    "TunnelEnd",
    "WayThrough",
    "check_isolation",
    "find_parties",
]
