//===- Program.h - A pisa program in memory ---------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a .phx file holds, after decoding: tables, symbols, the debug map and
// the instruction stream. Large constants stay where they are (a mapped file,
// or a compiler's buffers) and are referred to, not copied.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_PROGRAM_H
#define PHX_ISA_PROGRAM_H

#include "phx/isa/Instructions.h"
#include "phx/isa/TableOperation.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace phx {

//===----------------------------------------------------------------------===//
// Engines
//===----------------------------------------------------------------------===//

/// Equal arrays of one machine class; each is an engine, `core[0 .. count)`.
struct ArrayGroup {
  std::string name;         ///< of its engines: "core"
  std::string machineClass; ///< "rns"
  uint32_t count = 0;
  uint32_t rows = 0, columns = 0; ///< of one array
  friend bool operator==(const ArrayGroup &, const ArrayGroup &) = default;
};

//===----------------------------------------------------------------------===//
// Memories
//===----------------------------------------------------------------------===//

enum class ElementType : uint8_t {
  F32 = 0,
  I32 = 1,
  I64 = 2,
  U8 = 3,
  Bool = 4,
  BF16 = 5,
  I8 = 6,
  I16 = 7,
  /// Converted elements that share an exponent: blocks of a conversion, which
  /// a region of this type names (phx/isa/Blocks.h).
  Block = 8,
};
inline constexpr unsigned numElementTypes = 9;
/// Bytes in which elements of `type` are addressed and moved. Those of a block
/// depend on its conversion; it is moved byte by byte.
int64_t byteWidth(ElementType type);
/// In assembly: "f32", "bool".
const char *getTypeWord(ElementType type);
std::optional<ElementType> findType(const std::string &name);
/// "f32, i32, ...".
std::string listTypes();

enum class MemoryKind : uint8_t {
  OffChip = 0, ///< reached by dma alone; absent under the ideal memory model
  OnChip = 1,
  Resident = 2, ///< cells of a group of arrays
};
inline constexpr unsigned numMemoryKinds = 3;
/// "off_chip", "on_chip", "resident".
const char *getKindName(MemoryKind kind);

/// A memory of the machine, byte addressed from 0.
struct ProgramMemory {
  std::string name; ///< in addresses: "act"
  MemoryKind kind = MemoryKind::OnChip;
  std::optional<uint32_t> group;  ///< of a resident one: whose cells it is
  int64_t capacity = 0;           ///< bytes that the machine has
  int64_t bytes = 0;              ///< used; every address is below
  std::vector<ElementType> types; ///< that it can hold, ascending
  friend bool operator==(const ProgramMemory &,
                         const ProgramMemory &) = default;
};

//===----------------------------------------------------------------------===//
// Count registers
//===----------------------------------------------------------------------===//

/// Holds a whole number in [0, most] that instructions write as they run:
/// counts, guards and loops may depend on it (Registers.h). 0 at the start of a
/// run; state of the program, not of an engine.
struct CountRegister {
  std::string name; ///< for reports and hosts: "nonzeros"
  int64_t most = 0; ///< the largest value that it may ever hold
  friend bool operator==(const CountRegister &,
                         const CountRegister &) = default;
};

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

/// One digit of a linear index, innermost first in its list: contributes
/// digit * step to the coordinate of `axis`.
struct MapDigit {
  int64_t radix = 1; ///< >= 1
  uint8_t axis = 0;
  int64_t step = 1;
  friend bool operator==(const MapDigit &, const MapDigit &) = default;
};

/// One tensor axis. A coordinate outside [0, extent) reads as +0 (and is never
/// written). Margins count positions of explicit padding for AverageAll.
struct MapAxis {
  int64_t extent = 1;
  int64_t stride = 4; ///< bytes
  int64_t offset = 0; ///< added to the coordinate
  int64_t marginLow = 0, marginHigh = 0;
  friend bool operator==(const MapAxis &, const MapAxis &) = default;
};

/// Turns (row, column) into an element: the digits of row and column give
/// coordinates along at most 4 axes, coordinates times strides give bytes
/// relative to the instruction's address. A row or column index at or beyond
/// the product of its radices reads as +0. This is how patch extraction is
/// addressing.
struct AccessMap {
  std::vector<MapDigit> rows, cols; ///< innermost (fastest) digit first
  std::vector<MapAxis> axes;
  friend bool operator==(const AccessMap &, const AccessMap &) = default;
};

/// What of a product stays in the arrays while the rest of it passes.
enum class Stationary : uint8_t {
  First = 0,  ///< the first operand; the second is streamed
  Second = 1, ///< the second operand; the first is streamed
  Result = 2, ///< the accumulators; both operands are streamed
};
inline constexpr unsigned numStationary = 3;
/// "first", "second", "result".
const char *getStationaryName(Stationary stationary);

