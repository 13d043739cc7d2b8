//===- CommandLine.cpp - Options of photonic-run ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/run/CommandLine.h"

#include "phx/exec/Executor.h"
#include "phx/report/Glossary.h"
#include "phx/support/Suggestions.h"

#include <CLI/CLI.hpp>

#include <algorithm>

using namespace phx;

static constexpr const char *overview =
    R"(photonic-run: executes a program file on a simulated photonic accelerator

  photonic-run MODEL.phx --input x=x.npy --output-dir out --report report.json
  photonic-run MODEL.phx --input data.npz --labels labels.npy
  photonic-run MODEL.phx --timing-only --set core.clock_ghz=5
  photonic-run STEP.phx --input image=x.npy --input labels=y.npy \
      --state before.npz --save-state after.npz

Inputs may hold any number of samples: the program then runs once per batch, the
last time padded by repeating the last sample. A training program makes one step
per batch, each with what the one before has learnt, and drops a last partial
batch. Time and energy are those of one run, or step; of the latest where the
program reads count registers.
)";

static constexpr const char *footer =
    R"(Exit code 0: done. 1: the input, an option or the machine is at fault; the
message says what was expected, what was found and what to do. 130: interrupted.)";

static void addDataOptions(CLI::App &app, CommandLine &o) {
  app.add_option("--input", o.inputs,
                 "an input array, or an archive of all inputs by name; the "
                 "name may be left out if there is one input; may be repeated")
      ->type_name("NAME=FILE.npy|FILE.npz")
      ->allow_extra_args(false);
  app.add_option("--labels", o.labels,
                 "class numbers (int32 or int64, one per sample): adds top-1 "
                 "and top-5 accuracy; labels that a program takes itself are "
                 "an input")
      ->type_name("FILE.npy");
  app.add_option("--output-dir", o.outputDirectory,
                 "writes each output to DIR/NAME.npy, with characters that a "
                 "file name cannot hold percent-encoded")
      ->type_name("DIR");
  app.add_option("--dump-values", o.dumpDirectory,
                 "writes the value of each layer to DIR/LAYER.npy")
      ->type_name("DIR");
  app.add_option("--report", o.report,
                 "writes the report as JSON (docs/report.schema.json)")
      ->type_name("FILE.json");
  app.add_option("--trace", o.trace,
                 "writes the timeline in Chrome trace format, for "
                 "ui.perfetto.dev")
      ->type_name("FILE.json");
}

static void addStateOptions(CLI::App &app, CommandLine &o) {
  app.add_option("--state", o.state,
                 "parameters and state to start with, as --save-state writes "
                 "them (default: those in the program)")
      ->type_name("FILE.npz");
  app.add_option("--save-state", o.saveState,
                 "writes parameters and state behind the last step, by name; "
                 "an existing file is replaced when the new one is complete")
      ->type_name("FILE.npz");
  app.add_option("--seed", o.seed,
                 "of the random numbers that the program draws (default: that "
                 "in the state)")
      ->type_name("N");
}

static void addMachineOptions(CLI::App &app, CommandLine &o) {
  app.add_option("--target", o.target,
                 "target description (default: the one the program was "
                 "compiled for); has to agree in every structural field")
      ->type_name("NAME|FILE");
  app.add_option("--set", o.overrides,
                 "changes a price of the target, e.g. core.clock_ghz=5; may be "
                 "repeated")
      ->type_name("FIELD=VALUE")
      ->allow_extra_args(false);
  app.add_option("--executor", o.executor,
                 "fast or reference; both give the same bits (default: fast)")
      ->type_name("fast|reference");
  app.add_option(
         "--timing", o.timing,
         "closed jumps over iterations, stepped goes through each; both "
         "give the same times (default: closed)")
      ->type_name("closed|stepped");
  app.add_option("--threads", o.threads,
                 "host threads (default: all); results do not depend on it")
      ->type_name("N")
      ->check(CLI::Range(1u, maxThreads));
}

static void addFlags(CLI::App &app, CommandLine &o) {
  app.add_option("--count", o.counts,
                 "with --timing-only: lets the program find NUMBER wherever it "
                 "counts NAME, one of its count registers; may be repeated")
      ->type_name("NAME=NUMBER")
      ->allow_extra_args(false);
  app.add_flag("--timing-only", o.timingOnly,
               "computes time and energy without executing; needs no input");
  app.add_flag("--fp32", o.fp32,
               "computes products in FP32 instead of the program's number "
               "format; time and energy do not change unless they follow "
               "counts, which may differ");
  app.add_flag("--no-compare", o.noCompare,
               "does not compute the network in FP32 beside the run, which "
               "takes as long again; the report then lacks the "
               "signal-to-quantisation-noise ratios");
  app.add_flag("--quiet", o.quiet, "prints no report");
  app.add_flag("--no-color", o.noColor,
               "no colours (they are used on terminals only; NO_COLOR is "
               "respected)");
}

