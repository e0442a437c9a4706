"""The programs that labs run: which there are, which are needed, what is installed here."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

_SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_DAEMON_FOLDERS = ("/usr/lib/frr", "/usr/lib/ipsec")
_VERSION = re.compile(r"\d+(?:\.\d+)+|\d{6,}")
_VERSION_SECONDS = 10  # printing a version takes milliseconds


@dataclass(frozen=True)
class Program:
    """A program and why it is wanted.

    needed: today's labs cannot run without it.
    package: the Debian and Ubuntu package that brings it.
    version: arguments that make it print its version and end; empty where there are none that surely do.
    """

    name: str
    purpose: str
    package: str
    version: tuple[str, ...] = ("--version",)
    needed: bool = False


@dataclass(frozen=True)
class ProgramReport:
    """What was found of one program; `path` and `version` are empty where unknown."""

    name: str
    state: str
    needed: bool
    purpose: str
    path: str
    version: str
    remedy: str


PROGRAMS: tuple[Program, ...] = (
    Program("ip", "links, addresses, routes, tunnels", "iproute2", ("-V",), needed=True),
    Program("tc", "rate, delay and loss of links", "iproute2", ("-V",), needed=True),
    Program("nft", "NAT and filters", "nftables", needed=True),
    Program("sysctl", "forwarding and other kernel switches", "procps", needed=True),
    Program("ping", "latency", "iputils-ping", ("-V",), needed=True),
    Program("iperf3", "throughput", "iperf3", needed=True),
    Program("tcpdump", "capture", "tcpdump", needed=True),
    Program("ethtool", "offloads of interfaces", "ethtool"),
    Program("gcc", "building the lab kernel", "gcc"),
    Program("make", "building the lab kernel", "make"),
    Program("flex", "building the lab kernel", "flex"),
    Program("bison", "building the lab kernel", "bison"),
    Program("bc", "building the lab kernel", "bc"),
    Program("xz", "unpacking the kernel's source", "xz-utils"),
    Program("ovs-vswitchd", "Open vSwitch nodes", "openvswitch-switch"),
    Program("mnexec", "comparison with Mininet", "mininet", ()),
    Program("zebra", "routing daemons (FRR)", "frr"),
    Program("bgpd", "BGP (FRR)", "frr"),
    Program("charon-systemd", "IKEv2 (strongSwan)", "charon-systemd", ()),
    Program("swanctl", "IKEv2 (strongSwan)", "strongswan-swanctl"),
    Program("keepalived", "gateway pairs (VRRP)", "keepalived"),
    Program("conntrackd", "NAT state of gateway pairs", "conntrackd", ("-v",)),
    Program("unbound", "DNS and DNS64", "unbound", ("-V",)),
    Program("freeradius", "RADIUS", "freeradius", ("-v",)),
)


def search_path(path: str) -> str:
    """The PATH in which labs look for programs: the caller's, `path`, then the system's, then those of daemons."""
    inherited = path.split(os.pathsep)
    return os.pathsep.join(dict.fromkeys((*filter(None, inherited), *_SYSTEM_FOLDERS, *_DAEMON_FOLDERS)))


def system_environment() -> dict[str, str]:
    """An environment in which system programs are found, for ordinary users too, and speak English."""
    return {**os.environ, "PATH": search_path(os.environ.get("PATH", "")), "LC_ALL": "C"}


def find_programs(programs: Sequence[Program] = PROGRAMS) -> tuple[ProgramReport, ...]:
    """Look for every program and ask it for its version, all at the same time."""
    environment = system_environment()
    found = {program.name: shutil.which(program.name, path=environment["PATH"]) for program in programs}
    asked = {
        program.name: subprocess.Popen(
            [path, *program.version],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        for program in programs
        if program.version and (path := found[program.name])
    }
    versions = {name: _version(process) for name, process in asked.items()}
    return tuple(_report(program, found[program.name] or "", versions.get(program.name, "")) for program in programs)


def versions(names: Sequence[str]) -> dict[str, str]:
    """Versions of the programs of these names that are here and tell theirs, and of Python."""
    wanted = find_programs([program for program in PROGRAMS if program.name in names])
    return {one.name: one.version for one in wanted if one.version} | {"Python": platform.python_version()}


def _version(process: subprocess.Popen[str]) -> str:
    """The first thing in a program's output that looks like a version."""
    try:
        said, _ = process.communicate(timeout=_VERSION_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return ""
    match = _VERSION.search(said)
    return match[0] if match else ""


def _report(program: Program, path: str, version: str) -> ProgramReport:
    install = f"{'' if program.needed else 'optional: '}sudo apt-get install {program.package}"
    return ProgramReport(
        name=program.name,
        state="have" if path else "missing",
        needed=program.needed,
        purpose=program.purpose,
        path=path,
        version=version,
        remedy="" if path else install,
    )
