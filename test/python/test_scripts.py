# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Scripts that check: what they do with a broken command, and with no answer."""

import argparse
import importlib
import json

import pytest


@pytest.fixture()
def script(source_dir, monkeypatch):
    monkeypatch.syspath_prepend(str(source_dir / "scripts"))
    return importlib.import_module


PAGE = """\
# Page

{mark}```console
$ echo one
one
$ {command}
```
"""


@pytest.mark.parametrize("mark, command, problem", [
    ("", "true", None),
    ("", "false", "expected exit code 0, found 1"),
    ("", "nosuchcommand", "expected exit code 0, found 127"),
    ("<!-- exit code 3 -->\n", "exit 3", None),
    ("<!-- exit code 3 -->\n", "true", "expected exit code 3, found 0"),
])
def test_commands_in_documentation_have_to_succeed(script, tmp_path, mark, command, problem):
    check_docs = script("check_docs")
    page = PAGE.format(mark=mark, command=command)
    text, problems = check_docs.run_session(page, tmp_path)
    if problem is None:
        assert (text, problems) == (page, [])
    else:
        (found,) = problems
        assert problem in found


def test_blocks_begin_with_a_command(script, tmp_path):
    page = "```console\nno command\n```\n"
    text, (problem,) = script("check_docs").run_session(page, tmp_path)
    assert text == page and "found 'no command'" in problem


def test_blocks_that_nobody_runs_are_found(script, tmp_path):
    check_docs = script("check_docs")
    path = tmp_path / "page.md"
    path.write_text("```sh\nfalse\n```\n")
    assert check_docs.check_blocks(path) == ""
    path.write_text("```console\n$ false\n```\n")
    assert "nobody compares" in check_docs.check_blocks(path)


def write_recording(folder, code):
    """One case that compiles, and whose run ends with `code`."""
    (folder / "cases").mkdir(parents=True)
    done = {"code": 0, "stdout": "", "stderr": ""}
    (folder / "cases/a.json").write_text(json.dumps({
        "commands": {}, "compile": done, "runs": {"main": {**done, "code": code}}}))


def compare(script, old, new):
    comparison = script("behaviour_comparison")
    options = argparse.Namespace(old=old, new=new, allow_zero_sign=False, rtol=0, ignore=[],
                                 only="", limit=20)
    found = comparison.Comparison(options)
    found.compare_case("a")
    return found


def test_what_ran_out_of_time_is_not_compared(script, tmp_path, capsys):
    write_recording(tmp_path / "a", "timeout")
    write_recording(tmp_path / "b", "timeout")
    found = compare(script, tmp_path / "a", tmp_path / "b")
    assert found.timeouts == ["a: main"]
    found.report()
    assert "not compared, out of time: a: main" in capsys.readouterr().out


def test_what_ends_otherwise_is_a_deviation(script, tmp_path, capsys):
    write_recording(tmp_path / "a", 0)
    write_recording(tmp_path / "b", 1)
    assert compare(script, tmp_path / "a", tmp_path / "b").report()


def test_a_recording_is_of_one_build(script, tmp_path):
    record = script("record_behaviour")
    tools, folder = tmp_path / "bin", tmp_path / "recording"
    tools.mkdir()
    folder.mkdir()
    for name in ("photonic-compile", "photonic-run"):
        (tools / name).write_text(name)
    record.keep_tools(folder, tools)
    record.keep_tools(folder, tools)
    (tools / "photonic-run").write_text("another")
    with pytest.raises(SystemExit, match="was begun with other tools"):
        record.keep_tools(folder, tools)
