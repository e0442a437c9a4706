"""The bandwidth test of Mininet's `iperf` method, carried out by iperf3."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from raslab.errors import BadMeasurementError, CommandTimeout, NoAddressError, NotObservedError, ThroughputError
from raslab.machine.here import here
from raslab.net.endless import endless
from raslab.net.waiting import wait_until_listening

if TYPE_CHECKING:
    import subprocess

    from raslab.net.node import Node

_DEADLINE_S = 20.0  # for what happens before and after the transfer
_CONNECT_MS = "5000"
_UNITS = {"k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}


def bandwidth(
    client: Node, server: Node, *, udp_rate: str | None, seconds: float, port: int, unit: str | None
) -> tuple[str, str]:
    """Send from `client` to `server`; returns what the server received and what the client sent per second.

    udp_rate: payload bits per second to send in UDP, such as ``10M``, or None for TCP as fast as it goes;
    unit: of the result, as iperf's option -f: k, m, g, t bits or K, M, G, T bytes, or None for a readable one.
    Raises ThroughputError, NoAddressError, ProgramNotFoundError, BadMeasurementError, ClockStandsStillError.
    """
    if unit is not None and unit.lower() not in _UNITS:
        raise BadMeasurementError(f"Unit {unit} of iperf is unknown: choose one of k, m, g, t, K, M, G, T.")
    address = server.IP() if server.intfs else None
    if address is None:
        raise NoAddressError(server.name, 4)
    environment = here().patient_environment
    process = server.popen(["iperf3", "-s", "-1", "-J", "-p", str(port)], env=environment)
    try:
        _wait_until_listening(server, process, port)
        argv = ["iperf3", "-c", address, "-J", "-p", str(port), "-t", f"{seconds:g}", "--connect-timeout", _CONNECT_MS]
        argv += [] if udp_rate is None else ["-u", "-b", udp_rate]
        try:
            result = client.run(argv, timeout=seconds + _DEADLINE_S, env=environment)
        except CommandTimeout as error:
            raise ThroughputError(client.name, "did not finish", str(error)) from error
        if refusal := endless(client.name, server.name, [result.stderr]):
            raise refusal
        return tuple(rate_text(rate, unit) for rate in _rates(client, result.stdout, result.stderr))  # type: ignore[return-value]
    finally:
        process.kill()
        process.communicate()


def rate_text(bits_per_s: float, unit: str | None = None) -> str:
    """A rate in the words of iperf: ``9.53 Mbits/sec``; for `unit` see `bandwidth`."""
    if unit is None:
        unit = next((name for name in "tgm" if bits_per_s >= _UNITS[name]), "k")
    value = bits_per_s / _UNITS[unit.lower()] / (8 if unit.isupper() else 1)
    digits = max(0, 2 - len(f"{int(value)}") + 1)
    return f"{value:.{digits}f} {unit.upper()}{'Bytes' if unit.isupper() else 'bits'}/sec"


def _rates(client: Node, stdout: str, stderr: str) -> tuple[float, float]:
    """Bits per second received and sent, from the client's report; older versions of iperf3 report UDP in one sum."""
    try:
        report: dict[str, Any] = json.JSONDecoder().raw_decode(stdout.lstrip())[0]
    except json.JSONDecodeError:
        raise ThroughputError(client.name, "printed no report", stderr or stdout) from None
    if "error" in report:
        raise ThroughputError(client.name, "could not measure", str(report["error"]))
    end = report["end"]
    whole = end.get("sum", {})
    sent = end.get("sum_sent", whole)["bits_per_second"]
    if "sum_received" in end:
        return float(end["sum_received"]["bits_per_second"]), float(sent)
    return float(sent) * (1 - whole.get("lost_percent", 0.0) / 100), float(sent)


def _wait_until_listening(server: Node, process: subprocess.Popen[bytes], port: int) -> None:
    try:
        listens = wait_until_listening(server, port, process, _DEADLINE_S)
    except NotObservedError as error:
        raise ThroughputError(server.name, "did not start", str(error)) from error
    if not listens:
        out, err = process.communicate()
        raise ThroughputError(server.name, "could not serve", (out or err).decode(errors="replace").strip())
