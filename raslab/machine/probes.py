"""Capabilities that need more than a command line to try. Called only by `raslab.machine.scratch`.

Each function runs in a process and a network namespace of its own that die afterwards. It returns if the
capability is there and raises OSError (usually the kernel's own) if it is not.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
import struct
import subprocess
from pathlib import Path

from raslab.machine import genetlink, syscalls

_ESP_KEY = "0x" + bytes(range(20)).hex()  # AES-128 key and salt (RFC 4106, 8.1) for one test packet
_ESP_ENDS = "src 192.0.2.1 dst 192.0.2.2"
_ESP_TEMPLATE = f"tmpl {_ESP_ENDS} proto esp mode transport"
_ESP_SETUP = f"""\
link set lo up
address add 192.0.2.1/32 dev lo
address add 192.0.2.2/32 dev lo
xfrm state add {_ESP_ENDS} proto esp spi 0x1001 mode transport aead rfc4106(gcm(aes)) {_ESP_KEY} 128
xfrm policy add {_ESP_ENDS} dir out {_ESP_TEMPLATE}
xfrm policy add {_ESP_ENDS} dir in {_ESP_TEMPLATE}
"""
_LOCAL_SECONDS = 2.0  # a packet to oneself takes microseconds

_TUNSETIFF = 0x400454CA
_IFF_TUN = 0x0001

_TCP_MD5SIG = 14

_OVS_DP_CMD_NEW, _OVS_DP_ATTR_NAME, _OVS_DP_ATTR_UPCALL_PID, _OVS_DATAPATH_VERSION = 1, 1, 2, 2

_IPVS_CMD_NEW_SERVICE, _IPVS_CMD_ATTR_SERVICE = 1, 1
_IPVS_AF, _IPVS_PROTOCOL, _IPVS_ADDR, _IPVS_PORT = 1, 2, 3, 4
_IPVS_SCHED_NAME, _IPVS_FLAGS, _IPVS_TIMEOUT, _IPVS_NETMASK = 6, 7, 8, 9


def network_namespace() -> None:
    """A network namespace starts with a loopback device and nothing else."""
    syscalls.unshare(syscalls.CLONE_NEWNET)
    names = [name for _, name in socket.if_nameindex()]
    if "lo" not in names:
        raise OSError(f"a new network namespace holds {names} and no lo")


def pid_namespace() -> None:
    """The first process of a PID namespace sees itself as number 1."""
    syscalls.unshare(syscalls.CLONE_NEWPID)
    child = os.fork()
    if child == 0:
        os._exit(0 if os.getpid() == 1 else 1)
    _, status = os.waitpid(child, 0)
    if status:
        raise OSError("the first process of a new PID namespace is not number 1")


def user_namespace() -> None:
    """Whoever asks is root in a user namespace, and may make a network namespace there."""
    syscalls.become_root_of_a_user_namespace()
    syscalls.unshare(syscalls.CLONE_NEWNET)


def time_namespace() -> None:
    """The monotonic clock of a time namespace can be set forward before anybody lives in it."""
    syscalls.unshare(syscalls.CLONE_NEWTIME)
    Path("/proc/self/timens_offsets").write_text("monotonic 1000 0\n")


def cgroup_v2() -> None:
    """The cgroup v2 tree can be mounted and offers controllers."""
    syscalls.unshare(syscalls.CLONE_NEWNS | syscalls.CLONE_NEWCGROUP)
    syscalls.mount("none", "/", "", syscalls.MS_REC | syscalls.MS_PRIVATE)
    # Not over /sys/fs/cgroup: where the tree is mounted already, the kernel refuses it a second time.
    syscalls.mount("cgroup2", "/mnt", "cgroup2")
    if not Path("/mnt/cgroup.procs").exists():
        raise OSError("the mounted cgroup v2 tree has no cgroup.procs")


def tun() -> None:
    """A TUN device appears for whoever opens /dev/net/tun."""
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", b"try-tun", _IFF_TUN))
    os.close(device)


def esp() -> None:
    """A packet goes through ESP (AES-GCM) out of and into this node, and the SA has counted it both ways."""
    _ip("-batch", "-", text=_ESP_SETUP)
    for name in ("disable_xfrm", "disable_policy"):  # both are set on lo, so that local traffic stays plain
        Path(f"/proc/sys/net/ipv4/conf/lo/{name}").write_text("0")
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
    ):
        sender.bind(("192.0.2.1", 0))
        receiver.bind(("192.0.2.2", 4500))
        receiver.settimeout(_LOCAL_SECONDS)
        sender.sendto(b"raslab", ("192.0.2.2", 4500))
        receiver.recv(64)
    lifetime = re.search(r"lifetime current:\s+\d+\(bytes\), (\d+)\(packets\)", _ip("-s", "xfrm", "state"))
    if lifetime is None or int(lifetime[1]) != 2:
        raise OSError("a packet arrived without passing the ESP security association")


def tcp_md5() -> None:
    """The kernel takes a password for the TCP connections of a peer (RFC 2385)."""
    # struct tcp_md5sig of linux/tcp.h: the peer's address in 128 bytes, flags and prefix, length of the key, key.
    peer = struct.pack("=HH4s", socket.AF_INET, 0, socket.inet_aton("192.0.2.2")).ljust(128, b"\0")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        password = struct.pack("=128sBBHI80s", peer, 0, 0, 6, 0, b"raslab")
        listener.setsockopt(socket.IPPROTO_TCP, _TCP_MD5SIG, password)


def openvswitch() -> None:
    """The kernel's Open vSwitch makes a datapath; no daemon is asked."""
    body = struct.pack("=i", 0)  # struct ovs_header: no interface yet
    body += genetlink.attribute(_OVS_DP_ATTR_NAME, b"try-ovs\0")
    body += genetlink.attribute(_OVS_DP_ATTR_UPCALL_PID, struct.pack("=I", 0))
    genetlink.request("ovs_datapath", _OVS_DP_CMD_NEW, body, version=_OVS_DATAPATH_VERSION)


def ipvs() -> None:
    """The kernel's load balancer takes a virtual service, TCP port 80 of 192.0.2.1, round robin."""
    service = genetlink.nested(
        _IPVS_CMD_ATTR_SERVICE,
        genetlink.attribute(_IPVS_AF, struct.pack("=H", socket.AF_INET)),
        genetlink.attribute(_IPVS_PROTOCOL, struct.pack("=H", socket.IPPROTO_TCP)),
        genetlink.attribute(_IPVS_ADDR, socket.inet_aton("192.0.2.1") + bytes(12)),
        genetlink.attribute(_IPVS_PORT, struct.pack("!H", 80)),
        genetlink.attribute(_IPVS_SCHED_NAME, b"rr\0"),
        genetlink.attribute(_IPVS_FLAGS, struct.pack("=II", 0, 0xFFFFFFFF)),
        genetlink.attribute(_IPVS_TIMEOUT, struct.pack("=I", 0)),
        genetlink.attribute(_IPVS_NETMASK, socket.inet_aton("255.255.255.255")),
    )
    genetlink.request("IPVS", _IPVS_CMD_NEW_SERVICE, service)


def _ip(*arguments: str, text: str = "") -> str:
    """What `ip ARGUMENTS` prints. Raises OSError with its complaint if it fails."""
    ran = subprocess.run(["ip", *arguments], input=text, capture_output=True, text=True)
    if ran.returncode:
        raise OSError((ran.stderr.splitlines() or ["ip failed"])[0].removeprefix("Error: ").rstrip("."))
    return ran.stdout
