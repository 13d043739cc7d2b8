"""Turns the examples of a generated page of a dialect or of passes into functions.

Reads the page (mlir-tblgen -gen-dialect-doc or -gen-pass-doc) from standard
input. Each example is a fenced `mlir` block with operations, or an attribute;
`// becomes` in it separates what a pass takes from what it makes. What an example
uses without defining it becomes arguments of the function around it, with the
types that it states. Operations of `pisa` get a program around them instead,
those in regions of `photonic` the product that they are of. Fails if the section
of an operation has no example. With --count, prints instead how many functions
there are; with --only=SECTION, prints those of one section.
"""

import re
import sys


def declare(name, attribute):
    """A declaration that an attribute or a type stands at."""
    return f"func.func private @{name}() attributes {{a = {attribute}}}"


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
    """A program with the example as a table, an instruction, or all of it."""
    if example.startswith("pisa.program"):
        return example
    if example.startswith(("#", "!")):
        return declare(name, example)
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


DOT = "%d = photonic.dot %a, %b : vector<16x{0}>, vector<16x{0}> -> {1}\n"


def make_residue(number, modulus):
    return f"%r{number} = photonic.modular_dot %a, %b modulus = {modulus} : " \
        "vector<16xi8>, vector<16xi8> -> i32\n"


def wrap_region(name, example):
    """A product with the example in one of its regions, and the rest of these."""
    operations = re.findall(r"photonic\.(\w+)", example)
    result = re.findall(r"(%\w+) =", example)[-1:]
    element, total, add, suffix = "i8", "i32", "scaled_add", " : i32"
    if "float_add" in operations:
        element, total, add, suffix = "f32", "f32", "float_add", ""
    body = DOT.format(element, total) + f"photonic.yield %d : {total}\n"
    combine = f"%next = photonic.{add} %acc, %sum{suffix}\nphotonic.yield %next : f32\n"
    end = f"photonic.yield {(result or ['%d'])[0]} : {total}\n"
    if operations == ["yield"]:
        body = DOT.format(element, total) + example
    elif operations == ["modular_dot"]:
        body = example + make_residue(1, 32) + make_residue(2, 33) + "%d = photonic." \
            f"reverse_convert {result[0]}, %r1, %r2 moduli = [31, 32, 33] : i32\n" \
            "photonic.yield %d : i32\n"
    elif operations == ["reverse_convert"]:
        body = "".join(map(make_residue, range(3), (31, 32, 33))) + example + end
    elif add in operations:
        combine = example + f"photonic.yield {result[0]} : f32\n"
    else:
        body = example + end
    number_format = "#photonic.fp32<group = 16>" if element == "f32" else \
        "#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>"
    return (
        f"func.func @{name}(%v: tensor<16xf32>) {{\n%z = photonic.zeros : tensor<1xf32>\n"
        "%p = photonic.product ins(%v by <columns = [16 x d0]>, %v by <columns = [16 x d0]>"
        " : tensor<16xf32>, tensor<16xf32>) outs(%z by <> : tensor<1xf32>) operator = "
        f'"Dot" formats = [{number_format}, {number_format}] pass {{\n'
        f"^bb0(%a: vector<16x{element}>, %b: vector<16x{element}>):\n{body}}} combine {{\n"
        f"^bb0(%sum: {total}, %acc: f32):\n{combine}}}\nreturn\n}}"
    )


def find_types(text):
    """The types that an example states for its operands, by name."""
    types = {}
    for operands, tensors in re.findall(r"(?:ins|outs)\(([^()]*?) : ([^()]*)\)", text):
        types.update(zip(re.findall(r"%\w+", operands),
                         re.findall(r"tensor<[^>]*>", tensors)))
    types.update(re.findall(r"photonic\.convert (%\w+) [^:]*: (tensor<[^>]*>)", text))
    for operands, tensors in re.findall(r"= nn\.\w+ ([^:]*) : \(([^)]*)\)", text):
        types.update(zip(re.findall(r"%\w+", operands),
                         re.findall(r"tensor<[^>]*>", tensors)))
    return types


def find_starts(text):
    """What nests of loops start from, by name."""
    return dict(re.findall(r"iter_args\(%\w+ = (%\w+)\) -> \((tensor<[^>]*>)\)", text))


def wrap_photonic(name, example):
    """An attribute, a type, an operation of a region, or the body of a function."""
    if example.startswith(("#", "!")):
        return declare(name, example)
    if re.match(r"(%\w+ = )?photonic\.(dot|modular_dot|reverse_convert|scaled_add|float_add|"
                r"yield)\b", example):
        return wrap_region(name, example)
    text = " ".join(re.sub(r"//.*", "", example).split())
    types = find_types(text)
    defined = set(re.findall(r"(%\w+) =", text)) | set(re.findall(r"(%\w+):", text))
    used = dict.fromkeys(re.findall(r"%\w+", text))
    free = [value for value in used if value not in defined]
    starts = find_starts(text)
    made = {value: f"arith.constant {value[2:]} : index" if re.fullmatch(r"%c\d+", value)
            else f"tensor.empty() : {starts[value]}"
            for value in free if re.fullmatch(r"%c\d+", value) or value in starts}
    arguments = ", ".join(f"{value}: {types.get(value, 'index')}" for value in free
                          if value not in made)
    body = "".join(f"{value} = {operation}\n" for value, operation in made.items())
    return f"func.func @{name}({arguments}) {{\n{body}{example}return\n}}"


def find_wrapper(page, section):
    """How examples of a section become functions: by the dialect of the page, or of the
    operation or pass."""
    dialect = re.search(r"^# '(\w+)' Dialect", page, re.MULTILINE)
    dialect = dialect[1] if dialect else re.match(r"-?(\w+)", section)[1]
    return {"pisa": wrap_pisa, "photonic": wrap_photonic}.get(dialect, wrap)


def main():
    page = sys.stdin.read()
    sections = re.split(r"^### (\S+).*$", page, flags=re.MULTILINE)[1:]
    if not sections:
        sys.exit("the page has no section of an operation, an attribute or a pass")
    only = [argument[7:] for argument in sys.argv if argument.startswith("--only=")]
    wrapped, found = [], 0
    for title, section in zip(sections[::2], sections[1::2]):
        section_name = title.strip("`")
        examples = re.findall(r"```mlir\n(.*?)```", section, re.DOTALL)
        found += len(examples)
        if title.startswith("`") and not section_name.startswith("-") and not examples:
            sys.exit(f"{section_name}: no example")
        if only and section_name not in only:
            continue
        wrapper = find_wrapper(page, section_name)
        parts = [part for example in examples
                 for part in re.split(r"^// becomes.*\n", example, flags=re.MULTILINE)]
        for number, part in enumerate(parts):
            name = re.sub(r"\W", "_", section_name).strip("_")
            wrapped.append(wrapper(f"{name}_{number}", part))
    if page.count("```mlir\n") != found:
        sys.exit("the page has examples outside of the sections")
    if not wrapped:
        sys.exit("there are no examples")
    if "--count" in sys.argv:
        print(len(wrapped))
        return
    print("\n".join(wrapped))


if __name__ == "__main__":
    main()
