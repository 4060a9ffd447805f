#include "interner.hpp"

#include "provrun/base/error.hpp"

namespace provrun::pipeline {

namespace {

std::uint32_t hash_of(std::string_view text) {
  const auto hash = std::hash<std::string_view>{}(text);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32U));
}

}  // namespace

std::size_t Interner::slot_of(std::string_view text_to_find, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].number != kFree &&
         (slots_[at].hash != hash || text(slots_[at].number) != text_to_find))
    at = (at + 1) & mask;
  return at;
}

void Interner::grow() {
  const auto old = std::move(slots_);
  slots_.assign(old.empty() ? 64 : 2 * old.size(), Slot{});
  const std::size_t mask = slots_.size() - 1;
  for (const auto& slot : old) {
    if (slot.number == kFree) continue;
    std::size_t at = slot.hash & mask;
    while (slots_[at].number != kFree) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

std::pair<std::uint32_t, bool> Interner::add(std::string_view new_text) {
  if (slots_.size() < 2 * (size() + 1)) grow();
  const auto hash = hash_of(new_text);
  const auto at = slot_of(new_text, hash);
  if (slots_[at].number != kFree) return {slots_[at].number, false};
  if (characters_.size() + new_text.size() >= UINT32_MAX)
    throw base::Error(base::ErrorCode::unsupported,
                      "the paths of the pipeline need more than 4 GiB");
  slots_[at] = {hash, static_cast<std::uint32_t>(size())};
  characters_.insert(characters_.end(), new_text.begin(), new_text.end());
  ends_.push_back(static_cast<std::uint32_t>(characters_.size()));
  return {slots_[at].number, true};
}

std::optional<std::uint32_t> Interner::find(std::string_view wanted) const {
  if (slots_.empty()) return std::nullopt;
  const auto& slot = slots_[slot_of(wanted, hash_of(wanted))];
  if (slot.number == kFree) return std::nullopt;
  return slot.number;
}

}  // namespace provrun::pipeline
