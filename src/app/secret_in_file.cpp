#include "secret_in_file.hpp"

#include <algorithm>
#include <cstdint>
#include <span>

#include "provrun/base/error.hpp"
#include "provrun/os/file.hpp"

namespace provrun::app {

std::optional<std::string> secret_in_file(const policy::KnownSecrets& secrets,
                                          const std::string& path) {
  constexpr std::size_t kPiece = 4U << 20U;
  try {
    const auto file = os::open_for_reading(path);
    std::string bytes;
    for (bool begins = true;; begins = false) {
      const auto kept = std::min(secrets.overlap(), bytes.size());
      bytes.erase(0, bytes.size() - kept);
      bytes.resize(kept + kPiece);
      auto filled = kept;
      while (filled < bytes.size()) {
        auto* at = reinterpret_cast<std::uint8_t*>(bytes.data()) + filled;
        const auto n = os::read_some(file, std::span(at, bytes.size() - filled), path);
        if (n == 0) break;
        filled += n;
      }
      const bool ends = filled < bytes.size();
      bytes.resize(filled);
      if (auto name = secrets.find(bytes, begins, ends)) return name;
      if (ends) return std::nullopt;
    }
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

}  // namespace provrun::app
