"""`raslab notebook` from its start to its end, and why it does not start."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from tests.machine.conftest import Launcher, wait_for
from tests.machine.notebook_kernel import is_free

Open = Callable[[], "Server"]


class Server:
    """A running JupyterLab. token: what a client shows it."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self.child = child
        assert child.stdout is not None
        self.url = urlsplit(child.stdout.readline().split()[-1])
        self.token = self.url.query.removeprefix("token=")

    def ask(self, path: str, token: str, content: Any = None) -> Any:
        """What the server answers, as JSON."""
        data = None if content is None else json.dumps(content).encode()
        url = self.url._replace(path=path, query="").geturl()
        with urlopen(Request(url, data, {"Authorization": f"token {token}"}), timeout=20) as answer:
            return json.load(answer)


@pytest.fixture
def opened(raslab: Launcher) -> Iterator[Open]:
    """Start servers whose own files are kept apart."""
    for name in ("CONFIG", "RUNTIME"):
        raslab.environment[f"JUPYTER_{name}_DIR"] = str(raslab.work / name.lower())
    raslab.environment.pop("JUPYTER_TOKEN", None)
    servers: list[Server] = []

    def start() -> Server:
        servers.append(Server(raslab.start("notebook", "--no-browser", "--port", "0")))
        return servers[-1]

    yield start
    for server in servers:
        if server.child.poll() is None:
            server.child.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_offers_the_kernels_to_who_has_the_token_and_ends_with_them(
    opened: Open, raslab: Launcher, number: signal.Signals
) -> None:
    server = opened()
    offered = server.ask("/api/kernelspecs", server.token)
    assert offered["default"] == "raslab"
    assert {"raslab", "raslab-vt"} <= set(offered["kernelspecs"])
    with pytest.raises(HTTPError, match="403"):
        server.ask("/api/kernelspecs", "guessed")
    server.ask("/api/kernels", server.token, {"name": "raslab-vt"})
    wait_for("a lab machine", lambda: raslab.kernels() != [])
    server.child.send_signal(number)
    assert server.child.wait(timeout=20) == 0
    assert is_free(server.url.port or 0)
    wait_for("the end of the lab machine", raslab.nothing_is_left)
    assert not list((raslab.work / "runtime").glob("*.json"))


def test_only_this_computer_reaches_it(opened: Open) -> None:
    server = opened()
    assert server.url.hostname == "127.0.0.1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packets:
        try:
            packets.connect(("192.0.2.1", 9))  # nothing is sent, but the kernel chooses an address of ours
        except OSError:
            pytest.skip("this computer has no other address to try")
        own = packets.getsockname()[0]
    with socket.socket() as probe:
        assert probe.connect_ex((own, server.url.port)) != 0


def test_a_port_that_is_taken(raslab: Launcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ran = raslab("notebook", "--no-browser", "--port", str(port))
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"raslab: Port {port} of 127.0.0.1 is used by another program")
    assert ran.stderr.count("\n") == 1


def test_without_jupyterlab_it_says_what_to_install() -> None:
    source = Path(__file__).parents[2]
    # -S: without what is installed beside Python, JupyterLab included.
    code = f"import sys; sys.path.insert(0, {str(source)!r}); from raslab.cli.main import main; sys.exit(main())"
    ran = subprocess.run([sys.executable, "-I", "-S", "-c", code, "notebook"], capture_output=True, text=True)
    assert ran.returncode == 2
    assert "JupyterLab is not installed" in ran.stderr
    assert "raslab[notebook]" in ran.stderr
    assert ran.stderr.count("\n") == 1
