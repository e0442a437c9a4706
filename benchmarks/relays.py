"""Programs that pass something on from one tenant to another, each as an attacker would run it. Text only.

What they say is not passed on for long: it is enough that they could.
"""

from __future__ import annotations

_BOUND = """
import os, socket, sys, signal
def bound(device, kind=socket.SOCK_DGRAM, port=7777):
    one = socket.socket(socket.AF_INET, kind)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    one.bind(("", port))
    return one
def ready():
    print("ready", flush=True)
    signal.pause()
"""
UDP_RELAY = _BOUND + "kept = [bound(one) for one in sys.argv[1:]]; ready()"
"""A socket in each VRF."""
BOTH_RAW = (
    _BOUND
    + """
kept = []
for device in sys.argv[1:]:
    one = socket.socket(socket.AF_INET, socket.SOCK_RAW, 253)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    kept.append(one)
ready()"""
)
"""Raw sockets."""
PACKETS = (
    _BOUND
    + """
kept = []
for device in sys.argv[1:]:
    one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    one.bind((device, 3))
    kept.append(one)
ready()"""
)
"""Packet sockets."""
BOTH_TUNS = (
    _BOUND
    + """
import fcntl, struct, subprocess
kept = []
for number, vrf in enumerate(sys.argv[1:]):
    one = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(one, 0x400454CA, struct.pack("16sH22x", f"leak{number}".encode(), 0x1001))
    subprocess.run(["ip", "link", "set", f"leak{number}", "master", vrf, "up"], check=True)
    kept.append(one)
ready()"""
)
"""Interfaces whose packets the program gets (TUN)."""
BY_UNIX = (
    _BOUND
    + """
first, second, path = sys.argv[1:4]
name = "\\0" + path[1:] if path.startswith("@") else path
near = first and second
waiting = socket.socket(socket.AF_UNIX)
if first:
    if not path.startswith("@"):
        import contextlib
        with contextlib.suppress(FileNotFoundError): os.unlink(name)
    waiting.bind(name); waiting.listen()
child = os.fork() if near else None
if child or (first and not near):
    kept = bound(first)
    if not near: print("ready", flush=True)
    other, _ = waiting.accept()
    ready()
else:
    kept = bound(second)
    waiting.close()
    import time
    for _ in range(500):
        other = socket.socket(socket.AF_UNIX)
        try:
            other.connect(name); break
        except OSError: time.sleep(0.01)
    if not near: print("ready", flush=True)
    signal.pause()"""
)
"""One that waits and one that connects, on one node or on two."""
PIPED = (
    _BOUND
    + """
first, second = sys.argv[1:3]
reading, writing = os.pipe()
if os.fork():
    os.close(reading); kept = bound(first); ready()
os.close(writing); kept = bound(second); signal.pause()"""
)
"""Two with a pipe between them."""
BY_FILE = (
    _BOUND
    + """
first, second = sys.argv[1:3]
path = "/tmp/relay-file"
open(path, "w").close()
if os.fork():
    file = open(path, "r+b"); kept = bound(first); ready()
file = open(path, "r+b"); kept = bound(second); signal.pause()"""
)
"""Two with a file in common."""
LISTENS = (
    _BOUND
    + """
one = socket.socket()
one.bind(("", int(sys.argv[1]))); one.listen(); ready()"""
)
"""Takes calls for whichever VRF the kernel lets it."""
