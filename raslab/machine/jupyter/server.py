"""JupyterLab on the notebooks, as `raslab notebook` starts it."""

from __future__ import annotations

import importlib.util
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from raslab.errors import AddressNotUsableError, JupyterLabMissingError, NotebookMissingError

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

WILDCARDS = ("0.0.0.0", "::")


@dataclass(frozen=True)
class Service:
    """How JupyterLab shall run.

    folder: what it shows. file: what it opens, relative to `folder`, None for nothing. listen: address of this
    computer. port: 0 for any free one. browser: open the user's web browser on it.
    """

    folder: Path
    file: Path | None = None
    listen: str = "127.0.0.1"
    port: int = 8888
    browser: bool = True


def service_for(file: Path | None, home: Path, *, listen: str, port: int, browser: bool) -> Service:
    """What to serve for a file: the folder `home` if the file is in there, else the file's own folder.

    Raises NotebookMissingError if there is no such file.
    """
    if file is None:
        return Service(home, None, listen, port, browser)
    found = file.resolve()
    if not found.is_file():
        raise NotebookMissingError(file)
    folder = home if found.is_relative_to(home) else found.parent
    return Service(folder, found.relative_to(folder), listen, port, browser)


def serve(service: Service, announce: Callable[[str], None]) -> None:
    """Run JupyterLab until SIGINT, SIGTERM or SIGHUP; with it all its kernels end, and their lab machines.

    announce: called with the URL, which has the token in it, when it can be opened.

    Raises JupyterLabMissingError, AddressNotUsableError, KernelspecFolderError.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise JupyterLabMissingError(Path(sys.prefix))
    _check_address(service.listen, service.port)
    _offer_kernels()
    from jupyterlab.labapp import LabApp

    from raslab.machine.jupyter.trust import as_committed, trust

    token = os.environ.get("JUPYTER_TOKEN") or secrets.token_hex(24)
    server: ServerApp = LabApp.initialize_server(options(service, token, os.geteuid() == 0))
    trust(as_committed(service.folder), server.contents_manager.notary)
    # Jupyter tidies up after SIGTERM only, unless it is asked about it on a terminal.
    signal.signal(signal.SIGINT, _end)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # which is how nohup works
        signal.signal(signal.SIGHUP, _end)
    where = url(service, server.port, server.base_url, token, secure=bool(server.certfile))
    server.io_loop.add_callback(announce, where)  # the first turn of the loop is where it begins to listen
    server.start()


def options(service: Service, token: str, root: bool) -> list[str]:
    """Jupyter's own options. They stay in this process, so the token is in nobody's list of processes."""
    found = {
        "ServerApp.ip": service.listen,
        "ServerApp.port": service.port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": service.folder,
        "ServerApp.open_browser": service.browser,
        "LabApp.default_url": _page(service),
        "ServerApp.allow_root": root,
        "ServerApp.log_level": "ERROR",
        "LabApp.log_level": "ERROR",
        "IdentityProvider.token": token,
        "MultiKernelManager.default_kernel_name": "raslab",
    }
    return [f"--{name}={value}" for name, value in found.items()]


def url(service: Service, port: int, base: str, token: str, *, secure: bool) -> str:
    """Where the user finds it."""
    host = socket.gethostname() if service.listen in WILDCARDS else service.listen
    host = f"[{host}]" if ":" in host else host
    return f"http{'s' if secure else ''}://{host}:{port}{base.rstrip('/')}{_page(service)}?token={token}"


def has_screen(environment: Mapping[str, str]) -> bool:
    """True if a web browser would find a screen; without one, a text browser might take the terminal over."""
    return any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def _end(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def _page(service: Service) -> str:
    from urllib.parse import quote

    return f"/lab/tree/{quote(service.file.as_posix())}" if service.file else "/lab"


def _check_address(listen: str, port: int) -> None:
    """Jupyter would say it in a log, in more words."""
    try:
        family = socket.getaddrinfo(listen, port, type=socket.SOCK_STREAM)[0][0]
        socket.create_server((listen, port), family=family).close()
    except (OSError, OverflowError) as error:
        raise AddressNotUsableError(listen, port, error) from None


def _offer_kernels() -> None:
    """Install our kernels beside this Python, unless they are known and start this very Python."""
    from raslab.machine.jupyter import kernelspec

    # One environment has several names for its Python.
    known = {one.name for one in kernelspec.find() if one.python.parent == Path(sys.executable).parent}
    if known != {kernel.name for kernel in kernelspec.KERNELS}:
        kernelspec.install(Path(sys.prefix))
