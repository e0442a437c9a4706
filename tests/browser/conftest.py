"""A Jupyter server with our kernels, and a web browser on it; after the tests nothing of either may be left."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from raslab.machine.kernel import cached_kernel
from tests.browser.jupyterlab import JupyterLab
from tests.machine.conftest import Launcher, processes_in, wait_for
from tests.machine.notebook_kernel import is_free

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
#: The whole screen of a small laptop.
WIDTH, HEIGHT = 1280, 800
QUIET = (
    "--headless",
    "--no-sandbox",  # which root cannot have
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare where screenshots go."""
    parser.addoption("--screenshots", type=Path, metavar="FOLDER", help="keep the browser tests' screenshots here")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip all where there is no browser to drive."""
    if CHROMIUM is None or DRIVER is None:
        for item in items:
            if item.path.is_relative_to(Path(__file__).parent):
                item.add_marker(pytest.mark.skip(reason="needs chromium and chromedriver (Debian: chromium-driver)"))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where everything has its files and works, so that whatever is left over can be told."""
    assert cached_kernel(), "no lab kernel is built: run `raslab kernel build`"
    folder = tmp_path_factory.mktemp("browser")
    yield folder
    wait_for(f"the end of all of {folder}", lambda: not processes_in(folder))


@pytest.fixture(scope="session")
def server(folder: Path) -> Iterator[Launcher]:
    """`raslab notebook` can be started with it; no temporary file is left by it."""
    launcher = Launcher(folder)
    homes = {name: str(folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    settings = folder / "settings"
    launcher.environment |= homes | {
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }
    # JupyterLab asks new users whether it may fetch news.
    answer = settings / "@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    answer.parent.mkdir(parents=True)
    answer.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))
    yield launcher
    for child in launcher.children:
        if child.poll() is None:
            child.kill()
        child.wait()
    wait_for("the end of all temporary files", launcher.nothing_is_left)
    left = {entry.name for entry in Path(homes["JUPYTER_RUNTIME_DIR"]).iterdir()}
    assert left <= {"jupyter_cookie_secret"}  # which Jupyter keeps for the next time


@pytest.fixture(scope="session")
def url(server: Launcher) -> Iterator[str]:
    """Where JupyterLab is, with its token; it shows the server's work folder."""
    (server.work / "empty.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    child = server.start("notebook", "--no-browser", "--port", "0", "empty.ipynb")
    assert child.stdout is not None
    first = child.stdout.readline()
    assert "http://127.0.0.1:" in first, first
    found = first.split()[-1]
    yield found
    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=20) == 0
    assert is_free(urlsplit(found).port or 0)


@pytest.fixture(scope="session")
def jupyterlab(folder: Path, server: Launcher, url: str, request: pytest.FixtureRequest) -> Iterator[JupyterLab]:
    """JupyterLab in a browser."""
    assert CHROMIUM is not None
    home = folder / "chromium"
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (*QUIET, f"--user-data-dir={home}"):
        options.add_argument(argument)
    places = {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home), "TMPDIR": str(folder)}
    driver = webdriver.Chrome(options=options, service=Service(DRIVER, env=os.environ | places))
    try:
        screen = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        yield JupyterLab(driver, url, server.work, request.config.getoption("screenshots", default=None) or folder)
    finally:
        driver.quit()
