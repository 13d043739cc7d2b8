# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""photonic.compile and photonic-compile make one request, checked in one place."""

import inspect
import os
import re
import sys

import pytest
from photonic import _compiler, cli_compile, cli_train

import photonic

SGD = "sgd:lr=0.1"

#: Wrong combinations: arguments in Python, and on the command line.
CASES = [
    ({"loss": "mse"}, ["--loss=mse"]),
    ({"loss_output": "y"}, ["--loss-output=y"]),
    ({"optimizer": SGD}, [f"--optimizer={SGD}"]),
    ({"freeze": "fc"}, ["--freeze=fc"]),
    ({"emit_gradients": True}, ["--emit-gradients"]),
    ({"recompute": ["a", "b"]}, ["--recompute=a,b"]),
    ({"learn": "fc"}, ["--learn=fc"]),
    ({"train": True}, ["--train"]),
    ({"train": True, "loss": "mse"}, ["--train", "--loss=mse"]),
    ({"train": True, "mutable_parameters": True}, ["--train", "--mutable-parameters"]),
    ({"train": True, "optimizer": "o.onnx"}, ["--train", "--optimizer=o.onnx"]),
    ({"train": True, "optimizer": SGD, "loss": "hinge"},
     ["--train", f"--optimizer={SGD}", "--loss=hinge"]),
    ({"train": True, "optimizer": SGD, "freeze": "fc("},
     ["--train", f"--optimizer={SGD}", "--freeze=fc("]),
    ({"mutable_parameters": True, "learn": "("}, ["--mutable-parameters", "--learn=("]),
    ({"dataflow": "df3"}, ["--dataflow=df3"]),
    ({"dataflow": ""}, ["--dataflow="]),
    ({"memory": "both"}, ["--memory=both"]),
    ({"batch": 0}, ["--batch=0"]),
    ({"batch": 2**40}, [f"--batch={2**40}"]),
    ({"dims": {"N": 0}}, ["--dim=N=0"]),
    ({"shapes": {"x": [4, 0]}}, ["--shape=x=4,0"]),
    ({"loss_output": "", "train": True, "optimizer": SGD},
     ["--train", f"--optimizer={SGD}", "--loss-output="]),
    ({"insert_pass": ["nowhere:cse"]}, ["--insert-pass=nowhere:cse"]),
    ({"insert_pass": "split:"}, ["--insert-pass=split:"]),
    ({"insert_pass": ["split:cse", "tile:nosuch"]},
     ["--insert-pass=split:cse", "--insert-pass=tile:nosuch"]),
    ({"insert_pass": ["split:photonic-verify-split"]},
     ["--insert-pass=split:photonic-verify-split"]),
    ({"insert_pass": ["split:cse"], "compile_from": "split"},
     ["--insert-pass=split:cse", "--compile-from=split"]),
    ({"compile_from": "nowhere"}, ["--compile-from=nowhere"]),
    ({"compile_from": "split", "format": "fp32"}, ["--compile-from=split", "--format=fp32"]),
    ({"compile_from": "import", "no_fold_batch_norm": True},
     ["--compile-from=import", "--no-fold-batch-norm"]),
]

#: Wrong for the model or the machine, which is found later: what the message says, for
#: the command line and for Python.
LATE = [
    ({}, [], "bind it with --batch N", "bind it with batch=N"),
    ({"train": True, "batch": 4, "optimizer": SGD},
     ["--train", "--batch=4", f"--optimizer={SGD}"],
     "give --loss=cross_entropy or --loss=mse, or name the output that is the loss with "
     "--loss-output",
     "give loss='cross_entropy' or loss='mse', or name the output that is the loss with "
     "loss_output"),
    ({"batch": 4, "format": "bfp:nothing"}, ["--batch=4", "--format=bfp:nothing"],
     "bfp:nothing", "bfp:nothing"),
    ({"batch": 4, "target": "mirag"}, ["--batch=4", "--target=mirag"],
     "did you mean 'mirage'", "did you mean 'mirage'"),
    ({"batch": 4, "set": {"core.colums": 4}}, ["--batch=4", "--set=core.colums=4"],
     "core.colums", "core.colums"),
]


