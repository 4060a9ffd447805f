#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace provrun::pipeline {

/// A set of texts with dense numbers from 0 in the order they came. About 16 bytes a text beside
/// its characters, which lie in one block.
class Interner {
 public:
  /// The number, and whether the text is new. Throws base::Error(unsupported) beyond 4 GiB of
  /// characters.
  std::pair<std::uint32_t, bool> add(std::string_view text);
  std::optional<std::uint32_t> find(std::string_view text) const;
  std::string_view text(std::uint32_t number) const {
    return {characters_.data() + ends_[number], ends_[number + 1] - ends_[number]};
  }
  std::size_t size() const { return ends_.size() - 1; }

 private:
  static constexpr std::uint32_t kFree = UINT32_MAX;
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t number = kFree;
  };
  std::size_t slot_of(std::string_view text, std::uint32_t hash) const;
  void grow();

  std::vector<char> characters_;
  std::vector<std::uint32_t> ends_{0};
  std::vector<Slot> slots_;  // open addressing, a power of two, at most half full
};

}  // namespace provrun::pipeline
