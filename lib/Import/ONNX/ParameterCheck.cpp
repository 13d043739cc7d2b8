//===- ParameterCheck.cpp - What the model says about learning ------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ImportContext.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

void ImportContext::markLearning(Operation *op, const Constant &constant) {
  if (!constant.isParameter && !constant.isLiteral)
    return;
  Learning learning = model.getLearning(constant.name);
  if (learning != Learning::Unstated)
    op->setAttr(nn::learnedAttrName,
                getBuilder().getBoolAttr(learning == Learning::Learned));
  if (constant.isLiteral)
    op->setAttr(nn::literalAttrName, getBuilder().getStringAttr(constant.name));
}

bool ImportContext::isOwnParameter(const Node &node, const Constant &source) {
  StringRef name = node.getOutput(0);
  if (model.getLearning(name) != Learning::Unstated)
    return model.isLearned(name);
  bool isOutput = llvm::any_of(model.getGraph().output(), [&](auto &output) {
    return ref(output.name()) == name;
  });
  if (!model.isFromPyTorch() || isOutput)
    return false;
  std::string pair = "'" + name.str() + "' (of '" + source.name + "')";
  if (isModuleName(name))
    separated.push_back(pair);
  else if (name.starts_with("onnx::"))
    united.push_back(pair);
  return isModuleName(name);
}

void ImportContext::warnAboutCopies() {
  if (!separated.empty())
    emitWarning(model.getLoc())
        << "PyTorch wrote these parameters as copies, as it writes equal ones "
           "and shared ones alike; each is trained on its own: "
        << llvm::join(separated, ", ")
        << "; if the module shares them, export it with photonic.from_torch, "
           "which says so";
  if (!united.empty())
    emitWarning(model.getLoc())
        << "PyTorch wrote these tensors as copies, as it writes equal ones and "
           "shared ones alike; each is trained as one parameter with its "
           "original: "
        << llvm::join(united, ", ")
        << "; if the module has several, export it with photonic.from_torch, "
           "which says so";
}

void ImportContext::warnAboutUnread() {
  std::string dead, settings;
  for (const auto &initializer : model.getGraph().initializer()) {
    StringRef name = ref(initializer.name());
    auto entry = entries.find(name);
    bool isRead = entry != entries.end();
    Learning learning = model.getLearning(name);
    if (!isFloatType(initializer.data_type()) || isFrozen(name) ||
        (isRead && (!entry->second.constant || entry->second.constant->value)))
      continue;
    std::string &names = isRead ? settings : dead;
    if (learning == Learning::Learned ||
        (learning == Learning::Unstated && !isRead))
      names += (names.empty() ? "'" : ", '") + name.str() + "'";
  }
  if (!dead.empty())
    emitWarning(model.getLoc())
        << "not trained, because no output depends on them: " << dead;
  if (!settings.empty())
    emitWarning(model.getLoc())
        << "not trained, because they only set up operators, which have no "
           "derivative with respect to them: "
        << settings;
}

void ImportContext::warnAboutParameters() {
  warnAboutCopies();
  warnAboutUnread();
}
