#include "provrun/engine/scheduler.hpp"

#include <algorithm>

namespace provrun::engine {

Scheduler::Scheduler(const Limits& limits) {
  for (const auto& [name, limit] : limits) {
    names_.push_back(name);
    limits_.push_back(limit);
  }
  free_ = limits_;
  kept_.resize(limits_.size());
}

Scheduler::Line Scheduler::line(const Demands& demands) {
  std::vector<std::uint64_t> amounts(names_.size(), 0);
  for (const auto& [name, amount] : demands) {
    const auto found = std::lower_bound(names_.begin(), names_.end(), name);
    if (found == names_.end() || *found != name) continue;
    const auto at = static_cast<std::size_t>(found - names_.begin());
    amounts[at] = std::min(limits_[at], amount);
  }
  const auto [found, is_new] = line_by_amounts_.try_emplace(amounts, lines_.size());
  if (is_new) lines_.push_back({std::move(amounts), {}});
  return found->second;
}

void Scheduler::add(std::uint32_t number, Line at) {
  auto& line = lines_[at];
  if (line.numbers.empty() || number < line.numbers.top()) {
    if (!line.numbers.empty()) fronts_.erase({line.numbers.top(), at});
    fronts_.emplace(number, at);
  }
  line.numbers.push(number);
  ++waiting_;
}

std::optional<std::uint32_t> Scheduler::next() {
  bool is_blocked = false;
  for (const auto& [number, at] : fronts_) {
    auto& line = lines_[at];
    bool fits = true;
    for (std::size_t i = 0; fits && i < free_.size(); ++i)
      fits = line.amounts[i] <= free_[i] && !(is_blocked && kept_[i] && line.amounts[i] > 0);
    if (!fits) {
      if (is_blocked) continue;
      is_blocked = true;
      if (blocked_ != number) kept_.assign(kept_.size(), false);
      blocked_ = number;
      for (std::size_t i = 0; i < free_.size(); ++i)
        if (line.amounts[i] > free_[i]) kept_[i] = true;
      continue;
    }
    if (blocked_ == number) blocked_.reset();
    const auto started = number;
    const auto line_number = at;
    fronts_.erase({started, line_number});
    line.numbers.pop();
    if (!line.numbers.empty()) fronts_.emplace(line.numbers.top(), line_number);
    --waiting_;
    for (std::size_t i = 0; i < free_.size(); ++i) free_[i] -= line.amounts[i];
    held_.emplace(started, line_number);
    return started;
  }
  return std::nullopt;
}

void Scheduler::release(std::uint32_t number) {
  const auto found = held_.find(number);
  if (found == held_.end()) return;
  const auto& amounts = lines_[found->second].amounts;
  for (std::size_t i = 0; i < free_.size(); ++i) free_[i] += amounts[i];
  held_.erase(found);
}

std::uint64_t Scheduler::used(std::string_view name) const {
  const auto found = std::lower_bound(names_.begin(), names_.end(), name);
  if (found == names_.end() || *found != name) return 0;
  const auto at = static_cast<std::size_t>(found - names_.begin());
  return limits_[at] - free_[at];
}

}  // namespace provrun::engine
