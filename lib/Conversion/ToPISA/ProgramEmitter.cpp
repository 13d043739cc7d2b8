//===- ProgramEmitter.cpp - Appending instructions to a program -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProgramEmitter.h"

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace photonic;

/// Index of `entry` in `table`, appended if it is new.
template <typename T>
static uint32_t intern(std::vector<T> &table, const T &entry) {
  auto it = llvm::find(table, entry);
  if (it != table.end())
    return static_cast<uint32_t>(it - table.begin());
  table.push_back(entry);
  return static_cast<uint32_t>(table.size() - 1);
}

uint32_t ProgramEmitter::getMap(const phx::AccessMap &map) {
  return intern(program.maps, map);
}

uint32_t ProgramEmitter::getConversion(const phx::TableOperation &conversion) {
  return intern(program.conversions, conversion);
}

uint32_t ProgramEmitter::getPass(const phx::OperationList &pass) {
  return intern(program.passes, pass);
}

uint32_t ProgramEmitter::getCombine(const phx::OperationList &combine) {
  return intern(program.combines, combine);
}

uint32_t ProgramEmitter::addRegion(phx::Region region) {
  int64_t &used = program.memories[region.memory].bytes;
  used = std::max(used, region.address + region.bytes);
  program.regions.push_back(std::move(region));
  return static_cast<uint32_t>(program.regions.size() - 1);
}

uint32_t ProgramEmitter::addDataRegion(phx::Region region, ElementsAttr init) {
  region.data = static_cast<uint32_t>(inits.size());
  inits.push_back(init);
  return addRegion(std::move(region));
}

void ProgramEmitter::setLayer(StringRef name, StringRef op, phx::Phase phase) {
  auto [it, inserted] = layers.try_emplace(
      {name.str(), phase}, static_cast<uint32_t>(program.layers.size()));
  if (inserted) {
    phx::Layer entry;
    entry.name = name.str();
    entry.op = op.str();
    entry.phase = phase;
    program.layers.push_back(std::move(entry));
    // Whatever is done for a node, and when, it is the operator that it is in
    // the forward pass.
    auto forward = layers.find({name.str(), phx::Phase::Forward});
    if (forward != layers.end())
      for (auto same = layers.lower_bound({name.str(), phx::Phase()});
           same != layers.end() && same->first.first == name; ++same)
        program.layers[same->second].op = program.layers[forward->second].op;
  }
  layer = it->second;
}

static phx::Phase toPhase(nn::Phase phase) {
  switch (phase) {
  case nn::Phase::Forward:
    return phx::Phase::Forward;
  case nn::Phase::Loss:
    return phx::Phase::Loss;
  case nn::Phase::InputGradient:
    return phx::Phase::InputGradient;
  case nn::Phase::WeightGradient:
    return phx::Phase::WeightGradient;
  case nn::Phase::Update:
    return phx::Phase::Update;
  }
  llvm_unreachable("covered switch");
}

void ProgramEmitter::setLayer(Operation *operation, StringRef op) {
  phx::Phase phase = toPhase(nn::getPhase(operation));
  if (StringRef name = phot::getNodeName(operation->getLoc()); !name.empty())
    return setLayer(name, op, phase);
  // IR written by hand may have no names: number such operations, each once.
  std::string &name = madeUpNames[operation];
  if (name.empty())
    name = (op + "_" + llvm::Twine(program.layers.size())).str();
  setLayer(name, op, phase);
}

void ProgramEmitter::setLayerOutput(uint32_t region) {
  program.layers[layer].output = region;
}

uint8_t ProgramEmitter::beginLoop(int64_t count) {
  program.code.push_back({{}, layer, std::nullopt, phx::Loop{count}});
  return depth++;
}

void ProgramEmitter::endLoop() {
  program.code.push_back({{}, layer, std::nullopt, phx::End{}});
  --depth;
}

void ProgramEmitter::emit(phx::EngineKind kind, phx::Body body,
                          std::optional<phx::Guard> guard, unsigned index,
                          uint16_t group) {
  program.code.push_back(
      {{kind, index, group}, layer, std::move(guard), std::move(body)});
}

phx::Affine photonic::plusTerm(phx::Affine affine, const phx::DigitTerm &term) {
  if (term.weight != 0)
    affine.terms.push_back(term);
  return affine;
}

phx::Affine photonic::scaleAffine(phx::Affine affine, int64_t factor) {
  affine.base *= factor;
  for (phx::DigitTerm &term : affine.terms)
    term.weight *= factor;
  return affine;
}

phx::Affine photonic::addAffine(phx::Affine a, const phx::Affine &b) {
  a.base += b.base;
  for (const phx::DigitTerm &term : b.terms)
    a = plusTerm(std::move(a), term);
  return a;
}

SmallVector<int64_t> photonic::getByteStrides(ArrayRef<int64_t> shape,
                                              int64_t elementBytes) {
  SmallVector<int64_t> strides(shape.size());
  int64_t stride = elementBytes;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

int64_t photonic::getNumElements(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}
