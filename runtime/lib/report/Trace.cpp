//===- Trace.cpp - Timelines in Chrome trace format ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Complete events ("ph": "X") of one track must not overlap partly. Executions
// of one engine never do; slices that stand for many executions do (the array
// is programmed and streamed in turns), as do layers, so these are spread over
// as many tracks as they need.
//
//===----------------------------------------------------------------------===//

#include "Summary.h"

#include "phx/isa/EngineBlocks.h"
#include "phx/support/FileSystem.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

using namespace phx;
using namespace phx::report;

TraceWriter::TraceWriter(const Program &program, uint64_t maxSlices)
    : program(program), maxSlices(maxSlices) {}

void TraceWriter::add(const TimelineSlice &slice) {
  if (slices.size() < maxSlices) {
    slices.push_back(slice);
    return;
  }
  auto [entry, isNew] = merged.try_emplace(
      {getEngineNumber(program, slice.engine), slice.instruction},
      slices.size());
  if (isNew) {
    slices.push_back(slice);
    return;
  }
  TimelineSlice &sum = slices[entry->second];
  sum.begin = std::min(sum.begin, slice.begin);
  sum.end = std::max(sum.end, slice.end);
  sum.repeat += slice.repeat;
  sum.period = 0; // no longer regular
}

namespace {

/// Escapes and quotes.
std::string quote(const std::string &text) {
  return nlohmann::json(text).dump(-1, ' ', false,
                                   nlohmann::json::error_handler_t::replace);
}

/// Microseconds with every digit: femtoseconds are the ninth decimal.
std::string toMicroseconds(Femtoseconds time) {
  char buffer[48];
  std::snprintf(buffer, sizeof(buffer), "%lld.%09lld",
                static_cast<long long>(time / 1000000000),
                static_cast<long long>(time % 1000000000));
  std::string text = buffer;
  text.erase(text.find_last_not_of('0') + 1);
  return text.back() == '.' ? text + "0" : text;
}

/// Writes events; the first failure stops the rest.
class Events {
public:
  explicit Events(AtomicFile &file) : file(file) {
    text = "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n";
  }

  void add(const std::string &event) {
    text += (isFirst ? "" : ",\n") + event;
    isFirst = false;
    if (text.size() > (1u << 20))
      flush();
  }
  void nameProcess(int process, const std::string &name) {
    add("{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":" +
        std::to_string(process) + ",\"args\":{\"name\":" + quote(name) + "}}");
    add("{\"ph\":\"M\",\"name\":\"process_sort_index\",\"pid\":" +
        std::to_string(process) +
        ",\"args\":{\"sort_index\":" + std::to_string(process) + "}}");
  }
  void nameTrack(int process, size_t track, const std::string &name) {
    std::string where = ",\"pid\":" + std::to_string(process) +
                        ",\"tid\":" + std::to_string(track);
    add("{\"ph\":\"M\",\"name\":\"thread_name\"" + where +
        ",\"args\":{\"name\":" + quote(name) + "}}");
    add("{\"ph\":\"M\",\"name\":\"thread_sort_index\"" + where +
        ",\"args\":{\"sort_index\":" + std::to_string(track) + "}}");
  }
  void addSlice(int process, size_t track, const std::string &name,
                Femtoseconds begin, Femtoseconds end, const std::string &args) {
    add("{\"ph\":\"X\",\"name\":" + quote(name) + ",\"pid\":" +
        std::to_string(process) + ",\"tid\":" + std::to_string(track) +
        ",\"ts\":" + toMicroseconds(begin) + ",\"dur\":" +
        toMicroseconds(end - begin) + ",\"args\":{" + args + "}}");
  }
  Status finish() {
    text += "\n]}\n";
    flush();
    return status;
  }

private:
  void flush() {
    if (status)
      status = file.write(text);
    text.clear();
  }

  AtomicFile &file;
  Status status;
  std::string text;
  bool isFirst = true;
};

/// Spreads intervals over lanes so that none overlap: the first lane that is
/// free again takes the next interval.
class Lanes {
public:
  size_t place(Femtoseconds begin, Femtoseconds end, size_t first = 0) {
    ends.resize(std::max(ends.size(), first), 0);
    for (size_t i = first; i < ends.size(); ++i)
      if (ends[i] <= begin) {
        ends[i] = end;
        return i;
      }
    ends.push_back(end);
    return ends.size() - 1;
  }
  size_t size() const { return ends.size(); }

private:
  std::vector<Femtoseconds> ends;
};

bool startsEarlier(const TimelineSlice &a, const TimelineSlice &b) {
  if (a.begin != b.begin)
    return a.begin < b.begin;
  return a.end != b.end ? a.end < b.end : a.instruction < b.instruction;
}

/// Draws the slices of a program.
class Drawing {
public:
  Drawing(const Program &program, Events &events, uint64_t budget)
      : program(program), events(events), budget(budget) {}

  void drawEngines(const std::vector<TimelineSlice> &slices);
  void drawLayers(const TimingResult &timing);

private:
  /// A track: engines that the program does not tell apart.
  struct Row {
    uint32_t count = 1;
    std::vector<TimelineSlice> slices;
  };
  /// By first engine.
  std::map<uint32_t, Row> makeRows(const std::vector<TimelineSlice> &slices);
  std::vector<TimelineSlice> expand(const std::vector<TimelineSlice> &slices);
  void drawSlice(size_t track, const TimelineSlice &slice);

