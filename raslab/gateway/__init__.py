"""The RAS gateway: desired state and verbs in RAS terms. Never calls a process itself."""

from raslab.gateway.gateway import RasGateway, start_together
from raslab.gateway.journal import Explanation
from raslab.gateway.state import CustomPolicy, GatewayState, MachineCertificate, VpnTrafficSelector

__all__ = [
    "CustomPolicy",
    "Explanation",
    "GatewayState",
    "MachineCertificate",
    "RasGateway",
    "VpnTrafficSelector",
    "start_together",
]
