"""Bad input to `raslab run`: one sentence that names the fix, and no machine is started."""

from pathlib import Path

import pytest

from raslab.cli.main import main
from raslab.course import runner


@pytest.fixture(autouse=True)
def no_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a machine was started")

    monkeypatch.setattr(runner.subprocess, "Popen", start)


LAB = "gre-performance"
NO_LAB = "There is no lab {}; the labs are: gre-performance."
NO_DURATION = "--duration {} is not possible: give the seconds of each measurement, from 0.1 to 3600."
NO_SHARING = "--json - and --csv - cannot share standard output: give one of them a file."


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["gre"], NO_LAB.format("gre")),
        (["../gre-performance"], NO_LAB.format("../gre-performance")),
        *([[LAB, "--duration", text], NO_DURATION.format(text)] for text in ("0", "-1", "soon", "nan", "1e9")),
        ([LAB, "--csv", "nowhere/a"], "--csv nowhere/a: there is no folder nowhere; make it first."),
        ([LAB, "--json", "."], "--json . is not a file: add a file name to it."),
        ([LAB, "--json", ""], "--json '' is not a file: add a file name to it."),
        ([LAB, "--json", "-", "--csv", "-"], NO_SHARING),
        ([LAB, "--report", "file/deeper"], "--report file/deeper: file is not a folder; name another one."),
        ([LAB, "--machine", "native", "--virtual-time"], "A native machine has no virtual time"),
    ],
)
def test_bad_input(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RASLAB_MACHINE", raising=False)
    (tmp_path / "file").touch()
    assert main(["run", *arguments]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"raslab: {sentence}")
    assert told.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_good_input_would_start_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative twin: with nothing wrong, the same call gets as far as the machine."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AssertionError, match="a machine was started"):
        main(
            ["run", "gre-performance", "--machine", "uml", "--duration", "0.1", "--csv", "a.csv", "--report", "new/er"]
        )


def test_labs_are_listed_on_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["labs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["gre-performance", "S20"]]
