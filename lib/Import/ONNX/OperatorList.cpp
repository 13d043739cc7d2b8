//===- OperatorList.cpp - The operator table for users --------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorTable.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

/// `7`, `7-24`, `1-`
static std::string spellRange(int from, int to) {
  std::string text = std::to_string(from);
  if (to == from)
    return text;
  return text + "-" + (to >= unlimited ? "" : std::to_string(to));
}

/// The attributes without their types.
static std::string spellAttrs(StringRef specs, bool onConstants) {
  SmallVector<StringRef> words;
  specs.split(words, ' ', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  std::string text;
  for (StringRef word : words)
    text += (text.empty() ? "" : " ") + word.split(':').first.str();
  if (text.empty())
    text = "-";
  return onConstants ? text + " (on constants)" : text;
}

static void printForm(StringRef domain, const OperatorForm &form,
                      llvm::raw_ostream &os) {
  int since = form.since, until = form.until;
  if (isDefaultDomain(domain)) {
    since = std::max<int>(since, oldestOpset);
    until = std::min<int>(until, newestOpset);
  }
  if (since > until)
    return;
  int maxOutputs = form.maxOutputs < 0 ? unlimited : form.maxOutputs;
  os << llvm::formatv("{0,-25} {1,-36} {2,-7} {3,-6} {4,-7} {5}\n",
                      spellDomain(domain), form.name, spellRange(since, until),
                      spellRange(form.minInputs, form.maxInputs),
                      spellRange(1, maxOutputs), spellAttrs(form.attrs, !form.handler));
}

void photonic::printOperators(llvm::raw_ostream &os) {
  os << llvm::formatv("{0,-25} {1,-36} {2,-7} {3,-6} {4,-7} {5}\n", "domain",
                      "operator", "opsets", "inputs", "outputs", "attributes");
  for (StringRef domain : {StringRef(), StringRef(microsoftDomain),
                           StringRef(trainingDomain)})
    for (const OperatorForm &form : getForms(domain))
      printForm(domain, form, os);
  for (const OperatorForm &form : getConstantForms())
    if (findOperator("", form.name, std::max(form.since, int(oldestOpset))) ==
        &form)
      printForm("", form, os);
}
