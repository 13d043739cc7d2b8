//===- StructureTokens.cpp - Structural validation of signals and waits -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Structure.h"

#include <map>

using namespace phx;

namespace {

/// What is known of a token so far.
struct TokenState {
  /// The first instruction on either side.
  const Instruction *signaller = nullptr, *waiter = nullptr;
  uint64_t signals = 0, waits = 0;
  /// Some signal or wait of it names several arrays, or one by affine index.
  bool isOfGroups = false;
};

/// Signals minus waits of one loop body.
using Balance = std::map<uint32_t, std::pair<uint64_t, uint64_t>>;

} // namespace

/// The token of a signal or wait.
static std::optional<uint32_t> getToken(const Body &body) {
  if (const Signal *signal = getIf<Signal>(body))
    return signal->token;
  if (const Wait *wait = getIf<Wait>(body))
    return wait->token;
  return std::nullopt;
}

/// Which tokens are of groups, by all their instructions.
static std::map<uint32_t, TokenState> makeStates(const Program &program) {
  std::map<uint32_t, TokenState> states;
  for (const Instruction &instruction : program.code)
    if (auto token = getToken(instruction.body))
      states[*token].isOfGroups |= !instruction.arrays.isPlain();
  return states;
}

/// Tokens take memory and time wherever a program is looked at.
static Status checkUse(const Program &program,
                       const std::map<uint32_t, TokenState> &states) {
  if (states.size() == program.tokens)
    return Status::success();
  uint32_t unused = 0;
  while (states.count(unused))
    ++unused;
  return failAt(program, program.code.size() - 1,
                "token " + std::to_string(unused),
                "a signal and a wait of each token below " +
                    std::to_string(program.tokens) + " (number of tokens)",
                "none; number tokens without gaps, and the program's tokens "
                "by those that it uses");
}

/// One array on each side; or, where one of a token's instructions names
/// several or moves, arrays of one group: the k-th wait takes the k-th signal,
/// whichever gave it.
static bool isSameSide(const Instruction &a, const Instruction &b,
                       bool isOfGroups) {
  if (!isOfGroups)
    return a.engine == b.engine;
  return a.engine.kind == b.engine.kind && a.engine.group == b.engine.group;
}

static Status checkSide(const Program &program, size_t index, const char *verb,
                        const Instruction *&side, uint32_t token,
                        bool isOfGroups) {
  const Instruction &instruction = program.code[index];
  if (!side)
    side = &instruction;
  if (isSameSide(*side, instruction, isOfGroups))
    return Status::success();
  return failAt(program, index, "engine",
                getEngineName(program, *side) + ", which " + verb + " token " +
                    std::to_string(token) + " at instruction " +
                    std::to_string(side - program.code.data()),
                getEngineName(program, instruction));
}

static Status checkSides(const Program &program, size_t index, uint32_t token,
                         const TokenState &state) {
  if (!state.signaller || !state.waiter || state.isOfGroups ||
      !(state.signaller->engine == state.waiter->engine))
    return Status::success();
  return failAt(program, index, "engine",
                "different engines to signal and await token " +
                    std::to_string(token),
                getEngineName(program, *state.waiter) + " for both");
}

static Status checkBalance(const Program &program, size_t index,
                           const std::string &where, const Balance &balance) {
  for (const auto &[token, counts] : balance)
    if (counts.first != counts.second)
      return failAt(program, index, "token " + std::to_string(token),
                    "as many waits as signals in " + where,
                    std::to_string(counts.first) + " signals and " +
                        std::to_string(counts.second) + " waits");
  return Status::success();
}

static Status addSignal(const Program &program, size_t index, uint32_t token,
                        TokenState &state) {
  if (Status s = checkSide(program, index, "signals", state.signaller, token,
                           state.isOfGroups);
      !s)
    return s;
  ++state.signals;
  return checkSides(program, index, token, state);
}

static Status addWait(const Program &program, size_t index, uint32_t token,
                      TokenState &state) {
  if (Status s = checkSide(program, index, "awaits", state.waiter, token,
                           state.isOfGroups);
      !s)
    return s;
  if (Status s = checkSides(program, index, token, state); !s)
    return s;
  if (++state.waits > state.signals)
    return failAt(program, index, "token " + std::to_string(token),
                  "a signal before it in the instruction stream",
                  std::to_string(state.signals) + " signals and " +
                      std::to_string(state.waits) +
                      " waits up to here; the wait would never end");
  return Status::success();
}

/// Bodies are balanced, so every iteration meets the token counts of the first
/// and one pass over the text sees them all.
Status phx::checkTokens(const LoopTree &tree) {
  const Program &program = tree.program;
  std::map<uint32_t, TokenState> states = makeStates(program);
  std::vector<Balance> open(1);
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Body &body = program.code[i].body;
    Status status = Status::success();
    if (holds<Loop>(body)) {
      open.emplace_back();
    } else if (holds<End>(body)) {
      status = checkBalance(program, i, "the body of the loop that ends here",
                            open.back());
      open.pop_back();
    } else if (const Signal *signal = getIf<Signal>(body)) {
      status = addSignal(program, i, signal->token, states[signal->token]);
      ++open.back()[signal->token].first;
    } else if (const Wait *wait = getIf<Wait>(body)) {
      status = addWait(program, i, wait->token, states[wait->token]);
      ++open.back()[wait->token].second;
    }
    if (!status)
      return status;
  }
  if (Status s = checkBalance(program, program.code.size() - 1,
                              "the whole program", open.back());
      !s)
    return s;
  return checkUse(program, states);
}
