"""The jail as root in the guest finds it, started by root and by an ordinary user; and the machine's limits."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import raslab as raslab_package
from raslab.machine.jail import landlock
from raslab.machine.kernel import cached_kernel
from raslab.machine.kernel.cache import kernel_folder
from tests.machine.conftest import Launcher

NOBODY = 65534

#: Each vector, with VICTIM standing for a folder of this computer that the guest has no business in. What it prints is
#: what it got; it must be nothing.
VECTORS = {
    "mount hostfs": "mount -t hostfs none /mnt -o VICTIM && echo more > /mnt/secret; cat /mnt/secret",
    "mount hostfs again": "mount -t hostfs none /mnt && cat /mnt/etc/hostname",
    "new mount calls": "python3 -c '"
    'import ctypes; c = ctypes.CDLL(None); f = c.syscall(430, b"hostfs", 0);'
    ' c.syscall(431, f, 6, None, None, 0) == 0 and print("mounted")\'',
    "unseal": "echo 0 > /proc/sys/fs/hostfs_sealed && cat /proc/sys/fs/hostfs_sealed",
    "remount the root": "mount -o remount,rw / && echo more > VICTIM/secret; cat VICTIM/made-before-seal",
    "write outside": "echo more > VICTIM/made && chmod 777 VICTIM && rm -f VICTIM/secret",
    "read outside": "cat VICTIM/secret; ls VICTIM | grep secret",
    "bind": "mkdir -p b && mount --bind VICTIM b && cat b/secret",
    "link in the working folder": "ln -s VICTIM out && cat out/secret; echo more > out/through",
    "link that was there": "cat way-out/secret; echo more > way-out/through",
    "hard link": "ln VICTIM/secret hard && cat hard",
    "device node": "mknod disk b 8 0 && echo made; mknod null c 1 3 && echo made",
    "set-user-id": "cp /bin/true suid; chmod 4755 suid && echo changed; chmod 2755 suid && echo changed",
    "set-user-id at birth": "python3 -c 'import os; os.mknod(\"suid2\", 0o104755)'; find . -perm /6000",
    "host processes": "kill -0 HOSTPID && echo there; cat /proc/HOSTPID/environ",
    "path socket": "python3 -c 'import socket; socket.socket(1).connect(\"VICTIM/socket\"); print(1)'",
    "kernel memory": "head -c1 /dev/mem; head -c1 /proc/kcore; head -c1 /dev/port",
    "sysrq": "echo b > /proc/sysrq-trigger && echo pressed",
    "secrets of the host": "cat /etc/shadow /etc/ssh/ssh_host_*_key ~/.bashrc ~/.ssh/authorized_keys",
    "old root": "python3 -c '"
    'import os; os.mkdir("/c"); os.chroot("/c"); [os.chdir("..") for _ in range(9)]; os.chroot(".");'
    ' print(open("/spec").read())\'',
}


class Attacker:
    """Runs scripts in lab machines as one user of this computer, with a victim's folder beside the working folder."""

    def __init__(self, folder: Path, user: int) -> None:
        self.launcher = Launcher(folder)
        self.victim = folder / "victim"
        self.victim.mkdir()
        (self.victim / "secret").write_text("mine\n")
        (self.launcher.work / "way-out").symlink_to(self.victim)
        self.prefix: list[str] = []
        if user:
            self._become(folder, user)

    def _become(self, folder: Path, user: int) -> None:
        kernel = cached_kernel()
        assert kernel is not None
        cache, home = folder / "cache", folder / "home"
        home.mkdir()
        shutil.copytree(kernel.path.parent, cache / kernel.path.parent.relative_to(kernel_folder().parents[1]))
        shutil.copytree(Path(raslab_package.__file__).parent, folder / "copy/raslab")
        for path in (*folder.glob("*"), *cache.rglob("*"), *self.victim.iterdir()):
            os.chown(path, user, user)
        self.launcher.environment |= {
            "XDG_CACHE_HOME": str(cache), "HOME": str(home), "PYTHONPATH": str(folder / "copy"),
        }  # fmt: skip
        self.prefix = ["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups"]

    def __call__(self, script: str, *options: str) -> subprocess.CompletedProcess[str]:
        python = str(Path(sys.base_exec_prefix) / "bin/python3") if self.prefix else sys.executable
        return subprocess.run(
            [*self.prefix, python, "-m", "raslab", "exec", "--machine", "uml", *options, "--", "sh", "-c", script],
            cwd=self.launcher.work, env=self.launcher.environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
        )  # fmt: skip