  const Program &program;
  Events &events;
  uint64_t budget;
};
} // namespace

/// Repetitions one by one as far as the budget goes, shortest series first.
std::vector<TimelineSlice>
Drawing::expand(const std::vector<TimelineSlice> &slices) {
  std::vector<size_t> order(slices.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return slices[a].repeat != slices[b].repeat
               ? slices[a].repeat < slices[b].repeat
               : a < b;
  });
  uint64_t left = budget > slices.size() ? budget - slices.size() : 0;
  std::vector<TimelineSlice> expanded;
  for (size_t i : order) {
    TimelineSlice slice = slices[i];
    bool regular = slice.repeat > 1 && slice.period > 0;
    if (!regular || slice.repeat - 1 > left) {
      expanded.push_back(slice);
      continue;
    }
    left -= slice.repeat - 1;
    uint64_t repeat = std::exchange(slice.repeat, 1);
    Femtoseconds last = static_cast<Femtoseconds>(repeat - 1) * slice.period;
    Femtoseconds duration = slice.end - slice.begin - last;
    for (uint64_t r = 0; r < repeat; ++r) {
      slice.end = slice.begin + duration;
      expanded.push_back(slice);
      slice.begin += slice.period;
    }
  }
  std::sort(expanded.begin(), expanded.end(), startsEarlier);
  return expanded;
}

void Drawing::drawSlice(size_t track, const TimelineSlice &slice) {
  const Instruction &instruction = program.code[slice.instruction];
  std::string name = getMnemonic(instruction.body);
  std::string args = "\"instruction\":" + std::to_string(slice.instruction);
  args += ",\"opcode\":" + quote(name);
  if (slice.layer < program.layers.size()) {
    const Layer &layer = program.layers[slice.layer];
    args += ",\"layer\":" + quote(layer.name);
    args += ",\"phase\":" + quote(getPhaseName(layer.phase));
  }
  args += ",\"repeat\":" + std::to_string(slice.repeat);
  if (slice.repeat > 1) {
    name += " x" + std::to_string(slice.repeat);
    if (slice.period > 0)
      args += ",\"period_us\":" + toMicroseconds(slice.period);
  }
  events.addSlice(1, track, name, slice.begin, slice.end, args);
}

std::map<uint32_t, Drawing::Row>
Drawing::makeRows(const std::vector<TimelineSlice> &slices) {
  std::map<uint32_t, Row> rows;
  for (const TimelineSlice &slice : expand(slices)) {
    Row &row = rows[getEngineNumber(program, slice.engine)];
    row.count = slice.arrays;
    row.slices.push_back(slice);
  }
  // Arrays that do nothing are shown one by one, unless there are too many.
  constexpr uint32_t mostIdleRows = 64;
  EngineBlocks blocks(program);
  for (uint32_t block = 0; block < blocks.size(); ++block) {
    uint32_t first = blocks.getFirst(block), count = blocks.getCount(block);
    if (rows.count(first))
      continue;
    if (count > mostIdleRows)
      rows[first].count = count;
    else
      for (uint32_t engine = first; engine < first + count; ++engine)
        rows[engine];
  }
  return rows;
}

void Drawing::drawEngines(const std::vector<TimelineSlice> &slices) {
  events.nameProcess(1, program.name + " on " + program.target);
  size_t track = 0;
  for (const auto &[number, row] : makeRows(slices)) {
    std::string name = getBlockName(program, number, row.count);
    events.nameTrack(1, track, name);
    Lanes lanes;
    size_t named = 1;
    for (const TimelineSlice &slice : row.slices) {
      // The engine's own track is for single executions.
      size_t first = slice.repeat == 1 ? 0 : 1;
      size_t lane = lanes.place(slice.begin, slice.end, first);
      for (; named <= lane; ++named)
        events.nameTrack(1, track + named, name + " repeated");
      drawSlice(track + lane, slice);
    }
    track += named;
  }
}

void Drawing::drawLayers(const TimingResult &timing) {
  std::vector<size_t> order;
  for (size_t i = 0; i < timing.layers.size() && i < program.layers.size(); ++i)
    if (timing.layers[i].executed)
      order.push_back(i);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    Femtoseconds x = timing.layers[a].begin, y = timing.layers[b].begin;
    return x != y ? x < y : a < b;
  });
  events.nameProcess(0, "layers");
  Lanes lanes;
  for (size_t i : order) {
    const LayerTiming &layer = timing.layers[i];
    size_t before = lanes.size();
    size_t lane = lanes.place(layer.begin, layer.end);
    if (lanes.size() > before)
      events.nameTrack(0, lane, lane ? "layers, overlapping" : "layers");
    events.addSlice(
        0, lane, describeLayer(program.layers[i]), layer.begin, layer.end,
        "\"op\":" + quote(program.layers[i].op) +
            ",\"phase\":" + quote(getPhaseName(program.layers[i].phase)) +
            ",\"instructions\":" + std::to_string(layer.instructions));
  }
}

Status TraceWriter::write(const std::string &path, const TimingResult &timing) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file)
    return file.error();
  Events events(*file);
  Drawing drawing(program, events, maxSlices);
  drawing.drawLayers(timing);
  drawing.drawEngines(slices);
  if (Status status = events.finish(); !status)
    return status;
  return file->commit();
}
