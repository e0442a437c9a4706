"""Odd values for all parameters of a gateway and of topologies; `benchmarks/fuzz.py` tries ten thousand each."""

from __future__ import annotations

from benchmarks import fuzz
from raslab.gateway import RasGateway
from raslab.gateway.verbs.policies import PolicyVerbs

SEED = 4


def test_a_call_is_taken_or_refused_by_sentences_and_changes_nothing_then() -> None:
    tally = fuzz.gateway_calls(1500, SEED)
    assert tally.bad == []
    assert min(tally.counts["taken"], tally.counts["refused"]) > 100


def test_a_topology_can_be_built_or_is_refused_by_sentences() -> None:
    tally = fuzz.topologies(400, SEED)
    assert tally.bad == []
    assert min(tally.counts["taken"], tally.counts["refused"]) > 30


def test_every_verb_is_called() -> None:
    assert {"add_bgp_peer", "new_net_nat", "add_wireguard_interface", "enable_remote_access_routing_domain"} <= set(
        fuzz.verbs()
    )
    assert all(hasattr(RasGateway, name) for name in vars(PolicyVerbs) if not name.startswith("_"))


def test_a_traceback_and_a_silent_change_would_be_noticed() -> None:
    class BrokenError(Exception):
        """No sentence for anybody."""

    class Gateway:
        state = 1

        def fails(self) -> None:
            raise BrokenError

        def changes(self) -> None:
            self.state += 1
            raise fuzz.TopologyError(["That cannot be."])

    tally = fuzz.Tally()
    for name in ("fails", "changes"):
        fuzz.call(Gateway(), name, {}, tally)  # type: ignore[arg-type]
    assert (tally.counts["traceback"], tally.counts["wrong"]) == (1, 1)
