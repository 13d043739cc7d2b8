//===- MemoriesTest.cpp - The list of memories of a target ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestTarget.h"

#include "phx/target/ArrayGroups.h"

using namespace phx;
using namespace phx::test;

/// A memory of 4 KiB; `fields` are what its kind has besides.
static std::string makeMemory(const std::string &name, const std::string &kind,
                              const std::string &fields = "",
                              const std::string &types = "\"f32\"") {
  std::string source = " source: \"test\" }\n";
  return "memories {\n  name: \"" + name + "\"\n  kind { value: \"" + kind +
         "\"" + source + "  capacity_bytes { value: 4096" + source +
         "  types { values: [" + types + "]" + source +
         "  read_pj_per_byte { value: 1" + source +
         "  write_pj_per_byte { value: 2" + source +
         "  static_mw { value: 3" + source + fields + "}\n";
}
static const char *const area =
    "  mm2_per_mib { value: 5 source: \"test\" }\n";
static std::string makeRoles(const std::string &roles) {
  return "  roles { values: [" + roles + "] source: \"test\" }\n" + area;
}
static std::string onCore() {
  return "  group { value: \"core\" source: \"test\" }\n" +
         std::string(area);
}

TEST(TargetMemories, ListedInOrderWithTheirFacts) {
  std::string text = readShipped() +
                     makeMemory("cells", "resident", onCore(),
                                "\"i32\", \"f32\"");
  auto target = parseTarget(text, "t");
  ASSERT_TRUE(target.ok()) << target.error().message;
  std::vector<ProgramMemory> memories = getMemories(*target);
  ASSERT_EQ(memories.size(), 5u);
  EXPECT_EQ(memories[0].name, "dram");
  EXPECT_EQ(memories[0].kind, MemoryKind::OffChip);
  EXPECT_EQ(memories[0].capacity, int64_t(1) << 34);
  EXPECT_EQ(memories[1].name, "act");
  EXPECT_EQ(memories[1].kind, MemoryKind::OnChip);
  EXPECT_EQ(memories[1].bytes, 0);
  EXPECT_EQ(memories[4], (ProgramMemory{"cells", MemoryKind::Resident, 0, 4096,
                                        0, {ElementType::F32,
                                            ElementType::I32}}));
}

TEST(TargetMemories, RolesNameMemories) {
  auto mirage = loadTarget("mirage");
  EXPECT_EQ(findMemory(*mirage, MemoryRole::Streamed), 1u);
  EXPECT_EQ(findMemory(*mirage, MemoryRole::Stationary), 2u);
  EXPECT_EQ(findMemory(*mirage, MemoryRole::Result), 3u);
  EXPECT_EQ(findOffChipMemory(*mirage), 0u);
  // One memory may serve them all, and has any name.
  std::string text = readShipped();
  text = text.substr(0, text.find("\nmemories {")) + "\n" +
         makeMemory("buffer", "on_chip",
                    makeRoles("\"result\", \"streamed\", \"stationary\""));
  auto target = parseTarget(text, "t");
  ASSERT_TRUE(target.ok()) << target.error().message;
  for (MemoryRole role : {MemoryRole::Streamed, MemoryRole::Stationary,
                          MemoryRole::Result})
    EXPECT_EQ(findMemory(*target, role), 0u);
  EXPECT_FALSE(findOffChipMemory(*target));
}

TEST(TargetMemories, FieldsAreNamedAfterThem) {
  auto target = loadTarget(
      "mirage", {"wgt.capacity_bytes=65536", "wgt.types=f32,block,u8",
                 "act.roles=streamed,result", "grad.write_pj_per_byte=0.5"});
  ASSERT_TRUE(target.ok()) << target.error().message;
  std::vector<ProgramMemory> memories = getMemories(*target);
  EXPECT_EQ(memories[2].capacity, 65536);
  EXPECT_EQ(memories[2].types,
            (std::vector<ElementType>{ElementType::F32, ElementType::U8,
                                      ElementType::Block}));
  EXPECT_EQ(findMemory(*target, MemoryRole::Result), 1u);
  EXPECT_EQ(target->spec.memories(3).write_pj_per_byte().value(), 0.5);
}

TEST(TargetMemories, StructureAndPrices) {
  auto hash = [](const char *set) {
    return loadTarget("mirage", {set})->structuralHash;
  };
  uint64_t base = loadTarget("mirage")->structuralHash;
  for (const char *set : {"act.capacity_bytes=65536", "act.types=f32",
                          "act.roles=result", "dram.types=f32"})
    EXPECT_NE(hash(set), base) << set;
  for (const char *set : {"act.read_pj_per_byte=3", "act.write_pj_per_byte=3",
                          "act.static_mw=3", "act.mm2_per_mib=3"})
    EXPECT_EQ(hash(set), base) << set;
}

TEST(TargetMemories, ErrorsNameFieldAndRemedy) {
  std::string text = readShipped();
  EXPECT_CONTAINS(parseError(text, {"act.kind=onchip"}),
                  "act.kind is 'onchip', legal is off_chip, on_chip, resident; "
                  "did you mean 'on_chip'");
  EXPECT_CONTAINS(parseError(text, {"act.types=f32,f31"}),
                  "act.types is 'f31', legal is f32, ");
  EXPECT_CONTAINS(parseError(text, {"act.types=f32,f32"}),
                  "act.types lists 'f32' twice");
  EXPECT_CONTAINS(parseError(text, {"act.types="}),
                  "takes words separated by commas, found ''");
  EXPECT_CONTAINS(parseError(text, {"act.roles=weights"}),
                  "act.roles is 'weights', legal is stationary, streamed, "
                  "result");
  EXPECT_CONTAINS(parseError(text, {"dram.roles=result"}),
                  "a memory of this kind has no field dram.roles");
  EXPECT_CONTAINS(parseError(text, {"act.kind=resident"}),
                  "field act.group (group of arrays whose cells hold it) is "
                  "missing");
  std::string noRole = text + makeMemory("more", "on_chip", area);
  EXPECT_CONTAINS(parseError(noRole), "field more.roles (");
  std::string lost = text + makeMemory("cells", "resident",
                                       edit(onCore(), "core", "cord"));
  EXPECT_CONTAINS(parseError(lost),
                  "cells.group is 'cord', legal is core; did you mean 'core'");
}

TEST(TargetMemories, NamesAreUnique) {
  std::string text = readShipped();
  EXPECT_CONTAINS(parseError(text + makeMemory("act", "off_chip")),
                  "two groups or memories are named 'act'");
  EXPECT_CONTAINS(parseError(text + makeMemory("core", "off_chip")),
                  "two groups or memories are named 'core'");
  EXPECT_CONTAINS(parseError(text + makeMemory("", "off_chip")),
                  "a memory has no name; add: name: \"act\"");
  EXPECT_CONTAINS(parseError(text + makeMemory("dma", "off_chip")),
                  "a memory cannot be named 'dma'");
}

TEST(TargetMemories, OldPartsSayWhereTheyWent) {
  EXPECT_CONTAINS(parseError("scratchpads { }"),
                  "unknown field 'scratchpads' in Target; each memory is "
                  "written memories { name: \"act\"");
  EXPECT_CONTAINS(parseError("dram { }"), "each memory is written memories {");
}
