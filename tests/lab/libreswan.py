"""libreswan's pluto on a raw node: another maker's IKEv2, unpacked for the tests. Its settings: ipsec.conf(5)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unpacked import Unpacked
from waiting import until

from raslab.net import Node

_SETTINGS = {"ikev2": "insist", "type": "tunnel", "leftupdown": "%disabled", "retransmit-timeout": "10s"}
# pluto looks for its helpers in the folder that was compiled in, so it gets a view of the files with them in there.
_WITH_HELPERS = 'mount --bind "$0" /usr/libexec && exec "$@"'
# It insists on its process's number as the one of its netlink sockets, which a socket of raslab's may have by chance.
_STARTS = 3
_PASSPHRASE = "passphrase"


class Libreswan:
    """One pluto. folder: of its own, for its configuration, keys, log and socket."""

    def __init__(self, node: Node, folder: Path) -> None:
        """Skips the test if libreswan is not unpacked."""
        self.node, self.folder = node, folder
        self._package = Unpacked("libreswan")
        self._process: subprocess.Popen[str] | None = None
        (folder / "nss").mkdir(parents=True)
        self._secrets: list[str] = []
        self._connections: dict[str, Mapping[str, str]] = {}
        self._run("/usr/bin/certutil", "-N", "-d", f"sql:{folder}/nss", "--empty-password")

    def secret(self, mine: str, theirs: str, secret: str) -> None:
        """A pre-shared key."""
        self._secrets.append(f'{mine} {theirs} : PSK "{secret}"\n')

    def certificate(self, name: str, certificate: str, key: str, authority: str) -> None:
        """A certificate of its own, by a name of its own, and whom it trusts; PEM texts."""
        for word, text in (("own", certificate), ("key", key), ("authority", authority)):
            (self.folder / f"{word}.pem").write_text(text)
        database = f"sql:{self.folder}/nss"
        bundle = ["-in", f"{self.folder}/own.pem", "-inkey", f"{self.folder}/key.pem", "-name", name]
        packed = f"{self.folder}/{name}.p12"
        self._plain("openssl", "pkcs12", "-export", *bundle, "-out", packed, "-passout", f"pass:{_PASSPHRASE}")
        self._run("/usr/bin/pk12util", "-i", packed, "-d", database, "-W", _PASSPHRASE)
        trusted = ["-n", "authority", "-t", "CT,,", "-i", f"{self.folder}/authority.pem"]
        self._run("/usr/bin/certutil", "-A", "-d", database, *trusted)

    def connection(self, name: str, **settings: str) -> None:
        """A connection; `_` in a setting's name stands for ``-``."""
        self._connections[name] = {**_SETTINGS, **{key.replace("_", "-"): value for key, value in settings.items()}}

    def start(self) -> None:
        """Run it, with all that it has been told."""
        text = "config setup\n"
        for name, settings in self._connections.items():
            text += "".join([f"conn {name}\n", *(f"    {key}={value}\n" for key, value in settings.items())])
        (self.folder / "ipsec.conf").write_text(text)
        (self.folder / "ipsec.secrets").write_text("".join(self._secrets))
        words = ["--nofork", "--no-dnssec", "--log-no-audit", "--nhelpers", "0", "--logfile", f"{self.folder}/log"]
        words += ["--config", f"{self.folder}/ipsec.conf", "--secretsfile", f"{self.folder}/ipsec.secrets"]
        words += ["--nssdir", f"{self.folder}/nss", "--rundir", str(self.folder)]
        pluto = self._package.program("/usr/libexec/ipsec/pluto")
        view = ["unshare", "--mount", "sh", "-c", _WITH_HELPERS, self._package.program("/usr/libexec")]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        for _ in range(_STARTS):
            self._process = self.node.popen([*view, pluto, *words], env=self._environment, **quiet)
            until("pluto has its socket or has ended", lambda: not self._lives or self._socket.exists())
            if self._lives:
                break
        assert self._lives, self.log[-500:]
        self.whack("--listen")
        for name in self._connections:
            self._run(
                "/usr/libexec/ipsec/addconn",
                *("--config", f"{self.folder}/ipsec.conf", "--ctlsocket", str(self._socket), name),
            )

    def stop(self, kill: bool = False) -> None:
        """End it. kill: without a word to the other side."""
        assert self._process is not None
        if kill:
            self._process.kill()
        else:
            self.whack("--shutdown")
        self._process.wait(30)
        self._socket.unlink(missing_ok=True)

    def whack(self, *words: str) -> str:
        """Tell it something, and return what it says."""
        return self._run("/usr/libexec/ipsec/whack", "--ctlsocket", str(self._socket), *words)

    def up(self, name: str) -> str:
        """Dial, and return what became of it."""
        return self.whack("--initiate", "--name", name)

    def established(self) -> int:
        """How many tunnels it has."""
        return sum("STATE_V2_ESTABLISHED_CHILD_SA" in line for line in self.whack("--status").splitlines())

    @property
    def _lives(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def _socket(self) -> Path:
        return self.folder / "pluto.ctl"

    @property
    def log(self) -> str:
        """What it has written."""
        return (self.folder / "log").read_text()

    @property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self._package.environment}

    def _run(self, program: str, *words: str) -> str:
        found = Path(self._package.program(program)) if (self._package.root / program[1:]).exists() else Path(program)
        return self._plain(str(found), *words)

    def _plain(self, *words: str) -> str:
        done: Any = self.node.run(list(words), env=self._environment, timeout=60)
        return str(done.stdout) + str(done.stderr)