@pytest.fixture(params=[0, NOBODY])
def attacker(request: pytest.FixtureRequest) -> Iterator[Attacker]:
    """As root, and as an ordinary user. Not in pytest's folder: as root, pytest closes those to everybody else."""
    if request.param != os.geteuid() and os.geteuid() != 0:
        pytest.skip("becoming another user needs root")
    with tempfile.TemporaryDirectory(prefix="raslab-test-") as name:
        Path(name).chmod(0o755)
        yield Attacker(Path(name), request.param)


@pytest.fixture
def attack(attacker: Attacker) -> Callable[..., str]:
    """What a script in the guest prints, with its placeholders filled in."""

    def run(script: str, *options: str) -> str:
        filled = script.replace("VICTIM", str(attacker.victim)).replace("HOSTPID", str(os.getpid()))
        return attacker(f"({filled}) 2>/dev/null; exit 0", *options).stdout

    return run


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
def test_nothing_is_got_and_nothing_stays(attacker: Attacker, attack: Callable[..., str]) -> None:
    marked = "".join(f"echo '== {name}'; ( {script} ); " for name, script in VECTORS.items())
    got = attack(marked)
    assert [line for line in got.splitlines() if not line.startswith("== ")] == []
    assert got.count("== ") == len(VECTORS)
    assert [path.name for path in attacker.victim.iterdir()] == ["secret"]
    assert (attacker.victim / "secret").read_text() == "mine\n"
    assert attacker.victim.stat().st_mode & 0o777 == 0o755
    work = attacker.launcher.work
    assert not any(path.lstat().st_mode & 0o6000 for path in work.iterdir())
    assert not (work / "disk").exists()


def test_the_seal_holds_without_landlock(attacker: Attacker, attack: Callable[..., str]) -> None:
    """The twin: with the jail off the secret can be read, and still nothing can be mounted, changed or made."""
    assert attack(VECTORS["read outside"], "--jail", "off") == "mine\nsecret\n"
    for name in ("mount hostfs", "new mount calls", "unseal", "device node", "set-user-id", "set-user-id at birth"):
        assert attack(VECTORS[name], "--jail", "off") == "", name
    attack(VECTORS["write outside"], "--jail", "off")
    assert (attacker.victim / "secret").read_text() == "mine\n"


def test_folders_that_are_only_for_reading_stay_so(attack: Callable[..., str]) -> None:
    script = "mount -o remount,rw /.raslab/project && touch /.raslab/project/mark && echo written; echo tried"
    assert attack(script, "--canonical") == "tried\n"


def test_a_folder_is_readable_or_writable_on_request(attacker: Attacker, attack: Callable[..., str]) -> None:
    assert attack("cat VICTIM/secret; echo no > VICTIM/new", "--read", str(attacker.victim)) == "mine\n"
    assert not (attacker.victim / "new").exists()
    attack("echo yes > VICTIM/new", "--write", str(attacker.victim))
    assert (attacker.victim / "new").read_text() == "yes\n"


def test_a_fork_bomb_meets_its_limit_and_it_is_told(attacker: Attacker) -> None:
    script = "for i in $(seq 100); do sleep 60 & done; echo more"
    result = attacker(script, "--max-processes", "40")
    assert "which is its limit, and more were refused; --max-processes allows more" in result.stderr
    assert "processes" not in attacker(script).stderr


def test_a_full_disk_meets_its_limit_and_it_is_told(attacker: Attacker) -> None:
    script = "head -c 4M /dev/zero > large; echo end"
    result = attacker(script, "--max-written", "1M")
    assert "which is its limit, and more was refused; --max-written allows more" in result.stderr
    assert (attacker.launcher.work / "large").stat().st_size <= 1 << 20
    assert attacker(script).stderr == ""
    assert (attacker.launcher.work / "large").stat().st_size == 4 << 20


