//===- Structure.cpp - Structural validation: tables, loops, fields -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Structure.h"

#include "phx/isa/Validator.h"

#include <algorithm>

using namespace phx;

//===----------------------------------------------------------------------===//
// Messages
//===----------------------------------------------------------------------===//

std::string phx::getName(EngineId engine) {
  switch (engine.kind) {
  case EngineKind::Dma:
    return "dma";
  case EngineKind::Vec:
    return "vec";
  case EngineKind::Core:
    return "core[" + std::to_string(engine.index) + "]";
  }
  return "engine kind " + std::to_string(static_cast<int>(engine.kind));
}

const char *phx::getName(Space space) {
  switch (space) {
  case Space::Dram:
    return "dram";
  case Space::Activation:
    return "activation";
  case Space::Weight:
    return "weight";
  case Space::Gradient:
    return "gradient";
  }
  return "unknown";
}

std::string phx::toText(Int value) {
  if (value < 0)
    return "-" + toText(-value);
  std::string text(1, static_cast<char>('0' + static_cast<int>(value % 10)));
  return value < 10 ? text : toText(value / 10) + text;
}

Error phx::failAt(const Program &program, size_t instruction,
                  const std::string &field, const std::string &message) {
  const Instruction &i = program.code[instruction];
  std::string layer;
  if (i.layer < program.layers.size())
    layer = ", layer '" + program.layers[i.layer].name + "'";
  return Error{"instruction " + std::to_string(instruction) + " (" +
               getMnemonic(i.body) + layer + "): " + field + ": " + message};
}

Error phx::failAt(const Program &program, size_t instruction,
                  const std::string &field, const std::string &expected,
                  const std::string &found) {
  return failAt(program, instruction, field,
                "expected " + expected + ", found " + found);
}

Error phx::failAt(const Program &program, size_t instruction,
                  const std::string &field, const std::string &expected,
                  int64_t found) {
  return failAt(program, instruction, field, expected, std::to_string(found));
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

unsigned LoopTree::getDepth(size_t instruction) const {
  unsigned depth = 0;
  for (int loop = enclosing[instruction]; loop >= 0; loop = loops[loop].parent)
    ++depth;
  return depth;
}

Box LoopTree::getBox(size_t instruction) const {
  Box box{};
  unsigned depth = getDepth(instruction);
  for (int loop = enclosing[instruction]; loop >= 0; loop = loops[loop].parent)
    box[--depth].second = loops[loop].count - 1;
  return box;
}

std::optional<Box> phx::getExecutedBox(const LoopTree &tree,
                                       size_t instruction) {
  Box box = tree.getBox(instruction);
  const std::optional<Guard> &guard = tree.program.code[instruction].guard;
  if (!guard)
    return box;
  Int room = Int(guard->extent) - guard->offset;
  if (room <= 0)
    return std::nullopt;
  auto &[first, last] = box[guard->loop];
  last = static_cast<int64_t>(
      std::min<Int>(last, (room + guard->scale - 1) / guard->scale - 1));
  return box;
}

Result<LoopTree> phx::buildLoopTree(const Program &program) {
  LoopTree tree{program, {}, {}};
  int current = -1;
  Int iterations = 1;
  std::vector<Int> outer;
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Body &body = program.code[i].body;
    if (const Loop *loop = std::get_if<Loop>(&body)) {
      tree.enclosing.push_back(current);
      if (loop->count < 1)
        return failAt(program, i, "count", "at least 1", loop->count);
      outer.push_back(iterations);
      iterations *= loop->count;
      if (iterations > maxIndex)
        return failAt(program, i, "count",
                      "at most 2^62 iterations with the loops around it",
                      toText(iterations));
      if (outer.size() > maxLoopDepth)
        return failAt(program, i, "nesting",
                      "at most " + std::to_string(maxLoopDepth) + " loops",
                      static_cast<int64_t>(outer.size()));
      tree.loops.push_back({i, 0, loop->count, current});
      current = static_cast<int>(tree.loops.size()) - 1;
      continue;
    }
    if (std::holds_alternative<End>(body)) {
      if (current < 0)
        return failAt(program, i, "nesting", "an open loop", "none");
      tree.loops[current].end = i;
      current = tree.loops[current].parent;
      iterations = outer.back();
      outer.pop_back();
    }
    tree.enclosing.push_back(current);
    bool isLast = i + 1 == program.code.size();
    if (std::holds_alternative<Halt>(body) && (!isLast || current >= 0))
      return failAt(program, i, "position",
                    "the last instruction, outside of loops",
                    "instruction " + std::to_string(i) + " of " +
                        std::to_string(program.code.size()));
  }
  if (current >= 0)
    return failAt(program, tree.loops[current].begin, "nesting",
                  "a matching end", "the end of the program");
  if (program.code.empty() ||
      !std::holds_alternative<Halt>(program.code.back().body))
    return Error{"code: expected a halt as the last instruction, found " +
                 std::string(program.code.empty()
                                 ? "no instructions"
                                 : getMnemonic(program.code.back().body))};
  return tree;
}

