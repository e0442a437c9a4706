"""Bad input to `raslab run`: one sentence that names the fix, and no machine is started."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from raslab.cli.main import main
from raslab.cli.run_outputs import Outputs
from raslab.course.loader import lab_names, load_lab
from raslab.errors import BadOptionError
from tests.pure.test_report import results


@pytest.fixture(autouse=True)
def no_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    popen = subprocess.Popen

    def start(argv: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        assert not any("raslab" in str(word) for word in argv), "a machine was started"
        return popen(argv, **options)  # drawing looks for fonts the first time

    monkeypatch.setattr(subprocess, "Popen", start)


LAB = "gre-performance"
NO_LAB = f"There is no lab {{}}; the labs are: {', '.join(lab_names())}."
NO_DURATION = "--duration {} is not possible: give the seconds of each measurement, from 0.1 to 3600."
NO_SHARING = "--json - and --csv - cannot share standard output: give one of them a file."


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["gre"], NO_LAB.format("gre")),
        (["../gre-performance"], "There is no lab ../gre-performance: did you mean gre-performance? The labs are: "),
        *([[LAB, "--duration", text], NO_DURATION.format(text)] for text in ("0", "-1", "soon", "nan", "1e9")),
        ([LAB, "--csv", "nowhere/a"], "--csv nowhere/a: there is no folder nowhere; make it first."),
        ([LAB, "--json", "."], "--json . is not a file: add a file name to it."),
        ([LAB, "--json", ""], "--json '' is not a file: add a file name to it."),
        ([LAB, "--json", "-", "--csv", "-"], NO_SHARING),
        ([LAB, "--report", "file/deeper"], "--report file/deeper: file is not a folder; name another one."),
        ([LAB, "--json", "/proc/x.json"], "--json /proc/x.json cannot be written ("),
        ([LAB, "--csv", "/sys/y.csv"], "--csv /sys/y.csv cannot be written ("),
        ([LAB, "--report", "/proc/r"], "--report /proc/r cannot be written ("),
        ([LAB, "--json", "a", "--csv", "./a"], "--json and --csv would both write ./a: name another file."),
        (
            [LAB, "--json", "r/../new/results.csv", "--report", "new"],
            "--json r/../new/results.csv: there is no folder r/../new; make it first.",
        ),
        (
            [LAB, "--json", "results.csv", "--report", "."],
            "--json and --report would both write results.csv: name another file.",
        ),
        (["nat-edge", "--duration", "2"], "--duration 2: nat-edge measures nothing, it asks; leave --duration out."),
        ([LAB, "--memory", "much"], "'much' is not a memory size"),
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


def test_checking_outputs_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.csv").write_text("figures of yesterday")
    Outputs(json="new.json", csv="old.csv", report="deep/er").check()
    Outputs(json="/dev/null", csv="/dev/null").check()
    assert (tmp_path / "old.csv").read_text() == "figures of yesterday"
    assert [file.name for file in tmp_path.iterdir()] == ["old.csv"]


def test_what_cannot_be_written_in_the_end_keeps_nothing_else_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lab = load_lab(LAB)
    outputs = Outputs(json="a/x.json", csv="figures.csv", report="full/report")
    for folder in ("a", "full"):
        (tmp_path / folder).mkdir()
    outputs.check()
    (tmp_path / "a").rmdir()
    (tmp_path / "full").rmdir()
    (tmp_path / "full").touch()
    told = []
    with pytest.raises(BadOptionError) as problem:
        told.extend(outputs.write(lab, results()))
    assert str(problem.value).startswith("--json a/x.json cannot be written (No such file or directory)")
    assert "--report full/report cannot be written (" in str(problem.value)
    assert (tmp_path / "figures.csv").read_text(encoding="utf-8") == results().csv()


def test_the_report_is_named_by_its_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = list(Outputs(report="report").write(load_lab(LAB), results()))
    page = tmp_path / "report" / "index.html"
    assert told == [f"Report: {page}"]
    assert "0.4 – 0.5 Gbit/s" in page.read_text(encoding="utf-8")


def test_labs_are_listed_on_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["labs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[1] for line in lines) == lab_names()
    numbers = [int(line.split()[0].removeprefix("S")) for line in lines]
    assert numbers == sorted(numbers)
    known = {("S20", "gre-performance"), ("S20", "tunnel-kinds"), ("S1", "enterprise-edge"), ("S16", "nat-edge")}
    assert known <= {(words[0], words[1]) for words in map(str.split, lines)}
