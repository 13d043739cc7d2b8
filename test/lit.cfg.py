# Configuration of the lit suite.
#
# Substitutions: every tool of build/bin by its name, FileCheck, not, count,
# split-file, mlir-tblgen, %llvm_include (where it finds the files of MLIR),
# %python (the interpreter of the build), %targets (the folder of target
# descriptions), %src (the top of the source tree).
#
# Features: `python-onnx`, `python-numpy` where %python can import them, and the
# name of every tool that was built, so that a test may say
# `REQUIRES: photonic-run`; `plugin` where one was built, as %plugin.

import os
import subprocess

import lit.formats
from lit.llvm import llvm_config

config.name = "PHOTONIC"
# The internal shell: the external one does not know `not`.
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".pisa"]
config.excludes = ["Inputs", "Plugin", "CMakeLists.txt", "python", "e2e"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.photonic_obj_root, "test")

bin_dir = os.path.join(config.photonic_obj_root, "bin")
llvm_config.use_default_substitutions()
llvm_config.with_environment("PATH", config.llvm_tools_dir, append_path=True)

tools = [
    "photonic-opt",
    "photonic-translate",
    "photonic-compile",
    "photonic-run",
    "photonic-lsp-server",
    "phx-generate-isa",
]
built = [tool for tool in tools if os.path.exists(os.path.join(bin_dir, tool))]
llvm_config.add_tool_substitutions(built, [bin_dir])
config.available_features.update(built)

# In front of the one that LLVM brings, which would win otherwise.
config.substitutions.insert(0, ("%python", config.python_executable))
config.substitutions.append(
    ("%targets", os.path.join(config.photonic_src_root, "runtime", "targets"))
)
config.substitutions.append(("%llvm_include", config.llvm_include_dir))
config.substitutions.append(("%src", config.photonic_src_root))
config.substitutions.append(("%build", config.photonic_obj_root))
plugin = os.path.join(config.test_exec_root, "Plugin", "MarkProducts.so")
config.substitutions.append(("%plugin", plugin))
if os.path.exists(plugin):
    config.available_features.add("plugin")


def can_import(module):
    """True if the tests' Python has the module."""
    command = [config.python_executable, "-c", "import " + module]
    return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0


for module in ["onnx", "numpy"]:
    if can_import(module):
        config.available_features.add("python-" + module)
