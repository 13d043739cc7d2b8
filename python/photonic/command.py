# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Where the command `photonic` begins: what has to be in place before NumPy, the
compiler and the argument parser are imported, which takes a good part of a second."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from . import streams

#: Exit code for Ctrl-C, that of photonic-run.
INTERRUPTED = 130


def _leave(number: int, frame: Any) -> None:
    # An exception would surface as an ImportError of whatever is being imported.
    streams.say("photonic: interrupted")
    os._exit(INTERRUPTED)


def main() -> int:
    """Exit code 0: done; 1: an error, explained; 130: interrupted; 143: terminated
    in training."""
    streams.prepare()
    # A shell starts background jobs with Ctrl-C ignored; so it stays.
    listens = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if listens:
        signal.signal(signal.SIGINT, _leave)
    try:
        from . import cli
    except ImportError as error:
        streams.say(
            f"photonic: error: the installation is not complete ({error}); install the "
            "package again"
        )
        return 1
    try:
        if listens:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return cli.main()
    except KeyboardInterrupt:
        # In front of what listens to it, or while it explains the first one.
        streams.say("photonic: interrupted")
        return INTERRUPTED
    finally:
        # All is said; an interpreter that is interrupted while it ends says more.
        if listens:
            signal.signal(signal.SIGINT, _leave)


if __name__ == "__main__":
    sys.exit(main())
