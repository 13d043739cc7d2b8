//===- ProgramHeader.cpp - Program tables as a Protocol Buffers message -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProgramHeader.h"

#include "HeaderOperations.h"
#include "ProgramNames.h"

#include "phx/isa/Limits.h"

using namespace phx;

// The numbers of the file are those of the enumerations in memory.
#define SAME(message, name, type, value)                                       \
  static_assert(static_cast<int>(proto::message::name) ==                      \
                static_cast<int>(type::value))
SAME(Program, INFERENCE, ProgramKind, Inference);
SAME(Program, TRAINING, ProgramKind, Training);
SAME(Program, EVALUATION, ProgramKind, Evaluation);
SAME(Program, IDEAL, MemoryModel, Ideal);
SAME(Program, HIERARCHY, MemoryModel, Hierarchy);
SAME(Program::Product, FIRST, Stationary, First);
SAME(Program::Product, SECOND, Stationary, Second);
SAME(Program::Product, RESULT, Stationary, Result);
SAME(Program::Region, PARAMETER, Role, Parameter);
SAME(Program::Region, STATE, Role, State);
SAME(Program::Region, CONSTANT, Role, Constant);
SAME(Program::Region, INPUT, Role, Input);
SAME(Program::Region, OUTPUT, Role, Output);
SAME(Program::Region, WORKSPACE, Role, Workspace);
SAME(Program, F32, ElementType, F32);
SAME(Program, I32, ElementType, I32);
SAME(Program, I64, ElementType, I64);
SAME(Program, U8, ElementType, U8);
SAME(Program, BOOL, ElementType, Bool);
SAME(Program, BF16, ElementType, BF16);
SAME(Program, I8, ElementType, I8);
SAME(Program, I16, ElementType, I16);
SAME(Program, BLOCK, ElementType, Block);
SAME(Program::Memory, OFF_CHIP, MemoryKind, OffChip);
SAME(Program::Memory, ON_CHIP, MemoryKind, OnChip);
SAME(Program::Memory, RESIDENT, MemoryKind, Resident);
SAME(Program::Layer, FORWARD, Phase, Forward);
SAME(Program::Layer, LOSS, Phase, Loss);
SAME(Program::Layer, INPUT_GRADIENT, Phase, InputGradient);
SAME(Program::Layer, WEIGHT_GRADIENT, Phase, WeightGradient);
SAME(Program::Layer, UPDATE, Phase, Update);
SAME(Program::Region, NONE, Knob, None);
SAME(Program::Region, LEARNING_RATE, Knob, LearningRate);
#undef SAME

//===----------------------------------------------------------------------===//
// To the message
//===----------------------------------------------------------------------===//

static void putDigit(const MapDigit &digit, proto::Program::Digit *out) {
  out->set_radix(digit.radix);
  out->set_axis(digit.axis);
  out->set_step(digit.step);
}

static void putMap(const AccessMap &map, proto::Program::AccessMap *out) {
  for (const MapDigit &digit : map.rows)
    putDigit(digit, out->add_rows());
  for (const MapDigit &digit : map.cols)
    putDigit(digit, out->add_cols());
  for (const MapAxis &axis : map.axes) {
    proto::Program::Axis *a = out->add_axes();
    a->set_extent(axis.extent);
    a->set_stride(axis.stride);
    a->set_offset(axis.offset);
    a->set_margin_low(axis.marginLow);
    a->set_margin_high(axis.marginHigh);
  }
}

static void putAffine(const Affine &affine, proto::Program::Affine *out) {
  out->set_base(affine.base);
  for (const DigitTerm &term : affine.terms) {
    proto::Program::Term *digit = out->add_terms();
    digit->set_loop(term.loop);
    digit->set_scale(term.scale);
    digit->set_offset(term.offset);
    digit->set_divisor(term.divisor);
    digit->set_modulus(term.modulus);
    digit->set_weight(term.weight);
  }
}

