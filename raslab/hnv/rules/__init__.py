"""What cannot be in a datacenter: one sentence per problem, each with the fix. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from raslab.hnv.rules import access, attachments, hosts, networks
from raslab.hnv.state import ENCAPSULATIONS, FLOW_IDS, SWITCHES, DatacenterState
from raslab.hnv.surroundings import Surroundings


def problems_of(state: DatacenterState, surroundings: Surroundings) -> list[str]:
    """All problems, none if the state can be brought about."""
    found = [*_whole(state), *hosts.check(state, surroundings), *networks.check(state)]
    # Who is attached where is looked at when there is something to be attached to.
    return found or [*attachments.check(state, surroundings), *networks.check_routes(state), *access.check(state)]


def _whole(state: DatacenterState) -> Iterator[str]:
    if state.encapsulation not in ENCAPSULATIONS:
        yield f"Encapsulation {state.encapsulation!r} is unknown: choose one of {', '.join(ENCAPSULATIONS)}."
    if state.switch not in SWITCHES:
        yield f"Switch {state.switch!r} is unknown: choose one of {', '.join(SWITCHES)}."
    if state.flow_id not in FLOW_IDS:
        yield f"FlowID {state.flow_id!r} is unknown: choose one of {', '.join(FLOW_IDS)}."
    elif state.flow_id == "vary" and state.encapsulation != "nvgre":
        yield (
            "FlowIDs are a field of NVGRE, and VXLAN tells flows apart by the UDP source port: "
            "leave flow_id out, or choose nvgre."
        )
