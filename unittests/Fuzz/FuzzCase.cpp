//===- FuzzCase.cpp - One case --------------------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FuzzCase.h"

#include "IRMutator.h"
#include "TextMutator.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"

#include <fstream>

using namespace mlir;
using namespace photonic;
using namespace photonic::fuzz;

FuzzCase::FuzzCase(Corpus &corpus, Watch &watch, Tally &tally,
                   const std::string &directory, uint64_t seedNumber,
                   uint64_t number)
    : corpus(corpus), watch(watch), tally(tally), directory(directory),
      random(seedNumber, number), seedNumber(seedNumber), number(number),
      subject(static_cast<Subject>(number % numSubjects)) {
  static constexpr std::pair<Stage, Stage> stages[] = {
      {Stage::Import, Stage::Autodiff},
      {Stage::Lower, Stage::Split},
      {Stage::Tile, Stage::Schedule},
      {Stage::Schedule, Stage::Emit},
      {Stage::Import, Stage::Emit}};
  auto [first, last] = stages[static_cast<unsigned>(subject)];
  bool isProgram = subject == Subject::Program ||
                   (subject == Subject::Text && random.chance(30));
  std::vector<const Seed *> seeds = corpus.select(first, last, isProgram);
  seed = random.choose(seeds);
}

std::string photonic::fuzz::print(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  OpPrintingFlags flags;
  // What verifiers accept has a form of its own; what they do not need not.
  flags.enableDebugInfo(/*enable=*/true, /*prettyForm=*/false);
  module.print(stream, flags.assumeVerified());
  return text;
}

void FuzzCase::report(const Twine &what) {
  if (finding.empty())
    finding = watch.describe() + ": " + what.str();
}

void FuzzCase::note(StringRef doing) { watch.note(doing, text); }

void FuzzCase::judge(StringRef doing, bool succeeded) {
  std::string errors = corpus.takeErrors();
  if (succeeded && !errors.empty())
    report(doing + " succeeds, but says: " + errors);
  if (!succeeded && errors.empty())
    report(doing + " fails and does not say why");
}

std::string FuzzCase::run() {
  ++tally.cases;
  watch.begin(seedNumber, number);
  corpus.takeErrors();
  if (subject == Subject::Text)
    runText();
  else
    runModule();
  corpus.takeErrors();
  watch.end();
  return finding;
}

/// Changes a module one to four times; false if nothing came of it.
bool FuzzCase::mutate(ModuleOp module) {
  ModuleOp other = corpus.get(random.choose(corpus.getSeeds()));
  IRMutator mutator(module, {corpus.getFragments(), corpus.get(*seed), other},
                    corpus.getWords(), random);
  int changes = random.chance(60) ? 1 : random.pick(2, 4);
  bool changed = false;
  for (int i = 0, attempt = 0; i < changes && attempt < 30; ++attempt) {
    bool done = mutator.mutate();
    if (mutator.isUnusable())
      return false;
    i += done;
    changed |= done;
  }
  return changed;
}

void FuzzCase::runModule() {
  OwningOpRef<ModuleOp> module = corpus.get(*seed).clone();
  watch.note("mutating " + seed->network + " after " +
                 getStageName(seed->stage).str(),
             text);
  if (!mutate(*module)) {
    // The operations may use each other in circles.
    module->getOperation()->dropAllReferences();
    return;
  }
  corpus.takeErrors();
  {
    std::string generic;
    llvm::raw_string_ostream stream(generic);
    OpPrintingFlags flags;
    module->print(stream, flags.printGenericOpForm().enableDebugInfo());
    text = generic;
  }
  if (isShown)
    llvm::errs() << text << "\n";
  note("verifying");
  bool valid = succeeded(mlir::verify(*module));
  judge("verification", valid);
  if (!valid)
    return;
  ++tally.accepted;
  use(*module);
}

/// True if a value stands in `text` before what defines it, as far as names
/// tell. MLIR's parser corrupts memory if such a value turns out to be defined
/// in a region that it gives up on: nothing that can be refused before it is
/// parsed.
static bool usesBeforeDefinition(StringRef text) {
  llvm::StringSet<> seen;
  SmallVector<StringRef> lines;
  text.split(lines, '\n');
  for (StringRef line : lines) {
    size_t defined = line.ltrim().starts_with("%") ? line.find(" =") : 0;
    for (size_t at = line.find('%'); at != StringRef::npos;
         at = line.find('%', at + 1)) {
      StringRef name = line.substr(at + 1).take_while(
          [](char c) { return llvm::isAlnum(c) || c == '_'; });
      StringRef rest = line.substr(at + 1 + name.size());
      bool defines =
          at < defined || rest.starts_with(":") || rest.starts_with(" = ");
      if (seen.insert(name).second && !defines)
        return true;
    }
  }
  return false;
}

void FuzzCase::runText() {
  ModuleOp module = corpus.get(*seed);
  std::string other = print(corpus.get(random.choose(corpus.getSeeds())));
  if (random.chance(50)) {
    text = print(module);
  } else {
    llvm::raw_string_ostream stream(text);
    module->print(stream, OpPrintingFlags().printGenericOpForm());
  }
  int changes = random.chance(60) ? 1 : random.pick(2, 4);
  for (int i = 0; i < changes; ++i)
    text = mutateText(text, other, corpus.getWords(), random);
  if (usesBeforeDefinition(text))
    return;
  if (isShown)
    llvm::errs() << text << "\n";
  std::string input = getFile("case.mlir");
  std::ofstream(input, std::ios::binary) << text;
  CompileRequest request = makeRequest(input);
  tally.compiled += compileFile(request, "compiling text");
}