static void putRange(const NestRange &range, proto::Program::Range *out) {
  putAffine(range.start, out->mutable_start());
  out->set_cap(range.size.cap);
  if (range.size.remaining)
    putAffine(*range.size.remaining, out->mutable_remaining());
}

static void putNest(const ProductNest &nest, proto::Program::Nest *out) {
  out->set_loop_begin(nest.loopBegin);
  out->set_loop_end(nest.loopEnd);
  putRange(nest.groups, out->mutable_groups());
  putRange(nest.rows, out->mutable_rows());
  putRange(nest.columns, out->mutable_columns());
  putRange(nest.contraction, out->mutable_contraction());
}

static void putProduct(const Product &product, proto::Program::Product *out) {
  if (product.layer != noLayer)
    out->set_layer(product.layer);
  out->set_m(product.m);
  out->set_n(product.n);
  out->set_k(product.k);
  out->set_groups(product.groups);
  out->set_stationary(
      static_cast<proto::Program::Product::Stationary>(product.stationary));
  out->set_first_conversion(product.conversions[0]);
  out->set_second_conversion(product.conversions[1]);
  out->set_pass(product.pass);
  out->set_combine(product.combine);
  out->set_positions(product.positions);
  out->set_stream(product.stream);
  for (const ProductNest &nest : product.nests)
    putNest(nest, out->add_nests());
}

static void putMemory(const ProgramMemory &memory,
                      proto::Program::Memory *out) {
  out->set_name(memory.name);
  out->set_kind(static_cast<proto::Program::Memory::Kind>(memory.kind));
  if (memory.group)
    out->set_group(*memory.group);
  out->set_capacity(memory.capacity);
  out->set_bytes(memory.bytes);
  for (ElementType type : memory.types)
    out->add_types(static_cast<proto::Program::ElementType>(type));
}

static void putRegion(const Region &region, proto::Program::Region *out) {
  out->set_name(region.name);
  out->set_role(static_cast<proto::Program::Region::Role>(region.role));
  out->set_type(static_cast<proto::Program::ElementType>(region.type));
  for (int64_t extent : region.shape)
    out->add_shape(extent);
  out->set_memory(region.memory);
  out->set_address(region.address);
  out->set_bytes(region.bytes);
  if (region.data)
    out->set_data(*region.data);
  out->set_is_mutable(region.isMutable);
  if (region.batchAxis)
    out->set_batch_axis(*region.batchAxis);
  out->set_is_loss(region.isLoss);
  if (region.gradientOf)
    out->set_gradient_of(*region.gradientOf);
  out->set_knob(static_cast<proto::Program::Region::Knob>(region.knob));
  if (region.conversion)
    out->set_conversion(*region.conversion);
  if (!region.labels)
    return;
  out->mutable_labels()->set_classes(region.labels->classes);
  if (region.labels->ignoreIndex)
    out->mutable_labels()->set_ignore_index(*region.labels->ignoreIndex);
}

static void putLayer(const Layer &layer, proto::Program::Layer *out) {
  out->set_name(layer.name);
  out->set_op(layer.op);
  if (layer.output)
    out->set_output(*layer.output);
  out->set_phase(static_cast<proto::Program::Layer::Phase>(layer.phase));
}

/// The file has no place for sizes of nests that depend on registers; no
/// valid program has any.
static Status checkNestSizes(const Program &program) {
  for (size_t p = 0; p < program.products.size(); ++p)
    for (const ProductNest &nest : program.products[p].nests)
      for (const NestRange *range :
           {&nest.groups, &nest.rows, &nest.columns, &nest.contraction})
        if (range->size.registerIndex)
          return Error{"product " + std::to_string(p) +
                       ": expected sizes of nests that depend on loops alone, "
                       "found one that depends on register " +
                       std::to_string(*range->size.registerIndex)};
  return Status::success();
}

