"""JupyterLab as its user sees it: notebooks, cells, menus, what a cell shows."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import nbformat
import nbformat.v4
from PIL import Image
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement

WAIT_S = 30.0
RUN_ALL_S = 180.0
COLOURS = 256
CODE_CELLS = ".jp-Notebook .jp-CodeCell"
T = TypeVar("T")


def notebook(*cells: str) -> nbformat.NotebookNode:
    """A notebook of these code cells."""
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])


def prepared(notebook: nbformat.NotebookNode, kernel: str) -> nbformat.NotebookNode:
    """The same notebook for another kernel, without outputs."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata["kernelspec"] = {"name": kernel, "display_name": kernel, "language": "python"}
    return notebook


class Cell:
    """A code cell of the open notebook; `number` counts from 0."""

    def __init__(self, jupyterlab: JupyterLab, number: int) -> None:
        self._jupyterlab = jupyterlab
        self._number = number

    @property
    def element(self) -> WebElement:
        """The whole cell."""
        return self._jupyterlab.all(CODE_CELLS)[self._number]

    @property
    def is_running(self) -> bool:
        """True while it runs or waits for its turn."""
        return self.prompt == "[*]:"

    @property
    def prompt(self) -> str:
        """What stands in front of it: ``[ ]:``, ``[*]:`` while it runs, then its number."""
        return str(self.ask("return cell.querySelector('.jp-InputPrompt').textContent"))

    def run(self) -> None:
        """Select it, press the button that runs it, and wait until it has been taken on."""
        self.ask("cell.scrollIntoView({block: 'nearest'})")
        self.click(".jp-InputPrompt")
        self._jupyterlab.wait("the cell to be selected", lambda: "jp-mod-active" in self.ask("return cell.className"))
        before = self.prompt
        self._jupyterlab.one(".jp-NotebookPanel-toolbar [data-jp-item-name=run] jp-button").click()
        self._jupyterlab.wait("the cell to run", lambda: self.prompt != before)

    def ask(self, script: str) -> Any:
        """What JavaScript returns about `cell`."""
        return self._jupyterlab.driver.execute_script("const cell = arguments[0];" + script, self.element)

    def text(self, selector: str = ".jp-OutputArea") -> str:
        """The text of the first element in the cell that fits, empty if there is none."""
        return str(self.ask(f"return cell.querySelector(`{selector}`)?.innerText ?? ''"))

    def click(self, selector: str) -> None:
        """Click an element of the cell."""
        self.element.find_element(By.CSS_SELECTOR, selector).click()

    def press(self, label: str) -> None:
        """Press the button with that label."""
        buttons = self.element.find_elements(By.CSS_SELECTOR, ".jp-OutputArea button")
        next(button for button in buttons if button.text.strip() == label).click()

    @property
    def hides_something(self) -> bool:
        """True if an output is wider than its place."""
        outputs = "[...cell.querySelectorAll('.jp-OutputArea-output')]"
        return bool(self.ask(f"return {outputs}.some(one => one.scrollWidth > one.clientWidth)"))

    def show(self) -> None:
        """Scroll until it begins at the top."""
        self.ask("cell.scrollIntoView({block: 'start'})")


