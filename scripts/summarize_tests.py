#!/usr/bin/env python3
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints one line about the results of a test suite.

    summarize_tests.py NAME RESULTS.xml

reads JUnit XML, as ctest, lit and pytest write it, and prints `NAME: N passed,
N failed, N skipped`. Exits non-zero if a test failed, if there is no test, or
if the file cannot be read: a suite that did not finish has failed.
"""

import sys
import xml.etree.ElementTree as ElementTree


def count(path):
    """Numbers of (passed, failed, skipped) test cases in a JUnit file."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).iter("testcase"):
        kinds = {child.tag for child in case}
        if "failure" in kinds or "error" in kinds or case.get("status") == "fail":
            failed += 1
        elif "skipped" in kinds:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def main():
    """Entry point."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    name, path = sys.argv[1:]
    try:
        passed, failed, skipped = count(path)
    except (OSError, ElementTree.ParseError) as error:
        print(f"{name}: did not finish ({error})", file=sys.stderr)
        passed, failed, skipped = 0, 1, 0
    print(f"{name}: {passed} passed, {failed} failed, {skipped} skipped")
    if passed + failed == 0:
        print(f"{name}: no test was run", file=sys.stderr)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