/// [start, start + size) of an index of a product, at the counters of the loops
/// around a nest.
struct NestRange {
  Affine start;
  Count size;
  friend bool operator==(const NestRange &, const NestRange &) = default;
};

/// A loop nest that computes a part of a product, another one at each iteration
/// of the loops around it: all positions of these groups, rows, columns and
/// contraction positions.
struct ProductNest {
  /// Instructions: the outermost `Loop` of the nest and its `End`.
  uint64_t loopBegin = 0, loopEnd = 0;
  NestRange groups, rows, columns, contraction;
  friend bool operator==(const ProductNest &, const ProductNest &) = default;
};

/// A (M x K)(K x N) product, `groups` times: metadata for executors that fuse
/// and for random numbers, never a source of time or energy.
struct Product {
  uint32_t layer = noLayer;
  int64_t m = 0, n = 0, k = 0, groups = 1;
  Stationary stationary = Stationary::First;
  /// Indices into Program::conversions, of the first and the second operand;
  /// into Program::passes; into Program::combines.
  std::array<uint32_t, 2> conversions{};
  uint32_t pass = 0, combine = 0;
  /// Products of M rows each that share one row index, position * m + row: the
  /// kernel positions of an input gradient. No tile mixes positions.
  int64_t positions = 1;
  uint32_t stream = 0; ///< of random numbers, for stochastic rounding
  /// What computes it; none if the nests were edited.
  std::vector<ProductNest> nests = {};
  friend bool operator==(const Product &, const Product &) = default;
};

/// The operands of `product` (0: first, 1: second) that are `role` in an array,
/// in the order in which an instruction names them: one that stays, the other
/// that is streamed; both streamed where the result stays. None of the result.
std::vector<unsigned> getOperands(const Product &product, OperandRole role);
/// The operand that stays; nothing if that is the result.
inline std::optional<unsigned> getStationaryOperand(const Product &product) {
  if (product.stationary == Stationary::Result)
    return std::nullopt;
  return product.stationary == Stationary::First ? 0 : 1;
}

//===----------------------------------------------------------------------===//
// Symbols and debug map
//===----------------------------------------------------------------------===//

enum class Role : uint8_t {
  Parameter = 0,
  State = 1,
  Constant = 2,
  Input = 3,
  Output = 4,
  Workspace = 5,
};
/// "parameter", "state", ...
const char *getRoleName(Role role);

/// An input of class numbers: the host gives i32 or i64, the machine stores
/// binary32.
struct Labels {
  int64_t classes = 0;                ///< labels are in [0, classes)
  std::optional<int64_t> ignoreIndex; ///< or this
  friend bool operator==(const Labels &, const Labels &) = default;
};

/// What the host sets between runs in a region of one number.
enum class Knob : uint8_t {
  None = 0,
  LearningRate = 1, ///< of the optimizer; finite, at least 0
};
inline constexpr unsigned numKnobs = 2;
/// "none", "learning_rate".
const char *getKnobName(Knob knob);

/// A named piece of memory. Regions with live ranges that do not meet may
/// share addresses. `data`: initial contents, index into Program::data.
struct Region {
  std::string name; ///< ONNX name where there is one
  Role role = Role::Workspace;
  ElementType type = ElementType::F32;
  std::vector<int64_t> shape;
  uint32_t memory = 0; ///< its home, index into Program::memories
  int64_t address = 0; ///< bytes, multiple of 64
  int64_t bytes = 0;   ///< capacity, at least what shape and type need
  std::optional<uint32_t> data;
  /// A parameter or state whose contents a run replaces and the next one finds.
  bool isMutable = false;
  std::optional<Labels> labels = std::nullopt; ///< of inputs
  /// The dimension of an input or output along which the samples of a batch
  /// lie, of extent Program::batch. Absent: it is not made of samples.
  std::optional<uint32_t> batchAxis = std::nullopt;
  /// An output of one number that training makes smaller; of several, the sum.
  bool isLoss = false;
  /// Of an output: the parameter or input that it is the gradient of, index
  /// into Program::regions.
  std::optional<uint32_t> gradientOf = std::nullopt;
  Knob knob = Knob::None;
  /// Of type Block: the conversion that made the blocks, index into
  /// Program::conversions.
  std::optional<uint32_t> conversion = std::nullopt;
  friend bool operator==(const Region &, const Region &) = default;
};

/// What a layer does for its ONNX node in a training step.
enum class Phase : uint8_t {
  Forward = 0,
  Loss = 1,
  InputGradient = 2,
  WeightGradient = 3,
  Update = 4,
};
inline constexpr unsigned numPhases = 5;
/// "forward", "loss", "input_gradient", ...
const char *getPhaseName(Phase phase);

