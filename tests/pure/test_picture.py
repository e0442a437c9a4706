"""Pictures of topologies: where things stand, that nothing is drawn over anything else, and the SVG to the byte."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from picture_samples import SAMPLES, TENANTS, sample

from raslab.model.topology import EMPTY, Topology
from raslab.net import Network
from raslab.notebook.picture import describe, lay_out, to_svg
from raslab.notebook.picture.areas import Area, areas, overlapping
from raslab.notebook.picture.arrangement import arrange
from raslab.notebook.picture.live import LiveState, Load
from raslab.notebook.picture.overlay import overlays
from topologies.datacenter import Datacenter
from topologies.mpls_core import CSP, CSP_ADDRESS, PE, PE_ADDRESS, MplsCore
from topologies.service_insertion import ServiceInsertion
from topologies.software_load_balancer import SoftwareLoadBalancer
from topologies.two_tenants import TwoTenants

GOLDEN = Path(__file__).parent / "golden" / "pictures"
LIVE = LiveState(
    loads={
        ("gw1", "wan0"): Load(812.5, 9310.2, 0.08, (0.0, 4.0, 2.0, 10.1)),
        ("transport", "to-gw1"): Load(9310.2, 812.5, 0.93),
        ("gw2", "wan0"): Load(4100.0, 0.0, 0.41),
        ("host1", "lan0"): Load(0.01, 0.0, 0.0),
    },
    cut=frozenset({("gw2", "lan0"), ("intranet2", "to-gw2")}),
)


def golden(name: str, text: str) -> str:
    """The expected text; RASLAB_WRITE_GOLDEN=1 in the environment writes it anew, to be read before it is kept."""
    file = GOLDEN / name
    if os.environ.get("RASLAB_WRITE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(text)
    return file.read_text()


@pytest.mark.parametrize("name", SAMPLES)
def test_svg_is_golden(name: str) -> None:
    text = to_svg(lay_out(sample(name), name, TENANTS.get(name)))
    assert text == golden(f"{name}.svg", text)


def test_live_svg_is_golden() -> None:
    text = to_svg(lay_out(sample("gre-performance"), "live"), LIVE)
    assert text == golden("live.svg", text)


@pytest.mark.parametrize("name", SAMPLES)
def test_svg_is_well_formed_and_without_ids(name: str) -> None:
    root = ElementTree.fromstring(to_svg(lay_out(sample(name), name)))
    assert all("id" not in element.attrib for element in root.iter())  # two pictures on one page would share them


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_is_drawn_over_anything_else(name: str) -> None:
    drawing = lay_out(sample(name), name, TENANTS.get(name))
    found = areas(drawing)
    assert not [(one.what, other.what) for one, other in combinations(found, 2) if overlapping(one, other)]
    page = Area("page", 0, 0, drawing.width, drawing.height)
    assert [area.what for area in found if not page.holds(area)] == []


def test_overlap_is_noticed() -> None:
    drawing = lay_out(sample("pair"), "pair")
    first, second = drawing.boxes
    moved = replace(drawing, boxes=(first, replace(second, x=first.x + 10)))
    one, other = (area for area in areas(moved) if area.what in ("a", "b"))
    assert overlapping(one, other)


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "big-star"])
def test_pictures_fit_on_a_small_screen(name: str) -> None:
    drawing = lay_out(sample(name), name)
    columns = {box.x for box in drawing.boxes}
    assert drawing.width <= (1240 if len(columns) < 6 else 1440)
    assert drawing.height <= 680


def test_order_of_declaration_of_links_does_not_move_sites() -> None:
    topology = sample("gre-performance")
    links = list(topology.links)
    random.Random(1).shuffle(links)
    assert arrange(replace(topology, links=tuple(links))) == arrange(topology)


def test_sites_stand_left_and_right_of_the_transport_network() -> None:
    columns = arrange(sample("gre-performance")).columns
    assert columns == {
        "transport": 0,
        "gw1": -1,
        "intranet1": -2,
        "host1": -3,
        "gw2": 1,
        "intranet2": 2,
        "host2": 3,
    }


def test_a_hub_stands_alone_on_its_side() -> None:
    sites = arrange(sample("hub-and-spokes")).sites
    assert [(min(site.column), site.is_left) for site in sites if site.is_left] == [("files", True)]
    assert len(sites) == 4


def test_groups_with_tunnels_to_each_other_only_stand_opposite() -> None:
    apart = SoftwareLoadBalancer()

    def on_the_left(topo: SoftwareLoadBalancer) -> set[str]:
        return {node for node, column in arrange(Network(topo).topology()).columns.items() if column == -1}

    assert on_the_left(apart) == {"host1", "host2"}
    for local, remote, node in (("192.0.2.1", "192.0.2.5", "mux1"), ("192.0.2.5", "192.0.2.1", "mux2")):
        apart.addTunnel(node, "between", local=local, remote=remote)
    assert on_the_left(apart) == {"host1", "client", "mux2"}


def test_tunnels_are_paired_by_addresses_and_key() -> None:
    found = {(one.near.node, one.near.name): one.far for one in overlays(sample("hub-and-spokes"))}
    assert {end: far and far.node for end, far in found.items()} == {
        ("branch1", "gre1"): "hq",
        ("branch2", "gre1"): "hq",
        ("hq", "gre3"): None,  # its key is 103 here and 999 over there
        ("branch3", "gre1"): None,
    }
    assert [one.lines[1] for one in overlays(sample("hub-and-spokes"))].count("no answer") == 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [("gre-performance", {1472}), ("gre-over-ipv6", {8956}), ("shared-endpoints", {8972})],
)
def test_inner_mtu(name: str, expected: set[int]) -> None:
    assert {one.inner_mtu for one in overlays(sample(name))} == expected


def test_equal_address_and_key_in_other_spelling_still_pair() -> None:
    topology = sample("gre-over-ipv6")
    first, second = topology.tunnels
    shouted = replace(second, remote=first.local.upper().replace("::", ":0::"))
    assert len(overlays(replace(topology, tunnels=(first, shouted)))) == 1
    assert len(overlays(replace(topology, tunnels=(first, replace(shouted, key=7))))) == 2


def test_many_hosts_are_counted_not_drawn() -> None:
    drawing = lay_out(sample("big-star"), "big-star")
    assert len(drawing.boxes) == 6
    assert drawing.bars[0].caption[-1] == "and 94 more hosts"


def test_an_empty_topology_can_be_drawn() -> None:
    assert ElementTree.fromstring(to_svg(lay_out(EMPTY, "nothing"))).tag.endswith("svg")
    assert describe(EMPTY) == ""
    assert describe(sample("gre-performance")) == "7 nodes, 6 links, 1 tunnel"


def test_names_are_text_and_not_markup() -> None:
    topology: Topology = sample("pair")
    evil = "<b>&"
    links = tuple(replace(link, a=replace(link.a, node=evil)) for link in topology.links)
    text = to_svg(
        lay_out(replace(topology, nodes=(replace(topology.nodes[0], name=evil), topology.nodes[1]), links=links), evil)
    )
    assert evil in "".join(ElementTree.fromstring(text).itertext())
    assert "<b>" not in text


def test_a_chosen_link_glows_and_no_other() -> None:
    drawing = lay_out(sample("gre-performance"), "gre-performance")
    chosen = LiveState(chosen=frozenset(drawing.wires[0].ends))
    assert to_svg(drawing, chosen).count("stroke-opacity:.3;") == 1
    assert "stroke-opacity:.3;" not in to_svg(drawing, LiveState())


def test_a_core_of_routers_stands_in_the_middle_beside_what_carries_the_tunnels() -> None:
    network = Network(MplsCore())
    for node, here, there in ((PE, PE_ADDRESS, CSP_ADDRESS), (CSP, CSP_ADDRESS, PE_ADDRESS)):
        network.addTunnel(node, "gre", local=here, remote=there)
    found = arrange(network.topology())
    assert set(found.transport) == {"p1", "p2", "inet"}
    assert {frozenset(site.column) for site in found.sites} == {
        frozenset({"csp", "vm"}),
        frozenset({"pe", "site", "pc", "pc2"}),
    }


def test_a_gateway_whose_networks_are_vlans_stands_at_the_edge() -> None:
    topology = Network(ServiceInsertion()).topology()  # its tunnels run between neighbours, on one side only
    found = arrange(topology)
    assert found.transport == ("inet",)
    assert [{"csp", "lb", "rack", "c-vm1", "w-vm3"} <= set(site.column) for site in found.sites].count(True) == 1
    drawn = areas(lay_out(topology, "vlans"))
    assert not [(one.what, other.what) for one, other in combinations(drawn, 2) if overlapping(one, other)]


def test_where_several_tenants_are_is_the_left_side_with_tunnels_and_without() -> None:
    topo = TwoTenants()
    network = Network(topo)
    before = arrange(network.topology(), topo.tenants)
    (hub,) = (site for site in before.sites if site.is_left)
    assert set(hub.column) == {"csp", "c-vm", "w-vm"}
    for number, (office, address) in enumerate((("c-ny", "198.51.100.1"), ("w-ny", "198.51.100.5"))):
        network.addTunnel("csp", f"to-{office}", local="203.0.113.1", remote=address, key=number)
        network.addTunnel(office, "to-cloud", local=address, remote="203.0.113.1", key=number)
    assert [site.is_left for site in arrange(network.topology(), topo.tenants).sites].count(True) == 1
    assert arrange(network.topology(), topo.tenants).columns["csp"] < 0
    unknown = [site.is_left for site in arrange(Network(topo).topology()).sites]
    assert unknown.count(True) == 2  # which is why tenants are asked for


def test_machines_without_a_cable_wait_outside_of_hosts_that_a_router_joins() -> None:
    columns = arrange(Network(Datacenter()).topology()).columns
    assert columns["core"] == 0
    assert {columns["host1"], columns["host2"]} == {-1, 1}
    machines = set(columns) - {"core", "host1", "host2"}
    assert {columns[machine] for machine in machines} == {-2, 2}