class JupyterLab:
    """A browser's page with JupyterLab.

    url: with the token, of any notebook. folder: what the server shows. screenshots: where they go.
    """

    def __init__(self, driver: WebDriver, url: str, folder: Path, screenshots: Path) -> None:
        self.driver = driver
        self._url = urlsplit(url)
        self._folder = folder
        self._screenshots = screenshots
        screenshots.mkdir(parents=True, exist_ok=True)

    def open(self, notebook: nbformat.NotebookNode, name: str, kernel: str = "raslab") -> None:
        """Put a notebook into the folder and open it, alone, with its kernel ready and no file browser beside it."""
        nbformat.write(prepared(notebook, kernel), self._folder / name)
        page = f"/lab/workspaces/{quote(Path(name).stem)}/tree/{quote(name)}"
        self.driver.get(self._url._replace(path=page).geturl())
        self.wait("the notebook", lambda: self.all(CODE_CELLS))
        self.wait("its kernel", lambda: self.is_idle)
        self.one("li.lm-TabBar-tab[data-id=filebrowser]").click()
        self.wait("the file browser to go", lambda: not self.one("#jp-left-stack").is_displayed())

    def saved(self, name: str) -> nbformat.NotebookNode:
        """The notebook as JupyterLab has stored it, once it has."""
        before = (self._folder / name).stat().st_mtime_ns
        self.menu("File", "docmanager:save")
        return self.wait("the notebook to be saved", lambda: self._written_since(before, self._folder / name))

    @staticmethod
    def _written_since(before: int, file: Path) -> nbformat.NotebookNode | None:
        try:
            return nbformat.read(file, 4) if file.stat().st_mtime_ns > before else None
        except ValueError:  # it is just being written
            return None

    @property
    def is_idle(self) -> bool:
        """True if there is a kernel with nothing to do, as the line at the bottom says: ``RAS lab | Idle``."""
        return "| Idle" in self.one("#jp-main-statusbar").text

    def cell(self, number: int) -> Cell:
        """A code cell of the open notebook, counted from 0."""
        return Cell(self, number)

    def menu(self, name: str, *commands: str) -> None:
        """Choose from a menu: the command's id, or for entries of submenus their labels and then the command's."""
        next(entry for entry in self.all(".lm-MenuBar-item") if entry.text == name).click()
        for command in commands:
            self._entry(command).click()

    def _entry(self, command: str) -> WebElement:
        def find() -> WebElement | None:
            entries = self.all(".lm-Menu-item:not(.lm-mod-hidden)")
            fitting = (one for one in entries if one.get_attribute("data-command") == command or one.text == command)
            return next(fitting, None)

        return self.wait(f"the menu's entry {command}", find)

    def choose_theme(self, name: str) -> None:
        """Light or Dark, by the menu; returns when the page has it."""
        self.menu("Settings", "Theme", f"JupyterLab {name}")
        light = str(name == "Light").lower()
        self.wait(f"the theme {name}", lambda: self.one("body").get_attribute("data-jp-theme-light") == light)
        self.wait("the splash to go", lambda: not self.all("#jupyterlab-splash"))

    def run_all(self) -> None:
        """Run all cells by the menu; returns when no cell runs any more, with or without success."""
        self.menu("Run", "runmenu:run-all")
        self.wait("the first cell to run", lambda: self.cell(0).prompt != "[ ]:")
        self.wait("the last cell's end", lambda: self.is_idle and not self._are_running(), RUN_ALL_S)

    def _are_running(self) -> bool:
        script = "return [...document.querySelectorAll('.jp-InputPrompt')].some(one => one.textContent == '[*]:')"
        return bool(self.driver.execute_script(script))

    def shut_down(self) -> None:
        """Shut the kernel down, with its lab machine."""
        self.menu("Kernel", "kernelmenu:shutdown")
        self.wait("the kernel's end", lambda: "No Kernel" in self.one("#jp-main-statusbar").text)

    def interrupt(self) -> None:
        """Press the button that interrupts the kernel."""
        self.one(".jp-NotebookPanel-toolbar [data-jp-item-name=interrupt] jp-button").click()

    def keep(self, name: str) -> None:
        """Take a screenshot, in as many colours as a page of text and lines needs."""
        taken = Image.open(io.BytesIO(self.driver.get_screenshot_as_png())).convert("RGB")
        small = taken.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        small.save(self._screenshots / f"{name}.png", optimize=True)

    def all(self, selector: str) -> list[WebElement]:
        """All elements of the page that fit."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        """The first element of the page that fits."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def wait(self, what: str, condition: Callable[[], T | None], seconds: float = WAIT_S) -> T:
        """Wait until `condition` holds, and return what it found; fails, naming `what`, with a screenshot."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                found = condition()
            except WebDriverException:  # an element has gone while it was looked at
                found = None
            if found:
                return found
            if time.monotonic() > deadline:
                self.keep("still-waiting")
                raise AssertionError(f"still waiting for: {what} (see {self._screenshots}/still-waiting.png)")
            time.sleep(0.05)
