//===- GroupsTest.cpp - Several groups, and a class from outside *- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestTarget.h"

#include "machines/rns/Target.h"
#include "phx/target/MachineClass.h"
#include "phx/target/Values.h"
#include "test_machine.pb.h"

#include <algorithm>

using namespace phx;
using namespace phx::test;
using TestMachine = proto::test::Machine;

/// Levels rise.
static void checkLevels(GroupChecker &checker) {
  const auto &levels = checker.getMachine<TestMachine>().levels().values();
  if (!std::is_sorted(levels.begin(), levels.end()))
    checker.report(checker.getName("levels"),
                   checker.getName("levels") + " do not rise");
}

[[maybe_unused]] static const bool registered = [] {
  registerMachineClass({"test", TestMachine::descriptor(), checkLevels});
  return true;
}();

/// One group of the class, `rows` high.
static std::string makeGroup(const std::string &name, int rows,
                             const std::string &levels = "2, 4") {
  return "groups {\n"
         "  name: \"" +
         name +
         "\"\n"
         "  count { value: 3 source: \"s\" }\n"
         "  rows { value: " +
         std::to_string(rows) +
         " source: \"s\" }\n"
         "  columns { value: 5 source: \"s\" }\n"
         "  machine {\n"
         "    [type.googleapis.com/phx.proto.test.Machine] {\n"
         "      levels { values: [" +
         levels +
         "] source: \"s\" }\n"
         "      clock_ghz { value: 2 source: \"s\" }\n"
         "      optics { loss_db { value: 0.5 source: \"measured\" } }\n"
         "    }\n"
         "  }\n"
         "}\n";
}

/// Two groups of one class, nothing else: no memories, no vector unit.
static std::string makeTwoGroups() {
  return "name: \"two\"\nextensions: \"test\"\n" + makeGroup("wide", 8) +
         makeGroup("tall", 64);
}

TEST(TargetGroups, TwoOfOneClassAreTwo) {
  auto target = parseTarget(makeTwoGroups(), "t",
                            {"tall.optics.loss_db=0.75", "wide.rows=16"});
  ASSERT_TRUE(target.ok()) << target.error().message;
  EXPECT_EQ(target->spec.groups(0).rows().value(), 16);
  EXPECT_EQ(target->spec.groups(1).rows().value(), 64);
  const auto *wide = target->findMachine<TestMachine>(0);
  const auto *tall = target->findMachine<TestMachine>(1);
  ASSERT_TRUE(wide && tall);
  EXPECT_EQ(wide->optics().loss_db().value(), 0.5);
  EXPECT_EQ(tall->optics().loss_db().value(), 0.75);
  EXPECT_EQ(tall->optics().loss_db().source(), overrideSource);
  // What was packed says the same.
  TestMachine packed;
  ASSERT_TRUE(target->spec.groups(1).machine().UnpackTo(&packed));
  EXPECT_EQ(packed.optics().loss_db().value(), 0.75);
  EXPECT_FALSE(rns::findArrays(*target));
  EXPECT_EQ(target->findMachine<rns::Machine>(0), nullptr);
  EXPECT_EQ(target->findMachine<TestMachine>(2), nullptr);
}

TEST(TargetGroups, StructureNamesGroupsAndClasses) {
  auto target = parseTarget(makeTwoGroups(), "t");
  ASSERT_TRUE(target.ok()) << target.error().message;
  EXPECT_EQ(
      listStructure(*target),
      (std::vector<std::string>{
          "extension=test", "tall.class=test", "tall.columns=5", "tall.count=3",
          "tall.levels=2,4", "tall.rows=64", "wide.class=test",
          "wide.columns=5", "wide.count=3", "wide.levels=2,4", "wide.rows=8"}));
  auto hash = [&](const char *set) -> uint64_t {
    auto changed = parseTarget(makeTwoGroups(), "t", {set});
    EXPECT_TRUE(changed.ok()) << (changed ? "" : changed.error().message);
    return changed ? changed->structuralHash : 0;
  };
  EXPECT_EQ(hash("tall.optics.loss_db=3"), target->structuralHash);
  EXPECT_NE(hash("tall.levels=2,8"), target->structuralHash);
  EXPECT_NE(hash("wide.count=4"), target->structuralHash);
}

