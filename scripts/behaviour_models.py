# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The models that record_behaviour.py records: networks of tests and examples.

They are made by the Python of .venv, by test/e2e and by PyTorch, all seeded.
"""

import json
import shutil
import sys
import warnings
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent

#: Training inputs are as many batches.
STEPS = 3


class Models:
    """Writes NAME.onnx, its inputs as NAME.infer.npz and NAME.train.npz, and
    index.json: group and compiler options of each."""

    def __init__(self, folder):
        for path in ("test/python", "test/e2e", "examples/training"):
            sys.path.insert(0, str(ROOT / path))
        self.folder, self.index = folder, {}

    def add(self, name, group, options=None, inputs=None, train=None, batch=None):
        """`batch`: inputs of the training step; `options` and `train`: of the
        compiler, None if the network is not for that."""
        if inputs is not None:
            np.savez(self.folder / f"{name}.infer.npz", **inputs)
        if batch is not None:
            np.savez(self.folder / f"{name}.train.npz", **batch)
        self.index[name] = {"group": group, "infer": options, "train": train}

    def copy(self, name, source):
        """The path of the new file."""
        shutil.copyfile(source, self.folder / f"{name}.onnx")
        return self.folder / f"{name}.onnx"

    def make_lenets(self):
        """LeNet-5 of both exporters of PyTorch, and that of the examples."""
        import models
        import onnx

        models.NETWORKS["lenet5_dynamo"] = models.Recipe(
            models._lenet, (1, 28, 28), dynamo=True)
        rng = np.random.default_rng(1)
        for name in ("lenet5", "lenet5_tanh", "lenet5_dynamo", "lenet5_example"):
            path = self.folder / f"{name}.onnx"
            if name == "lenet5_example":
                self.copy(name, ROOT / "examples/lenet5/lenet5.onnx")
                x = np.load(ROOT / "examples/lenet5/test_images.npy")[:4 * STEPS]
            else:
                models.export(name, path)
                shape = models.NETWORKS[name].shape
                x = rng.standard_normal((4 * STEPS, *shape), np.float32)
            graph = onnx.load(path).graph
            again = [n.name for n in graph.node if n.op_type in ("Conv", "Relu", "Tanh")]
            image, labels = graph.input[0].name, rng.integers(0, 10, len(x))
            np.save(self.folder / f"{name}.labels.npy", labels[:5])
            self.add(name, "lenet", ["--batch=2"], {image: x[:5]},
                     ["--train", "--loss=cross_entropy", "--batch=4"],
                     {image: x, "labels": labels})
            self.index[name]["recompute"] = ",".join(again)

    def make_random(self):
        """What test_random_networks.py draws, and the small graphs of models.py."""
        import models
        import onnx
        from test_random_networks import Drawer

        recipes = {f"random{seed:02}": Drawer(seed).draw for seed in range(40)}
        recipes["all_ops"] = models.make_all_ops
        recipes["linear"] = lambda path: models.make_linear(100, 200, 50, path, bias=True)
        recipes["conv"] = lambda path: models.make_conv([2, 7, 13, 11], 40, (3, 2), [2, 1],
                                                        path)
        for number, (name, make) in enumerate(recipes.items()):
            path = self.folder / f"{name}.onnx"
            make(path)
            rng = np.random.default_rng(number)
            model = onnx.shape_inference.infer_shapes(onnx.load(path)).graph
            shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim]
                      for v in (*model.input, *model.output)}
            x = rng.standard_normal((STEPS, *shapes["x"]), np.float32)
            x = x.reshape(-1, *shapes["x"][1:])
            y = rng.random((len(x), *shapes["y"][1:]), np.float32)
            self.add(name, "random", [], {"x": x[:shapes["x"][0]]},
                     ["--train", "--loss=mse", "--loss-output=y"], {"x": x, "labels": y})

    def make_training(self):
        """training_networks.py, and what Hypothesis draws from random_training.py."""
        import hypothesis
        import random_training
        from training_networks import NETWORKS, Problem

        for name in NETWORKS:
            self.add_problem(f"train_{name}", "training",
                             lambda seed: Problem.make(name, seed))
        specs = []

        def note(spec):
            specs.append(spec)

        settings = hypothesis.settings(
            max_examples=24, derandomize=True, database=None, deadline=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck))
        settings(hypothesis.given(random_training.networks)(note))()
        for number, spec in enumerate(specs):
            module = random_training.Drawn(spec)
            self.add_problem(f"drawn{number:02}", "drawn", lambda seed: Problem(
                module, spec["shape"], spec["classes"], spec["batch"], seed))
        import digits

        self.copy("lenet5_norm", ROOT / "examples/training/lenet5_norm.onnx")
        x, y = digits.load(0)[0]
        self.add("lenet5_norm", "training", None, None,
                 ["--train", "--loss=cross_entropy", "--batch=8"],
                 {"image": x[:8 * STEPS], "labels": y[:8 * STEPS]})

    def add_problem(self, name, group, make):
        """A network of PyTorch, with a batch from each of several seeds."""
        import photonic

        # The last seed decides the weights of a module that all seeds share.
        problems = [make(seed) for seed in reversed(range(STEPS))]
        first = problems[-1]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = photonic.from_torch(first.module, first.x, training=True)
        model.save(self.folder / f"{name}.onnx")
        batch = {model.inputs[0]: np.concatenate([p.x.numpy() for p in problems]),
                 "labels": np.concatenate([p.y.numpy() for p in problems])}
        self.add(name, group, None, None, [
            "--train", f"--loss={first.loss_name}", f"--batch={len(first.x)}"], batch)

    def make_given(self):
        """Files in the tests: models of reports, training graphs of ONNX Runtime."""
        for path in sorted((ROOT / "test/e2e/reported").glob("*.onnx")):
            self.copy(f"reported_{path.stem}", path)
            inputs = path.with_suffix(".in.npz")
            self.add(f"reported_{path.stem}", "reported", [],
                     dict(np.load(inputs)) if inputs.exists() else None)
        for path in sorted((ROOT / "test/Import/ONNX/Inputs/ort").iterdir()):
            name = f"runtime_{path.name}"
            self.copy(name, path / "training.onnx")
            self.copy(f"{name}.optimizer", path / "optimizer.onnx")
            values = np.load(path / "values.npz")
            batch = {k: values[k] for k in ("image", "labels", "target") if k in values}
            batch["lazy_reset_grad"] = np.ones(1, np.float32)
            options = [f"--optimizer=models/{name}.optimizer.onnx:lr=0.01"]
            self.add(name, "runtime", None, None,
                     options + ["--batch=4"] * (path.name != "residual"), batch)

    def make_large(self):
        """Networks for images of 224 x 224."""
        import models

        rng = np.random.default_rng(2)
        for name in ("alexnet", "vgg16", "resnet18", "resnet34", "resnet50"):
            self.copy(name, models.get_network(name))
            x = {"input": rng.standard_normal((1, *models.IMAGE), np.float32)}
            self.add(name, "large", ["--batch=1"], x,
                     ["--train", "--loss=cross_entropy", "--batch=2"])

    def make_all(self):
        """Writes everything."""
        self.make_lenets()
        self.make_random()
        self.make_training()
        self.make_given()
        self.make_large()
        (self.folder / "index.json").write_text(json.dumps(self.index, indent=1))
