"""Link parameters as people write them, ours and Mininet's."""

from __future__ import annotations

from typing import Any

import pytest

from raslab.model.topology import Impairment, Interface, Link, Node, Topology
from raslab.net.names import clashes, fits, kernel_name, mac_address
from raslab.net.parameters import impairment, interface, milliseconds


def test_our_words() -> None:
    found, problems = interface("h1", "lan0", {"ips": ["10.0.0.1/24"], "mtu": 9000, "rate_mbps": 10, "delay_ms": 5})
    assert problems == []
    assert (found.addresses, found.mtu, found.impairment) == (("10.0.0.1/24",), 9000, Impairment(10, 5))


def test_words_of_mininet() -> None:
    words = {"bw": 10, "delay": "5ms", "jitter": "1ms", "loss": 2, "max_queue_size": 100, "use_htb": True}
    found, problems = interface("h1", "h1-eth0", words)
    assert (found.impairment, problems) == (Impairment(10, 5.0, 1.0, 2, 100), [])


@pytest.mark.parametrize("word", ["delay", "jitter"])
def test_words_of_mininet_mean_the_same_as_text_and_number(word: str) -> None:
    assert interface("h1", "lan0", {word: 10}) == interface("h1", "lan0", {word: "10"})
    assert interface("h1", "lan0", {word: 10}) != interface("h1", "lan0", {f"{word}_ms": 10})


def test_unknown_word_is_refused() -> None:
    found, problems = interface("h1", "lan0", {"dely_ms": 5})
    assert problems == ["Interface lan0 of node h1 has no parameter dely_ms: did you mean delay_ms?"]
    assert found.impairment == Impairment()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10ms", 10.0),
        ("1s", 1000.0),
        ("500us", 0.5),
        ("2.5 msec", 2.5),
        (".5s", 500.0),
        ("1500", 1.5),
        (1500, 1.5),
        (None, None),
        ("soon", "soon"),
        ("1.2.3ms", "1.2.3ms"),
        ("5 min", "5 min"),
        ("-5ms", "-5ms"),
    ],
)
def test_times(text: Any, expected: Any) -> None:
    assert milliseconds(text) == expected


def test_impairment_keeps_what_is_left_out_and_resets_what_is_none() -> None:
    base = Impairment(rate_mbps=10, delay_ms=5, loss_percent=1)
    assert impairment("x", base, {"delay_ms": 7}) == (Impairment(10, 7, 0, 1), [])
    assert impairment("x", base, {"rate_mbps": None, "loss_percent": None}) == (Impairment(None, 5), [])
    assert impairment("Interface x", base, {"mtu": 1})[1]


def test_names_that_fit_stay_and_longer_ones_are_told_apart() -> None:
    assert kernel_name("fifteen-bytes-x") == "fifteen-bytes-x"
    first, second = kernel_name("interface-to-provider-1"), kernel_name("interface-to-provider-2")
    assert first != second
    assert fits(first)
    assert fits(second)


@pytest.mark.parametrize("prefix", ["headquarters-eth", "ü" * 12, "i" * 100 + "-", "x" * 127])
def test_kernel_names_fit_and_ports_never_clash(prefix: str) -> None:
    found = {kernel_name(f"{prefix}{number}") for number in range(3000)}
    assert len(found) == 3000
    assert all(fits(name) for name in found)
    assert kernel_name("headquarters-eth44") == "headquar~2a1844"


def test_names_that_the_kernel_could_not_tell_apart_are_reported() -> None:
    long = "interface-to-the-provider"

    def named(*names: str) -> list[str]:
        links = (Link(Interface("h1", name), Interface("h2", f"x{i}")) for i, name in enumerate(names))
        return clashes(Topology((Node("h1"), Node("h2")), tuple(links)))

    assert named(long, f"{long}2", "lan0") == []
    (problem,) = named(long, kernel_name(long))
    assert problem.startswith(f"Interfaces {long} and {kernel_name(long)} of node h1 are too long and too much alike")


def test_mac_addresses_are_local_unicast_and_differ() -> None:
    found = {mac_address(node, port) for node in (1, 255, 256) for port in (0, 1, 300)}
    assert len(found) == 9
    assert mac_address(258, 3) == "02:00:01:02:00:03"
    assert all(int(mac[:2], 16) & 0b11 == 0b10 for mac in found)