Result<proto::Program> phx::makeHeader(const Program &program) {
  if (Status status = checkNames(program); !status)
    return status.error();
  if (Status status = checkNestSizes(program); !status)
    return status.error();
  proto::Program out;
  out.set_name(program.name);
  out.set_kind(static_cast<proto::Program::Kind>(program.kind));
  out.set_target(program.target);
  out.set_target_hash(program.targetHash);
  for (const std::string &field : program.machine)
    out.add_machine(field);
  out.set_compiler(program.compiler);
  out.set_isa_version(isaVersion);
  out.set_memory_model(
      static_cast<proto::Program::MemoryModel>(program.memoryModel));
  out.set_batch(program.batch);
  for (const ArrayGroup &group : program.groups) {
    proto::Program::Group *entry = out.add_groups();
    entry->set_name(group.name);
    entry->set_machine_class(group.machineClass);
    entry->set_count(group.count);
    entry->set_rows(group.rows);
    entry->set_columns(group.columns);
  }
  out.set_tokens(program.tokens);
  for (const ProgramMemory &memory : program.memories)
    putMemory(memory, out.add_memories());
  for (const CountRegister &each : program.registers) {
    proto::Program::Register *entry = out.add_registers();
    entry->set_name(each.name);
    entry->set_most(each.most);
  }
  for (const AccessMap &map : program.maps)
    putMap(map, out.add_maps());
  putOperations(program, out);
  for (const Product &product : program.products)
    putProduct(product, out.add_products());
  for (const Region &region : program.regions)
    putRegion(region, out.add_regions());
  for (const Layer &layer : program.layers)
    putLayer(layer, out.add_layers());
  if (program.rng)
    out.set_rng(*program.rng);
  for (const std::string &name : program.ignoredInputs)
    out.add_ignored_inputs(name);
  return out;
}

//===----------------------------------------------------------------------===//
// From the message
//===----------------------------------------------------------------------===//

namespace {

/// Narrows values, remembering the first that does not fit.
struct Narrower {
  std::string failure;

  template <typename To> To narrow(const char *field, int64_t value, To last) {
    if (value >= 0 && value <= static_cast<int64_t>(last))
      return static_cast<To>(value);
    if (failure.empty())
      failure = std::string(field) + ": expected 0 to " +
                std::to_string(static_cast<int64_t>(last)) + ", found " +
                std::to_string(value);
    return To();
  }

