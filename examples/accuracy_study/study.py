#!/usr/bin/env python3
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains LeNet-5 on handwritten digits in many number formats.

    study.py [--output FILE.jsonl] [--work DIR] [--list] [--only REGEX]
             [--epochs N] [--seeds N] [--threads N] [--reprice]

A star around Mirage's point, 4 mantissa bits in groups of 16, truncated: other
numbers of bits, other groups, other roundings, and FP32; with and without
BatchNormalization; the same seed means the same weights, split and order of the
digits in every format. Each number of bits runs on the machine with the smallest
moduli 2^k - 1, 2^k, 2^k + 1 that hold every sum. Mirage's point and FP32 without
BatchNormalization also run on standardised pixels.

Each finished run is a line of FILE. Runs that are there are skipped, and a run
that was stopped, or killed, goes on from its checkpoint in DIR: the same command
continues the study. summarize.py makes the table and the figure, also of a part.
"""

import argparse
import json
import os
import pathlib
import re
import sys
import time
import warnings
from dataclasses import asdict, dataclass

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(EXAMPLES / "training"))

MODELS = {
    "lenet5": EXAMPLES / "lenet5" / "lenet5.onnx",
    "lenet5_norm": EXAMPLES / "training" / "lenet5_norm.onnx",
}
EPOCHS = 24
BATCH = 32
RATE = 0.01
#: Epoch: factor. Two decays, as in Mirage's recipe.
SCHEDULE = {12: 0.1, 20: 0.1}
CENTRE = "bfp:4:16:trunc"
FORMATS = [
    CENTRE, "fp32",
    *(f"bfp:{bits}:16:trunc" for bits in (2, 3, 5, 6)),
    *(f"bfp:4:{group}:trunc" for group in (8, 32, 64, 128)),
    "bfp:4:16:nearest", "bfp:4:16:stochastic",
]
#: Higher rates, at which truncation may stall.
RATES = [0.03, 0.1]
SEEDS, MORE_SEEDS = 3, 5
#: What the network sees: values from 0 to 1, or these minus their mean, divided by
#: their standard deviation (both of all pixels to train with).
PIXELS, STANDARDISED = "pixels", "standardised"
COLUMNS = 16


@dataclass(frozen=True)
class Run:
    """One training run of the study."""

    network: str
    format: str
    rate: float
    seed: int
    inputs: str = PIXELS

    @property
    def name(self):
        """Also of its checkpoint."""
        inputs = "" if self.inputs == PIXELS else f"_{self.inputs}"
        return (f"{self.network}_{self.format.replace(':', '-')}_{self.rate}_{self.seed}"
                f"{inputs}")


def list_runs(seeds):
    """All runs; those of the first seed first, so that a part is of use."""
    runs = []
    for seed in range(min(seeds, MORE_SEEDS)):
        for network in MODELS:
            for format in FORMATS:
                if seed < SEEDS or format in (CENTRE, "fp32"):
                    runs.append(Run(network, format, RATE, seed))
    for seed in range(min(seeds, SEEDS)):
        for network in MODELS:
            for rate in RATES:
                for format in (CENTRE, "fp32", "bfp:4:16:stochastic"):
                    runs.append(Run(network, format, rate, seed))
    for seed in range(min(seeds, SEEDS)):
        for format in (CENTRE, "fp32"):
            runs.append(Run("lenet5", format, RATE, seed, STANDARDISED))
    return runs


#
# The machine for a format
#


def find_k(bits, group):
    """The smallest k for which the signed range of the moduli holds the largest
    sum of one pass."""
    largest = min(group, COLUMNS) * (2**bits - 1) ** 2
    k = 2
    while ((2**k - 1) * 2**k * (2**k + 1) - 1) // 2 < largest:
        k += 1
    return k


def get_changes(format):
    """What the machine for a format has other than `mirage`, {field: value}.

    assumption, where the paper gives no price: converters follow the model that
    the paper cites for 5 against 6 bits, 0.1 pJ per bit + 1 aJ * 4^bits (F-1b);
    amplifiers, converters between binary and residues and modulators are
    proportional to the bits of the three residues, and so is the area of the
    converters. Rounding has its energy in the machine's description
    (core.round_nearest_pj, core.round_stochastic_pj); its area is that of the same
    adders, one per column: 36 um2 for 8 bits, 137 um2 for 32 (M. Horowitz, ISSCC
    2014, 45 nm).
    """
    if format == "fp32":
        return {}
    _, bits, group, rounding = format.split(":")
    bits, k = int(bits), find_k(int(bits), int(group))
    # Prices below are those of this structure: the rules of the target, which
    # scale prices from their reference, have nothing to do.
    changes = {} if bits == 4 else {"core.reference.mantissa_bits": bits}
    adder = {"trunc": 0, "nearest": 36e-6, "stochastic": 137e-6}[rounding]
    if adder:
        changes["core.area.bfp_mm2"] = round(0.0013184 + COLUMNS * adder, 7)
    if k != 5:
        # The machine's own format has to fit its moduli, too.
        changes["format.mantissa_bits"], changes["format.group"] = bits, int(group)
        changes["core.moduli"] = [2**k - 1, 2**k, 2**k + 1]
        changes["core.dac_bits"] = changes["core.adc_bits"] = k + 1
        changes["core.reference.moduli"] = changes["core.moduli"]
        changes["core.reference.dac_bits"] = changes["core.reference.adc_bits"] = k + 1
        converters = sum(map(_price_converter, (k, k, k + 1)))
        converters /= sum(map(_price_converter, (5, 5, 6)))
        residues = (3 * k + 1) / 16
        for field, price, factor in (
            ("dac_pj", 0.0143, converters), ("adc_pj", 0.0143, converters),
            ("tia_pj", 0.18704, residues), ("rns_forward_pj", 0.17, residues),
            ("rns_reverse_pj", 0.48, residues), ("modulator_pj", 3.1e-8, residues),
        ):
            changes["core." + field] = round(price * factor, 10)
        for field, area in (("rns_reverse_mm2", 0.0015458), ("rns_forward_mm2", 0.0002317)):
            changes["core.area." + field] = round(area * residues, 10)
    return changes


def _price_converter(bits):
    """Picojoules, up to a factor."""
    return 0.1 * bits + 1e-6 * 4**bits


#
# Running
#


def make_trainer(run, options):
    """Compiles the step of a run."""
    import photonic

    return photonic.Trainer(
        MODELS[run.network], "mirage", loss="cross_entropy",
        optimizer=f"sgd:lr={run.rate},momentum=0.9", batch=BATCH, format=run.format,
        set=get_changes(run.format), threads=options.threads,
    )


def get_prices(run, trainer):
    """What a step costs, and the machine for it."""
    latency_ns, energy_pj = trainer.program.cost
    return {
        "step_latency_ns": latency_ns,
        "step_energy_pj": energy_pj,
        "area_mm2": trainer.report()["area_mm2"]["total"],
        "changes": get_changes(run.format),
    }


def load_digits(run):
    """(images, labels) to train with, and to test with, as the network sees them."""
    import digits

    train, test = digits.load(run.seed)
    if run.inputs == STANDARDISED:
        mean, deviation = train[0].mean(), train[0].std()
        train, test = (((x - mean) / deviation, y) for x, y in (train, test))
    return train, test


def execute(run, options):
    """The result of a run, as a line of the output has it."""
    import photonic
    from weights import initialize

    warnings.simplefilter("ignore", photonic.TrainingWarning)
    train, test = load_digits(run)
    trainer = make_trainer(run, options)
    initialize(trainer, run.seed)
    checkpoint = options.work / f"{run.name}.ckpt"
    stopped = None
    mean_scores = {}

    def note_scores(history):
        scores = trainer.predict(test[0])["scores"]
        mean_scores[history.epochs] = round(float(scores.mean()), 4)

    try:
        trainer.fit(
            *train, options.epochs, seed=run.seed, schedule=SCHEDULE, validation=test,
            checkpoint=checkpoint, progress=False, on_epoch=note_scores,
        )
    except photonic.RunError as error:
        stopped = str(error)  # a value that is not finite: a result, too
    history = trainer.history
    epochs = [history.get_epoch(i) for i in range(history.epochs)]
    result = {
        **asdict(run),
        "epochs": options.epochs,
        "stopped": stopped,
        "steps_per_epoch": history.steps_per_epoch,
        **get_prices(run, trainer),
        "loss": [round(e["loss"], 6) for e in epochs],
        "accuracy": [round(e["accuracy"], 6) for e in epochs],
        "test_loss": [round(v.loss, 6) for v in history.validation],
        "test_accuracy": [round(v.accuracy, 6) for v in history.validation],
        # Epochs in front of a kill are not known.
        "test_mean_score": [mean_scores.get(i + 1) for i in range(history.epochs)],
    }
    return result, checkpoint


def read_results(path):
    """Results by run. An unfinished last line is what a kill left."""
    results = {}
    if not path.exists():
        return results
    for line in path.read_text().splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        run = Run(value["network"], value["format"], value["rate"], value["seed"],
                  value.get("inputs", PIXELS))
        results[run] = value
    return results


def append(path, value):
    """One line, durably; behind an unfinished one on a line of its own."""
    before = path.read_bytes() if path.exists() else b""
    unfinished = before and not before.endswith(b"\n")
    with open(path, "a", encoding="utf-8") as file:
        file.write(("\n" if unfinished else "") + json.dumps(value) + "\n")
        file.flush()
        os.fsync(file.fileno())


def reprice(options):
    """Replaces the costs in FILE, at once or not at all."""
    prices, lines = {}, []
    for run, value in read_results(options.output).items():
        key = run.network, run.format
        if key not in prices:
            prices[key] = get_prices(run, make_trainer(run, options))
        lines.append(json.dumps({**value, **prices[key]}) + "\n")
    temporary = options.output.with_suffix(".tmp")
    temporary.write_text("".join(lines), encoding="utf-8")
    os.replace(temporary, options.output)


def parse_arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("runs.jsonl"))
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("study.work"))
    parser.add_argument("--list", action="store_true", help="print the runs only")
    parser.add_argument("--reprice", action="store_true",
                        help="only compute the costs of finished runs anew, after "
                             "prices changed; these change no bit of a training")
    parser.add_argument("--only", default="", help="runs whose name matches")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seeds", type=int, default=MORE_SEEDS)
    parser.add_argument("--threads", type=int)
    return parser.parse_args()


def main():
    """Runs what is not done yet."""
    options = parse_arguments()
    runs = [r for r in list_runs(options.seeds) if re.search(options.only, r.name)]
    done = {
        run for run, value in read_results(options.output).items()
        if value["epochs"] == options.epochs
    }
    if options.reprice:
        reprice(options)
        return
    if options.list:
        for run in runs:
            print(run.name, "done" if run in done else "")
        return
    options.work.mkdir(parents=True, exist_ok=True)
    for number, run in enumerate(runs, start=1):
        if run in done:
            continue
        started = time.monotonic()
        try:
            value, checkpoint = execute(run, options)
        except KeyboardInterrupt:
            sys.exit(130)
        append(options.output, value)
        checkpoint.unlink(missing_ok=True)
        accuracy = 100 * (value["test_accuracy"] or [float("nan")])[-1]
        print(
            f"{number}/{len(runs)} {run.name}: {accuracy:.2f} % after "
            f"{len(value['test_accuracy'])} epochs, {time.monotonic() - started:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
