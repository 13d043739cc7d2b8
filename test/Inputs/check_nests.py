"""Compares the programs of nests with what stage `tile` computes.

    check_nests.py PHOTONIC_COMPILE FILE.mlir FOLDER [OPTION...]

Compiles each part of the file, parts being separated by `// -----`, with the
options, lets photonic-compile execute it against its IR on random input, and
counts the parts that are equal, refused and different. Prints messages about the
last kind.
"""

import pathlib
import re
import subprocess
import sys

import numpy as np


def main():
    compiler, source, folder, *options = sys.argv[1:]
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    counts = {"equal": 0, "refused": 0, "different": 0}
    random = np.random.default_rng(1)
    for number, part in enumerate(pathlib.Path(source).read_text().split("// -----\n")):
        ir, data = folder / f"part{number}.mlir", folder / f"part{number}.npz"
        ir.write_text(part)
        arguments = re.search(r"func\.func @main\((.*?)\) ->", part, re.DOTALL)[1]
        shapes = re.findall(r"tensor<([0-9x]*)xf32>", arguments)
        np.savez(data, **{
            f"input{index}": random.standard_normal(
                [int(extent) for extent in shape.split("x")]).astype(np.float32)
            for index, shape in enumerate(shapes)})
        done = subprocess.run(
            [compiler, ir, "--compile-from=tile", f"--check={data}", "-o",
             folder / "part.phx", *options], capture_output=True, text=True)
        text = done.stdout + done.stderr
        if done.returncode == 0 and "emit against tile: " in text:
            counts["equal"] += 1
        elif done.returncode == 1 and "disagrees" not in text:
            counts["refused"] += 1
        else:
            counts["different"] += 1
            print(f"part {number}: {text}")
    print(", ".join(f"{count} {what}" for what, count in counts.items()))


if __name__ == "__main__":
    main()