//===----------------------------------------------------------------------===//
// Fields
//===----------------------------------------------------------------------===//

namespace {

/// Checks the fields of one instruction. The first failure sticks.
struct FieldChecker {
  const LoopTree &tree;
  size_t index;
  Box box;
  unsigned depth;
  Status status;

  const Program &program() const { return tree.program; }
  void fail(const std::string &field, const std::string &expected,
            int64_t found) {
    if (status)
      status = failAt(program(), index, field, expected, found);
  }
  void fail(const std::string &field, const std::string &expected,
            const std::string &found) {
    if (status)
      status = failAt(program(), index, field, expected, found);
  }
  void atLeast(const std::string &field, int64_t least, int64_t found) {
    if (found < least)
      fail(field, "at least " + std::to_string(least), found);
  }
  void between(const std::string &field, int64_t least, int64_t most,
               int64_t found) {
    if (found < least || found > most)
      fail(field, std::to_string(least) + " to " + std::to_string(most), found);
  }
  void tableIndex(const std::string &field, const char *table, uint32_t found,
                  size_t size) {
    if (found >= size)
      fail(field,
           "an index below " + std::to_string(size) + " (number of " + table +
               ")",
           found);
  }
  void loopIndex(const std::string &field, uint8_t loop) {
    if (loop >= depth)
      fail(field, "one of the " + std::to_string(depth) + " enclosing loops",
           "loop " + std::to_string(loop));
  }

  void check(const std::string &field, const Affine &affine);
  void check(const std::string &field, const Count &count, int64_t most);
  void check(const std::string &field, const Address &address) {
    if (static_cast<unsigned>(address.space) >= numSpaces)
      fail(field, "a space below 4", static_cast<int64_t>(address.space));
    check(field, address.offset);
  }
  void check(const std::string &field, const Stride4 &strides) {
    for (int64_t stride : strides)
      between(field, 0, maxMagnitude, stride);
  }
  void check(const Shape4 &shape, const Stride4 &written, unsigned dims);
  void check(const Guard &guard);
  void checkEngine();

  void operator()(const Halt &) {}
  void operator()(const Loop &) {}
  void operator()(const End &) {}
  void operator()(const Signal &i) {
    tableIndex("token", "tokens", i.token, program().tokens);
  }
  void operator()(const Wait &i) {
    tableIndex("token", "tokens", i.token, program().tokens);
  }
  void operator()(const DmaCopy &i);
  void operator()(const VecMap &i);
  void operator()(const VecReduce &i);
  void operator()(const VecPool &i);
  void operator()(const VecPoolPositions &i);
  void operator()(const VecUnpool &i);
  void operator()(const VecPack &i);
  void operator()(const VecGateMask &i);
  void operator()(const VecRandom &i);
  void checkWindows(uint32_t inMap, const Address &in, uint32_t outMap,
                    const Address &out, const Affine &rowStart,
                    const Count &rows);
  void operator()(const CoreProgram &i);
  void operator()(const CoreStream &i);
  void checkTile(uint32_t format, uint32_t product, const Count &rows,
                 const Count &cols, const Affine &kStart);
};

} // namespace

void FieldChecker::check(const std::string &field, const Affine &affine) {
  Int reach = affine.base < 0 ? -Int(affine.base) : Int(affine.base);
  for (const DigitTerm &digit : affine.terms) {
    loopIndex(field + " digit loop", digit.loop);
    atLeast(field + " digit scale", 1, digit.scale);
    atLeast(field + " digit offset", 0, digit.offset);
    atLeast(field + " digit divisor", 1, digit.divisor);
    atLeast(field + " digit modulus", 0, digit.modulus);
    if (!status)
      return;
    Int linear = Int(box[digit.loop].second) * digit.scale + digit.offset;
    if (linear > maxIndex)
      return fail(field + " digit", "a linear index of at most 2^62",
                  toText(linear));
    reach += getDigitRange(digit, box).hi *
             (digit.weight < 0 ? -Int(digit.weight) : Int(digit.weight));
    if (reach > maxIndex)
      break;
  }
  if (reach > maxIndex)
    fail(field, "a magnitude of at most 2^62", toText(reach));
}