@pytest.fixture(scope="module")
def photonic_compile(tool):
    """The command of the package."""
    return lambda *arguments, **options: tool(sys.executable, "-m", "photonic", "compile",
                                              *arguments, **options)


def to_python(message):
    """A message of the command line as Python spells it."""

    def spell(match):
        name = {"dim": "dims", "shape": "shapes"}.get(match[1], match[1].replace("-", "_"))
        return f"{name}='{match[2]}'" if match[2] else name

    return re.sub(r"--([a-z-]+)(?:=([^ ;,]+?)(?=[ ;,]|: |$))?", spell, message)


def get_error(done, program):
    """What a command says that is no warning."""
    (line,) = [x for x in done.stderr.splitlines() if x.startswith(f"{program}: error: ")]
    return line.removeprefix(f"{program}: error: ")


@pytest.mark.parametrize("arguments, flags", CASES)
def test_the_same_mistake_has_the_same_message(arguments, flags, models, tool,
                                               photonic_compile, tmp_path):
    model, output = models / "tiny.onnx", tmp_path / "x.phx"
    with pytest.raises(photonic.InputError) as error:
        photonic.compile(model, output=output, **arguments)
    done = tool("photonic-compile", model, "-o", output, *flags)
    assert done.returncode == 1 and not output.exists()
    message = get_error(done, "photonic-compile")
    assert to_python(message) == str(error.value).replace("=True", "")
    done = photonic_compile(model, "-o", output, *flags)
    assert done.returncode == 1 and not output.exists()
    assert get_error(done, "photonic") == message


@pytest.mark.parametrize("arguments, flags, line, python", LATE)
def test_what_is_found_later_is_said_in_the_words_of_the_interface(
        arguments, flags, line, python, models, tool, photonic_compile, tmp_path):
    model, output = models / "tiny.onnx", tmp_path / "x.phx"
    with pytest.raises(photonic.CompileError) as error:
        photonic.compile(model, output=output, **arguments)
    assert python in str(error.value)
    for done in (tool("photonic-compile", model, "-o", output, *flags),
                 photonic_compile(model, "-o", output, *flags)):
        assert done.returncode == 1 and not output.exists()
        assert line in done.stderr


def test_names_are_split_as_photonic_compile_splits_them(models, tool, photonic_compile,
                                                          tmp_path):
    """An empty name is none, and is not left out in silence."""
    flags = ["--batch=4", "--train", "--loss=cross_entropy", f"--optimizer={SGD}"]
    for value in ("", ",,"):
        said = [done.stderr for done in (
            tool("photonic-compile", models / "tiny.onnx", "-o", tmp_path / "x.phx", *flags,
                 f"--recompute={value}"),
            photonic_compile(models / "tiny.onnx", "-o", tmp_path / "x.phx", *flags,
                             f"--recompute={value}"))]
        assert all("expected the name of a layer, found ''" in text for text in said)
    assert not list(tmp_path.iterdir())


def test_warnings_are_no_errors(models, photonic_compile, tmp_path):
    """Neither for people nor in the exception, whose text begins with what went wrong."""
    model = models / "tiny.onnx"
    arguments = {"batch": 4, "train": True, "loss": "cross_entropy", "optimizer": SGD,
                 "freeze": "^nothing", "recompute": ["nosuch"]}
    with pytest.raises(photonic.CompileError) as error:
        photonic.compile(model, output=tmp_path / "x.phx", **arguments)
    severities = [severity for severity, _ in error.value.messages]
    assert "error" in severities
    assert not str(error.value).startswith("warning: ")
    done = photonic_compile(model, "-o", tmp_path / "x.phx", "--batch=4", "--train",
                            "--loss=cross_entropy", f"--optimizer={SGD}",
                            "--freeze=^nothing", "--recompute=nosuch")
    lines = [line for line in done.stderr.splitlines() if line.startswith("photonic: ")]
    assert [line.split(": ")[1] for line in lines] == severities


