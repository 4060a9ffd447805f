#include "deferral.hpp"

#include <algorithm>
#include <set>

#include "paths.hpp"
#include "provrun/base/format.hpp"

namespace provrun::pipeline {

namespace {

constexpr char kAnyText = '\0';

std::string normal_shape(std::string text) {
  const bool is_directory = text.ends_with('/') || text == ".";
  text = normalize_path(text);
  if (is_directory) text = text == "." ? std::string(1, kAnyText) : text + '/' + kAnyText;
  return text;
}

bool is_subset(const std::set<StepId>& part, const std::set<StepId>& whole) {
  return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

class DeferralFinder {
 public:
  DeferralFinder(const Workflow& workflow, Diagnostics& diagnostics)
      : workflow_(workflow), diagnostics_(diagnostics), awaited_(workflow.steps().size()) {}

  Deferral find() {
    Deferral result;
    if (!start()) return result;
    const auto count = awaited_.size();
    for (std::size_t i = 0; i < count; ++i) note_paths(static_cast<StepId>(i));
    users_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto& step = workflow_.steps()[i];
      const auto user = static_cast<StepId>(i);
      if (step.from) add_user(step.from->step, user);
      for (const auto other : step.needs) add_user(other, user);
      for (const auto& input : step.inputs)
        for (const auto& item : input.items)
          if (item.collect) add_user(item.collect->step, user);
    }
    for (std::size_t i = 0; i < count; ++i) spread(awaited_, static_cast<StepId>(i));
    report_circles();
    if (diagnostics_.empty()) follow_paths();
    result.awaited.resize(count);
    result.shapes.resize(count);
    result.waits_for.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      result.awaited[i].assign(awaited_[i].begin(), awaited_[i].end());
      if (!awaited_[i].empty()) result.shapes[i] = outputs_[i];
      for (const auto user : users_[i])
        if (!awaited_[index_of(user)].empty())
          result.waits_for[index_of(user)].push_back(static_cast<StepId>(i));
    }
    return result;
  }

 private:
  using Awaited = std::vector<std::set<StepId>>;

  static bool discovers(const Step& step, const std::optional<std::uint32_t>& output) {
    if (output) return step.outputs[*output].discover != nullptr;
    return std::any_of(step.outputs.begin(), step.outputs.end(),
                       [](const auto& declared) { return declared.discover != nullptr; });
  }

  // What the document says itself. False: nothing.
  bool start() {
    bool any = false;
    for (std::size_t i = 0; i < awaited_.size(); ++i) {
      const auto& step = workflow_.steps()[i];
      if (step.from) awaited_[i].insert(step.from->step);
      for (const auto& input : step.inputs)
        for (const auto& item : input.items)
          if (item.collect && discovers(workflow_.step(item.collect->step), item.collect->output))
            awaited_[i].insert(item.collect->step);
      any = any || !awaited_[i].empty();
    }
    return any;
  }

  void note_paths(StepId id) {
    const auto& step = workflow_.step(id);
    auto& inputs = inputs_.emplace_back();
    auto& outputs = outputs_.emplace_back();
    for (const auto& input : step.inputs)
      for (const auto& item : input.items)
        if (!item.collect) inputs.push_back(shape_of(item.path, step.folder()));
    if (step.standard_input) inputs.push_back(shape_of(*step.standard_input, step.folder()));
    for (const auto& output : step.outputs) {
      for (const auto& path : output.paths) outputs.push_back(shape_of(path, step.folder()));
      if (output.discover) outputs.push_back(shape_of(*output.discover));
    }
    for (const auto* stream : {&step.standard_output, &step.standard_error})
      if (*stream) outputs.push_back(shape_of(**stream, step.folder()));
  }

  void add_user(StepId of, StepId user) {
    auto& users = users_[index_of(of)];
    if (std::find(users.begin(), users.end(), user) == users.end()) users.push_back(user);
  }

  // Who waits for a step waits for what that one awaits.
  void spread(Awaited& awaited, StepId from) const {
    std::vector<StepId> open{from};
    while (!open.empty()) {
      const auto id = open.back();
      open.pop_back();
      if (awaited[index_of(id)].empty()) continue;
      for (const auto user : users_[index_of(id)]) {
        auto& theirs = awaited[index_of(user)];
        if (is_subset(awaited[index_of(id)], theirs)) continue;
        theirs.insert(awaited[index_of(id)].begin(), awaited[index_of(id)].end());
        open.push_back(user);
      }
    }
  }

  static bool has_circle(const Awaited& awaited) {
    for (std::size_t i = 0; i < awaited.size(); ++i)
      if (awaited[i].contains(static_cast<StepId>(i))) return true;
    return false;
  }

  void report_circles() {
    for (std::size_t i = 0; i < awaited_.size(); ++i) {
      const auto id = static_cast<StepId>(i);
      if (!awaited_[i].contains(id)) continue;
      const auto& step = workflow_.step(id);
      diagnostics_.add(step.place,
                       base::format("step '{}' waits for files that it discovers itself: {}",
                                    step.name, circle_of(id)),
                       "a step runs only when all of its instances are known");
      return;
    }
  }