void FieldChecker::check(const std::string &field, const Count &count,
                         int64_t most) {
  between(field, 0, most, count.cap);
  if (count.remaining)
    check(field, *count.remaining);
}

/// `written` must give each element an address of its own as far as repeated
/// addresses (stride 0) go; `dims` of its entries count.
void FieldChecker::check(const Shape4 &shape, const Stride4 &written,
                         unsigned dims) {
  for (unsigned d = 0; d < 4; ++d) {
    std::string name = "shape[" + std::to_string(d) + "]";
    check(name, shape[d], maxMagnitude);
    if (d < dims && written[d] == 0 && shape[d].cap > 1)
      fail("dst stride[" + std::to_string(d) + "]",
           "at least 4 (" + name + " is above 1)", 0);
  }
}

void FieldChecker::check(const Guard &guard) {
  Opcode opcode = getOpcode(program().code[index].body);
  if (opcode < Opcode::DmaCopy)
    fail("guard", "none: control and tokens are unconditional", "one");
  loopIndex("guard loop", guard.loop);
  between("guard scale", 1, maxMagnitude, guard.scale);
  between("guard offset", 0, maxMagnitude, guard.offset);
  between("guard extent", 0, maxIndex, guard.extent);
  if (status &&
      Int(box[guard.loop].second) * guard.scale + guard.offset > maxIndex)
    fail("guard", "a linear index of at most 2^62", "a larger one");
}

void FieldChecker::checkEngine() {
  const Instruction &i = program().code[index];
  Opcode opcode = getOpcode(i.body);
  if (opcode == Opcode::Halt || opcode == Opcode::Loop || opcode == Opcode::End)
    return;
  EngineKind kind = i.engine.kind;
  if (opcode == Opcode::DmaCopy && kind != EngineKind::Dma)
    fail("engine", "dma", getName(i.engine));
  if (opcode >= Opcode::VecMap && opcode < Opcode::CoreProgram &&
      kind != EngineKind::Vec)
    fail("engine", "vec", getName(i.engine));
  if (opcode >= Opcode::CoreProgram && kind != EngineKind::Core)
    fail("engine", "a core", getName(i.engine));
  unsigned engines = kind == EngineKind::Core ? program().cores : 1;
  if (kind > EngineKind::Core || i.engine.index >= engines)
    fail("engine",
         kind == EngineKind::Core
             ? "a core below " + std::to_string(program().cores)
             : "dma and vec to be number 0",
         getName(i.engine) + " (number " + std::to_string(i.engine.index) +
             ")");
}

void FieldChecker::operator()(const DmaCopy &i) {
  check("dst", i.dst);
  check("src", i.src);
  check("dst stride", i.dstStride);
  check("src stride", i.srcStride);
  check(i.shape, i.dstStride, 4);
  if (!i.zeroFill)
    return;
  between("zero fill dim", 0, 3, i.zeroFill->dim);
  check("zero fill start", i.zeroFill->start);
  between("zero fill extent", 0, maxMagnitude, i.zeroFill->extent);
}

void FieldChecker::operator()(const VecMap &i) {
  between("function", 0, int64_t(lastVecFn), int64_t(i.fn));
  check("dst", i.dst);
  check("a", i.a);
  check("b", i.b);
  check("dst stride", i.dstStride);
  check("a stride", i.aStride);
  check("b stride", i.bStride);
  check(i.shape, i.dstStride, 4);
}

void FieldChecker::operator()(const VecReduce &i) {
  between("function", 0, int64_t(ReduceFn::Max), int64_t(i.fn));
  check("dst", i.dst);
  check("a", i.a);
  check("dst stride", i.dstStride);
  check("a stride", i.aStride);
  between("dims", 1, 3, i.dims);
  if (!status)
    return;
  check(i.shape, i.dstStride, 4 - unsigned(i.dims));
  for (size_t d = 4 - size_t(i.dims); d < 4; ++d)
    if (i.dstStride[d] != 0)
      fail("dst stride[" + std::to_string(d) + "]", "0 (a reduced dimension)",
           i.dstStride[d]);
}

