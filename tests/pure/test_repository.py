"""What the repository promises about itself: its documents, scripts and lists agree with each other."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from raslab.cli.main import build_parser

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SCRIPTS = [*sorted((ROOT / "scripts").glob("*.sh")), ROOT / ".ci/run"]

# Spelled in pieces, or this file would be the first to break its own rule.
FOREIGN = re.compile(
    "|".join(
        (
            r"(?<![\w.])/(?:" + "work" + "|" + "farm" + r")/",
            "/tmp/" + "proto",
            r"\.\./" + "shared",
            r"(?:pypi|pythonhosted|npmjs|crates)\." + r"(?:org|io)",
            r"\b(?:deb|security|archive)\.(?:debian|ubuntu)" + r"\.(?:org|com)",
        )
    )
)


def git_files(folder: Path) -> list[Path] | None:
    """Every file of a clone that git knows; None in an unpacked archive, or if git is missing or refuses to tell."""
    if not (folder / ".git").exists() or not shutil.which("git"):
        return None
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=folder, capture_output=True, text=True)
    if listed.returncode:
        return None
    return [folder / name for name in listed.stdout.split("\0") if name and (folder / name).is_file()]


def walked_files(folder: Path) -> Iterator[Path]:
    """Every file below FOLDER that its .gitignore does not leave out."""
    ignored = [".git", *(line.strip("/") for line in (folder / ".gitignore").read_text().splitlines())]
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not any(fnmatch(name, pattern) for pattern in ignored)]
        yield from (Path(here) / name for name in files if not any(fnmatch(name, pattern) for pattern in ignored))


def own_files() -> list[Path]:
    """Every file of the repository, in a clone and in an unpacked archive of it."""
    known = git_files(ROOT)
    return list(walked_files(ROOT)) if known is None else known


def installed_files(tmp_path: Path, project: str) -> set[str]:
    """What an installation of raslab holds with PROJECT as its pyproject.toml, built in a copy below TMP_PATH."""
    source = tmp_path / "source"
    shutil.copytree(ROOT / "raslab", source / "raslab", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "README.md", source)
    (source / "pyproject.toml").write_text(project)
    build = [sys.executable, "-c", "import setuptools; setuptools.setup()", "--quiet", "build", "--build-lib", "../out"]
    subprocess.run(build, cwd=source, capture_output=True, check=True)
    return {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}


def foreign_lines(text: str) -> list[str]:
    """Lines that name a folder of the computer where this was written, or a package registry."""
    return [line for line in text.splitlines() if FOREIGN.search(line)]


def readme_commands() -> list[str]:
    """Every command line in the README's code blocks, without comments."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    return [line.split("#")[0].strip() for block in blocks for line in block.splitlines() if line.strip()]


def make_targets() -> set[str]:
    """The targets that `make help` lists."""
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^make (\w+)", listed, re.MULTILINE))


def documented(heading: str) -> set[str]:
    """The names in the table under HEADING of docs/dependencies.md."""
    sections = re.split(r"^## ", (ROOT / "docs/dependencies.md").read_text(), flags=re.MULTILINE)
    (section,) = (section for section in sections if section.startswith(heading))
    return set(re.findall(r"^\| `([\w.-]+)` \|", section, re.MULTILINE))


def test_no_file_names_a_foreign_folder_or_a_registry() -> None:
    found = {
        str(path.relative_to(ROOT)): lines
        for path in own_files()
        if b"\0" not in path.read_bytes() and (lines := foreign_lines(path.read_text()))
    }
    assert found == {}


def test_the_search_for_foreign_names_finds_them() -> None:
    assert foreign_lines("see /" + "work/main/x") == ["see /" + "work/main/x"]
    assert foreign_lines("https://py" + "pi.org/simple")
    assert foreign_lines("a normal /home/ann/" + "work/x and pypi, the index") == []


def test_files_are_found_without_git_too(tmp_path: Path) -> None:
    assert git_files(tmp_path) is None
    (tmp_path / ".gitignore").write_text(".venv/\n*.egg-info/\n/reports/\n")
    for name in ("kept.py", "deep/kept.md", ".venv/x.py", "raslab.egg-info/y", "reports/z"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    assert set(walked_files(tmp_path)) == {tmp_path / name for name in (".gitignore", "kept.py", "deep/kept.md")}


def test_an_installation_has_every_file_of_the_package(tmp_path: Path) -> None:
    installed = installed_files(tmp_path, (ROOT / "pyproject.toml").read_text())
    assert {"raslab/machine/init.c", "raslab/machine/kernel/lab.fragment", "raslab/py.typed"} < installed
    names = {str(path.relative_to(ROOT)) for path in own_files()}
    assert {name for name in names if name.startswith("raslab/")} <= installed


def test_an_installation_would_lack_what_is_not_named(tmp_path: Path) -> None:
    project = (ROOT / "pyproject.toml").read_text()
    assert '"*.c", ' in project
    installed = installed_files(tmp_path, project.replace('"*.c", ', ""))
    assert "raslab/machine/init.c" not in installed
    assert "raslab/machine/kernel/lab.patch" in installed


def test_every_command_in_the_readme_exists() -> None:
    commands = readme_commands()
    assert len(commands) >= 5
    parser = build_parser()
    for command in commands:
        program, *arguments = shlex.split(command)
        if program == "make":
            assert set(arguments) <= make_targets(), command
        else:
            assert program == ".venv/bin/raslab", command
            assert isinstance(parser.parse_args(arguments), argparse.Namespace), command


def test_a_command_that_does_not_exist_would_be_noticed() -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["no-such-command"])
    assert "no-such-target" not in make_targets()


def test_every_link_in_the_documents_leads_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name} points to {target}"


def test_every_python_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(one for extra in project["optional-dependencies"].values() for one in extra),
    ]
    assert documented("Python packages") == {re.split(r"[<>=!~ \[]", one)[0] for one in wanted}


def test_every_debian_package_has_its_reason() -> None:
    rows = [line.split(maxsplit=2) for line in (ROOT / "scripts/packages.txt").read_text().splitlines()]
    packages = [row for row in rows if row and not row[0].startswith("#")]
    assert all(len(row) == 3 and row[1] in {"lab", "test", "debian", "unpacked"} for row in packages)
    assert documented("Debian and Ubuntu packages") == {row[0] for row in packages}


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed (scripts/setup.sh test)")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_shellcheck_has_nothing_to_say(script: Path) -> None:
    ran = subprocess.run(["shellcheck", script], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed (scripts/setup.sh test)")
def test_shellcheck_would_notice(tmp_path: Path) -> None:
    sloppy = tmp_path / "sloppy.sh"
    sloppy.write_text("#!/bin/bash\nrm $1\n")
    assert subprocess.run(["shellcheck", sloppy], capture_output=True).returncode != 0


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_scripts_can_be_run(script: Path) -> None:
    assert script.stat().st_mode & 0o111
