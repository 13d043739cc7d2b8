//===- SettleTarget.cpp - Which target a module is compiled for -----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/IR/Target.h"
#include "photonic/Target/Machine/Machine.h"

#include "phx/target/Values.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace photonic;

/// "--target=mirage with --set", as far as they were given.
static std::string describe(const TargetChoice &choice, Spelling spelling) {
  std::string text;
  if (choice.target)
    text = spell(spelling, "target", *choice.target);
  if (!choice.overrides.empty())
    text += (text.empty() ? "" : " with ") + spell(spelling, "set");
  return text;
}

/// What was chosen, beside what the module carries: a change is one of that.
static phx::Result<phx::Target> findChoice(const TargetChoice &choice,
                                           const phx::Target *carried) {
  if (choice.loaded)
    return *choice.loaded;
  if (carried && !choice.target)
    return phx::parseTarget(phx::printTarget(*carried), carried->path,
                            choice.overrides);
  return loadMachine(choice.target.value_or(defaultTarget), choice.overrides);
}

phx::Status photonic::loadChoice(TargetChoice &choice) {
  phx::Result<phx::Target> target = findChoice(choice, nullptr);
  if (!target)
    return target.error();
  choice.loaded = std::make_shared<const phx::Target>(std::move(*target));
  return phx::Status::success();
}

static LogicalResult refuse(const phx::TargetDifference &difference,
                            const phx::Target &carried,
                            const TargetChoice &choice, Spelling spelling,
                            Location loc) {
  InFlightDiagnostic diagnostic = emitError(loc);
  diagnostic << "the module is compiled for target '" << carried.spec.name()
             << "' with " << difference.field << " " << difference.first
             << ", and " << describe(choice, spelling) << " has "
             << difference.second << "; leave "
             << (choice.target && !choice.overrides.empty()
                     ? spell(spelling, "target") + " and " +
                           spell(spelling, "set")
                     : spell(spelling, choice.target ? "target" : "set"))
             << " out, as the module holds its target, or start from an "
                "earlier stage: the model, or IR without '"
             << phot::PhotonicDialect::targetAttrName << "'";
  if (!difference.structural)
    diagnostic << "; prices may also be given to photonic-run, for the same "
                  "program";
  return diagnostic;
}

/// What was chosen against the target that `module` carries.
static LogicalResult checkChoice(ModuleOp module, const TargetChoice &choice,
                                 Spelling spelling, Location loc) {
  FailureOr<const phx::Target *> carried = getTarget(module);
  if (failed(carried))
    return failure();
  if (!choice.isGiven())
    return success();
  phx::Result<phx::Target> chosen = findChoice(choice, *carried);
  if (!chosen)
    return emitError(UnknownLoc::get(module.getContext()),
                     chosen.error().message);
  std::vector<phx::TargetDifference> differences =
      phx::findDifferences(**carried, *chosen);
  return differences.empty()
             ? success()
             : refuse(differences.front(), **carried, choice, spelling, loc);
}

LogicalResult photonic::settleTarget(ModuleOp module,
                                     const TargetChoice &choice,
                                     Spelling spelling, Location loc,
                                     std::string &warning) {
  warning.clear();
  if (hasTarget(module))
    return checkChoice(module, choice, spelling, loc);
  phx::Result<phx::Target> chosen = findChoice(choice, nullptr);
  if (!chosen)
    return emitError(UnknownLoc::get(module.getContext()),
                     chosen.error().message);
  setTarget(module, *chosen);
  warning = phx::describe(phx::findStalePrices(*chosen));
  return success();
}
