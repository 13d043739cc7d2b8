//===- StructureMemory.cpp - Structural validation of memory accesses -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AccessRanges.h"
#include "Structure.h"

#include "phx/isa/FieldReport.h"

#include <algorithm>
#include <tuple>

using namespace phx;

namespace {

/// Checks the operands of one instruction over all iterations in which it is
/// executed. The first failure sticks.
class MemoryChecker final : public BoundsReport {
public:
  MemoryChecker(const LoopTree &tree, size_t index, const Box &box,
                int64_t &stepsLeft)
      : tree(tree), index(index), box(box), stepsLeft(stepsLeft) {
    visitCounts(body(), [&](const FieldDescription &, const Count &count) {
      counts.emplace_back(nullptr, count);
      if (count.remaining)
        remaining.push_back(&*count.remaining);
    });
  }

  Status run();

  const Program &getProgram() const override { return tree.program; }
  void checkWithin(const std::string &field, const Affine &value, int64_t most,
                   const std::string &expected) override;
  void checkBlock(const std::string &field, const std::string &expected,
                  int64_t size, const Affine &start,
                  const Count &count) override;

private:
  const Body &body() const { return tree.program.code[index].body; }
  void fail(const std::string &field, const std::string &expected,
            const std::string &found) {
    if (status)
      status = failAt(tree.program, index, field, expected, found);
  }
  void failExhausted(const std::string &field, const std::string &expected) {
    fail(field,
         expected + ", proved for all instructions in at most 2^24 steps",
         "fields that depend on loops in too entangled a way; use fewer "
         "digits, or loops whose counts divide evenly");
  }
  /// False if a count is zero throughout `part`.
  bool isAlive(const Box &part) const {
    return std::all_of(counts.begin(), counts.end(), [&](const Extent &count) {
      return count.isPossible(part);
    });
  }
  /// Loops to fix before interval arithmetic is exact.
  LoopSet getCoupled(const std::vector<const Affine *> &free,
                                 std::vector<const Affine *> coupled) const {
    coupled.insert(coupled.end(), remaining.begin(), remaining.end());
    return getCoupledLoops(free, coupled, box);
  }

  void checkArrays();
  void checkOriginGroup();
  void checkMemory(const std::string &field, const Address &address);
  void checkWidth(const std::string &field, uint32_t memory, int64_t width);
  void checkBlocks(const std::string &field, uint32_t memory);
  void checkAlignment(const std::string &field, const Affine &offset,
                      int64_t width);
  void checkAlignment(const std::string &field, const Stride4 &strides,
                      int64_t width);
  void search(const std::string &field, const Address &address,
              const std::vector<const Affine *> &starts,
              const std::function<std::optional<Range>(const Box &)> &range,
              int64_t width);
  void check(const AccessDescription &access);
  void checkStrided(const AccessDescription &access);
  void checkMapped(const AccessDescription &access);
  void checkElements(const AccessDescription &access);
  void checkRowBytes(const AccessDescription &access);
  void checkListed(const AccessDescription &access);

  ElementLayout getLayout(const AccessDescription &access) const {
    return phx::getLayout(tree.program, index, access);
  }
  int64_t getWidth(const AccessDescription &access) const {
    return getLayout(access).bytes;
  }
  const Address &getAddress(const AccessDescription &access) const {
    return access.address->as<Address>(body().data());
  }
  /// Rows or columns: where they start (null: 0), and how many there are.
  struct Side {
    const Affine *start = nullptr;
    Count count{1};
    Side(const IndexFields &fields, const void *data) {
      if (fields.start)
        start = &fields.start->as<Affine>(data);
      if (fields.count && fields.count->kind == FieldKind::Number)
        count.cap = fields.count->as<int64_t>(data);
      else if (fields.count)
        count = fields.count->as<Count>(data);
    }
  };

  const LoopTree &tree;
  size_t index;
  Box box;
  int64_t &stepsLeft; ///< of the whole program
  std::vector<Extent> counts; ///< all of them, for emptiness
  std::vector<const Affine *> remaining;
  Status status;
};

} // namespace

//===----------------------------------------------------------------------===//
// Addresses
//===----------------------------------------------------------------------===//

static std::string describe(const Box &box) {
  std::string text;
  for (unsigned loop = 0; loop < maxLoopDepth; ++loop)
    text += (loop ? ", " : "") + std::to_string(box[loop].first);
  if (box[laneLoop].second != 0 || box[laneLoop].first != 0)
    text += ", lane " + std::to_string(box[laneLoop].first);
  return text;
}

