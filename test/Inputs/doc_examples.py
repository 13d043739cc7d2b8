"""Turns the examples of a generated dialect page into functions.

Reads the page (mlir-tblgen -gen-dialect-doc) from standard input. Each example
is a fenced `mlir` block with one operation; operands become arguments of the
function around it, with the types behind the colon. Operations of `pisa` get a
program around them instead. Fails if the section of an operation has no
example. With --count, prints instead how many examples there are.
"""

import re
import sys


def wrap(name, example):
    """A function called `name` with the example as its body."""
    parts = re.split(r"\s:\s", " ".join(example.split()))
    signature = parts[-1].split("->")[0]
    operands = re.findall(r"%\w+", parts[0].split("=", 1)[1])
    types = re.findall(r"tensor<[^>]*>", signature)
    # `op %a, %b : type` states the type once.
    if len(types) != len(operands):
        types = types[:1] * len(operands)
    arguments = ", ".join(f"{o}: {t}" for o, t in zip(operands, types))
    return f"func.func @{name}({arguments}) {{\n{example}return\n}}"


MEMORIES = [("dram", "off_chip"), ("act", "on_chip"), ("wgt", "on_chip"),
            ("grad", "on_chip")]


def wrap_pisa(name, example):
    """A program with the example as a table, an instruction, or all of it.

    An attribute or a type gets a declaration to stand at.
    """
    if example.startswith("pisa.program"):
        return example
    if example.startswith(("#", "!")):
        return f"func.func private @{name}() attributes {{a = {example}}}"
    is_table = re.match(r"pisa\.(group|memory|register|map|conversion|pass|combine|product|nest|region|"
                        r"layer)\b", example)
    tables, code = (example, "") if is_table else ("", example)
    if example.startswith("pisa.nest"):
        tables = "pisa.product 0 m 6 n 576 k 25 groups 1 stationary first conversions [0, 0] " \
            "pass 0 combine 0\n" + tables
    if not example.startswith("pisa.memory"):
        memories = [
            f'pisa.memory {number} "{name}" {kind} capacity 4096 bytes 0 types [f32]\n'
            for number, (name, kind) in enumerate(MEMORIES)
        ]
        tables = "".join(memories) + tables
    if not example.startswith("pisa.group"):
        tables = 'pisa.group 0 "core" class "rns" count 8 array [32, 16]\n' + tables
    if example.startswith("pisa.code"):
        code = re.sub(r"^pisa.code \{|\}\s*$", "", example)
    return (
        f'pisa.program "{name}" inference target "t" hash 0 memory ideal batch 1 '
        'tokens 0 compiler "" {\n'
        f"{tables}pisa.code {{\n{code}}}\n}}"
    )


def main():
    page = sys.stdin.read()
    sections = re.split(r"^### `(\S+)`.*$", page, flags=re.MULTILINE)[1:]
    if not sections:
        sys.exit("the page has no section of an operation or an attribute")
    wrapped = []
    for op, section in zip(sections[::2], sections[1::2]):
        examples = re.findall(r"```mlir\n(.*?)```", section, re.DOTALL)
        if not examples:
            sys.exit(f"{op}: no example")
        wrapper = wrap_pisa if op.startswith("pisa.") else wrap
        for number, example in enumerate(examples):
            wrapped.append(wrapper(f"{op.replace('.', '_')}_{number}", example))
    if page.count("```mlir\n") != len(wrapped):
        sys.exit("the page has examples outside of the sections")
    if "--count" in sys.argv:
        print(len(wrapped))
        return
    print("\n".join(wrapped))


if __name__ == "__main__":
    main()