  // The way from a step through those that wait for it back to it.
  std::string circle_of(StepId start) const {
    std::vector<StepId> before(users_.size(), start);
    std::vector<bool> seen(users_.size());
    std::vector<StepId> open{start};
    for (std::size_t at = 0; at < open.size(); ++at)
      for (const auto user : users_[index_of(open[at])]) {
        if (user == start) {
          std::string text = workflow_.step(start).name;
          std::vector<StepId> way{open[at]};
          while (way.back() != start) way.push_back(before[index_of(way.back())]);
          for (auto id = way.rbegin(); id != way.rend(); ++id)
            if (*id != start) text += " → " + workflow_.step(*id).name;
          return text + " → " + workflow_.step(start).name;
        }
        if (seen[index_of(user)]) continue;
        seen[index_of(user)] = true;
        before[index_of(user)] = open[at];
        open.push_back(user);
      }
    return workflow_.step(start).name;
  }

  // Steps that read what a step with instances to come makes have them to come, too.
  void follow_paths() {
    std::vector<StepId> open;
    for (std::size_t i = 0; i < awaited_.size(); ++i)
      if (!awaited_[i].empty()) open.push_back(static_cast<StepId>(i));
    while (!open.empty()) {
      const auto maker = open.back();
      open.pop_back();
      for (std::size_t i = 0; i < awaited_.size(); ++i) {
        const auto reader = static_cast<StepId>(i);
        auto& users = users_[index_of(maker)];
        if (reader == maker || is_subset(awaited_[index_of(maker)], awaited_[i]) ||
            std::find(users.begin(), users.end(), reader) != users.end() || !reads(reader, maker))
          continue;
        users.push_back(reader);
        auto then = awaited_;
        spread(then, maker);
        if (has_circle(then)) {
          users.pop_back();
          continue;
        }
        for (std::size_t j = 0; j < then.size(); ++j)
          if (awaited_[j].empty() && !then[j].empty()) open.push_back(static_cast<StepId>(j));
        awaited_ = std::move(then);
      }
    }
  }

  bool reads(StepId reader, StepId maker) const {
    for (const auto& input : inputs_[index_of(reader)])
      for (const auto& output : outputs_[index_of(maker)])
        if (may_meet(input, output)) return true;
    return false;
  }

  const Workflow& workflow_;
  Diagnostics& diagnostics_;
  Awaited awaited_;
  std::vector<std::vector<StepId>> users_;  // per step: who waits for it
  std::vector<std::vector<std::string>> inputs_;
  std::vector<std::vector<std::string>> outputs_;
};

}  // namespace

Deferral find_deferral(const Workflow& workflow, Diagnostics& diagnostics) {
  return DeferralFinder(workflow, diagnostics).find();
}

std::string shape_of(const Template& text, std::string_view folder) {
  std::string shape;
  // What begins with a value may be absolute, or lead out of the folder.
  if (!folder.empty() && !text.pieces.empty() && text.pieces[0].what == Template::What::literal &&
      !text.pieces[0].text.starts_with('/'))
    (shape += folder) += '/';
  for (const auto& piece : text.pieces)
    if (piece.what == Template::What::literal)
      shape += piece.text;
    else if (!shape.ends_with(kAnyText) || shape.empty())
      shape += kAnyText;
  return normal_shape(std::move(shape));
}

std::string shape_of(const DiscoverRule& rule) {
  std::string shape;
  for (const auto& piece : rule.pieces)
    if (piece.what == DiscoverRule::Piece::What::literal)
      shape += piece.text;
    else
      shape += kAnyText;
  return normal_shape(std::move(shape));
}

bool may_meet(std::string_view one, std::string_view other) {
  while (!one.empty() && !other.empty() && one[0] == other[0] && one[0] != kAnyText) {
    one.remove_prefix(1);
    other.remove_prefix(1);
  }
  while (!one.empty() && !other.empty() && one.back() == other.back() && one.back() != kAnyText) {
    one.remove_suffix(1);
    other.remove_suffix(1);
  }
  const auto is_open = [](std::string_view text) {
    return text.find(kAnyText) != std::string_view::npos;
  };
  if (one.empty() && other.empty()) return true;
  if (!is_open(one) && !is_open(other)) return false;
  const auto differs = [&](char a, char b) { return a != b && a != kAnyText && b != kAnyText; };
  if (!one.empty() && !other.empty() &&
      (differs(one[0], other[0]) || differs(one.back(), other.back())))
    return false;
  // Row i, place j: whether the first i of the one and the first j of the other can be one text.
  std::vector<bool> row(other.size() + 1);
  row[0] = true;
  for (std::size_t j = 0; j < other.size(); ++j) row[j + 1] = row[j] && other[j] == kAnyText;
  for (const char c : one) {
    std::vector<bool> next(row.size());
    next[0] = row[0] && c == kAnyText;
    for (std::size_t j = 0; j < other.size(); ++j) {
      const bool any = c == kAnyText || other[j] == kAnyText;
      next[j + 1] = any ? next[j] || row[j + 1] : row[j] && c == other[j];
    }
    row = std::move(next);
  }
  return row.back();
}

bool may_mean(std::string_view shape, std::string_view path, bool or_inside) {
  if (path == ".") return or_inside;
  if (may_meet(shape, path)) return true;
  if (!or_inside) return false;
  auto inside = std::string(path);
  (inside += '/') += kAnyText;
  return may_meet(shape, inside);
}

}  // namespace provrun::pipeline
