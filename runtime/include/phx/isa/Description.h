//===- Description.h - What an instruction is made of -----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each instruction is described once: an opcode, typed fields with roles, and
// which bytes it touches as an expression of its fields. Encoding, decoding,
// field checks, footprints for the race proof, bounds, loop periods, and how
// time and charges depend on loop counters are generic over the description;
// operation definitions of the `pisa` dialect and the tables of docs/isa.md are
// generated from it. See DescribeInstruction.h for how one is written.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_DESCRIPTION_H
#define PHX_ISA_DESCRIPTION_H

#include "phx/isa/Fields.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace phx {

struct Instruction;
struct Program;
class FieldReport;
class BoundsReport;

/// Opcodes below 256 belong to the base instruction set; a machine class takes
/// a block of 256 of its own.
enum class Opcode : uint16_t {};

//===----------------------------------------------------------------------===//
// Fields
//===----------------------------------------------------------------------===//

/// What kind of value a field holds; the C++ type of the member decides it.
enum class FieldKind : uint8_t {
  Number,   ///< int64_t
  Index,    ///< uint32_t: entry of a table, token, or any 32-bit number
  Enum,     ///< an enumeration of one byte
  Flag,     ///< bool
  Float,    ///< float: binary32 immediate
  Affine,   ///< Affine
  Count,    ///< Count
  Address,  ///< Address
  Strides,  ///< Stride4
  Shape,    ///< Shape4
  ZeroFill, ///< std::optional<ZeroFill>
  Register, ///< std::optional<uint32_t>: count register that is read, or none
};

/// What an Index numbers.
enum class TableKind : uint8_t {
  None,
  Maps,
  Conversions,
  Passes,
  Combines,
  Products,
  Tokens,
  Registers, ///< count registers: the instruction writes the one named
};

/// What an affine field or a number decides besides where bytes are.
enum class FieldRole : uint8_t {
  Plain,
  /// An index that is never negative.
  Start,
  /// Names elements of the whole product, whatever cuts it, for random numbers;
  /// never negative. Which bytes are touched does not depend on it.
  Origin,
  /// Never negative. The accumulation starts where it is 0; elsewhere it
  /// continues. Time does not depend on it, charges do.
  AccumulationStart,
};

/// What an operand of an array instruction is to the array. Where the
/// instruction names a product, which of the product's operands that is follows
/// from what stays in the array (getOperands in Program.h).
enum class OperandRole : uint8_t {
  None,
  Stationary, ///< programmed into the array, and stays there
  Streamed,   ///< passes the array
  Result,     ///< what the array computes
};
/// "stationary", "streamed", "result"; empty for None.
const char *getRoleName(OperandRole role);

/// Which coordinate of an instruction's origin a field is: the element of its
/// product where its work begins (see Origin.h).
enum class OriginAxis : uint8_t { None, Group, Row, Contraction, Vector };
inline constexpr unsigned numOriginAxes = 5;
/// "group", "row", "contraction position", "vector"; empty for None.
const char *getAxisName(OriginAxis axis);
/// "groups", "rows", "positions", "vectors"; empty for None.
const char *getAxisUnit(OriginAxis axis);

/// One word of an enumeration.
struct EnumEntry {
  const char *name; ///< in assembly: "leaky_relu"
  const char *doc;  ///< what it means, one line
  /// Of a function applied to elements: operations that one costs. 0: the time
  /// is that of the instruction.
  unsigned ops = 0;
};

/// The words of an enumeration, numbered from 0.
struct EnumDescription {
  const char *name; ///< C++ name: "VecFn"
  const char *doc;
  std::vector<EnumEntry> entries;
};

