"""The RAS gateway: desired state and verbs in RAS terms. Never calls a process itself."""

from raslab.gateway.gateway import RasGateway, start_together
from raslab.gateway.state import CustomPolicy, GatewayState, MachineCertificate, VpnTrafficSelector
from raslab.services.journal import Explanation

__all__ = [
    "CustomPolicy",
    "Explanation",
    "GatewayState",
    "MachineCertificate",
    "RasGateway",
    "VpnTrafficSelector",
    "start_together",
]