  MapDigit get(const proto::Program::Digit &in) {
    return {in.radix(), narrow<uint8_t>("map digit axis", in.axis(), 255),
            in.step()};
  }
  AccessMap get(const proto::Program::AccessMap &in) {
    AccessMap map;
    for (const auto &digit : in.rows())
      map.rows.push_back(get(digit));
    for (const auto &digit : in.cols())
      map.cols.push_back(get(digit));
    for (const auto &axis : in.axes())
      map.axes.push_back({axis.extent(), axis.stride(), axis.offset(),
                          axis.margin_low(), axis.margin_high()});
    return map;
  }
  Affine get(const proto::Program::Affine &in) {
    Affine affine{in.base(), {}};
    for (const auto &term : in.terms())
      affine.terms.push_back(
          {narrow<uint8_t>("nest loop", term.loop(), laneLoop), term.scale(),
           term.offset(), term.divisor(), term.modulus(), term.weight()});
    return affine;
  }
  NestRange get(const proto::Program::Range &in) {
    NestRange range{get(in.start()), {in.cap()}};
    if (in.has_remaining())
      range.size.remaining = get(in.remaining());
    return range;
  }
  ProductNest get(const proto::Program::Nest &in) {
    return {in.loop_begin(), in.loop_end(),     get(in.groups()),
            get(in.rows()),  get(in.columns()), get(in.contraction())};
  }
  Product get(const proto::Program::Product &in) {
    Product product;
    if (in.has_layer())
      product.layer = in.layer();
    product.m = in.m();
    product.n = in.n();
    product.k = in.k();
    product.groups = in.groups();
    product.stationary =
        narrow("product stationary", in.stationary(), Stationary::Result);
    product.conversions = {in.first_conversion(), in.second_conversion()};
    product.pass = in.pass();
    product.combine = in.combine();
    product.positions = in.positions();
    product.stream = in.stream();
    for (const auto &nest : in.nests())
      product.nests.push_back(get(nest));
    return product;
  }
  ProgramMemory get(const proto::Program::Memory &in) {
    ProgramMemory memory;
    memory.name = in.name();
    memory.kind = narrow("memory kind", in.kind(), MemoryKind::Resident);
    if (in.has_group())
      memory.group = in.group();
    memory.capacity = in.capacity();
    memory.bytes = in.bytes();
    for (int type : in.types())
      memory.types.push_back(
          narrow("memory element type", type, ElementType::Block));
    return memory;
  }
  Region get(const proto::Program::Region &in) {
    Region region;
    region.name = in.name();
    region.role = narrow("region role", in.role(), Role::Workspace);
    region.type = narrow("region element type", in.type(), ElementType::Block);
    region.shape.assign(in.shape().begin(), in.shape().end());
    region.memory = in.memory();
    region.address = in.address();
    region.bytes = in.bytes();
    if (in.has_data())
      region.data = in.data();
    region.isMutable = in.is_mutable();
    if (in.has_labels()) {
      region.labels = Labels{in.labels().classes(), std::nullopt};
      if (in.labels().has_ignore_index())
        region.labels->ignoreIndex = in.labels().ignore_index();
    }
    if (in.has_batch_axis())
      region.batchAxis = in.batch_axis();
    region.isLoss = in.is_loss();
    if (in.has_gradient_of())
      region.gradientOf = in.gradient_of();
    region.knob = narrow("region knob", in.knob(), Knob::LearningRate);
    if (in.has_conversion())
      region.conversion = in.conversion();
    return region;
  }
  Layer get(const proto::Program::Layer &in) {
    Layer layer;
    layer.name = in.name();
    layer.op = in.op();
    if (in.has_output())
      layer.output = in.output();
    layer.phase = narrow("layer phase", in.phase(), Phase::Update);
    return layer;
  }
};

} // namespace

Result<Program> phx::parseHeader(const proto::Program &in) {
  if (in.isa_version() != isaVersion)
    return Error{"written for instruction set version " +
                 std::to_string(in.isa_version()) + ", this build reads " +
                 std::to_string(isaVersion) + "; recompile the model"};
  if (!in.has_kind())
    return Error{"does not say whether it is a program for inference, training "
                 "or evaluation, because an older compiler wrote it; recompile "
                 "the model"};
  Narrower narrower;
  Program program;
  program.name = in.name();
  program.kind =
      narrower.narrow("program kind", in.kind(), ProgramKind::Evaluation);
  program.target = in.target();
  program.targetHash = in.target_hash();
  program.machine.assign(in.machine().begin(), in.machine().end());
  program.compiler = in.compiler();
  program.memoryModel = narrower.narrow("memory model", in.memory_model(),
                                        MemoryModel::Hierarchy);
  program.batch = in.batch();
  for (const auto &group : in.groups())
    program.groups.push_back({group.name(), group.machine_class(),
                              group.count(), group.rows(), group.columns()});
  program.tokens = in.tokens();
  for (const auto &memory : in.memories())
    program.memories.push_back(narrower.get(memory));
  for (const auto &each : in.registers())
    program.registers.push_back({each.name(), each.most()});
  for (const auto &map : in.maps())
    program.maps.push_back(narrower.get(map));
  if (Status status = getOperations(in, program); !status)
    return status.error();
  for (const auto &product : in.products())
    program.products.push_back(narrower.get(product));
  for (const auto &region : in.regions())
    program.regions.push_back(narrower.get(region));
  for (const auto &layer : in.layers())
    program.layers.push_back(narrower.get(layer));
  if (in.has_rng())
    program.rng = in.rng();
  program.ignoredInputs.assign(in.ignored_inputs().begin(),
                               in.ignored_inputs().end());
  if (!narrower.failure.empty())
    return Error{narrower.failure};
  return program;
}