TEST(TargetGroups, FieldsOfMachinesAreDescribed) {
  auto target = parseTarget(makeTwoGroups(), "t");
  ASSERT_TRUE(target.ok()) << target.error().message;
  auto fields = describeTarget(*target);
  EXPECT_EQ(fields.size(), 12u);
  auto loss = std::find_if(fields.begin(), fields.end(), [](const auto &field) {
    return field.name == "tall.optics.loss_db";
  });
  ASSERT_NE(loss, fields.end());
  EXPECT_EQ(loss->source, "measured");
  EXPECT_EQ(loss->doc, "of the longest path");
  EXPECT_FALSE(loss->structural);
}

TEST(TargetGroups, ErrorsInsideAMachineAreLocated) {
  std::string text = makeTwoGroups();
  EXPECT_CONTAINS(parseError(edit(text, "loss_db", "los_db")),
                  "t.textproto:" + locate(text, "loss_db") +
                      ": unknown field 'los_db' in Optics; did you mean "
                      "'loss_db'");
  EXPECT_CONTAINS(parseError(edit(text, "value: 0.5", "value: 500")),
                  "t.textproto:" + locate(text, "loss_db") +
                      ": wide.optics.loss_db (of the longest path) is 500, "
                      "legal is 0 to 100");
  std::string noSource = edit(text, " source: \"measured\"", "");
  EXPECT_CONTAINS(parseError(noSource),
                  "t.textproto:" + locate(text, "loss_db") +
                      ": wide.optics.loss_db has no "
                      "source");
  EXPECT_CONTAINS(parseError(edit(text, "value: 0.5", "")),
                  "wide.optics.loss_db (of the longest path) has no value");
  // What is absent is reported where it should be.
  EXPECT_CONTAINS(
      parseError(edit(text, "loss_db { value: 0.5 source: \"measured\" }", "")),
      "t.textproto:" + locate(text, "optics {") +
          ": field wide.optics.loss_db (of the longest path) is missing");
  std::string second =
      "name: \"two\"\nextensions: \"test\"\n" + makeGroup("wide", 8);
  std::string wrong = second + makeGroup("tall", 64, "4, 2");
  size_t line =
      1 + static_cast<size_t>(std::count(
              wrong.begin(),
              wrong.begin() + static_cast<long>(wrong.find("[4, 2]")), '\n'));
  EXPECT_CONTAINS(parseError(wrong), "t.textproto:" + std::to_string(line) +
                                         ":7: tall.levels do not rise");
  EXPECT_CONTAINS(parseError(text, {"wide.levels=8,4"}),
                  "--set wide.levels=8,4: wide.levels do not rise");
}

TEST(TargetGroups, UnknownMachinesAreNamed) {
  std::string text = makeTwoGroups();
  std::string unknown =
      edit(text, "phx.proto.test.Machine", "phx.proto.Absent");
  EXPECT_CONTAINS(parseError(unknown), "t.textproto:9:");
  EXPECT_CONTAINS(parseError(unknown),
                  "no machine class has the type "
                  "'type.googleapis.com/phx.proto.Absent'; this program knows");
  EXPECT_CONTAINS(parseError(unknown),
                  "test (type.googleapis.com/phx.proto.test.Machine)");
  // A message that exists, but that nobody registered.
  std::string message =
      edit(text, "[type.googleapis.com/phx.proto.test.Machine] {",
           "[type.googleapis.com/phx.proto.test.Optics] {");
  message = edit(message, "levels { values: [2, 4] source: \"s\" }", "");
  message = edit(message, "clock_ghz { value: 2 source: \"s\" }", "");
  message =
      edit(message, "optics { loss_db { value: 0.5 source: \"measured\" } }",
           "loss_db { value: 0.5 source: \"measured\" }");
  EXPECT_CONTAINS(parseError(message),
                  "which no machine class is registered for; this program "
                  "knows");
  size_t begin = text.find("  machine {"), end = text.find("}\ngroups");
  std::string none = text.substr(0, begin) + text.substr(end);
  EXPECT_CONTAINS(parseError(none), "group 'wide' has no machine; add");
  std::string packed =
      text.substr(0, begin) +
      "  machine { type_url: \"x/phx.proto.test.Machine\" }\n" +
      text.substr(end);
  EXPECT_CONTAINS(parseError(packed), "is given as a type and bytes");
}

