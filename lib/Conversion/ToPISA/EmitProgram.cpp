//===- EmitProgram.cpp - Turn a scheduled function into a program ---------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScheduledFunction.h"
#include "Scheduler.h"

#include "photonic/Dialect/NN/IR/Step.h"
#include "photonic/Dialect/PISA/Transforms/Passes.h"
#include "photonic/Dialect/Photonic/Transforms/Passes.h"
#include "photonic/Target/Machine/Machine.h"
#include "photonic/Target/PHX/PHX.h"

#include "phx/target/ArrayGroups.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

namespace photonic::pisa {
#define GEN_PASS_DEF_EMITPROGRAM
#include "photonic/Dialect/PISA/Transforms/PISAPasses.h.inc"

namespace {

struct EmitProgram final : impl::EmitProgramBase<EmitProgram> {
  using Base::Base;
  void runOnOperation() override;

private:
  /// The program's header, from the target and the module's attributes.
  phx::Program createHeader(const phx::Target &machine, bool hierarchy);
  LogicalResult checkCapacity(const phx::Program &program,
                              const phx::Target &machine);
  /// Memories hold the types of what is in them.
  LogicalResult checkTypes(const phx::Program &program);
};

} // namespace

/// Inferences per run.
static int64_t getBatch(ModuleOp module) {
  auto batch = module->getAttrOfType<IntegerAttr>(nn::batchAttrName);
  return batch ? batch.getInt() : 1;
}

phx::Program EmitProgram::createHeader(const phx::Target &machine,
                                       bool hierarchy) {
  ModuleOp module = getOperation();
  phx::Program program;
  if (auto name = module->getAttrOfType<StringAttr>(nn::modelAttrName))
    program.name = name.str();
  if (auto ignored =
          module->getAttrOfType<ArrayAttr>(nn::ignoredInputsAttrName))
    for (auto input : ignored.getAsRange<StringAttr>())
      program.ignoredInputs.push_back(input.str());
  program.batch = getBatch(module);
  program.target = machine.spec.name();
  program.targetHash = machine.structuralHash;
  program.machine = phx::listStructure(machine);
  program.compiler = PHOTONIC_VERSION;
  program.memoryModel =
      hierarchy ? phx::MemoryModel::Hierarchy : phx::MemoryModel::Ideal;
  program.groups = phx::getArrayGroups(machine);
  program.memories = phx::getMemories(machine);
  return program;
}

LogicalResult EmitProgram::checkCapacity(const phx::Program &program,
                                         const phx::Target &machine) {
  const phx::ProgramMemory &home = program.memories[getOffChipMemory(machine)];
  int64_t needed = home.bytes, available = home.capacity;
  if (needed <= available)
    return success();
  return getOperation()->emitError("needs ")
         << needed << " bytes of off-chip memory, target '"
         << machine.spec.name() << "' has " << available << " (" << home.name
         << ".capacity_bytes); choose a smaller batch or a target with "
            "more memory";
}

LogicalResult EmitProgram::checkTypes(const phx::Program &program) {
  for (const phx::Region &region : program.regions) {
    const phx::ProgramMemory &memory = program.memories[region.memory];
    if (llvm::is_contained(memory.types, region.type))
      continue;
    StringRef type = phx::getTypeWord(region.type);
    return getOperation()->emitError("keeps '")
           << region.name << "' as " << type << " in memory '" << memory.name
           << "' of target '" << program.target
           << "', which does not hold such elements; add " << type << " to "
           << memory.name << ".types";
  }
  return success();
}

void EmitProgram::runOnOperation() {
  ModuleOp module = getOperation();
  auto func = module.lookupSymbol<func::FuncOp>("main");
  if (!module.getOps<ProgramOp>().empty()) {
    if (!func) // what stands behind this pass
      return markAllAnalysesPreserved();
    InFlightDiagnostic diag =
        func.emitError("is to become a program, and the module holds one "
                       "already; expected one of both");
    diag.attachNote((*module.getOps<ProgramOp>().begin()).getLoc()) << "this";
    return signalPassFailure();
  }
  FailureOr<const phx::Target *> target = getTarget(module);
  if (failed(target))
    return signalPassFailure();
  const phx::Target &machine = **target;
  if (!func) {
    module.emitError("expected a function @main");
    return signalPassFailure();
  }
  if (failed(verifyScheduled(func, machine)))
    return signalPassFailure();
  bool hierarchy = *getMemoryModel(func) == phot::MemoryModel::Hierarchy;
  phx::Program program = createHeader(machine, hierarchy);
  ProgramEmitter emitter(program, machine);
  std::unique_ptr<Scheduler> scheduler =
      hierarchy ? createHierarchyScheduler(func, machine, emitter)
                : createIdealScheduler(func, machine, emitter);
  if (failed(scheduler->run()) || failed(checkTypes(program)) ||
      (hierarchy && failed(checkCapacity(program, machine))))
    return signalPassFailure();
  OpBuilder builder(func);
  ArrayRef<ElementsAttr> inits = emitter.getInits();
  if (!importProgram(program, builder, [&](uint32_t index, RankedTensorType) {
        return inits[index];
      }))
    return signalPassFailure();
  func.erase();
}

} // namespace photonic::pisa
