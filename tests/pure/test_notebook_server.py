"""What `raslab notebook` tells Jupyter, and the user."""

from __future__ import annotations

from pathlib import Path

import pytest

from raslab.errors import AddressNotUsableError, NotebookMissingError
from raslab.machine.jupyter.server import Service, has_screen, options, serve, service_for, url


def served(file: Path | None, home: Path) -> Service:
    return service_for(file, home, listen="127.0.0.1", port=8888, browser=False)


def test_what_is_served_for_a_file(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "notebooks", tmp_path / "mine"
    for folder in (home, elsewhere):
        folder.mkdir()
        (folder / "a b.ipynb").touch()
    assert (served(None, home).folder, served(None, home).file) == (home, None)
    assert (served(home / "a b.ipynb", home).folder, served(home / "a b.ipynb", home).file) == (home, Path("a b.ipynb"))
    assert served(elsewhere / "a b.ipynb", home).folder == elsewhere


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotebookMissingError, match=r"no file .*nowhere\.ipynb"):
        served(tmp_path / "nowhere.ipynb", tmp_path)


@pytest.mark.parametrize(
    ("service", "base", "secure", "wanted"),
    [
        (Service(Path("/n")), "/", False, "http://127.0.0.1:1234/lab?token=t"),
        (Service(Path("/n"), Path("x/a b.ipynb")), "/", False, "http://127.0.0.1:1234/lab/tree/x/a%20b.ipynb?token=t"),
        (Service(Path("/n"), listen="::1"), "/me/", True, "https://[::1]:1234/me/lab?token=t"),
    ],
)
def test_the_url(service: Service, base: str, secure: bool, wanted: str) -> None:
    assert url(service, 1234, base, "t", secure=secure) == wanted


def test_an_address_that_means_all_of_them_is_not_shown() -> None:
    assert "0.0.0.0" not in url(Service(Path("/n"), listen="0.0.0.0"), 1, "/", "t", secure=False)


def test_only_root_needs_jupyters_leave() -> None:
    assert "--ServerApp.allow_root=True" in options(Service(Path("/n")), "t", root=True)
    assert "--ServerApp.allow_root=True" not in options(Service(Path("/n")), "t", root=False)


def test_a_browser_only_where_there_is_a_screen() -> None:
    assert has_screen({"DISPLAY": ":0"})
    assert not has_screen({"DISPLAY": "", "TERM": "xterm"})


@pytest.mark.parametrize(
    ("listen", "port", "sentence"),
    [
        ("127.0.0.1", 70000, "Port 70000 of 127.0.0.1 does not exist"),
        ("192.0.2.1", 8888, "give --listen an address of this computer"),
        ("no such host", 8888, "give --listen an address of this computer"),
    ],
)
def test_where_it_cannot_listen(listen: str, port: int, sentence: str) -> None:
    with pytest.raises(AddressNotUsableError, match=sentence):
        serve(Service(Path("/n"), listen=listen, port=port), print)
