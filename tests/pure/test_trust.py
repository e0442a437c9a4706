"""Which notebooks are trusted without being asked: those that are as they were committed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import nbformat
from nbformat.sign import NotebookNotary

from raslab.machine.jupyter.trust import as_committed, trust


def written(path: Path, source: str) -> Path:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source, id="one")])
    notebook.cells[0].outputs = [nbformat.v4.new_output("display_data", {"text/html": "<b>bold</b>"})]
    nbformat.write(notebook, path)
    return path


def committed(folder: Path, *names: str) -> list[Path]:
    paths = [written(folder / name, name) for name in names]
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "-m", "m"],
    ):
        subprocess.run(["git", "-C", folder, *command], check=True)
    return paths


def test_changed_and_new_notebooks_are_left_out(tmp_path: Path) -> None:
    kept, changed = committed(tmp_path, "a b.ipynb", "changed.ipynb")
    written(changed, "something else")
    written(tmp_path / "new.ipynb", "new")
    assert as_committed(tmp_path) == [kept]


def test_a_folder_below_the_repository(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    kept, changed = committed(tmp_path, "notebooks/one.ipynb", "notebooks/two.ipynb")
    written(changed, "something else")
    assert as_committed(tmp_path / "notebooks") == [kept]


def test_without_a_repository_there_are_none(tmp_path: Path) -> None:
    written(tmp_path / "one.ipynb", "one")
    assert as_committed(tmp_path) == []


def test_jupyter_trusts_what_was_signed_and_nothing_else(tmp_path: Path) -> None:
    notary = NotebookNotary(db_file=str(tmp_path / "signatures.db"), secret=b"secret")
    signed, other = written(tmp_path / "one.ipynb", "one"), written(tmp_path / "two.ipynb", "two")
    trust([signed], notary)
    assert notary.check_signature(nbformat.read(signed, as_version=4))
    assert not notary.check_signature(nbformat.read(other, as_version=4))
    notary.store.close()