/// One ONNX node in one phase. `output`: the region that holds its value right
/// after the last instruction that carries its index; absent if the value never
/// exists whole (fused under `hierarchy`).
struct Layer {
  std::string name; ///< ONNX node name
  std::string op;   ///< ONNX operator
  std::optional<uint32_t> output;
  Phase phase = Phase::Forward;
  friend bool operator==(const Layer &, const Layer &) = default;
};

/// Initial contents, not owned unless `owner` is set.
struct DataSection {
  const uint8_t *bytes = nullptr;
  uint64_t size = 0;
  std::shared_ptr<const void> owner;
};

enum class MemoryModel : uint8_t { Ideal = 0, Hierarchy = 1 };

/// What one run of a program is. The random key is replaced by runs of any
/// kind, and counts neither as parameter nor as state here.
enum class ProgramKind : uint8_t {
  /// Outputs from inputs and from parameters that never change.
  Inference = 0,
  /// One step: replaces parameters or state.
  Training = 1,
  /// Has parameters and state that the host replaces, a loss or gradients, and
  /// changes nothing.
  Evaluation = 2,
};
inline constexpr unsigned numProgramKinds = 3;
/// "inference", "training", "evaluation".
const char *getKindName(ProgramKind kind);

//===----------------------------------------------------------------------===//
// Program
//===----------------------------------------------------------------------===//

/// Version of the file layout and of the instruction set.
inline constexpr uint32_t formatVersion = 1;
inline constexpr uint32_t isaVersion = 3;

struct Program {
  std::string name; ///< of the model
  ProgramKind kind = ProgramKind::Inference;
  std::string target;      ///< name of the target description
  uint64_t targetHash = 0; ///< of its structural fields
  /// These fields as "name=value", for messages; may be absent.
  std::vector<std::string> machine;
  std::string compiler; ///< version of the tool that wrote it
  MemoryModel memoryModel = MemoryModel::Ideal;
  int64_t batch = 1; ///< inferences per run
  /// In the order of the target's groups.
  std::vector<ArrayGroup> groups;
  /// In the order of the target's memories.
  std::vector<ProgramMemory> memories;
  uint32_t tokens = 0; ///< tokens are numbered [0, tokens)
  std::vector<CountRegister> registers;
  /// The random key: the mutable state [seed, trial, step], three whole
  /// binary32 numbers in [0, 2^24). All random numbers of a run follow from it;
  /// stochastic rounding reads it when the run starts.
  std::optional<uint32_t> rng;
  /// Inputs of the network that no output needs. They have no region; the host
  /// may give them, of any type and shape.
  std::vector<std::string> ignoredInputs;

  std::vector<AccessMap> maps;
  std::vector<TableOperation> conversions; ///< number formats of operands
  std::vector<OperationList> passes;       ///< what one pass of an array does
  std::vector<OperationList> combines; ///< how its values meet the accumulator
  std::vector<Product> products;
  std::vector<Region> regions;
  std::vector<Layer> layers;
  std::vector<DataSection> data;
  std::vector<Instruction> code;
};

/// The memory's name; of one that the program does not have, its number.
std::string getMemoryName(const Program &program, uint32_t memory);
/// Whether there is such a memory, and it is off chip.
bool isOffChip(const Program &program, uint32_t memory);

//===----------------------------------------------------------------------===//
// Engines of a program
//===----------------------------------------------------------------------===//

/// `dma`, `vec` and every array.
uint32_t getNumEngines(const Program &program);
bool hasEngine(const Program &program, EngineId engine);
/// Dense numbers: dma 0, vec 1, then the arrays group by group. Of an engine
/// that the program does not have: at least getNumEngines.
uint32_t getEngineNumber(const Program &program, EngineId engine);
EngineId getEngine(const Program &program, uint32_t number);
/// "dma", "vec", "core[3]".
std::string getEngineName(const Program &program, EngineId engine);
/// Of what executes an instruction: "core[3]", "core[0 + 8 * l0 lanes 8]".
std::string getEngineName(const Program &program,
                          const Instruction &instruction);
/// Whether the engine exists; of arrays by affine index whether the group does
/// and is large enough, wherever the index points.
bool hasEngines(const Program &program, const Instruction &instruction);
/// The group whose array executes `instruction`; null for dma and vec, and if
/// there is none.
const ArrayGroup *findGroup(const Program &program,
                            const Instruction &instruction);

/// "conversion 2", "pass 0" or "combine 1": the first entry of a table that
/// draws random numbers, for which the program needs a key; empty if none does.
std::string findRandomEntry(const Program &program);

} // namespace phx

#endif // PHX_ISA_PROGRAM_H