void MemoryChecker::checkMemory(const std::string &field,
                               const Address &address) {
  const Program &program = tree.program;
  if (address.memory >= program.memories.size())
    return fail(field,
                "a memory below " + std::to_string(program.memories.size()) +
                    " (number of memories)",
                std::to_string(address.memory));
  const ProgramMemory &memory = program.memories[address.memory];
  const EngineId &engine = program.code[index].engine;
  if (memory.kind == MemoryKind::Resident && engine.kind != EngineKind::Dma &&
      !(engine.kind == EngineKind::Core && engine.group == memory.group))
    return fail(field,
                "a memory that " + getEngineName(program, engine) +
                    " reaches (cells of group '" +
                    program.groups[*memory.group].name +
                    "' are reached by its arrays and by dma)",
                memory.name);
  if (!isOffChip(program, address.memory))
    return;
  const std::string &name = memory.name;
  if (program.memoryModel == MemoryModel::Ideal)
    return fail(field,
                "a memory on chip (the ideal memory model has no other)", name);
  if (program.code[index].engine.kind != EngineKind::Dma)
    fail(field, "a memory on chip (only dma reaches one off chip)", name);
}

void MemoryChecker::checkWidth(const std::string &field, uint32_t memory,
                               int64_t width) {
  const ProgramMemory &home = tree.program.memories[memory];
  std::string widths;
  for (ElementType type : home.types) {
    if (byteWidth(type) == width)
      return;
    widths += (widths.empty() ? "" : ", ") + std::string(getTypeWord(type));
  }
  fail(field,
       "elements that " + home.name + " can hold (" +
           (widths.empty() ? "none" : widths) + ")",
       "elements of " + std::to_string(width) + " bytes");
}

void MemoryChecker::checkBlocks(const std::string &field, uint32_t memory) {
  const ProgramMemory &home = tree.program.memories[memory];
  if (std::find(home.types.begin(), home.types.end(), ElementType::Block) ==
      home.types.end())
    fail(field, "a memory that holds blocks",
         home.name + ", whose types in the target lack 'block'");
}

void MemoryChecker::checkAlignment(const std::string &field,
                                   const Affine &offset, int64_t width) {
  bool aligned = offset.base % width == 0;
  for (const DigitTerm &digit : offset.terms)
    aligned &= digit.weight % width == 0;
  if (!aligned)
    fail(field,
         "an address whose base and weights are multiples of " +
             std::to_string(width),
         "others");
}

void MemoryChecker::checkAlignment(const std::string &field,
                                   const Stride4 &strides, int64_t width) {
  for (int64_t stride : strides)
    if (stride % width)
      fail(field, "a multiple of " + std::to_string(width),
           std::to_string(stride));
}

