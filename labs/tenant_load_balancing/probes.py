"""Health probes: TCP, from the machine's own host, from the first address of its subnet."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from topologies.software_load_balancer import ComputeHost, Tenant

if TYPE_CHECKING:
    from raslab.net import Node

PORT = 80
INTERVAL_S, RESULTS = 0.5, 3
"""A provider asks every 5 s, and believes 11 equal results in succession; a lab need not be that patient."""
TIMEOUT_S = 0.25


class Prober:
    """Asks one machine for its health, again and again in a thread of its own, until `stop` and `join`.

    tell: called with True when the machine is well again, and with False when it is not any more.
    """

    def __init__(
        self, host: Node, on: ComputeHost, tenant: Tenant, *, tell: Callable[[bool], None], well: bool = True
    ) -> None:
        """host: the node on which the machine is. well: whether it is held to be well at first."""
        self._host, self._on, self._tenant, self._tell, self._well = host, on, tenant, tell, well
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"prober of {tenant.machine(on)}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask no more. May be called again."""
        self._stopped.set()

    def join(self) -> None:
        """Wait until the last probe has ended."""
        self._thread.join()

    def _run(self) -> None:
        others = 0  # results in succession that say otherwise
        while not self._stopped.wait(INTERVAL_S):
            others = others + 1 if self._host.call(self._answers) != self._well else 0
            if others == RESULTS:
                self._well, others = not self._well, 0
                self._tell(self._well)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(TIMEOUT_S)
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self._tenant.name.encode())  # the tenant's VRF
            try:
                probe.bind((self._on.first_address, 0))
                probe.connect((self._on.dip, PORT))
            except OSError:
                return False
            return True
