//===- MachineModel.h - What arrays of a class cost -------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The simulation side of a machine class: charges, prices, static power, area,
// and the figures that its paper reports. See phx/target/MachineClass.h for the
// description of its machines.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ENERGY_MACHINEMODEL_H
#define PHX_ENERGY_MACHINEMODEL_H

#include "phx/energy/Declarations.h"
#include "phx/isa/Program.h"

#include <string>
#include <vector>

namespace phx {

/// One dynamic execution of an instruction by one array, as far as charges may
/// know it. Charges are multiplied by the iterations in which nothing changes
/// that they depend on; so there are no loop counters here, and of what follows
/// them only what the description declares.
class ArrayExecution {
public:
  ArrayExecution(const Program &program, const Instruction &instruction,
                 const Counters &counters, const Target &target)
      : program(program), instruction(instruction), target(target),
        group(instruction.engine.group), counters(counters) {}

  const Program &program;
  const Instruction &instruction;
  const Target &target;
  const size_t group; ///< whose array executes it

  /// The value of a count of the instruction.
  uint64_t get(const Count &count) const;
  /// The value of an affine field that the description lists in `chargedBy`.
  /// The process ends with the name of a field that it does not: its charges
  /// would be counted for iterations in which they are others.
  int64_t get(const Affine &field) const;
  /// Whether the accumulation of the instruction starts, which has a field that
  /// says so.
  bool startsAccumulation() const;

private:
  const Counters &counters; ///< of the loops around it, and its lane
};

/// Adds bytes that an instruction of `program` reads from and writes to one of
/// its memories.
void chargeBytes(const Program &program, uint32_t memory, uint64_t read,
                 uint64_t written, Counters64 &charges);

/// What one part of a machine takes.
struct AreaItem {
  AreaPart part;
  double mm2 = 0;
};

/// What the paper of a class counts, where that is less than everything.
struct PaperFigures {
  double energyPj = 0, scratchpadPj = 0;
};

struct MachineModel {
  /// The message of the class, as in MachineClass.
  const google::protobuf::Descriptor *machine = nullptr;
  /// Adds what an instruction of an array charges. Required.
  void (*charge)(const ArrayExecution &, Counters64 &) = nullptr;
  /// Adds the watts that a group draws whatever runs.
  void (*addStaticPower)(const Target &, size_t group,
                         Energies &watts) = nullptr;
  /// Appends the areas of a group, made for mantissas of `mantissaBits`.
  void (*addArea)(const Target &, size_t group, int64_t mantissaBits,
                  std::vector<AreaItem> &) = nullptr;
  /// Multiply-accumulates per nanosecond of all arrays of a group.
  double (*getPeakMacs)(const Target &, size_t group) = nullptr;
  /// Energy of a group by the convention of the class's paper: `dynamic` is that
  /// of all instructions of its arrays, `latencyNs` the time of all products.
  /// Reports add up the groups of a class. Null if there is no such convention.
  PaperFigures (*getPaperFigures)(const Target &, size_t group,
                                  const Energies &dynamic,
                                  double latencyNs) = nullptr;
  /// What those figures include, for reports.
  const char *paperDefinition = "";
  /// What the main figures include beyond what instructions charge; null if
  /// nothing.
  const char *included = nullptr;
  /// Whether a program that was made for such a group fits this one, beyond
  /// counts and geometry. Null: it does.
  Status (*checkProgram)(const Program &, const Target &,
                         size_t group) = nullptr;
  /// Appends why a group is none that anybody could build, though its numbers
  /// follow from the description: sentences for reports, without a full stop.
  void (*addWarnings)(const Target &, size_t group,
                      std::vector<std::string> &) = nullptr;
};

/// Makes a class known to the simulation, after its counters are declared; once
/// more does nothing. The process ends if the model has no `machine` or no
/// `charge`. What else it lacks costs nothing, which reports say. To be called
/// before programs run (see machines/All.h).
void registerMachineModel(const MachineModel &model);
/// What the classes of all groups have to warn of.
std::vector<std::string> listMachineWarnings(const Target &target);
/// Null if the class of this group is not registered.
const MachineModel *findMachineModel(const Target &target, size_t group);

} // namespace phx

#endif // PHX_ENERGY_MACHINEMODEL_H
