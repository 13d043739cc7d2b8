//===- TrainerProgram.h - A small training program --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One step of gradient descent that is easy to follow by hand, all on the
// vector unit:
//
//   scores = x * w                      x [4, 3], w [3]
//   loss   = sum of scores              [1], or per step
//   w.grad = sum of x over the batch    [3]
//   seen   = labels                     [4]: what the machine got
//   w      = w - optimizer.lr * w.grad
//   photonic.rng[2] += 1
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_RUN_TRAINERPROGRAM_H
#define PHX_UNITTESTS_RUN_TRAINERPROGRAM_H

#include "RunHelpers.h"
#include "../support/TestMemories.h"

namespace phx::testing {

inline constexpr int64_t width = 3;

struct TrainerOptions {
  bool updates = true; ///< false: an evaluation program of the same model
  bool random = true;
  bool counts = false; ///< evaluation: steps, as rounding at random does
  std::optional<int64_t> ignoreIndex = -1;
  std::string parameter = "w";
  std::string loss = "loss";
  bool sums = false; ///< another output of one number, the sum of `x`
  /// Elements that a sum of its own takes a step to read, which it forgets.
  int64_t extraWork = 0;
};

class TrainerBuilder {
public:
  explicit TrainerBuilder(const TrainerOptions &options) : o(options), b(8) {}

  Program build() {
    Target target = *loadTarget("mirage");
    b.program.target = "mirage";
    b.program.targetHash = target.structuralHash;
    b.program.batch = batch;
    b.program.name = "trainer";
    b.program.kind =
        o.updates ? ProgramKind::Training : ProgramKind::Evaluation;
    addRegions();
    addForward();
    if (o.updates)
      addBackward();
    if (o.counts || (o.updates && o.random))
      addCount();
    if (o.extraWork)
      addSum({change, 0, 0}, {x, 0, 0}, 1, o.extraWork);
    return b.finish();
  }

private:
  uint32_t addRegion(std::string name, Role role, std::vector<int64_t> shape) {
    return b.addRegion(std::move(name), role, std::move(shape),
                       mem::act);
  }

  uint32_t addMutable(std::string name, Role role,
                      const std::vector<float> &values) {
    uint32_t region =
        addRegion(std::move(name), role, {int64_t(values.size())});
    b.setData(region, values);
    b.program.regions[region].isMutable = true;
    return region;
  }

  void addRegions() {
    x = addRegion("x", Role::Input, {batch, width});
    labels = addRegion("labels", Role::Input, {batch});
    b.program.regions[labels].labels = Labels{width, o.ignoreIndex};
    w = addMutable(o.parameter, Role::Parameter, {1, 2, 3});
    scores = addRegion("scores", Role::Output, {batch, width});
    loss = addRegion(o.loss, Role::Output, {});
    b.program.regions[loss].isLoss = true;
    seen = addRegion("seen", Role::Output, {batch});
    if (o.sums)
      sum = addRegion("sum", Role::Output, {});
    for (uint32_t region : {x, labels, scores, seen})
      b.program.regions[region].batchAxis = 0;
    if (o.counts)
      addKey();
    if (!o.updates)
      return;
    rate = addMutable("optimizer.lr", Role::State, {0.5});
    b.program.regions[rate].knob = Knob::LearningRate;
    gradient = addRegion(o.parameter + ".grad", Role::Output, {width});
    b.program.regions[gradient].gradientOf = w;
    change = addRegion("change", Role::Workspace, {width});
    if (o.random && !o.counts)
      addKey();
  }

  void addKey() {
    key = addMutable("photonic.rng", Role::State, {0, 0, 0});
    b.program.rng = key;
  }

  void setLayer(const char *name, const char *op, Phase phase,
                uint32_t output) {
    uint32_t layer = b.addLayer(name, op, output);
    b.program.layers[layer].phase = phase;
    b.setLayer(layer);
  }

  /// `rows` times `columns` elements; strides in elements.
  struct Operand {
    uint32_t region;
    int64_t row = 0, column = 1;
  };
  static Stride4 stride(const Operand &operand) {
    return {0, 0, 4 * operand.row, 4 * operand.column};
  }
  static Shape4 shape(int64_t rows, int64_t columns) {
    return {Count{1, {}}, Count{1, {}}, Count{rows, {}}, Count{columns, {}}};
  }