void FieldChecker::checkWindows(uint32_t inMap, const Address &in,
                                uint32_t outMap, const Address &out,
                                const Affine &rowStart, const Count &rows) {
  tableIndex("in map", "maps", inMap, program().maps.size());
  tableIndex("out map", "maps", outMap, program().maps.size());
  check("in", in);
  check("out", out);
  check("row start", rowStart);
  check("rows", rows, maxMagnitude);
}

void FieldChecker::operator()(const VecPool &i) {
  between("function", 0, int64_t(PoolFn::AverageAll), int64_t(i.fn));
  checkWindows(i.inMap, i.in, i.outMap, i.out, i.rowStart, i.rows);
  between("window", 1, maxMagnitude, i.window);
}

void FieldChecker::operator()(const VecPoolPositions &i) {
  checkWindows(i.inMap, i.in, i.outMap, i.out, i.rowStart, i.rows);
  check("positions", i.positions);
  between("window", 1, maxPositions, i.window);
}

void FieldChecker::operator()(const VecUnpool &i) {
  between("function", 0, int64_t(PoolFn::AverageAll), int64_t(i.fn));
  checkWindows(i.inMap, i.in, i.outMap, i.out, i.rowStart, i.rows);
  check("positions", i.positions);
  between("window", 1, i.fn == PoolFn::Max ? maxPositions : maxMagnitude,
          i.window);
}

void FieldChecker::operator()(const VecPack &i) {
  check("dst", i.dst);
  check("a", i.a);
  check("count", i.count, maxMagnitude);
}

void FieldChecker::operator()(const VecGateMask &i) {
  check("dst", i.dst);
  check("a", i.a);
  check("mask", i.mask);
  check("count", i.count, maxMagnitude);
}

void FieldChecker::operator()(const VecRandom &i) {
  check("dst", i.dst);
  check("key", i.key);
  check("first", i.first);
  check("count", i.count, maxMagnitude);
}

void FieldChecker::checkTile(uint32_t format, uint32_t product,
                             const Count &rows, const Count &cols,
                             const Affine &kStart) {
  tableIndex("format", "formats", format, program().formats.size());
  tableIndex("product", "products", product, program().products.size());
  check("rows", rows, maxMagnitude);
  check("cols", cols, maxMagnitude);
  check("k start", kStart);
  if (rows.cap > program().arrayRows)
    fail("rows",
         "at most " + std::to_string(program().arrayRows) + " (array rows)",
         rows.cap);
  if (cols.cap > program().arrayCols)
    fail("cols",
         "at most " + std::to_string(program().arrayCols) + " (array columns)",
         cols.cap);
  if (!status)
    return;
  if (uint32_t expected = program().products[product].format;
      expected != format)
    fail("format", std::to_string(expected) + " (that of its product)", format);
}

void FieldChecker::operator()(const CoreProgram &i) {
  tableIndex("map", "maps", i.map, program().maps.size());
  check("src", i.src);
  check("row start", i.rowStart);
  check("group", i.group);
  checkTile(i.format, i.product, i.rows, i.cols, i.kStart);
}

void FieldChecker::operator()(const CoreStream &i) {
  tableIndex("in map", "maps", i.inMap, program().maps.size());
  tableIndex("out map", "maps", i.outMap, program().maps.size());
  check("in", i.in);
  check("out", i.out);
  check("row start", i.rowStart);
  check("vec start", i.vecStart);
  check("length", i.length, maxMagnitude);
  checkTile(i.format, i.product, i.rows, i.cols, i.kStart);
}

Status phx::checkFields(const LoopTree &tree) {
  const Program &program = tree.program;
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction &instruction = program.code[i];
    FieldChecker checker{tree, i, tree.getBox(i), tree.getDepth(i), {}};
    if (instruction.layer != noLayer)
      checker.tableIndex("layer", "layers", instruction.layer,
                         program.layers.size());
    checker.checkEngine();
    if (instruction.guard)
      checker.check(*instruction.guard);
    std::visit(checker, instruction.body);
    if (!checker.status)
      return checker.status;
  }
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Whole
//===----------------------------------------------------------------------===//

Status phx::validateStructure(const Program &program) {
  if (Status status = checkTables(program); !status)
    return status;
  Result<LoopTree> tree = buildLoopTree(program);
  if (!tree)
    return tree.error();
  for (auto check :
       {checkFields, checkTokens, checkStationary, checkProducts, checkMemory})
    if (Status status = check(*tree); !status)
      return status;
  return Status::success();
}
