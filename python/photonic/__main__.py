# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`python -m photonic` is the command `photonic`."""

import sys

from .command import main

sys.exit(main())
