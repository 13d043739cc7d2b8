//===- DescribeControl.cpp - Control, tokens and data movement -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/DescribeInstruction.h"
#include "phx/isa/FieldReport.h"
#include "phx/isa/Instructions.h"
#include "phx/isa/Limits.h"

using namespace phx;

template <> const InstructionDescription &phx::describeInstruction<Halt>() {
  static const InstructionDescription description =
      DescribeInstruction<Halt>("halt", EnginePlace::None)
          .summary("End of the program")
          .semantics("The last instruction, exactly once, outside of loops.")
          .example("pisa.halt")
          .build();
  return description;
}

template <> const InstructionDescription &phx::describeInstruction<Loop>() {
  static const InstructionDescription description =
      DescribeInstruction<Loop>("loop", EnginePlace::None)
          .summary("Repeat instructions")
          .field(&Loop::count, "count", "iterations")
          .unit("iterations")
          .within(1, limits::index)
          .field(&Loop::below, "below",
                 "the body is executed while the counter is below it")
          .unit("iterations")
          .optional()
          .build();
  return description;
}

template <> const InstructionDescription &phx::describeInstruction<End>() {
  static const InstructionDescription description =
      DescribeInstruction<End>("end", EnginePlace::None)
          .summary("The end of a loop's body")
          .build();
  return description;
}

template <> const InstructionDescription &phx::describeInstruction<Signal>() {
  static const InstructionDescription description =
      DescribeInstruction<Signal>("signal", EnginePlace::Any)
          .summary("Add one to a token when the engine's earlier work is "
                   "complete")
          .field(&Signal::token, "token", "which token")
          .of(TableKind::Tokens)
          .assembly("$token")
          .example("pisa.signal core[3] 7")
          .build();
  return description;
}

template <> const InstructionDescription &phx::describeInstruction<Wait>() {
  static const InstructionDescription description =
      DescribeInstruction<Wait>("wait", EnginePlace::Any)
          .summary("Hold the engine until a token is positive, then take one")
          .semantics("`redundant` records that another chain of tokens orders "
                     "the same accesses.")
          .field(&Wait::token, "token", "which token")
          .of(TableKind::Tokens)
          .field(&Wait::redundant, "redundant",
                 "another chain orders the same accesses")
          .assembly("$token (`redundant` $redundant^)?")
          .example("pisa.wait vec[0] 7")
          .build();
  return description;
}

static void checkCopy(const DmaCopy &copy, FieldReport &report) {
  report.checkWritten("dst stride", copy.dstStride, copy.shape, 4);
  if ((copy.width & (copy.width - 1)) != 0)
    report.fail("width", "1, 2, 4 or 8", std::to_string(copy.width));
}

template <> const InstructionDescription &phx::describeInstruction<DmaCopy>() {
  static const InstructionDescription description =
      DescribeInstruction<DmaCopy>("dma_copy", EnginePlace::Dma)
          .summary("Copy up to four dimensions of elements")
          .semantics("Elements are copied as bits. Transposition and slicing "
                     "are strides.")
          .field(&DmaCopy::dst, "dst", "destination")
          .field(&DmaCopy::src, "src", "source")
          .field(&DmaCopy::dstStride, "dst stride", "of the destination")
          .named("dst_strides")
          .field(&DmaCopy::srcStride, "src stride", "of the source")
          .named("src_strides")
          .field(&DmaCopy::shape, "shape", "elements per dimension")
          .field(&DmaCopy::zeroFill, "zero fill",
                 "positions of one dimension outside an extent read as +0")
          .optional()
          .field(&DmaCopy::width, "width", "bytes of an element: 1, 2, 4 or 8")
          .unit("bytes")
          .within(1, 8)
          .optional()
          .writes(&DmaCopy::dst,
                  wide(&DmaCopy::width,
                       strided(&DmaCopy::dstStride, &DmaCopy::shape)))
          .reads(&DmaCopy::src,
                 wide(&DmaCopy::width,
                      zeroFilled(&DmaCopy::srcStride, &DmaCopy::shape,
                                 &DmaCopy::zeroFill)))
          .timedBy(&DmaCopy::shape)
          .checks(checkBody<DmaCopy, checkCopy>)
          .assembly("$dst `strides` $dst_strides `from` $src `strides` "
                    "$src_strides `shape` $shape (`zero_fill` $zero_fill^)? "
                    "(`width` $width^)?")
          .example("pisa.dma_copy act[0] strides [12544, 3136, 112, 4]\n"
                   "    from dram[4096] strides [12544, 3136, 112, 4] "
                   "shape [1, 1, 28, 28]")
          .example("pisa.dma_copy act[0] strides [0, 0, 64, 2] from dram[0]\n"
                   "    strides [0, 0, 64, 2] shape [1, 1, 8, 32] width 2")
          .build();
  return description;
}