/// One field of an instruction.
struct FieldDescription {
  const char *name = "";     ///< in messages: "row start"
  std::string attribute;     ///< in assembly and operations: "row_start"
  const char *doc = "";      ///< one line
  /// What one is, "rows"; of an address and its strides "bytes". Empty: a number
  /// of something, or none at all.
  const char *unit = "";
  FieldKind kind = FieldKind::Number;
  FieldRole role = FieldRole::Plain;
  /// Of an address what is there; of a conversion whose it is.
  OperandRole operand = OperandRole::None;
  OriginAxis origin = OriginAxis::None; ///< of an affine field
  TableKind table = TableKind::None;
  const EnumDescription *words = nullptr; ///< of an Enum
  /// Legal values of a Number, Index or Count, inclusive.
  int64_t least = 0, most = std::numeric_limits<int64_t>::max();
  /// May be left out of the assembly: it then holds what a fresh instruction
  /// holds.
  bool optional = false;
  size_t offset = 0; ///< of the member in the instruction's struct

  const void *in(const void *body) const {
    return static_cast<const char *>(body) + offset;
  }
  void *in(void *body) const { return static_cast<char *>(body) + offset; }
  template <typename T> const T &as(const void *body) const {
    return *static_cast<const T *>(in(body));
  }
  template <typename T> T &as(void *body) const {
    return *static_cast<T *>(in(body));
  }
};

/// Whether an affine field takes part in which bytes are touched.
inline bool movesBytes(const FieldDescription &field) {
  return field.role != FieldRole::Origin &&
         field.role != FieldRole::AccumulationStart;
}

//===----------------------------------------------------------------------===//
// Accesses
//===----------------------------------------------------------------------===//

enum class AccessMode : uint8_t {
  Read,
  Write,
  /// Reads and writes; accesses of one product are no hazard among themselves,
  /// contributions are added in stream order.
  Accumulate,
};

/// How the bytes of one operand follow from the fields.
enum class AccessPattern : uint8_t {
  Strided,   ///< address + Σ index * stride over a shape
  Mapped,    ///< rows and columns of an access map
  Elements,  ///< consecutive elements, a count or a fixed number of them
  MaskWords, ///< one bit per element of a count, in words of 32 bits
  RowBytes,  ///< one byte for each row
  Listed,    ///< through an index list: anything inside an extent of bytes
};

/// Rows or columns of a map: [start, start + count).
struct IndexFields {
  const FieldDescription *start = nullptr; ///< Affine; absent: 0
  const FieldDescription *count = nullptr; ///< Count or Number; absent: 1
};

/// One operand in memory. Pointers refer to fields of the same description.
struct AccessDescription {
  const FieldDescription *address = nullptr;
  AccessMode mode = AccessMode::Read;
  AccessPattern pattern = AccessPattern::Strided;
  int64_t width = 4; ///< bytes of one element
  /// A Number that holds the width in its place; null: it is fixed.
  const FieldDescription *widthField = nullptr;
  // Strided
  const FieldDescription *strides = nullptr, *shape = nullptr;
  const FieldDescription *zeroFill = nullptr;
  /// Number of innermost dimensions that a destination lacks.
  const FieldDescription *reducedDims = nullptr;
  // Mapped, RowBytes
  const FieldDescription *map = nullptr;
  IndexFields rows, cols;
  bool rowsOnly = false; ///< column digits of the map are ignored
  /// An Index into the conversions: the operand is made of its blocks, one for
  /// each column of the map. `cols` are the contraction positions inside them.
  const FieldDescription *blocks = nullptr;
  /// A Flag: only where it is set. Null: always.
  const FieldDescription *ifStored = nullptr;
  /// An Index into the conversions: elements are converted as they are read.
  /// Those of one group share an exponent, so that all of a group's positions
  /// on the contraction axis are read with each. Not of blocks, which have it.
  const FieldDescription *converted = nullptr;
  // Elements, MaskWords
  const FieldDescription *count = nullptr;
  int64_t fixedCount = 1; ///< without `count`
  // Listed
  const FieldDescription *extent = nullptr; ///< bytes, a Number
  // Accumulate, and of what is converted whose contraction axis it is
  const FieldDescription *product = nullptr;
  /// Null: always; otherwise whether this instruction touches it.
  bool (*isUsed)(const void *body) = nullptr;
};

