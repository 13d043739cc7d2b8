//===- MakeTrainer.cpp - Writes the training program of the tests -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// phx_make_trainer FILE.phx [evaluation]: for tests of the bindings, which have
// no other way to a training program that is easy to follow by hand.
//
//===----------------------------------------------------------------------===//

#include "TrainerProgram.h"

#include "phx/isa/ProgramFile.h"

#include <cstdio>

int main(int argc, char **argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: phx_make_trainer FILE.phx [evaluation]\n");
    return 1;
  }
  phx::testing::TrainerOptions options;
  options.updates = argc == 2;
  phx::Status status =
      phx::writeProgram(phx::testing::makeTrainer(options), argv[1]);
  if (!status.ok())
    std::fprintf(stderr, "phx_make_trainer: %s\n",
                 status.error().message.c_str());
  return status.ok() ? 0 : 1;
}