  VecMap makeMap(VecFn fn, Operand dst, Operand a, int64_t rows,
                 int64_t columns) {
    VecMap map;
    map.fn = fn;
    map.dst = b.at(dst.region);
    map.a = b.at(a.region);
    map.dstStride = stride(dst);
    map.aStride = stride(a);
    map.shape = shape(rows, columns);
    return map;
  }
  void add(Body body) { b.add({EngineKind::Vec, 0}, std::move(body)); }
  void addMap(VecFn fn, Operand dst, Operand a, Operand other, int64_t rows,
              int64_t columns) {
    VecMap map = makeMap(fn, dst, a, rows, columns);
    map.b = b.at(other.region);
    map.bStride = stride(other);
    add(map);
  }
  void addSum(Operand dst, Operand a, int64_t rows, int64_t columns) {
    VecReduce reduce;
    reduce.dst = b.at(dst.region);
    reduce.a = b.at(a.region);
    reduce.dstStride = stride(dst);
    reduce.aStride = stride(a);
    reduce.shape = shape(rows, columns);
    add(reduce);
  }

  void addForward() {
    setLayer("mul", "Mul", Phase::Forward, scores);
    addMap(VecFn::Mul, {scores, width}, {x, width}, {w}, batch, width);
    setLayer("loss", "Sum", Phase::Loss, loss);
    addSum({loss, 0, 0}, {scores}, 1, batch * width);
    if (o.sums) {
      setLayer("sum", "Sum", Phase::Forward, sum);
      addSum({sum, 0, 0}, {x}, 1, batch * width);
    }
    setLayer("seen", "Identity", Phase::Forward, seen);
    add(makeMap(VecFn::Copy, {seen}, {labels}, 1, batch));
  }

  void addBackward() {
    setLayer("mul", "Mul", Phase::WeightGradient, gradient);
    addSum({gradient, 1, 0}, {x, 1, width}, width, batch);
    setLayer("mul", "Mul", Phase::Update, w);
    addMap(VecFn::Mul, {change}, {gradient}, {rate, 0, 0}, 1, width);
    addMap(VecFn::Sub, {w}, {w}, {change}, 1, width);
  }

  void addCount() {
    setLayer("rng", "Add", Phase::Update, key);
    VecMap count = makeMap(VecFn::Offset, {key}, {key}, 1, 1);
    count.dst.offset.base += 8;
    count.a.offset.base += 8;
    count.s0 = 1;
    add(count);
  }

  TrainerOptions o;
  ProgramBuilder b;
  uint32_t x = 0, labels = 0, w = 0, scores = 0, loss = 0, seen = 0, rate = 0,
           gradient = 0, change = 0, key = 0, sum = 0;
};

inline Program makeTrainer(const TrainerOptions &options = {}) {
  return TrainerBuilder(options).build();
}

/// x[i, j] = i + j / 4, any number of samples.
inline HostArray makeTrainingData(int64_t samples) {
  std::vector<float> values;
  for (int64_t i = 0; i < samples; ++i)
    for (int64_t j = 0; j < width; ++j)
      values.push_back(float(i) + float(j) / 4);
  return makeArray(values, {samples, width});
}

inline HostArray makeClasses(std::vector<int64_t> values) {
  return makeLabels(ElementType::I64, values);
}

inline std::vector<float> toFloats(const HostArray &array) {
  std::vector<float> values(array.bytes.size() / sizeof(float));
  if (!values.empty())
    std::memcpy(values.data(), array.bytes.data(), array.bytes.size());
  return values;
}

/// What the training program computes, on the host.
struct HostTrainer {
  std::vector<float> w{1, 2, 3};
  float rate = 0.5;
  std::vector<float> losses;

  void step(const HostArray &x, int64_t first) { step(toFloats(x), first); }
  void step(const std::vector<float> &values, int64_t first) {
    float loss = 0;
    std::vector<float> gradient(width);
    for (int64_t i = first; i < first + batch; ++i)
      for (int64_t j = 0; j < width; ++j) {
        float value = values[size_t(i * width + j)];
        loss += value * w[size_t(j)];
        gradient[size_t(j)] += value;
      }
    losses.push_back(loss);
    for (int64_t j = 0; j < width; ++j)
      w[size_t(j)] -= rate * gradient[size_t(j)];
  }
};

} // namespace phx::testing

#endif // PHX_UNITTESTS_RUN_TRAINERPROGRAM_H
