//===- MachineLowering.cpp - What a machine class tells the compiler ------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Target/Machine/MachineLowering.h"

#include "phx/target/ArrayGroups.h"

#include "llvm/Support/ErrorHandling.h"

#include <map>

using namespace mlir;
using namespace photonic;

//===----------------------------------------------------------------------===//
// Defaults
//===----------------------------------------------------------------------===//

MachineLowering::~MachineLowering() = default;

void MachineLowering::registerDialects(DialectRegistry &) const {}

std::string
MachineLowering::getDefaultFormat(const ArrayGroupRef &arrays) const {
  const phx::proto::NumberFormat &own = arrays.target.spec.format();
  return "bfp:" + std::to_string(own.mantissa_bits().value()) + ":" +
         std::to_string(own.group().value()) + ":" + own.rounding().value();
}

FailureOr<phot::NumberFormatAttrInterface>
MachineLowering::parseFormat(MLIRContext *, StringRef,
                             function_ref<InFlightDiagnostic()>) const {
  return phot::NumberFormatAttrInterface();
}

Value MachineLowering::buildPass(OpBuilder &builder, Location loc, Value lhs,
                                 Value rhs, Type sum,
                                 const ArrayGroupRef &) const {
  return phot::DotOp::create(builder, loc, sum, lhs, rhs);
}

ArrayGeometry MachineLowering::getGeometry(const ArrayGroupRef &arrays) const {
  const phx::proto::Group &spec = arrays.getSpec();
  return {spec.count().value(), spec.rows().value(), spec.columns().value()};
}

void MachineLowering::emitConversion(const ArrayConversion &,
                                     EmitInstruction) const {
  llvm_unreachable("a class that stores operands emits their conversion");
}

//===----------------------------------------------------------------------===//
// Registration
//===----------------------------------------------------------------------===//

using Lowerings =
    std::map<std::string, std::unique_ptr<const MachineLowering>, std::less<>>;

static Lowerings &getLowerings() {
  static Lowerings lowerings;
  return lowerings;
}

void photonic::registerMachineLowering(
    const std::string &name, std::unique_ptr<const MachineLowering> lowering) {
  if (!getLowerings().try_emplace(name, std::move(lowering)).second)
    llvm::report_fatal_error(
        llvm::Twine("machine class '") + name +
        "' has two lowerings; register one, under a name of its own");
}

const MachineLowering *photonic::findMachineLowering(StringRef name) {
  auto it = getLowerings().find(name);
  return it == getLowerings().end() ? nullptr : it->second.get();
}

const MachineLowering *
photonic::findMachineLowering(const ArrayGroupRef &arrays) {
  return findMachineLowering(
      phx::getArrayGroups(arrays.target)[arrays.group].machineClass);
}

std::vector<std::string> photonic::listMachineLowerings() {
  std::vector<std::string> names;
  for (const auto &[name, lowering] : getLowerings())
    names.push_back(name);
  return names;
}

void photonic::registerMachineDialects(DialectRegistry &registry) {
  for (const auto &[name, lowering] : getLowerings())
    lowering->registerDialects(registry);
}
