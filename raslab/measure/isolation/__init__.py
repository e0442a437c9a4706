"""Whether tenants are isolated, tried out: probes that nobody should be able to send, and ears on every interface."""

from raslab.measure.isolation.check import check_isolation
from raslab.measure.isolation.parties import Parties, find_parties
from raslab.measure.isolation.report import IsolationReport, Leak
from raslab.measure.isolation.tenants import Home, Tenant, TunnelEnd

__all__ = ["Home", "IsolationReport", "Leak", "Parties", "Tenant", "TunnelEnd", "check_isolation", "find_parties"]