TEST(TargetGroups, NamesAreWordsAndUnique) {
  auto error = [](const std::string &name) {
    return parseError("name: \"t\"\nextensions: \"test\"\n" +
                      makeGroup(name, 8));
  };
  EXPECT_EQ(error("a_1"), "");
  EXPECT_CONTAINS(error(""), "a group of arrays has no name");
  EXPECT_CONTAINS(error("a.b"), "is no word");
  EXPECT_CONTAINS(error("Core"), "is no word");
  EXPECT_CONTAINS(error("dma"), "a group of arrays cannot be named 'dma'");
  EXPECT_CONTAINS(parseError(makeTwoGroups() + makeGroup("wide", 9)),
                  "two groups or memories are named 'wide'");
}

TEST(TargetGroups, ClassesAndExtensionsAgree) {
  std::string text = makeTwoGroups();
  EXPECT_CONTAINS(parseError(edit(text, "extensions: \"test\"\n", "")),
                  "add: extensions: \"test\"");
  EXPECT_CONTAINS(parseError(text, {"extensions=test,rns"}),
                  "extension 'rns' has no group of arrays of that class");
  EXPECT_CONTAINS(parseError(text, {"extensions=tset"}), "did you mean 'test'");
}

TEST(TargetGroups, PartsThatAClassNeedsAreNamed) {
  std::string text = readShipped();
  size_t begin = text.find("\nformat {"), end = text.find("\ngroups {");
  EXPECT_CONTAINS(parseError(text.substr(0, begin) + text.substr(end)),
                  "group 'core' multiplies block floating point numbers");
  // Memories and a vector unit are not among them.
  size_t groups = text.find("\nvector_unit {");
  EXPECT_EQ(parseError(text.substr(0, groups)), "");
}

TEST(TargetGroups, OldPartsSayWhereTheyWent) {
  std::string text = readShipped() + "link_budget { }\n";
  EXPECT_CONTAINS(parseError(text), "unknown field 'link_budget' in Target; "
                                    "arrays, with all that belongs to their "
                                    "kind, are written groups {");
  EXPECT_CONTAINS(parseError("core { }"), "are written groups {");
}

TEST(TargetGroups, PricesOfAMachineNameItsStructure) {
  auto target = parseTarget(makeTwoGroups(), "t", {"tall.rows=32"});
  ASSERT_TRUE(target.ok()) << target.error().message;
  auto stale = findStalePrices(*target);
  ASSERT_EQ(stale.size(), 1u);
  EXPECT_EQ(describe(stale[0]), "tall.rows is 32 instead of 64, for which "
                                "tall.optics.loss_db was stated");
}

TEST(TargetGroups, NamesOfClassesAreTheirOwn) {
  EXPECT_DEATH(
      registerMachineClass({"test", proto::VectorUnit::descriptor(), nullptr}),
      "'test' is registered twice");
  EXPECT_DEATH(
      registerMachineClass({"other", proto::Group::descriptor(), nullptr}),
      "is called 'name', as one that every group has");
  // Once more does nothing.
  size_t known = getMachineClasses().size();
  registerMachineClass({"test", TestMachine::descriptor(), nullptr});
  EXPECT_EQ(getMachineClasses().size(), known);
}

TEST(TargetGroups, AreMadeFromTheirValues) {
  auto target = parseTarget(makeTwoGroups(), "t", {"tall.optics.loss_db=0.1"});
  ASSERT_TRUE(target.ok()) << target.error().message;
  auto made = makeTarget(getValues(*target), "t");
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->structuralHash, target->structuralHash);
  EXPECT_TRUE(findDifferences(*target, *made).empty());
  auto read = parseTarget(printTarget(*made), "t");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_TRUE(findDifferences(*target, *read).empty());
}
