#include "verification_ledger.hpp"

#include <charconv>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/file.hpp"

namespace provrun::app {

VerificationLedger::VerificationLedger(std::string path) : path_(std::move(path)) {
  if (!os::lstat_file(path_)) return;
  std::string text;
  try {
    text = os::read_file(path_, std::uint64_t{1} << 30U);
  } catch (const base::Error&) {
    return;
  }
  for (const auto line : base::split(text, '\n')) {
    const auto tab = line.find('\t');
    if (tab == std::string_view::npos) continue;
    const auto id = hash::parse_digest(line.substr(0, tab));
    const auto digits = line.substr(tab + 1);
    std::int64_t seconds = 0;
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    if (id && result.ec == std::errc() && result.ptr == digits.data() + digits.size())
      times_[store::PackId{*id}] = seconds;
  }
}

std::int64_t VerificationLedger::verified(const store::PackId& pack) const {
  const auto found = times_.find(pack);
  return found == times_.end() ? 0 : found->second;
}

void VerificationLedger::save(const std::vector<store::PackId>& packs) const {
  std::string text;
  for (const auto& pack : packs)
    if (const auto found = times_.find(pack); found != times_.end())
      text += pack.digest.to_hex() + "\t" + std::to_string(found->second) + "\n";
  try {
    os::make_directories(os::parent_path(path_), 0700);
    os::write_file_atomically(path_, text, os::Durability::cached);
  } catch (const base::Error&) {
    // Packs are then verified earlier than they need to be.
  }
}

}  // namespace provrun::app
