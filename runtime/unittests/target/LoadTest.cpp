//===- LoadTest.cpp - Finding and reading descriptions ---------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestTarget.h"

#include "machines/rns/Target.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

using namespace phx;
using namespace phx::test;

TEST(TargetLoad, ShippedTargetsAreSound) {
  for (const char *name : {"mirage", "mirage-device"}) {
    auto target = loadTarget(name);
    ASSERT_TRUE(target.ok()) << target.error().message;
    EXPECT_EQ(target->spec.name(), name);
    auto arrays = rns::findArrays(*target);
    ASSERT_TRUE(arrays);
    EXPECT_EQ(arrays->getModuliProduct(), 32736);
    EXPECT_EQ(arrays->getSignedRange(), 16367);
    EXPECT_EQ(arrays->count, 8);
    EXPECT_EQ(arrays->rows, 32);
    EXPECT_EQ(arrays->columns, 16);
  }
}

TEST(TargetLoad, ListsShippedTargets) {
  auto names = listTargets();
  std::set<std::string> set(names.begin(), names.end());
  EXPECT_TRUE(set.count("mirage"));
  EXPECT_TRUE(set.count("mirage-device"));
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

TEST(TargetLoad, ProgramsOfOneRunOnTheOther) {
  auto figure = loadTarget("mirage"), table = loadTarget("mirage-device");
  EXPECT_EQ(figure->structuralHash, table->structuralHash);
}

TEST(TargetLoad, UnknownNameListsNearestAndSearchPath) {
  auto target = loadTarget("mirgae");
  ASSERT_FALSE(target.ok());
  EXPECT_CONTAINS(target.error().message,
                  "no target 'mirgae'; did you mean 'mirage'");
  EXPECT_CONTAINS(target.error().message, "known targets:");
  EXPECT_CONTAINS(target.error().message, "PHOTONIC_TARGET_PATH");
}

TEST(TargetLoad, MissingFileIsNamed) {
  auto target = loadTarget("/nonexistent/x.textproto");
  ASSERT_FALSE(target.ok());
  EXPECT_CONTAINS(target.error().message, "/nonexistent/x.textproto");
}

TEST(TargetLoad, SearchPathVariableComesFirst) {
  namespace fs = std::filesystem;
  fs::path directory =
      fs::temp_directory_path() / ("phx-targets-" + std::to_string(::getpid()));
  fs::create_directories(directory);
  std::ofstream(directory / "mine.textproto")
      << edit(readShipped(), "name: \"mirage\"", "name: \"mine\"");
  std::ofstream(directory / "other.textproto") << readShipped();
  ::setenv("PHOTONIC_TARGET_PATH",
           ("/nonexistent:" + directory.string()).c_str(), 1);
  auto mine = loadTarget("mine"), other = loadTarget("other");
  auto names = listTargets();
  ::unsetenv("PHOTONIC_TARGET_PATH");
  fs::remove_all(directory);
  ASSERT_TRUE(mine.ok()) << mine.error().message;
  EXPECT_NE(std::find(names.begin(), names.end(), "mine"), names.end());
  ASSERT_FALSE(other.ok());
  EXPECT_CONTAINS(other.error().message, "its name is 'mirage'");
}

TEST(TargetLoad, DescribesEveryField) {
  auto target = loadTarget("mirage");
  auto fields = describeTarget(*target);
  EXPECT_EQ(fields.size(), 94u);
  std::set<std::string> names;
  for (const TargetField &field : fields) {
    EXPECT_TRUE(names.insert(field.name).second) << field.name;
    EXPECT_FALSE(field.value.empty()) << field.name;
    EXPECT_FALSE(field.source.empty()) << field.name;
    EXPECT_FALSE(field.doc.empty()) << field.name;
  }
  EXPECT_EQ(fields[3].name, "core.count");
  EXPECT_TRUE(fields[3].structural);
  EXPECT_EQ(fields[6].value, "31,32,33");
  EXPECT_EQ(fields[7].name, "core.clock_ghz");
  EXPECT_FALSE(fields[7].structural);
}

TEST(TargetLoad, HashCoversStructureOnly) {
  std::string text = readShipped();
  auto target = parseTarget(text, "t");
  ASSERT_TRUE(target.ok()) << (target ? "" : target.error().message);
  uint64_t base = target->structuralHash;
  auto hash = [&](const char *set) -> uint64_t {
    auto changed = parseTarget(text, "t", {set});
    EXPECT_TRUE(changed.ok()) << (changed ? "" : changed.error().message);
    return changed ? changed->structuralHash : 0;
  };
  EXPECT_EQ(hash("core.clock_ghz=12"), base);
  EXPECT_EQ(hash("core.adc_pj=1"), base);
  EXPECT_EQ(hash("core.count=8"), base); // the source is no structure
  EXPECT_NE(hash("core.count=16"), base);
  EXPECT_NE(hash("core.moduli=31,32,35"), base);
  EXPECT_NE(hash("dram.capacity_bytes=1024"), base);
  EXPECT_NE(hash("format.rounding=nearest"), base);
  std::string renamed = edit(text, "name: \"mirage\"", "name: \"x\"");
  auto other = parseTarget(renamed, "t");
  ASSERT_TRUE(other.ok()) << (other ? "" : other.error().message);
  EXPECT_EQ(other->structuralHash, base);
  // Stable across versions: programs embed it.
  EXPECT_EQ(base, 15788197534512606990u);
}