/// Complains about combinations that make no sense.
static Status checkCombinations(const CommandLine &o) {
  if (o.executor != "fast" && o.executor != "reference")
    return Error{"--executor has to be fast or reference, found '" +
                 o.executor + "'"};
  if (o.timing != "closed" && o.timing != "stepped")
    return Error{"--timing has to be closed or stepped, found '" + o.timing +
                 "'"};
  if (!o.timingOnly && !o.counts.empty())
    return Error{"--count assumes what an execution finds out; add "
                 "--timing-only, or leave it out"};
  auto conflicts = [&](const char *flag) {
    return Error{std::string("--timing-only executes nothing, so ") + flag +
                 " has no meaning; leave one of the two out"};
  };
  if (!o.timingOnly)
    return Status::success();
  if (!o.inputs.empty())
    return conflicts("--input");
  if (!o.labels.empty())
    return conflicts("--labels");
  if (!o.outputDirectory.empty())
    return conflicts("--output-dir");
  if (!o.dumpDirectory.empty())
    return conflicts("--dump-values");
  if (!o.state.empty())
    return conflicts("--state");
  if (!o.saveState.empty())
    return conflicts("--save-state");
  if (o.seed)
    return conflicts("--seed");
  if (o.fp32)
    return conflicts("--fp32");
  return Status::success();
}

/// The first argument that is no option of the tool.
static Error makeUnexpected(const CLI::App &app, const std::string &argument) {
  if (argument.empty() || argument[0] != '-')
    return Error{"expected one program file, found '" + argument +
                 "' as well; inputs are given as --input NAME=FILE.npy"};
  std::vector<std::string> known;
  for (const CLI::Option *option : app.get_options())
    for (const std::string &name : option->get_lnames())
      known.push_back("--" + name);
  std::string name = argument.substr(0, argument.find('='));
  return Error{"unknown option '" + name + "'" + didYouMean(name, known) +
               "; photonic-run --help lists all"};
}

Result<ParsedCommandLine> phx::parseCommandLine(int argc,
                                                const char *const *argv) {
  ParsedCommandLine parsed;
  CommandLine &o = parsed.options;
  CLI::App app(overview, "photonic-run");
  app.footer(footer);
  app.get_formatter()->column_width(38);
  app.allow_extras();
  app.add_option("MODEL.phx", o.program, "program file")->type_name("");
  addDataOptions(app, o);
  addStateOptions(app, o);
  addMachineOptions(app, o);
  addFlags(app, o);
  bool version = false, listCounters = false, listFields = false;
  app.add_flag("--version", version, "prints the version");
  app.add_flag("--list-counters", listCounters,
               "prints every counter, component of energy and part of the area "
               "with its unit and definition");
  app.add_flag("--list-instructions", listFields,
               "prints every instruction and each of its fields, every operation "
               "of the tables and each of its parameters, with kind, unit and "
               "definition");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp &) {
    parsed.leave = true;
    parsed.text = app.help();
    return parsed;
  } catch (const CLI::ParseError &error) {
    return Error{std::string(error.what()) +
                 "; photonic-run --help explains the options"};
  }
  if (version) {
    parsed.leave = true;
    parsed.text = "photonic-run " PHOTONIC_VERSION "\n";
    return parsed;
  }
  if (listCounters) {
    parsed.leave = true;
    parsed.text = formatGlossary(listCharges(), 80);
    return parsed;
  }
  if (listFields) {
    parsed.leave = true;
    std::vector<GlossaryEntry> entries = listInstructions();
    for (GlossaryEntry &operation : listOperations())
      entries.push_back(std::move(operation));
    parsed.text = formatGlossary(entries, 80);
    return parsed;
  }
  if (std::vector<std::string> extras = app.remaining(); !extras.empty())
    return makeUnexpected(app, extras.front());
  if (o.program.empty())
    return Error{"expected a program file: photonic-run MODEL.phx ...; "
                 "photonic-compile makes one, photonic-run --help explains the "
                 "options"};
  if (Status status = checkCombinations(o); !status)
    return status.error();
  return parsed;
}

std::pair<std::string, std::string>
phx::splitInput(const std::string &argument,
                const std::vector<std::string> &names) {
  for (size_t at = argument.find('='); at != std::string::npos;
       at = argument.find('=', at + 1))
    if (std::find(names.begin(), names.end(), argument.substr(0, at)) !=
        names.end())
      return {argument.substr(0, at), argument.substr(at + 1)};
  size_t at = argument.find('=');
  if (at == std::string::npos)
    return {"", argument};
  return {argument.substr(0, at), argument.substr(at + 1)};
}
