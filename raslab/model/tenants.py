"""What a tenant is called where machines talk about it."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5


def routing_domain_id(name: str) -> str:
    """The GUID of a tenant's routing domain that nobody has chosen one for (RFC 9562, section 5.5).

    It follows from the tenant's name, so it is the same on all gateways and in the datacenter behind them.
    """
    return str(uuid5(NAMESPACE_URL, f"raslab:routing-domain:{name}"))
