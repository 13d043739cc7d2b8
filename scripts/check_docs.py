#!/usr/bin/env python3
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks the documentation: generated pages and tables, and links between pages.

* docs/generated/ holds exactly the pages that the build target mlir-doc makes
  from the .td files;
* the tables of docs/isa.md are those that phx-generate-isa makes from the
  descriptions of instructions, and every instruction has a section;
* every relative link in a Markdown file leads to a file that exists, and its
  anchor, if it has one, to a heading;
* the commands in `console` blocks print what stands below them and succeed, unless
  `<!-- exit code N -->` stands in front of the block. Only SESSIONS may have such
  blocks; what cannot be run there is a block of another kind (`sh`).

With --update, writes docs/generated/, tables and outputs instead of comparing them.
"""

import argparse
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
GENERATED = ROOT / "docs" / "generated"
SPECIFICATION = ROOT / "docs" / "isa.md"
SESSIONS = [
    ROOT / "README.md",
    ROOT / "docs" / "tutorial.md",
    ROOT / "docs" / "guides" / "training.md",
]


def build(build_dir, target):
    """Builds a target; ends the program if that fails."""
    command = ["ninja", "-C", str(build_dir), target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def make_pages(build_dir):
    """Builds the pages; a map from file name to text."""
    build(build_dir, "mlir-doc")
    pages = {}
    for path in sorted((build_dir / "docs").rglob("*.md")):
        pages[path.name] = clean(path.read_text())
    if not pages:
        sys.exit(f"error: no page in {build_dir / 'docs'}; is the compiler built?")
    return pages


def clean(page):
    """`page` without what only the web site generator Hugo understands."""
    page = re.sub(r"^\[TOC\]\n\n?", "", page, flags=re.MULTILINE)
    page = re.sub(r"\{\{[%<].*?[%>]\}\}", "", page)
    page = re.sub(r"[ \t]+$", "", page, flags=re.MULTILINE)
    return page.rstrip("\n") + "\n"


def compare_pages(pages):
    """Yields (name of a page, difference or "")."""
    existing = {p.name: p.read_text() for p in GENERATED.glob("*.md")}
    for name in sorted(pages.keys() | existing.keys()):
        lines = difflib.unified_diff(
            existing.get(name, "").splitlines(),
            pages.get(name, "").splitlines(),
            f"docs/generated/{name}",
            "the .td files",
            lineterm="",
            n=1,
        )
        difference = "\n".join(list(lines)[:40])
        if difference:
            difference += "\nscripts/generate-docs.sh brings the pages up to date"
        yield name, difference


def write_pages(pages):
    """Replaces the contents of docs/generated/."""
    GENERATED.mkdir(parents=True, exist_ok=True)
    for path in GENERATED.glob("*.md"):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        (GENERATED / name).write_text(text)
    print(f"docs/generated: {len(pages)} pages")


def run_tables(build_dir, option):
    """Checks or updates the tables of the specification; what is wrong, or ""."""
    build(build_dir, "phx-generate-isa")
    done = subprocess.run(
        [build_dir / "bin" / "phx-generate-isa", option, SPECIFICATION],
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stderr or "it failed") if done.returncode != 0 else ""


def find_markdown():
    """Every Markdown file of the project."""
    for path in sorted(ROOT.rglob("*.md")):
        parts = path.relative_to(ROOT).parts
        if not any(p.startswith((".", "build")) or p == "node_modules" for p in parts):
            yield path


def without_code(text):
    """`text` with code blocks and code spans blanked."""
    text = re.sub(r"^( *```).*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "``", text)


def find_anchors(path):
    """The anchors of the headings of a page, as GitHub makes them."""
    anchors = {}
    text = re.sub(r"^ *```.*?^ *```", "", path.read_text(), flags=re.M | re.S)
    for heading in re.findall(r"^#+ +(.*?) *#*$", text, flags=re.MULTILINE):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = anchors.get(anchor, 0)
        anchors[anchor] = count + 1
        if count:
            anchors[f"{anchor}-{count}"] = 1
    return set(anchors)


def check_links(path):
    """What is wrong with the links of one page; "" if nothing is."""
    problems = []
    targets = re.findall(r"\]\(([^()\s]+)\)", without_code(path.read_text()))
    for target in targets:
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name) if name else path
        if not file.exists():
            problems.append(f"{target}: there is no {name}")
        elif anchor and file.suffix == ".md" and anchor not in find_anchors(file):
            problems.append(f"{target}: no heading has the anchor #{anchor}")
    return "\n".join(problems)


def split_commands(block):
    """The (command, output) pairs of a console block; `$ ` starts a command,
    which continues while its lines end with a backslash. Raises ValueError if it
    begins with something else."""
    pairs = []
    if not block.startswith("$ "):
        first = (block.splitlines() or [""])[0]
        raise ValueError(f"a console block has to begin with '$ ' and a command, found '{first}'")
    lines = iter(block.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = [line]
            while command[-1].endswith("\\"):
                command.append(next(lines, ""))
            pairs.append(("\n".join(command), []))
        else:
            pairs[-1][1].append(line)
    return [(command, "\n".join(output)) for command, output in pairs]


#: A console block, and in front of it the exit code of its last command.
BLOCK = re.compile(r"(<!-- exit code (\d+) -->\n)?```console\n(.*?)```", re.DOTALL)


def run_session(page, build_dir):
    """`page`, the text of a Markdown file, with the outputs that its commands
    have now, and what went wrong, a list. They run one after the other in an empty
    folder beside which the examples and the tools seem to be."""
    problems = []
    environment = dict(os.environ, COLUMNS="100", NO_COLOR="1")
    path = [str(build_dir / "bin"), str(ROOT / ".venv" / "bin"), os.environ["PATH"]]
    environment["PATH"] = os.pathsep.join(path)

    with tempfile.TemporaryDirectory() as folder:
        for name in ("examples", ".venv"):
            os.symlink(ROOT / name, pathlib.Path(folder) / name)

        def run_block(match):
            text, mark, code = "", match.group(1) or "", int(match.group(2) or 0)
            try:
                pairs = split_commands(match.group(3))
            except ValueError as error:
                problems.append(str(error))
                return match.group(0)
            for index, (command, _) in enumerate(pairs):
                done = subprocess.run(
                    ["bash", "-c", command[2:]],
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    check=False,
                )
                output = done.stdout.rstrip("\n")
                expected = code if index == len(pairs) - 1 else 0
                if done.returncode != expected:
                    problems.append(f"{command}\nexpected exit code {expected}, found "
                                    f"{done.returncode}:\n{output}")
                text += f"{command}\n" + (f"{output}\n" if output else "")
            return f"{mark}```console\n{text}```"

        return BLOCK.sub(run_block, page), problems


def check_session(path, build_dir):
    """What is wrong with the commands in a Markdown file, or how their outputs differ
    from those that stand there."""
    page = path.read_text()
    text, problems = run_session(page, build_dir)
    if problems:
        return "\n".join(problems)
    lines = difflib.unified_diff(
        page.splitlines(),
        text.splitlines(),
        str(path.relative_to(ROOT)),
        "what its commands print",
        lineterm="",
        n=1,
    )
    difference = "\n".join(list(lines)[:60])
    if difference:
        difference += "\nscripts/generate-docs.sh brings the outputs up to date"
    return difference


def check_blocks(path):
    """Whether a page has console blocks that nobody runs; what is wrong, or ""."""
    if path in SESSIONS or "```console\n" not in path.read_text():
        return ""
    return ("it has a console block, whose output nobody compares: add the page to SESSIONS "
            "in scripts/check_docs.py, or make it a block of another kind, such as sh")


def write_junit(path, results):
    """Writes results, a list of (test name, problem or ""), as JUnit XML."""
    suite = ElementTree.Element("testsuite", name="docs", tests=str(len(results)))
    for name, problem in results:
        case = ElementTree.SubElement(suite, "testcase", name=name)
        if problem:
            ElementTree.SubElement(case, "failure").text = problem
    ElementTree.ElementTree(suite).write(path, encoding="unicode")


def main():
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build-dir", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--junit", type=pathlib.Path)
    options = parser.parse_args()
    options.build_dir = options.build_dir.resolve()

    pages = make_pages(options.build_dir)
    if options.update:
        write_pages(pages)
        if problem := run_tables(options.build_dir, "--update"):
            sys.exit(f"error: {problem}")
        failed = False
        for path in SESSIONS:
            text, problems = run_session(path.read_text(), options.build_dir)
            for problem in problems:
                print(f"{path.relative_to(ROOT)}: not written: {problem}", file=sys.stderr)
            failed |= bool(problems)
            if not problems:
                path.write_text(text)
        return 1 if failed else 0
    results = [(f"generated/{n}", problem) for n, problem in compare_pages(pages)]
    name = f"tables/{SPECIFICATION.relative_to(ROOT)}"
    results.append((name, run_tables(options.build_dir, "--check")))
    for path in find_markdown():
        results.append((f"links/{path.relative_to(ROOT)}", check_links(path)))
        results.append((f"blocks/{path.relative_to(ROOT)}", check_blocks(path)))
    for path in SESSIONS:
        name = f"session/{path.relative_to(ROOT)}"
        results.append((name, check_session(path, options.build_dir)))
    for name, problem in results:
        if problem:
            print(f"{name}: FAILED\n{problem}")
    if options.junit:
        write_junit(options.junit, results)
    return 1 if any(problem for _, problem in results) else 0


if __name__ == "__main__":
    sys.exit(main())
