"""Services and the gateways that are made of them."""

from __future__ import annotations

from collections.abc import Sequence

from raslab.errors.base import RaslabError, one_line


class ServiceNotReadyError(RaslabError):
    """A daemon was started but does not answer. observed: what was seen last; log: the last lines it wrote."""

    def __init__(self, node: str, service: str, deadline_s: float, observed: str, log: str) -> None:
        super().__init__(
            f"Node {node}: {service} was not ready {deadline_s:g} s after it last did anything "
            f"({observed or 'nothing seen'}); "
            f"{_last_words(log)}."
        )
        self.node = node
        self.service = service
        self.log = log


class DaemonDiedError(RaslabError):
    """A daemon of a node ended by itself. how: status or signal; log: the last lines it wrote."""

    def __init__(self, node: str, service: str, how: str, log: str) -> None:
        super().__init__(f"Node {node}: {service} {how}; {_last_words(log)}.")
        self.node = node
        self.service = service
        self.log = log


class DaemonHangsError(RaslabError):
    """A daemon runs but does not answer. how: what it does instead; pid: its process, None if that is not known."""

    def __init__(self, node: str, service: str, how: str, pid: int | None = None) -> None:
        number = f" (process {pid})" if pid is not None else ""
        super().__init__(
            f"Node {node}: {service}{number} hangs: {how or 'it does not answer'}. "
            f'End it with services.kill("{node}", "{service}"), after which it is started afresh.'
        )
        self.node = node
        self.service = service


class ConfigurationRefusedError(RaslabError):
    """A daemon does not take a line of its configuration. reason: in the daemon's words."""

    def __init__(self, node: str, service: str, line: str, reason: str) -> None:
        super().__init__(
            f"Node {node}: {service} refused `{line}`: {reason.strip(' .%') or 'it gave no reason'}. Correct that line."
        )
        self.node = node
        self.service = service
        self.line = line
        self.reason = reason


class TunnelRefusedError(RaslabError):
    """An IPsec tunnel could not be set up or ended. reason: what strongSwan said."""

    def __init__(self, node: str, tunnel: str, reason: str, log: Sequence[str]) -> None:
        super().__init__(f"Node {node}: tunnel {tunnel} failed: {reason.rstrip('. ')}.")
        self.node = node
        self.tunnel = tunnel
        self.reason = reason
        self.log = tuple(log)


class ServiceUserError(RaslabError):
    """A daemon runs as a user that is not there, or that means nothing in this user namespace."""

    def __init__(self, node: str, service: str, user: str, reason: str) -> None:
        super().__init__(
            f"Node {node}: {service} runs as the user {user}, which cannot be: {reason}. Install it with "
            "scripts/setup.sh, and use a lab machine (raslab exec --machine uml) or be root."
        )


class NoSuchServiceError(RaslabError, KeyError):
    """A service that the node does not have."""

    def __init__(self, node: str, service: str, known: Sequence[str]) -> None:
        super().__init__(f"Node {node} has no service {service}; it has: {', '.join(known) or 'none'}.")

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show it in quotes


class ServiceDeclarationError(RaslabError, ValueError):
    """Services were declared that cannot go together."""


def _last_words(log: str) -> str:
    last = log.strip().splitlines()[-1:]
    return f"it last said: {last[0].rstrip('. ')}" if last else "it said nothing"


class GatewayRefusedError(RaslabError, ValueError):
    """A change of a gateway that cannot be made; the gateway is as it was. `problems`: one sentence per problem."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(map(one_line, problems))
        super().__init__("\n".join(self.problems))


class GatewayNotRunningError(RaslabError):
    """A verb needs the node of a gateway, which does not run."""

    def __init__(self, gateway: str) -> None:
        super().__init__(f"The network of gateway {gateway} is not running: start it first, then the gateway.")