def test_memory_is_bounded_and_it_is_told(attacker: Attacker) -> None:
    result = attacker("python3 -c 'x = [bytearray(10**6) for _ in range(1000)]'; echo survived", "--memory", "256M")
    assert result.stdout == "survived\n"
    assert "memory of 256 MB was full" in result.stderr
    full = attacker("head -c 1G /dev/zero > /tmp/full; echo survived", "--memory", "256M")
    assert "No space left" in full.stderr
    assert full.stdout == "survived\n"


@pytest.mark.parametrize("machine", ["uml", "native"])
def test_time_is_bounded_and_it_is_told(raslab: Launcher, machine: str) -> None:
    if machine == "native" and os.geteuid() != 0:
        pytest.skip("namespaces without a user namespace need root")
    result = raslab("exec", "--machine", machine, "--max-time", "2", "--", "sleep", "60")
    assert (result.returncode, result.stderr) == (
        2,
        "raslab: The lab machine was ended after 2 s, which is its limit; --max-time allows more time.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--read", "/no/such"], "--read /no/such: there is no such file or folder."),
        (["--write", "/"], "the whole computer cannot be given"),
        (["--write", "/etc", "--read", "/etc"], "cannot be both for reading only and for writing"),
        (["--write", "/etc/passwd"], "this is no folder"),
        (["--max-written", "much"], "--max-written 'much' is not understood; write for example 200M or 4G."),
        (["--max-processes", "1"], "too little for a lab machine"),
        (["--max-time", "-5"], "is not understood"),
        (["--machine", "native", "--jail", "require"], "A native machine is no jail"),
    ],
)
def test_what_makes_no_sense_is_refused(raslab: Launcher, arguments: list[str], sentence: str) -> None:
    result = raslab("exec", *[part.replace("-5", "=5") for part in arguments], "--", "true")
    assert result.returncode == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_a_required_jail_has_no_way_to_the_next_run(raslab: Launcher) -> None:
    assert raslab("exec", "--jail", "require", "--", "true").returncode == 0
    raslab.has_the_computer_to_itself()
    raslab.environment["HOME"] = str(raslab.work)
    result = raslab("exec", "--jail", "require", "--", "true")
    assert result.returncode == 2
    assert "could change" in result.stderr


def test_variables_stand_for_options(raslab: Launcher) -> None:
    raslab.environment |= {"RASLAB_MAX_TIME": "soon", "RASLAB_JAIL": "auto"}
    assert "RASLAB_MAX_TIME 'soon' is not understood" in raslab("exec", "--", "true").stderr
    raslab.environment |= {"RASLAB_MAX_TIME": "60", "RASLAB_JAIL": "perhaps"}
    assert "'perhaps' is no way to jail" in raslab("exec", "--", "true").stderr


def test_frames_that_no_machine_sends_end_it(raslab: Launcher) -> None:
    result = raslab.uml("sh", "-c", "printf 'O\\377\\377\\377\\377' > /dev/ttyS0; sleep 60")
    assert result.returncode == 2
    assert "a program in it has written to /dev/ttyS0" in result.stderr
    assert raslab.uml("echo", "well").stdout == "well\n"


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
@pytest.mark.parametrize(("jail", "told"), [("require", "read\n"), ("auto", "read\nbeside\n")])
def test_a_script_that_the_command_line_names(attacker: Attacker, jail: str, told: str) -> None:
    """It can be read, and so can what lies beside it, unless a jail is required; nothing else of the host can."""
    course = attacker.victim / "course"
    course.mkdir()
    (course / "beside").write_text("beside\n")
    script = course / "script.py"
    script.write_text(
        f"print('read')\nfor name in ('beside', '../secret'):\n    print(open('{course}/' + name).read(), end='')\n"
    )
    python = f"{sys.base_exec_prefix}/bin/python3"
    words = ["-m", "raslab", "exec", "--machine", "uml", "--jail", jail, "--", "/usr/bin/python3", str(script)]
    result = subprocess.run(
        [*attacker.prefix, python if attacker.prefix else sys.executable, *words],
        cwd=attacker.launcher.work, env=attacker.launcher.environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert result.stdout == told, result.stderr
    assert "FileNotFoundError" in result.stderr or "PermissionError" in result.stderr
