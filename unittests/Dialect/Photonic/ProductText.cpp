//===- ProductText.cpp - Products and nests as text -----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProductText.h"

#include <cstdlib>

using namespace photonic::oracle;

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

static std::string print(const std::vector<int64_t> &shape) {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + "f32>";
}

template <typename List> static std::string printList(const List &list) {
  std::string text = "[";
  for (int64_t value : list)
    text += (text == "[" ? "" : ", ") + std::to_string(value);
  return text + "]";
}

/// The largest magnitude of a sum of `length` products.
static int64_t getBound(const ViewProduct &p, int64_t length) {
  int64_t a = (int64_t(1) << p.lhsFormat.bits) - 1;
  int64_t b = (int64_t(1) << p.rhsFormat.bits) - 1;
  return length * a * b;
}

PassText photonic::oracle::makeDot(const ViewProduct &product) {
  return {product.getTerm(), {}};
}

std::vector<int64_t> photonic::oracle::chooseModuli(const ViewProduct &product,
                                                    int64_t length) {
  const std::vector<int64_t> choices[] = {
      {3, 5},          {7, 8, 9},
      {31, 32, 33},    {2, 127, 255},
      {255, 256, 257}, {1021, 1024, 1023},
      {32765, 32768},  {65536, 65535, 65533}};
  for (const std::vector<int64_t> &moduli : choices) {
    int64_t values = 1;
    for (int64_t modulus : moduli)
      values *= modulus;
    if ((values - 1) / 2 >= getBound(product, length))
      return moduli;
  }
  return {};
}

/// `ins(...) outs(%init ...)`
static std::string printOperands(const ViewProduct &p,
                                 const std::string &init) {
  return "ins(%w by " + p.lhs.print() + ", %x by " + p.rhs.print() + " : " +
         print(p.lhsShape) + ", " + print(p.rhsShape) + ")\n      outs(" +
         init + " by " + p.result.print() + " : " + print(p.resultShape) + ")";
}

static std::string printFormats(const ViewProduct &p, bool secondStays) {
  std::string text = " operator = \"Conv\"";
  if (p.isRandom())
    text += " key = %k : tensor<3xf32> stream = " +
            std::to_string(p.lhsFormat.stream);
  return text + "\n      formats = [" + p.lhsFormat.print() + ", " +
         p.rhsFormat.print() +
         "]\n      stationary = " + (secondStays ? "second" : "first");
}

static std::string getVector(const Format &format, int64_t length) {
  return "vector<" + std::to_string(length) + "x" +
         (!format.isInteger() ? "f32"
          : format.bits <= 7  ? "i8"
                              : "i16") +
         ">";
}

/// Both regions.
static std::string printRegions(const ViewProduct &p, const PassText &pass) {
  bool isInteger = p.lhsFormat.isInteger();
  std::string sum = !isInteger                               ? "f32"
                    : getBound(p, p.getTerm()) <= 0x7fffffff ? "i32"
                                                             : "i64";
  std::string a = getVector(p.lhsFormat, pass.length);
  std::string b = getVector(p.rhsFormat, pass.length);
  std::string text = " pass {\n    ^bb0(%a: " + a + ", %b: " + b + "):\n";
  std::string residues;
  for (int64_t modulus : pass.moduli) {
    std::string name = "%r" + std::to_string(modulus);
    text += "      " + name + " = photonic.modular_dot %a, %b modulus = " +
            std::to_string(modulus) + " : " + a + ", " + b + " -> i32\n";
    residues += (residues.empty() ? "" : ", ") + name;
  }
  if (pass.moduli.empty())
    text += "      %d = photonic.dot %a, %b : " + a + ", " + b + " -> " + sum +
            "\n";
  else
    text += "      %d = photonic.reverse_convert " + residues +
            " moduli = " + printList(pass.moduli) + " : " + sum + "\n";
  text += "      photonic.yield %d : " + sum +
          "\n  } combine {\n    ^bb0(%s: " + sum +
          ", %acc: f32):\n      %n = photonic." +
          (isInteger ? "scaled_add %acc, %s : " + sum : "float_add %acc, %s") +
          "\n      photonic.yield %n : f32\n  }\n";
  return text;
}

/// The function around `body`, which computes %y.
static std::string printFunction(const ViewProduct &p, bool takesInit,
                                 const std::string &body) {
  std::string result = print(p.resultShape);
  std::string text =
      "func.func @main(%w: " + print(p.lhsShape) + ", %x: " + print(p.rhsShape);
  if (takesInit)
    text += ", %z: " + result;
  if (p.isRandom())
    text += ", %k: tensor<3xf32> {nn.name = \"photonic.rng\", nn.role = "
            "\"state\", nn.knob = \"random_key\", nn.init = dense<0.0> : "
            "tensor<3xf32>}";
  return text + ") -> " + result + " {\n" + body + "  return %y : " + result +
         "\n}\n";
}

//===----------------------------------------------------------------------===//
// Products and nests
//===----------------------------------------------------------------------===//

