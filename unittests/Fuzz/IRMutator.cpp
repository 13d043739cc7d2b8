//===- IRMutator.cpp - Changes a module in memory -------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IRMutator.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace photonic::fuzz;

bool IRMutator::mutate() {
  using Change = bool (IRMutator::*)();
  static const std::pair<int, Change> changes[] = {
      {38, &IRMutator::changeAttribute},     {4, &IRMutator::dropAttribute},
      {5, &IRMutator::copyAttribute},        {3, &IRMutator::changeLocation},
      {9, &IRMutator::replaceOperand},       {4, &IRMutator::swapOperands},
      {2, &IRMutator::changeOperandCount},   {6, &IRMutator::eraseOperation},
      {5, &IRMutator::duplicateOperation},   {5, &IRMutator::moveOperation},
      {9, &IRMutator::spliceOperation},      {1, &IRMutator::splitBlock},
      {3, &IRMutator::changeResultType},     {3, &IRMutator::changeArgument},
      {3, &IRMutator::replaceTypeEverywhere}};
  int total = 0;
  for (auto [weight, change] : changes)
    total += weight;
  int choice = random.pick(0, total - 1);
  for (auto [weight, change] : changes) {
    if (choice < weight)
      return (this->*change)();
    choice -= weight;
  }
  return false;
}

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

Operation *IRMutator::pickOperation(bool withModule) {
  SmallVector<Operation *> operations;
  module->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (withModule || op != module)
      operations.push_back(op);
  });
  return operations.empty() ? nullptr : random.choose(operations);
}

/// Values in front of `before`, in blocks around it too.
static SmallVector<Value> collectValues(Operation *before) {
  SmallVector<Value> values;
  for (Operation *op = before; op && op->getBlock(); op = op->getParentOp()) {
    for (Operation &other : *op->getBlock()) {
      if (&other == op)
        break;
      llvm::append_range(values, other.getResults());
    }
    llvm::append_range(values, op->getBlock()->getArguments());
    if (isa<FunctionOpInterface>(op->getParentOp()))
      break;
  }
  return values;
}

