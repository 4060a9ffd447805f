#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "provrun/store/pack.hpp"

namespace provrun::app {

/// When this machine last found each pack as it was written: lines "HEX TAB seconds LF" in a file
/// of the user's cache. A statement about what was read here, not about the repository, so it is
/// not kept there.
class VerificationLedger {
 public:
  explicit VerificationLedger(std::string path);
  /// Seconds since 1970; 0: never.
  std::int64_t verified(const store::PackId& pack) const;
  void set(const store::PackId& pack, std::int64_t seconds) { times_[pack] = seconds; }
  void forget(const store::PackId& pack) { times_.erase(pack); }
  /// Keeps those of the packs only. A file that cannot be written is no failure.
  void save(const std::vector<store::PackId>& packs) const;

 private:
  std::string path_;
  std::unordered_map<store::PackId, std::int64_t> times_;
};

}  // namespace provrun::app
