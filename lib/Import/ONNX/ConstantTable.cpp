//===- ConstantTable.cpp - Operators evaluated on constants ---------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fold.h"


using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

// Layout operators are not here: they move constants and values alike.
static constexpr Folder folders[] = {
    {"Abs", foldUnary, true},
    {"Add", foldArithmetic, true},
    {"And", foldLogic, false},
    {"Cast", foldCast, false},
    {"Ceil", foldUnary, false},
    {"Cos", foldUnary, false},
    {"CumSum", foldCumSum, false},
    {"Div", foldArithmetic, true},
    {"Equal", foldComparison, false},
    {"Erf", foldUnary, false},
    {"Exp", foldUnary, true},
    {"EyeLike", foldEyeLike, false},
    {"Floor", foldUnary, false},
    {"Gather", foldGather, true},
    {"GatherElements", foldGatherElements, false},
    {"GatherND", foldGatherND, false},
    {"Greater", foldComparison, false},
    {"GreaterOrEqual", foldComparison, false},
    {"Less", foldComparison, false},
    {"LessOrEqual", foldComparison, false},
    {"Log", foldUnary, true},
    {"Max", foldArithmetic, true},
    {"Mean", foldArithmetic, true},
    {"Min", foldArithmetic, true},
    {"Mod", foldMod, false},
    {"Mul", foldArithmetic, true},
    {"Neg", foldUnary, true},
    {"NonZero", foldNonZero, false},
    {"Not", foldLogic, false},
    {"OneHot", foldOneHot, false},
    {"Or", foldLogic, false},
    {"Pow", foldPow, false},
    {"Reciprocal", foldUnary, false},
    {"ReduceMax", foldReduce, true},
    {"ReduceMean", foldReduce, true},
    {"ReduceMin", foldReduce, false},
    {"ReduceProd", foldReduce, false},
    {"ReduceSum", foldReduce, true},
    {"Relu", foldUnary, true},
    {"Round", foldUnary, false},
    {"ScatterElements", foldScatterElements, false},
    {"ScatterND", foldScatterND, false},
    {"Sigmoid", foldUnary, true},
    {"Sign", foldUnary, false},
    {"Sin", foldUnary, false},
    {"Sqrt", foldUnary, true},
    {"Sub", foldArithmetic, true},
    {"Sum", foldArithmetic, true},
    {"Tanh", foldUnary, true},
    {"Tile", foldTile, false},
    {"Trilu", foldTrilu, false},
    {"Where", foldWhere, true},
    {"Xor", foldLogic, false},
};

static constexpr OperatorForm forms[] = {
    {"Ceil", 6, unlimited, 1, 1, 1, "", nullptr},
    {"Cos", 7, unlimited, 1, 1, 1, "", nullptr},
    {"CumSum", 11, unlimited, 2, 2, 1, "exclusive:i reverse:i", nullptr},
    {"Erf", 9, unlimited, 1, 1, 1, "", nullptr},
    {"EyeLike", 9, unlimited, 1, 1, 1, "dtype:i k:i", nullptr},
    {"Floor", 6, unlimited, 1, 1, 1, "", nullptr},
    {"GatherElements", 11, unlimited, 2, 2, 1, "axis:i", nullptr},
    {"GatherND", 11, 11, 2, 2, 1, "", nullptr},
    {"GatherND", 12, unlimited, 2, 2, 1, "batch_dims:i", nullptr},
    {"Mod", 10, unlimited, 2, 2, 1, "fmod:i", nullptr},
    {"NonZero", 9, unlimited, 1, 1, 1, "", nullptr},
    {"OneHot", 9, unlimited, 3, 3, 1, "axis:i", nullptr},
    {"Reciprocal", 6, unlimited, 1, 1, 1, "", nullptr},
    {"ReduceMin", 1, 17, 1, 1, 1, "axes:I keepdims:i", nullptr},
    {"ReduceMin", 18, unlimited, 1, 2, 1, "keepdims:i noop_with_empty_axes:i",
     nullptr},
    {"ReduceProd", 1, 17, 1, 1, 1, "axes:I keepdims:i", nullptr},
    {"ReduceProd", 18, unlimited, 1, 2, 1, "keepdims:i noop_with_empty_axes:i",
     nullptr},
    {"Round", 11, unlimited, 1, 1, 1, "", nullptr},
    {"ScatterElements", 11, 15, 3, 3, 1, "axis:i", nullptr},
    {"ScatterElements", 16, unlimited, 3, 3, 1, "axis:i reduction:s", nullptr},
    {"ScatterND", 11, 15, 3, 3, 1, "", nullptr},
    {"ScatterND", 16, unlimited, 3, 3, 1, "reduction:s", nullptr},
    {"Sign", 9, unlimited, 1, 1, 1, "", nullptr},
    {"Sin", 7, unlimited, 1, 1, 1, "", nullptr},
    {"Tile", 6, unlimited, 2, 2, 1, "", nullptr},
    {"Trilu", 14, unlimited, 1, 2, 1, "upper:i", nullptr},
    {"Xor", 7, unlimited, 2, 2, 1, "", nullptr},
};

ArrayRef<OperatorForm> importer::getConstantForms() { return forms; }

const Folder *importer::findFolder(const Node &node) {
  if (!isDefaultDomain(node.getDomain()))
    return nullptr;
  auto less = [](const Folder &folder, StringRef name) {
    return folder.name < name;
  };
  const Folder *end = std::end(folders);
  const Folder *found =
      std::lower_bound(std::begin(folders), end, node.getOpType(), less);
  return found != end && found->name == node.getOpType() ? found : nullptr;
}