/// How the elements of an operand lie in memory.
struct ElementLayout {
  int64_t bytes = 4;     ///< of an element, or of a block
  int64_t alignment = 4; ///< of addresses and strides
  int64_t group = 0;     ///< contraction positions in a block; 0: no blocks
  /// Positions that share an exponent, and the end of their axis; 0: each is
  /// read for itself.
  int64_t shared = 0, axisEnd = 0;
  /// How many positions of the axis are in front of the nest around the
  /// instruction, which counts its own from there; null: none.
  const Affine *before = nullptr;
  bool hasBlocks() const { return group != 0; }
  /// The first and the last column of a map that contraction positions from
  /// `first` to `last` touch, `numBefore` being the value of `before`.
  template <typename T>
  std::pair<T, T> getColumns(T first, T last, T numBefore) const {
    if (hasBlocks())
      return {first / group, last / group};
    if (shared == 0)
      return {first, last};
    T end = (last / shared + 1) * shared;
    return {first / shared * shared,
            std::max<T>(last, std::min<T>(end, axisEnd - numBefore) - 1)};
  }
};
/// Of an operand of code[index]. If it names a conversion without blocks: that
/// of the elements.
ElementLayout getLayout(const Program &program, size_t index,
                        const AccessDescription &access);
/// Whether the operand is made of blocks, as far as the instruction says.
inline bool usesBlocks(const AccessDescription &access, const void *body) {
  return access.blocks && (!access.ifStored || access.ifStored->as<bool>(body));
}

/// No instruction touches more operands.
inline constexpr unsigned maxAccesses = 8;

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

/// Which engine executes an instruction.
enum class EnginePlace : uint8_t {
  None,  ///< the stream itself
  Any,   ///< signal and wait
  Dma,   ///< the dma
  Vec,   ///< the vector unit
  Array, ///< an array of a group of the instruction's machine class
};

/// State of an array that an instruction replaces or needs.
enum class ArrayStateUse : uint8_t {
  None,
  Programs, ///< replaces the stationary operand
  Uses,     ///< needs the latest one that the same array was given
};

struct InstructionDescription {
  Opcode opcode{};
  const char *mnemonic = ""; ///< in assembly: "vec_pack"
  std::string name;          ///< in messages and timelines: "vec.pack"
  const char *summary = "";
  std::string description;           ///< semantics, as in docs/isa.md
  std::vector<std::string> examples; ///< assembly
  /// Operands of the operation in assembly: "$dst `from` $a `count` $count".
  std::string assembly;
  EnginePlace place = EnginePlace::None;
  std::string machineClass; ///< empty: base instruction set
  std::vector<FieldDescription> fields;
  std::vector<AccessDescription> accesses;
  ArrayStateUse state = ArrayStateUse::None;
  /// Fields that an instruction which uses the state has in common with the one
  /// that programmed it.
  std::vector<const FieldDescription *> matched;
  /// Counts whose exact value the duration depends on; of all others it does
  /// only on whether they are zero.
  std::vector<const FieldDescription *> timed;
  /// Affine fields whose value charges depend on. On counts, the guard, zero
  /// fill and on whether an accumulation starts they always may.
  std::vector<const FieldDescription *> charged;

  /// Rules between fields, and between fields and tables. May be null.
  void (*check)(const Program &program, const Instruction &instruction,
                FieldReport &report) = nullptr;
  /// Rules that have to hold at every iteration. May be null.
  void (*checkBounds)(const Program &program, const Instruction &instruction,
                      BoundsReport &report) = nullptr;

  // The struct behind the fields.
  void *(*create)() = nullptr;
  void *(*clone)(const void *body) = nullptr;
  void (*destroy)(void *body) = nullptr;
  bool (*equal)(const void *a, const void *b) = nullptr;

  /// The field of that attribute name; null if there is none.
  const FieldDescription *find(const std::string &attribute) const;
  /// The fields of these conversions, in their order.
  std::vector<const FieldDescription *> findConversions(OperandRole role) const;
  /// The coordinate of the origin; null if it is none of its fields.
  const FieldDescription *findOrigin(OriginAxis axis) const;
  /// The index of a product; null if the instruction names none.
  const FieldDescription *findProduct() const;
};

/// The description of an instruction's struct: specialised for each, next to
/// the struct.
template <typename T> const InstructionDescription &describeInstruction();

} // namespace phx

#endif // PHX_ISA_DESCRIPTION_H
