"""strongSwan's charon: IKEv2 (RFC 7296) and ESP, one daemon for each node, driven by VICI.

charon starts with its settings only. Connections, secrets, certificates and address pools are handed over by VICI, at
start and live; SAs that are up stay up whatever is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from raslab.errors import ConfigurationRefusedError, ServiceDeclarationError
from raslab.model.secrets import SECRET
from raslab.model.sentences import quoted
from raslab.services.pki import key_identifier, list_issuer, subject
from raslab.services.place import Place
from raslab.services.service import Service
from raslab.services.vici import Vici

_SOCKET = "/run/charon.vici"  # where swanctl looks
_SETTINGS_FILE = "/run/charon.conf"  # AppArmor lets charon read it: /run/charon.*
_NOT_IN_A_SETTING = re.compile(r"[\n\r\0{}#\"]")
_PLUGINS = (
    "random nonce openssl pem pkcs1 pkcs8 x509 pubkey constraints revocation aes sha1 sha2 hmac kdf gcm"
    " drbg md5 kernel-netlink socket-default vici updown eap-identity eap-mschapv2 eap-tls"
)
#: What labs want of charon unless `settings` say otherwise: routes are raslab's own, and failures show soon.
DEFAULTS: Mapping[str, str] = MappingProxyType(
    {
        "load_modular": "no",
        "load": _PLUGINS,
        "install_routes": "no",
        "install_virtual_ip": "yes",
        "retransmit_tries": "3",
        "retransmit_timeout": "0.5",
        "retransmit_base": "1.4",
        "plugins.vici.socket": f"unix://{_SOCKET}",
        "filelog.lab.path": "/run/charon.log",  # of standard output charon flushes no lines
        "filelog.lab.append": "yes",
        "filelog.lab.flush_line": "yes",
        "filelog.lab.time_format": "%Y/%m/%d %H:%M:%S",
        "filelog.lab.time_add_ms": "yes",
        "filelog.lab.default": "1",
    }
)


@dataclass(frozen=True)
class Shared:
    """A secret. kind: IKE for a pre-shared key, EAP for a password; owners: the identities that it is for."""

    kind: str
    secret: str = field(repr=False, metadata=SECRET)
    owners: tuple[str, ...] = ()


@dataclass(frozen=True)
class Message:
    """A command of VICI, and what to write for it. Secrets and keys are not written."""

    command: str
    content: Mapping[str, Any] = field(repr=False)
    shown: str


@dataclass(frozen=True)
class Charon(Service):
    """What charon shall know.

    connections: by name, the section `connections.<name>` of swanctl.conf; secrets: by a name of your own.
    certificates, keys, crls: PEM texts. authorities: by name, the section `authorities.<name>`, `cacert` as PEM text.
    pools: by name, the section `pools.<name>`. settings: of strongswan.conf, in the section of the daemon, with dots
    between sections; a change of them restarts charon, a change of anything else does not.
    """

    name: ClassVar[str] = "charon"
    connections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    secrets: Mapping[str, Shared] = field(default_factory=dict)
    certificates: tuple[str, ...] = ()
    keys: tuple[str, ...] = field(default=(), repr=False, metadata=SECRET)
    crls: tuple[str, ...] = ()
    authorities: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    pools: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    def files(self) -> Mapping[str, str]:
        """strongswan.conf of the node."""
        for key, value in self.settings.items():
            if _NOT_IN_A_SETTING.search(f"{key}{value}"):
                raise ServiceDeclarationError(f"A setting of charon cannot be {quoted(f'{key} = {value}')}.")
        return {_SETTINGS_FILE: rendered(nested({**DEFAULTS, **self.settings}), "charon-systemd")}

    def argv(self) -> tuple[str, ...]:
        """The variant of charon that stays in the foreground and needs no PID file; it runs without systemd too."""
        return ("/usr/sbin/charon-systemd",)

    def environment(self) -> Mapping[str, str]:
        """Where its settings are."""
        return {"STRONGSWAN_CONF": _SETTINGS_FILE}

    def ready(self, place: Place) -> tuple[bool, str]:
        """charon takes commands."""
        return (True, "") if vici_at(place).answers() else (False, f"no answer on {_SOCKET}")

    def plan(self, old: Charon | None) -> tuple[str, ...]:
        """The commands of VICI, in words of swanctl.conf."""
        return tuple(line for message in messages(old or Charon(), self) for line in message.shown.splitlines())

    def reload(self, place: Place, old: Charon | None) -> None:
        """Send the difference; if something is refused, take back what had been sent before it."""
        vici = vici_at(place)
        try:
            for message in messages(old or Charon(), self):
                vici.request(message.command, message.content)
        except ConfigurationRefusedError:
            for message in messages(self, old or Charon()):
                with suppress(ConfigurationRefusedError):  # it undoes what never was
                    vici.request(message.command, message.content)
            raise

    def clear_up(self, place: Place) -> None:
        """End what a charon that died has left in the kernel, and do what it would have done at each tunnel's end.

        Another one would not know the old SAs: packets would go into them for as long as they live, and nobody answers.
        """
        for kind in ("state", "policy"):
            place.run(["ip", "xfrm", kind, "flush"])
        for connection in self.connections.values():
            for child in connection.get("children", {}).values():
                if command := child.get("updown"):
                    place.run(["env", "PLUTO_VERB=down-client", "sh", "-c", command])  # fails for what was not up


def vici_at(place: Place) -> Vici:
    """The way to ask the charon of a place."""
    return Vici(place.name, place.path(_SOCKET), place.patience())


def messages(old: Charon, new: Charon) -> tuple[Message, ...]:
    """The commands that lead from `old` to `new`: what is unloaded, credentials, pools, then connections."""
    return (
        *_unloaded(old, new),
        *_credentials(old, new),
        *_loaded("pool", old.pools, new.pools),
        *_loaded("conn", old.connections, new.connections),
    )


def _unloaded(old: Charon, new: Charon) -> Iterator[Message]:
    for kind, before, after in (
        ("conn", old.connections, new.connections),
        ("pool", old.pools, new.pools),
        ("authority", old.authorities, new.authorities),
    ):
        for name in before:
            if name not in after:
                yield Message(f"unload-{kind}", {"name": name}, f"unload-{kind} {name}")
    for name in old.secrets:
        if name not in new.secrets:
            yield Message("unload-shared", {"id": name}, f"unload-shared {name}")


def _credentials(old: Charon, new: Charon) -> Iterator[Message]:
    """Certificates that are not wanted any more stay: charon cannot unload one, and without its key it proves nothing.

    So does the revocation list of an authority that is not trusted any more. Only a list that is taken back while its
    authority stays takes everything along, and for a moment nobody can begin a tunnel.
    """
    if _takes_list_back(old, new):
        yield Message("clear-creds", {}, "clear-creds")
        old = Charon(authorities=old.authorities if not new.authorities else {})
    for pem in old.keys:
        if pem not in new.keys:
            yield Message("unload-key", {"id": key_identifier(pem)}, f"unload-key {key_identifier(pem)}")
    if set(new.crls) - set(old.crls):
        yield Message("flush-certs", {"type": "X509_CRL"}, "flush-certs X509_CRL")
    yield from _loaded("authority", old.authorities, new.authorities)
    for flavour, before, after in (
        ({"type": "X509", "flag": "NONE"}, old.certificates, new.certificates),
        ({"type": "X509_CRL", "flag": "NONE"}, old.crls, new.crls),
    ):
        for pem in after:
            if pem not in before:
                yield Message("load-cert", {**flavour, "data": pem}, f"load-cert {flavour['type']}")
    for pem in new.keys:
        if pem not in old.keys:
            yield Message("load-key", {"type": "any", "data": pem}, "load-key any")
    for name, secret in new.secrets.items():
        if old.secrets.get(name) != secret:
            content = {"id": name, "type": secret.kind, "data": secret.secret, "owners": secret.owners}
            yield Message("load-shared", content, f"load-shared {name} {secret.kind} {' '.join(secret.owners)}".strip())


def _takes_list_back(old: Charon, new: Charon) -> bool:
    """Whether an authority that is trusted before and after has had a revocation list and has none any more."""
    lost = set(old.crls) - set(new.crls)
    without = {list_issuer(pem) for pem in lost} - {list_issuer(pem) for pem in new.crls if lost}
    return bool(without) and any(subject(str(section.get("cacert"))) in without for section in new.authorities.values())


def _loaded(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Message]:
    for name, section in new.items():
        if old.get(name) != section:
            yield Message(f"load-{kind}", {name: section}, f"load-{kind} " + rendered(section, name).rstrip())


def nested(settings: Mapping[str, str]) -> dict[str, Any]:
    """Settings whose names have dots between sections, as sections."""
    tree: dict[str, Any] = {}
    for dotted, value in settings.items():
        *sections, key = dotted.split(".")
        inside = tree
        for section in sections:
            inside = inside.setdefault(section, {})
        inside[key] = value
    return tree


def rendered(section: Mapping[str, Any], name: str, indent: str = "") -> str:
    """A section in the syntax of strongswan.conf and swanctl.conf; texts of several lines are not shown."""
    rows = [f"{indent}{name} {{"]
    inner = indent + "    "
    for key, value in section.items():
        if isinstance(value, Mapping):
            rows.append(rendered(value, key, inner).rstrip("\n"))
        else:
            texts = [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
            shown = ", ".join("(PEM)" if "\n" in text else text for text in texts)
            rows.append(f"{inner}{key} = {shown}")
    return "\n".join([*rows, indent + "}"]) + "\n"