def test_training_has_the_words_of_its_interface(models, tool, tmp_path):
    with pytest.raises(photonic.InputError, match="^loss has to be cross_entropy or mse"):
        photonic.Trainer(models / "tiny.onnx", loss="foo")
    done = tool(sys.executable, "-m", "photonic", "train", models / "tiny.onnx",
                "--input", models / "x.npy", "--labels", models / "labels.npy",
                "--loss", "foo")
    assert done.returncode == 1
    assert get_error(done, "photonic") == (
        "--loss has to be cross_entropy or mse, found 'foo'")


def test_outputs_may_be_called_like_the_target(models, photonic_compile, tmp_path):
    """It is a name, and not the file of that name."""
    (tmp_path / "mirage").write_text("old")
    done = photonic_compile(models / "tiny.onnx", "--batch=4", "-o", "mirage", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    exe = photonic.load(tmp_path / "mirage")
    before = os.getcwd()
    os.chdir(tmp_path)
    try:
        photonic.compile(models / "tiny.onnx", batch=4).save("mirage")
        copy = tmp_path / "own.textproto"
        copy.write_bytes(open(photonic.target("mirage").path, "rb").read())
        with pytest.raises(photonic.OutputError, match="own.textproto"):
            photonic.compile(models / "tiny.onnx", copy, batch=4, output="own.textproto")
    finally:
        os.chdir(before)
    assert exe.batch == 4


def test_ir_goes_on_from_its_stage(models, tool, tmp_path):
    model, split = models / "tiny.onnx", tmp_path / "s.mlir"
    done = tool("photonic-compile", model, "--batch=4", "--compile-to=split", "-o", split)
    assert done.returncode == 0, done.stderr
    photonic.compile(split, compile_from="split", output=tmp_path / "a.phx")
    photonic.compile(split, "mirage", compile_from="split", set={"core.count": 8})
    photonic.compile(model, batch=4, output=tmp_path / "b.phx")
    assert (tmp_path / "a.phx").read_bytes() == (tmp_path / "b.phx").read_bytes()
    with pytest.raises(photonic.CompileError,
                       match=r"s\.mlir: is IR after stage 'split'.* without compile_from it "
                             "has to be a model: give compile_from='split'"):
        photonic.compile(split)


def test_ir_goes_on_for_its_target(models, tool, tmp_path):
    model, tile = models / "tiny.onnx", tmp_path / "t.mlir"
    done = tool("photonic-compile", model, "--batch=4", "--set=core.count=3",
                "--set=core.adc_pj=2", "--compile-to=tile", "-o", tile)
    assert done.returncode == 0, done.stderr
    exe = photonic.compile(tile, compile_from="tile")
    assert exe.target["core.count"].value == "3" and exe.target["core.adc_pj"].value == "2"
    changes = {"core.adc_pj": 2, "core.count": 3}
    assert photonic.compile(tile, "mirage", set=changes, compile_from="tile").batch == 4
    with pytest.raises(photonic.CompileError,
                       match="for target 'mirage' with core.count 3, and "
                             "target='mirage' has 8; leave target out"):
        photonic.compile(tile, "mirage", compile_from="tile")
    with pytest.raises(photonic.CompileError,
                       match="with core.adc_pj 2, and set has 1.*given to photonic-run"):
        photonic.compile(tile, set={"core.adc_pj": 1}, compile_from="tile")


def test_ir_that_names_no_stage_keeps_its_target(models, tool, tmp_path):
    """Behind import it may be compiled like a model."""
    ir = tmp_path / "i.mlir"
    done = tool("photonic-compile", models / "tiny.onnx", "--batch=4", "--set=core.count=3",
                "--set=core.adc_pj=2", "--compile-to=import", "-o", ir)
    assert done.returncode == 0, done.stderr
    exe = photonic.compile(ir)
    assert exe.target["core.count"].value == "3" and exe.target["core.adc_pj"].value == "2"


def test_passes_are_inserted_into_stages(models, tool, photonic_compile, tmp_path):
    """In the same way from everywhere."""
    model, forced = models / "tiny.onnx", "format:func.func(photonic-select-dataflow{mode=df2})"
    paths = [tmp_path / f"{name}.phx" for name in "abc"]
    photonic.compile(model, batch=4, insert_pass=["import:canonicalize,cse", forced],
                     output=paths[0])
    flags = ["--batch=4", "--insert-pass=import:canonicalize,cse", f"--insert-pass={forced}"]
    for run, path in ((lambda *a: tool("photonic-compile", *a), paths[1]),
                      (photonic_compile, paths[2])):
        done = run(model, "-o", path, *flags)
        assert done.returncode == 0, done.stderr
    photonic.compile(model, batch=4, dataflow="df2", output=tmp_path / "d.phx")
    assert len({path.read_bytes() for path in [*paths, tmp_path / "d.phx"]}) == 1


@pytest.mark.parametrize("passes", [3, {"split": "cse"}, ["split:cse", 3], b"split:cse"])
def test_passes_that_are_no_text_are_refused(models, passes):
    with pytest.raises(photonic.InputError, match="insert_pass: expected"):
        photonic.compile(models / "tiny.onnx", batch=4, insert_pass=passes)


def test_inserted_passes_that_break_the_ir_are_named(models):
    """By the verification of their stage."""
    with pytest.raises(photonic.CompileError, match="node '/"):
        photonic.compile(models / "tiny.onnx", batch=4, insert_pass=["tile:canonicalize"])


#: What only the command line offers.
LINE_ONLY = {"compile_to", "check"}


def test_every_option_is_an_argument_and_the_other_way_round():
    keywords = {keyword for _, keyword, *_ in _compiler.options()}
    arguments = set(inspect.signature(photonic.compile).parameters)
    assert keywords - LINE_ONLY == arguments - {"model", "output"}


def read_help(text):
    """The placeholder of the value of each option in a help text; "" for a flag."""
    found = re.findall(r"^(?:  |│[ *]+)--([a-z-]+)(?:[= ]+<?([^\s>]+)>?)?", text, re.M)
    return dict(found)


def test_the_tools_know_every_option(tool, photonic_compile):
    """photonic-compile, and photonic compile, which spells all as one does there."""
    wide = {**os.environ, "COLUMNS": "200"}
    helps = read_help(tool("photonic-compile", "--help").stdout)
    command = read_help(photonic_compile("--help", env=wide).stdout)
    for name, keyword, kind, *_, placeholder in _compiler.options():
        assert name in helps
        assert kind == "flag" or helps[name] == placeholder
        if keyword in LINE_ONLY:
            continue
        assert name in command
        assert kind == "flag" or command[name] == placeholder, name


def test_no_option_is_found_that_is_not_there(tool):
    text = tool("photonic-compile", "--help").stdout
    assert "loss" not in read_help(re.sub(r"(?m)^ +--loss=.*$", "", text))


def test_defaults_are_those_of_the_compiler():
    """In Python and on the command line of photonic, which also has them as text."""
    for function in (photonic.compile, photonic.Trainer.__init__):
        parameters = inspect.signature(function).parameters
        for _, keyword, kind, _, initial, _ in _compiler.options():
            #: What a trainer begins with is its own choice.
            if keyword in LINE_ONLY or keyword not in parameters or (
                    function is not photonic.compile and keyword in (
                        "loss", "optimizer", "batch")):
                continue
            expected = initial or ({"flag": False, "names": ()}.get(kind))
            assert parameters[keyword].default == expected, keyword
    for command in (cli_compile.compile_command, cli_train.train_command):
        parameters = inspect.signature(command).parameters
        for _, keyword, _, _, initial, _ in _compiler.options():
            if initial:
                assert parameters[keyword].default.default == initial, keyword
