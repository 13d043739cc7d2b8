"""Turns the assembly examples of docs/isa.md into programs.

Reads the page from standard input. Each fenced `mlir` block holds instructions,
which get a program around them, or is a whole program. With --missing, prints
instead the instructions of the encoding table that no example shows; with
--count, how many examples there are.
"""

import re
import sys

from doc_examples import wrap_pisa


def main():
    page = sys.stdin.read()
    examples = re.findall(r"```mlir\n(.*?)```", page, re.DOTALL)
    if "--count" in sys.argv:
        print(len(examples))
        return
    if "--missing" in sys.argv:
        table = page[page.index("| opcode |"):]
        listed = re.findall(r"^\| \d+ \| `(\w+)` \|", table, re.MULTILINE)
        # The text has no word of its own for the end of a loop.
        for name in set(listed) - {"end"}:
            if not any(f"pisa.{name} " in e or f"pisa.{name}\n" in e for e in examples):
                print(name)
        return
    for number, example in enumerate(examples):
        print(wrap_pisa(f"example_{number}", example))


if __name__ == "__main__":
    main()
