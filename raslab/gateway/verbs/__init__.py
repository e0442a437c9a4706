"""The verbs of a gateway, one module per group of cmdlets. Names are the cmdlets' in snake_case."""

from raslab.gateway.verbs.filters import FilterVerbs
from raslab.gateway.verbs.nat import NatVerbs
from raslab.gateway.verbs.policies import PolicyVerbs
from raslab.gateway.verbs.routes import RouteVerbs
from raslab.gateway.verbs.statistics import StatisticsVerbs


class PartVerbs(StatisticsVerbs, PolicyVerbs, NatVerbs, FilterVerbs, RouteVerbs):
    """All that a gateway in single tenant mode can be told, or one routing domain of a multitenant gateway."""