std::string photonic::oracle::printProduct(const ViewProduct &p,
                                           const PassText &pass,
                                           bool secondStays, bool takesInit) {
  std::string body;
  if (!takesInit)
    body = "  %z = photonic.zeros : " + print(p.resultShape) + "\n";
  return printFunction(
      p, takesInit,
      body + "  %y = photonic.product " + printOperands(p, "%z") +
          printFormats(p, secondStays) + printRegions(p, pass));
}

namespace {
/// Writes the loops of a nest and what is computed from their counters.
class NestPrinter {
public:
  NestPrinter(const ViewProduct &product, const PassText &pass,
              const Nest &nest)
      : p(product), pass(pass), nest(nest), type(print(product.resultShape)) {}

  std::string run() {
    std::string init = nest.isEmpty ? "tensor.empty()" : "photonic.zeros";
    openLoop(0, "%z", "%y");
    return printFunction(p, /*takesInit=*/false,
                         "  %z = " + init + " : " + type + "\n" + front + text);
  }

private:
  /// The name of a new value that `operation` computes.
  std::string add(const std::string &operation) {
    std::string name = "%v" + std::to_string(names++);
    text += "  " + name + " = " + operation + " : index\n";
    return name;
  }
  std::string constant(int64_t value) {
    return add("arith.constant " + std::to_string(value));
  }
  /// The same for a bound of a loop.
  std::string bound(int64_t value) {
    std::string inner;
    if (nest.hoists)
      std::swap(text, inner);
    std::string name = constant(value);
    if (nest.hoists) {
      front += text;
      text = inner;
    }
    return name;
  }

  /// How far the counter of a loop moves in one iteration.
  int64_t getStep(const NestLoop &loop) const {
    bool divides = loop.step > 0 && loop.weight % loop.step == 0 &&
                   loop.startWeight % loop.step == 0;
    return divides ? loop.step : 1;
  }

  /// base plus, for each loop, weight times the number of its iteration.
  std::string sum(int64_t base, const std::vector<int64_t> &weights) {
    std::string value;
    for (size_t i = 0; i < nest.loops.size(); ++i) {
      if (weights[i] == 0)
        continue;
      int64_t factor = weights[i] / getStep(nest.loops[i]);
      base -= factor * nest.loops[i].lower;
      std::string counter = "%i" + std::to_string(i), term = counter;
      if (std::abs(factor) != 1 || (factor < 0 && value.empty()))
        term = add("arith.muli " + constant(factor) + ", " + counter);
      else if (factor < 0) {
        value = add("arith.subi " + value + ", " + counter);
        continue;
      }
      value = value.empty() ? term : add("arith.addi " + value + ", " + term);
    }
    if (value.empty())
      return constant(base);
    return base == 0 ? value
                     : add("arith.addi " + value + ", " + constant(base));
  }

  void openLoop(size_t number, const std::string &init,
                const std::string &result) {
    if (number == nest.loops.size())
      return addTile(init, result);
    const NestLoop &loop = nest.loops[number];
    int64_t step = getStep(loop);
    std::string lower = bound(loop.lower);
    std::string upper = bound(loop.lower + (loop.trips - 1) * step +
                              std::min(loop.slack, step));
    std::string stride = bound(step);
    std::string carried = "%a" + std::to_string(number);
    std::string inner = "%y" + std::to_string(number);
    text += "  " + result + " = scf.for %i" + std::to_string(number) + " = " +
            lower + " to " + upper + " step " + stride + " iter_args(" +
            carried + " = " + init + ") -> (" + type + ") {\n";
    openLoop(number + 1, carried, inner);
    text += "  scf.yield " + inner + " : " + type + "\n  }\n";
  }

  void addTile(const std::string &init, const std::string &result) {
    std::string tile;
    for (unsigned dim = 0; dim < numDims; ++dim) {
      std::vector<int64_t> weights;
      for (const NestLoop &loop : nest.loops)
        weights.push_back(loop.dim == dim ? loop.weight : 0);
      tile += (dim ? ", " : "") + sum(nest.bases[dim], weights);
    }
    std::string start;
    if (nest.start) {
      std::vector<int64_t> weights;
      for (const NestLoop &loop : nest.loops)
        weights.push_back(loop.startWeight);
      start = " start " + sum(*nest.start, weights);
    }
    std::vector<int64_t> over;
    for (int64_t i = nest.overBegin; i < nest.overEnd; ++i)
      over.push_back(i);
    text += "  " + result + " = photonic.array_product " +
            printOperands(p, init) + "\n      tile [" + tile +
            "] sizes = " + printList(nest.sizes) + start +
            printFormats(p, nest.secondStays) +
            " arrays = <\"core\", over = " + printList(over) + ">" +
            printRegions(p, pass);
  }

  const ViewProduct &p;
  const PassText &pass;
  const Nest &nest;
  std::string type, front, text; ///< `front` goes in front of the nest
  unsigned names = 0;
};
} // namespace

std::string photonic::oracle::printNest(const ViewProduct &product,
                                        const PassText &pass,
                                        const Nest &nest) {
  return NestPrinter(product, pass, nest).run();
}
