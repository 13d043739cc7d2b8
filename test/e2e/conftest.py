# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Fixtures of the end-to-end tests: the tools, compiled programs, networks.

The tools are taken from $PHOTONIC_BIN or build/bin (photonic-run also from
build-rt/bin). Networks are exported once into $PHOTONIC_TEST_MODELS or
build/models.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import types
import urllib.parse
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "python"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import models  # noqa: E402


def find_tool(name):
    places = [ROOT / "build" / "bin"]
    if "PHOTONIC_BIN" in os.environ:
        places.insert(0, Path(os.environ["PHOTONIC_BIN"]))
    if name == "photonic-run":
        places.append(ROOT / "build-rt" / "bin")
    for place in places:
        if (place / name).exists():
            return str(place / name)
    pytest.fail(f"{name} is in none of {', '.join(map(str, places))}: build it, "
                "or set PHOTONIC_BIN")


class Tools:
    """Starts the command line tools."""

    # What prices a counter: a field of the target.
    PRICES = {
        "dac_conversions": "core.dac_pj",
        "adc_conversions": "core.adc_pj",
        "tia_symbols": "core.tia_pj",
        "modulated_elements": "core.modulator_pj",
        "bfp_conversions": "core.bfp_pj",
        "nearest_roundings": "core.round_nearest_pj",
        "stochastic_roundings": "core.round_stochastic_pj",
        "forward_conversions": "core.rns_forward_pj",
        "reverse_conversions": "core.rns_reverse_pj",
        "accumulations": "core.accumulate_pj",
        "vector_ops": "vector_unit.op_pj",
        "scratchpad_bytes": "act.read_pj_per_byte",
        "dram_bytes": "dram.read_pj_per_byte",
    }
    COMPONENTS = {
        "core.accumulate_pj": "accumulator",
        "vector_unit.op_pj": "vector",
        "act.read_pj_per_byte": "scratchpad",
        "dram.read_pj_per_byte": "dram",
    }

    def get_prices(self):
        """(picojoules, component) by field, from the text of the target."""
        text = (ROOT / "runtime/targets/mirage.textproto").read_text()
        text = re.sub(r'"(?:[^"\\]|\\.)*"', '""', re.sub(r"^#.*", "", text, flags=re.M))
        result, memories = {}, ["dram", "act", "wgt", "grad"]
        for section, body in re.findall(r"^(\w+) \{\n(.*?)^\}", text, re.M | re.S):
            # The fields of the only group are named after it.
            section = "core" if section == "groups" else section
            if section == "memories":
                section = memories.pop(0)
            for name, value in re.findall(r"(\w+) \{\s*value: (\S+)", body):
                field = f"{section}.{name}"
                if field in self.PRICES.values():
                    component = self.COMPONENTS.get(field, name.removesuffix("_pj"))
                    result[field] = float(value), component
        assert result.keys() == set(self.PRICES.values())
        return result

    def execute(self, name, *arguments, check=True, timeout=600):
        result = subprocess.run(
            [find_tool(name), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if check:
            assert result.returncode == 0, (
                f"{name} {' '.join(map(str, arguments))}\n{result.stderr}"
            )
        return result

    def compile(self, model, output, *arguments, **options):
        return self.execute(
            "photonic-compile", model, "-o", output, *arguments, **options
        )

    def compile_tightly(self, model, output, *arguments):
        """Compiles for `hierarchy` with scratchpads about as small as can be:
        doubles what a refusal says is too small. Returns the options that
        describe the machine."""
        sizes = dict.fromkeys(("act", "wgt", "grad"), 2048)
        while max(sizes.values()) <= 1 << 23:
            options = []
            for pad, size in sizes.items():
                options += ["--set", f"{pad}.capacity_bytes={size}"]
            result = self.compile(
                model, output, "--memory=hierarchy", *options, *arguments,
                check=False,
            )
            if result.returncode == 0:
                return options
            small = re.findall(r"\((\w+)\.capacity_bytes", result.stderr)
            assert small and "working set" in result.stderr, result.stderr
            for pad in set(small):
                sizes[pad] *= 2
        pytest.fail("does not fit into scratchpads of 8 MiB")

    def disassemble(self, program):
        return self.execute("photonic-translate", "--disassemble", program).stdout

    def assemble(self, text, output):
        source = Path(str(output) + ".mlir")
        source.write_text(text)
        self.execute("photonic-translate", "--assemble", source, "-o", output)
        source.unlink()
        return output

    def time(self, program, *arguments):
        """The report of a timing run."""
        report = Path(str(program) + ".report.json")
        self.execute(
            "photonic-run", program, "--timing-only", "--quiet",
            "--report", report, *arguments,
        )
        value = json.loads(report.read_text())
        report.unlink()
        return value

    def run(self, program, inputs, directory, *arguments):
        """The outputs of a run, by name."""
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        options = []
        for name, array in inputs.items():
            file = directory / (urllib.parse.quote(name, safe="") + ".in.npy")
            np.save(file, array)
            options += ["--input", f"{name}={file}"]
        out = directory / "out"
        self.execute(
            "photonic-run", program, *options, "--output-dir", out, "--quiet",
            "--no-compare", *arguments,
        )
        return {
            urllib.parse.unquote(file.stem): np.load(file)
            for file in sorted(out.glob("*.npy"))
        }


@pytest.fixture(scope="session")
def cli():
    return Tools()


@pytest.fixture(scope="session")
def tools():
    """The paths of the tools."""
    names = ("compile", "run", "translate", "opt")
    return types.SimpleNamespace(
        **{name: find_tool(f"photonic-{name}") for name in names}
    )


class Networks:
    """Exported networks, their programs and inputs, each made once."""

    def __init__(self, cli, directory):
        self.cli = cli
        self.directory = directory
        self.programs = {}

    def get_model(self, name):
        return models.get_network(name)

    def get_input(self, name, batch=1):
        generator = np.random.default_rng(7)
        shape = (batch, *models.NETWORKS[name].shape)
        return generator.standard_normal(shape).astype(np.float32)

    def get_program(self, name, *arguments, batch=1):
        key = (name, batch, arguments)
        if key not in self.programs:
            output = self.directory / f"{name}.{len(self.programs)}.phx"
            self.cli.compile(
                self.get_model(name), output, "--batch", batch, *arguments
            )
            self.programs[key] = output
        return self.programs[key]

    def forget(self, name):
        """Removes the programs of a network; the large ones fill a disk."""
        for key in [k for k in self.programs if k[0] == name]:
            self.programs.pop(key).unlink()


@pytest.fixture(scope="session")
def networks(cli, tmp_path_factory):
    directory = tmp_path_factory.mktemp("programs")
    yield Networks(cli, directory)
    # pytest keeps the directories of several sessions; these fill a disk.
    shutil.rmtree(directory)