void MemoryChecker::search(
    const std::string &field, const Address &address,
    const std::vector<const Affine *> &starts,
    const std::function<std::optional<Range>(const Box &)> &range,
    int64_t width) {
  if (!status)
    return;
  int64_t size = tree.program.memories[address.memory].bytes;
  auto isInside = [&](const Box &part) {
    if (!isAlive(part))
      return true;
    std::optional<Range> bytes = range(part);
    return !bytes || (bytes->lo >= 0 && bytes->hi + width <= size);
  };
  std::optional<Box> bad =
      findViolation(box, getCoupled({&address.offset}, starts), isInside,
                    stepsLeft);
  if (!bad)
    return;
  std::string limits = "bytes inside [0, " + std::to_string(size) + ") of " +
                       getMemoryName(tree.program, address.memory);
  if (stepsLeft < 0)
    return failExhausted(field, limits);
  Range bytes = *range(*bad);
  fail(field, limits,
       "[" + toText(bytes.lo) + ", " + toText(bytes.hi + width) +
           ") at loop counters (" + describe(*bad) + ")");
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

void MemoryChecker::checkStrided(const AccessDescription &access) {
  const void *data = body().data();
  const Stride4 &strides = access.strides->as<Stride4>(data);
  const ZeroFill *fill = nullptr;
  if (access.zeroFill)
    if (const auto &f = access.zeroFill->as<std::optional<ZeroFill>>(data))
      fill = &*f;
  unsigned dims = 4;
  if (access.reducedDims)
    dims -= unsigned(access.reducedDims->as<int64_t>(data));
  checkAlignment(access.strides->name, strides, getWidth(access));
  StridedAccess range(getAddress(access), strides,
                      access.shape->as<Shape4>(data), dims, fill);
  std::vector<const Affine *> starts;
  if (fill)
    starts.push_back(&fill->start);
  search(access.address->name, getAddress(access), starts,
         [&](const Box &part) { return range.over(part); }, getWidth(access));
}

void MemoryChecker::checkMapped(const AccessDescription &access) {
  const void *data = body().data();
  AccessMap map = tree.program.maps[access.map->as<uint32_t>(data)];
  ElementLayout layout = getLayout(access);
  for (size_t a = 0; a < map.axes.size(); ++a)
    if (int64_t stride = map.axes[a].stride; stride % layout.alignment)
      fail(std::string(access.map->name) + " axis " + std::to_string(a) +
               " stride",
           "a multiple of " + std::to_string(layout.alignment),
           std::to_string(stride));
  if (access.rowsOnly)
    map.cols.clear();
  Side rows(access.rows, data), cols(access.cols, data);
  std::vector<const Affine *> starts;
  for (const Side *side : {&rows, &cols})
    if (side->start)
      starts.push_back(side->start);
  Form before;
  if (layout.before) {
    before.add(*layout.before, 1);
    starts.push_back(layout.before);
  }
  Extent rowExtent(rows.start, rows.count), colExtent(cols.start, cols.count);
  Form base(getAddress(access).offset);
  search(access.address->name, getAddress(access), starts,
         [&](const Box &part) -> std::optional<Range> {
           if (!rowExtent.isPossible(part) || !colExtent.isPossible(part))
             return std::nullopt;
           Range r = rowExtent.over(part), c = colExtent.over(part);
           // Starts are proved not to be negative; a box may still say so.
           r.lo = std::max<Int>(r.lo, 0);
           c.lo = std::max<Int>(c.lo, 0);
           Int numBefore = std::max<Int>(before.over(part).lo, 0);
           std::tie(c.lo, c.hi) = layout.getColumns(c.lo, c.hi, numBefore);
           int64_t steps = 0;
           std::optional<Range> bytes = getMapRange(map, r, c, steps);
           stepsLeft -= steps;
           return bytes ? std::optional(*bytes + base.over(part)) : bytes;
         },
         getWidth(access));
}

/// Consecutive elements, or the words that hold a bit for each.
void MemoryChecker::checkElements(const AccessDescription &access) {
  Count count{access.fixedCount};
  if (access.count)
    count = access.count->as<Count>(body().data());
  int64_t perWord = access.pattern == AccessPattern::MaskWords ? 32 : 1;
  Extent elements(nullptr, count);
  Form base(getAddress(access).offset);
  search(access.address->name, getAddress(access), {},
         [&](const Box &part) -> std::optional<Range> {
           if (!elements.isPossible(part))
             return std::nullopt;
           Int last = elements.over(part).hi / perWord;
           return base.over(part) + Range{0, getWidth(access) * last};
         },
         getWidth(access));
}

void MemoryChecker::checkRowBytes(const AccessDescription &access) {
  Side rows(access.rows, body().data());
  Affine first = getAddress(access).offset;
  first.base += rows.start->base;
  first.terms.insert(first.terms.end(), rows.start->terms.begin(),
                     rows.start->terms.end());
  Extent bytes(&first, rows.count);
  search(access.address->name, getAddress(access), {rows.start},
         [&](const Box &part) {
           return bytes.isPossible(part) ? std::optional(bytes.over(part))
                                         : std::nullopt;
         },
         getWidth(access));
}

void MemoryChecker::checkListed(const AccessDescription &access) {
  int64_t extent = access.extent->as<int64_t>(body().data());
  Form base(getAddress(access).offset);
  search(access.address->name, getAddress(access), {},
         [&](const Box &part) -> std::optional<Range> {
           if (extent < getWidth(access))
             return std::nullopt;
           return base.over(part) + Range{0, extent - getWidth(access)};
         },
         getWidth(access));
}

void MemoryChecker::check(const AccessDescription &access) {
  const char *field = access.address->name;
  checkMemory(field, getAddress(access));
  if (!status)
    return;
  ElementLayout layout = getLayout(access);
  if (layout.hasBlocks())
    checkBlocks(field, getAddress(access).memory);
  else
    checkWidth(field, getAddress(access).memory, layout.bytes);
  checkAlignment(field, getAddress(access).offset, layout.alignment);
  switch (access.pattern) {
  case AccessPattern::Strided:
    return checkStrided(access);
  case AccessPattern::Mapped:
    return checkMapped(access);
  case AccessPattern::Elements:
  case AccessPattern::MaskWords:
    return checkElements(access);
  case AccessPattern::RowBytes:
    return checkRowBytes(access);
  case AccessPattern::Listed:
    return checkListed(access);
  }
}

//===----------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------===//

void MemoryChecker::checkWithin(const std::string &field, const Affine &value,
                                int64_t most, const std::string &expected) {
  if (!status)
    return;
  Form form(value);
  auto isProved = [&](const Box &part) {
    if (!isAlive(part))
      return true;
    Range range = form.over(part);
    return range.lo >= 0 && range.hi <= most;
  };
  std::optional<Box> bad =
      findViolation(box, getCoupled({&value}, {}), isProved, stepsLeft);
  if (!bad)
    return;
  if (stepsLeft < 0)
    return failExhausted(field, expected);
  Range range = form.over(*bad);
  fail(field, expected,
       toText(range.lo < 0 ? range.lo : range.hi) + " at loop counters (" +
           describe(*bad) + ")");
}

void MemoryChecker::checkBlock(const std::string &field,
                               const std::string &expected, int64_t size,
                               const Affine &start, const Count &count) {
  if (!status || count.cap == 0)
    return;
  bool isAligned = size % count.cap == 0 && start.base % count.cap == 0;
  for (const DigitTerm &digit : start.terms)
    isAligned &= digit.weight % count.cap == 0;
  if (isAligned)
    return;
  Extent indices(&start, count);
  auto isProved = [&](const Box &part) {
    if (!isAlive(part))
      return true;
    Range range = indices.over(part);
    return range.lo >= 0 && range.lo / size == range.hi / size;
  };
  std::optional<Box> bad =
      findViolation(box, getCoupled({}, {&start}), isProved, stepsLeft);
  if (!bad)
    return;
  std::string block = expected + " of " + std::to_string(size);
  if (stepsLeft < 0)
    return failExhausted(field, block);
  Range range = indices.over(*bad);
  fail(field, block,
       toText(range.lo) + " to " + toText(range.hi) + " at loop counters (" +
           describe(*bad) + ")");
}

//===----------------------------------------------------------------------===//
// Whole
//===----------------------------------------------------------------------===//

/// Every array of the range exists, at every iteration.
void MemoryChecker::checkArrays() {
  const Instruction &instruction = tree.program.code[index];
  const ArrayGroup *group = findGroup(tree.program, instruction);
  if (instruction.arrays.isPlain() || !group)
    return;
  Affine first{instruction.engine.index, instruction.arrays.digits};
  int64_t lanes = instruction.arrays.lanes;
  checkWithin("engine", first, int64_t(group->count) - lanes,
              "the first of " + std::to_string(lanes) + " arrays inside " +
                  group->name + "[0 .. " + std::to_string(group->count) + ")");
}

/// The group of the origin is one of the product's.
void MemoryChecker::checkOriginGroup() {
  const InstructionDescription &description = body().getDescription();
  const FieldDescription *group = description.findOrigin(OriginAxis::Group);
  const FieldDescription *owner = description.findProduct();
  if (!group || !owner)
    return;
  const Product &product =
      tree.program.products[owner->as<uint32_t>(body().data())];
  checkWithin(group->name, group->as<Affine>(body().data()), product.groups - 1,
              "a group below " + std::to_string(product.groups) +
                  ", at least 0");
}

Status MemoryChecker::run() {
  const Instruction &instruction = tree.program.code[index];
  const InstructionDescription &description = instruction.getDescription();
  checkArrays();
  for (const FieldDescription &field : description.fields)
    if (field.kind == FieldKind::Affine && field.role != FieldRole::Plain)
      checkWithin(field.name, field.as<Affine>(body().data()), limits::index,
                  "at least 0");
  checkOriginGroup();
  if (description.checkBounds)
    description.checkBounds(tree.program, instruction, *this);
  for (const AccessDescription &access : description.accesses)
    if (!access.isUsed || access.isUsed(body().data()))
      check(access);
  return status;
}

Status phx::checkMemory(const LoopTree &tree) {
  // Thousands of times what programs of networks take.
  int64_t stepsLeft = int64_t(1) << 24;
  for (size_t i = 0; i < tree.program.code.size(); ++i) {
    std::optional<Box> box = getExecutedBox(tree, i);
    if (!box)
      continue;
    if (Status status = MemoryChecker(tree, i, *box, stepsLeft).run(); !status)
      return status;
  }
  return Status::success();
}