Value IRMutator::pickValue(Operation *before, Type type) {
  SmallVector<Value> values = collectValues(before);
  SmallVector<Value> fitting = llvm::to_vector(llvm::make_filter_range(
      values, [&](Value value) { return value.getType() == type; }));
  if (!fitting.empty() && random.chance(90))
    return random.choose(fitting);
  return values.empty() ? Value() : random.choose(values);
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

/// What `op` has where nobody says anything; null if it then has none.
static Attribute getDefault(Operation *op, StringAttr name) {
  Operation *fresh =
      Operation::create(op->getLoc(), op->getName(), {}, {}, NamedAttrList(),
                        /*properties=*/nullptr, BlockRange(), /*numRegions=*/0);
  Attribute value = fresh->getInherentAttr(name).value_or(Attribute());
  fresh->destroy();
  return value;
}

/// Sets an attribute, or drops it if `value` is null. An attribute of a kind
/// that readers of text and bytecode refuse stays as it was.
static bool setAttribute(Operation *op, StringAttr name, Attribute value) {
  std::optional<Attribute> old = op->getInherentAttr(name);
  if (!old || !*old) {
    if (value)
      op->setAttr(name, value);
    return value || op->removeAttr(name);
  }
  if (!value)
    value = getDefault(op, name);
  if (!value) {
    op->removeAttr(name);
    return true;
  }
  op->setAttr(name, value);
  if (*op->getInherentAttr(name))
    return value != *old;
  op->setAttr(name, *old);
  return false;
}

bool IRMutator::changeAttribute() {
  Operation *op = pickOperation(/*withModule=*/random.chance(30));
  if (!op)
    return false;
  SmallVector<NamedAttribute> attributes =
      llvm::to_vector(op->getAttrDictionary().getValue());
  if (attributes.empty())
    return false;
  NamedAttribute attribute = random.choose(attributes);
  Attribute changed = mutateAttribute(attribute.getValue(), words, random);
  return changed && setAttribute(op, attribute.getName(), changed);
}

bool IRMutator::dropAttribute() {
  Operation *op = pickOperation(/*withModule=*/true);
  SmallVector<NamedAttribute> attributes =
      llvm::to_vector(op->getAttrDictionary().getValue());
  return !attributes.empty() &&
         setAttribute(op, random.choose(attributes).getName(), {});
}

/// From another operation of the module or of a donor.
bool IRMutator::copyAttribute() {
  SmallVector<NamedAttribute> attributes;
  ModuleOp donor = random.chance(60) ? module : random.choose(donors);
  donor->walk([&](Operation *op) {
    llvm::append_range(attributes, op->getAttrDictionary().getValue());
  });
  if (attributes.empty())
    return false;
  Operation *op = pickOperation(/*withModule=*/true);
  NamedAttribute attribute = random.choose(attributes);
  return setAttribute(op, attribute.getName(), attribute.getValue());
}

bool IRMutator::changeLocation() {
  static const std::string names[] = {"",
                                      "main",
                                      "/a//b",
                                      std::string("\0\xff\n", 3),
                                      std::string(3000, 'n'),
                                      "x.grad",
                                      ".",
                                      "photonic.rng"};
  Operation *op = pickOperation(/*withModule=*/true);
  MLIRContext *context = op->getContext();
  Location named =
      NameLoc::get(StringAttr::get(context, names[random.index(8)]));
  if (random.chance(40))
    named = UnknownLoc::get(context);
  if (random.chance(30))
    named = FusedLoc::get(context, {named, op->getLoc()});
  op->setLoc(named);
  return true;
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

bool IRMutator::replaceOperand() {
  Operation *op = pickOperation();
  if (!op || op->getNumOperands() == 0)
    return false;
  OpOperand &operand = op->getOpOperand(random.index(op->getNumOperands()));
  Value value = pickValue(op, operand.get().getType());
  if (!value)
    return false;
  operand.set(value);
  return true;
}

bool IRMutator::swapOperands() {
  Operation *op = pickOperation();
  if (!op || op->getNumOperands() < 2)
    return false;
  unsigned first = random.index(op->getNumOperands());
  unsigned second = random.index(op->getNumOperands());
  Value value = op->getOperand(first);
  op->setOperand(first, op->getOperand(second));
  op->setOperand(second, value);
  return first != second;
}

bool IRMutator::changeOperandCount() {
  Operation *op = pickOperation();
  if (!op)
    return false;
  SmallVector<Value> operands(op->getOperands());
  if (!operands.empty() && random.chance(50))
    operands.erase(operands.begin() + random.index(operands.size()));
  else if (Value value = pickValue(op, Type()))
    operands.insert(operands.begin() + random.index(operands.size() + 1),
                    value);
  op->setOperands(operands);
  return true;
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

/// The values of `op`, and of what is inside it, are used no more.
void IRMutator::replaceUses(Operation *op, ArrayRef<Value> values) {
  for (OpResult result : op->getResults()) {
    SmallVector<Value> fitting =
        llvm::to_vector(llvm::make_filter_range(values, [&](Value value) {
          return value.getType() == result.getType();
        }));
    if (!values.empty())
      result.replaceAllUsesWith(fitting.empty() ? random.choose(values)
                                                : random.choose(fitting));
  }
  // Earlier changes may have put uses of inner values outside.
  op->walk([&](Operation *inner) {
    for (Region &region : inner->getRegions())
      for (Value value : region.getArguments())
        isBroken |= llvm::any_of(value.getUsers(), [&](Operation *user) {
          return !op->isAncestor(user);
        });
    for (Operation *user : inner->getUsers())
      isBroken |= !op->isAncestor(user) || op == user;
  });
}

bool IRMutator::eraseOperation() {
  Operation *op = pickOperation();
  if (!op)
    return false;
  SmallVector<Value> values = collectValues(op);
  // What stands in front of everything has no replacement.
  if (!op->use_empty() && values.empty())
    return false;
  replaceUses(op, values);
  if (isBroken)
    return false;
  op->erase();
  return true;
}

bool IRMutator::duplicateOperation() {
  Operation *op = pickOperation();
  if (!op)
    return false;
  OpBuilder builder(op->getContext());
  builder.setInsertionPointAfter(op);
  Operation *copy = builder.clone(*op);
  for (auto [old, result] :
       llvm::zip_equal(op->getResults(), copy->getResults()))
    for (OpOperand &use : llvm::make_early_inc_range(old.getUses()))
      if (random.chance(50) && use.getOwner() != copy)
        use.set(result);
  return true;
}

bool IRMutator::moveOperation() {
  Operation *op = pickOperation(), *to = pickOperation();
  if (!op || op->isAncestor(to))
    return false;
  if (random.chance(60)) // near
    to = random.chance(50) ? op->getPrevNode() : op->getNextNode();
  if (!to)
    return false;
  if (random.chance(50))
    op->moveBefore(to);
  else
    op->moveAfter(to);
  return true;
}

/// Copies an operation of a donor, with values of its types as operands.
bool IRMutator::spliceOperation() {
  SmallVector<Operation *> operations;
  ModuleOp donor = random.choose(donors);
  donor->walk([&](Operation *op) {
    if (op != donor)
      operations.push_back(op);
  });
  Operation *place = pickOperation();
  if (!place || operations.empty())
    return false;
  Operation *original = random.choose(operations);
  // What belongs to modules goes to the module.
  if (isa<FunctionOpInterface, ModuleOp>(original) &&
      !module.getBody()->empty() && random.chance(90))
    place = &module.getBody()->front();
  OpBuilder builder(place);
  IRMapping mapping;
  original->walk([&](Operation *op) {
    for (Value operand : op->getOperands()) {
      bool isInside =
          original->isAncestor(operand.getParentBlock()->getParentOp());
      if (isInside || mapping.contains(operand))
        continue;
      Value value = pickValue(place, operand.getType());
      if (value && value.getType() == operand.getType())
        mapping.map(operand, value);
      else // a value that comes from nowhere
        mapping.map(operand, UnrealizedConversionCastOp::create(
                                 builder, op->getLoc(), operand.getType(),
                                 value ? ValueRange(value) : ValueRange())
                                 .getResult(0));
    }
  });
  Operation *copy = builder.clone(*original, mapping);
  // Somebody should look at what it computes.
  for (OpResult result : copy->getResults())
    for (Operation *next = copy->getNextNode(); next;
         next = next->getNextNode())
      for (OpOperand &operand : next->getOpOperands())
        if (operand.get().getType() == result.getType() && random.chance(40))
          operand.set(result);
  return true;
}

bool IRMutator::splitBlock() {
  Operation *op = pickOperation();
  if (!op)
    return false;
  op->getBlock()->splitBlock(op);
  return true;
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

bool IRMutator::changeResultType() {
  Operation *op = pickOperation();
  if (!op || op->getNumResults() == 0)
    return false;
  OpResult result = op->getResult(random.index(op->getNumResults()));
  Type type = mutateType(result.getType(), words, random);
  if (!type)
    return false;
  result.setType(type);
  return true;
}

/// So that signature and body agree.
void IRMutator::fitFunctionType(Block *block) {
  auto function = dyn_cast_or_null<FunctionOpInterface>(block->getParentOp());
  if (!function || !function->hasAttr("function_type") ||
      !block->isEntryBlock() || random.chance(10))
    return;
  SmallVector<Type> results(function.getResultTypes());
  if (!block->empty() && block->back().hasTrait<OpTrait::IsTerminator>() &&
      block->back().getNumOperands() == results.size())
    results = llvm::to_vector(block->back().getOperandTypes());
  function.setType(FunctionType::get(block->getParentOp()->getContext(),
                                     block->getArgumentTypes(), results));
}

/// That earlier changes left signature and body alike, as the helpers of MLIR
/// take them to be.
static bool isConsistent(FunctionOpInterface function) {
  if (!function->hasAttr("function_type"))
    return false;
  ArrayAttr attributes = function.getArgAttrsAttr();
  Region &body = function.getFunctionBody();
  return !body.empty() &&
         body.getNumArguments() == function.getNumArguments() &&
         (!attributes || attributes.size() == function.getNumArguments());
}

bool IRMutator::changeArgument() {
  SmallVector<Block *> blocks;
  module->walk([&](Block *block) {
    if (block->getNumArguments() > 0)
      blocks.push_back(block);
  });
  if (blocks.empty())
    return false;
  Block *block = random.choose(blocks);
  BlockArgument argument =
      block->getArgument(random.index(block->getNumArguments()));
  auto function = dyn_cast<FunctionOpInterface>(block->getParentOp());
  if (function && !isConsistent(function))
    function = {};
  if (function && random.chance(30)) {
    Type type = mutateType(argument.getType(), words, random);
    return type && succeeded(function.insertArgument(
                       argument.getArgNumber(), type, {}, argument.getLoc()));
  }
  if (function && argument.use_empty())
    return succeeded(function.eraseArgument(argument.getArgNumber()));
  Type type = mutateType(argument.getType(), words, random);
  if (!type)
    return false;
  argument.setType(type);
  fitFunctionType(block);
  return true;
}

/// A type, or an extent of all types, becomes another one wherever it stands,
/// in attributes too; what is computed then often fits together again.
bool IRMutator::replaceTypeEverywhere() {
  SmallVector<Type> types;
  module->walk([&](Operation *op) {
    llvm::append_range(types, op->getResultTypes());
    for (Region &region : op->getRegions())
      for (Block &block : region)
        llvm::append_range(types, block.getArgumentTypes());
  });
  if (types.empty())
    return false;
  Type old = random.choose(types), with = mutateType(old, words, random);
  if (!with || with == old)
    return false;
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](Type type) -> std::optional<Type> {
    return type == old ? std::optional<Type>(with) : std::nullopt;
  });
  // The values of a constant are of its shape and stay as they are.
  replacer.addReplacement(
      [](ElementsAttr elements)
          -> std::optional<std::pair<Attribute, WalkResult>> {
        return std::make_pair(Attribute(elements), WalkResult::skip());
      });
  replacer.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
  return true;
}
