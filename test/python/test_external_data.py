# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Which files a model may name: the compiler and the package follow one rule."""

import os
import socket

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from photonic.onnx_file import OnnxFile

import photonic

VALUES = np.arange(6, dtype=np.float32).reshape(3, 2)


def write_model(path, location, **fields):
    """x @ w, the six numbers of w in another file."""
    w = numpy_helper.from_array(VALUES, "w")
    w.ClearField("raw_data")
    w.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **fields}.items():
        w.external_data.add(key=key, value=str(value))
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, s)
            for n, s in (("x", [1, 3]), ("y", [1, 2])))
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g",
                              [x], [y], [w])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)],
                              ir_version=8)
    path.write_bytes(model.SerializeToString())


class Place:
    """A folder with a model in it, and another one beside it."""

    def __init__(self, root):
        self.root, self.folder, self.other = root, root / "model", root / "other"
        self.folder.mkdir()
        self.other.mkdir()
        self.model, self.fields = self.folder / "m.onnx", {}
        (self.folder / "real.bin").write_bytes(VALUES.tobytes())
        (self.other / "real.bin").write_bytes(VALUES.tobytes())


def make_link_inside(p):
    (p.folder / "deep").mkdir()
    (p.folder / "deep" / "w").symlink_to("../real.bin")
    p.fields["location"] = "deep/w"


def make_hard_link(p):
    os.link(p.other / "real.bin", p.folder / "w")


def make_download_cache(p):
    """Links into one folder, as the hub of Hugging Face keeps them."""
    (p.other / "blob").write_bytes(VALUES.tobytes())
    (p.folder / "w").symlink_to("../other/blob")
    p.model.symlink_to("../other/model-blob")


def make_rest_of_file(p):
    (p.folder / "w").write_bytes(b"\0" * 8 + VALUES.tobytes())
    p.fields |= {"offset": 8, "length": 24}


def make_link_outside(p):
    (p.folder / "w").symlink_to(p.other / "real.bin")


def make_folder_outside(p):
    (p.folder / "deep").symlink_to("../other")
    p.fields["location"] = "deep/real.bin"


def make_device(p):
    (p.folder / "w").symlink_to("/dev/zero")


def make_pipe(p):
    os.mkfifo(p.folder / "w")


def make_socket(p):
    # Paths of sockets are short.
    before = os.getcwd()
    os.chdir(p.folder)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("w")
    finally:
        os.chdir(before)


def make_truncated(p):
    (p.folder / "w").write_bytes(VALUES.tobytes()[:-1])


def make_offset_behind_the_end(p):
    (p.folder / "w").write_bytes(VALUES.tobytes())
    p.fields["offset"] = 2**40


def make_huge_length(p):
    (p.folder / "w").write_bytes(VALUES.tobytes())
    p.fields["length"] = 2**62


def make_nonsense(p):
    (p.folder / "w").write_bytes(VALUES.tobytes())
    p.fields["offset"] = "-4"


GOOD = [make_link_inside, make_hard_link, make_download_cache, make_rest_of_file]
BAD = {
    make_link_outside: "outside of that folder",
    make_folder_outside: "outside of that folder",
    make_device: "it is a device; expected a regular file",
    make_pipe: "it is a pipe; expected a regular file",
    make_socket: "socket",
    lambda p: (p.folder / "w").mkdir(): "Is a directory",
    lambda p: None: "No such file or directory",
    lambda p: p.fields.update(location="../other/real.bin"): "leaves the directory",
    lambda p: p.fields.update(location="/etc/passwd"): "leaves the directory",
    make_truncated: "has only 23 bytes",
    make_offset_behind_the_end: "has only 24 bytes",
    make_huge_length: f"the model says {2**62}",
    make_nonsense: "expected a number of bytes as offset",
}


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def prepare(place, make):
    make(place)
    write_model(place.model, **({"location": "w"} | place.fields))
    return str(place.model)


@pytest.mark.parametrize("make", GOOD)
def test_files_that_may_be_read(make, place):
    path = prepare(place, make)
    inside = OnnxFile.read(path).replace({})
    (w,) = onnx.ModelProto.FromString(bytes(inside.data)).graph.initializer
    np.testing.assert_array_equal(numpy_helper.to_array(w), VALUES)
    program = photonic.compile(path, format="fp32")
    x = np.float32([[1, 2, 3]])
    np.testing.assert_array_equal(program.run(x)["y"], x @ VALUES)


@pytest.mark.parametrize("make", BAD)
def test_files_that_may_not_be_read(make, place):
    path = prepare(place, make)
    with pytest.raises(photonic.CompileError, match=BAD[make]):
        photonic.compile(path)
    with pytest.raises(photonic.InputError, match=BAD[make]):
        OnnxFile.read(path).replace({})
