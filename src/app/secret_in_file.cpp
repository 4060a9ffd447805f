#include "secret_in_file.hpp"

#include <algorithm>
#include <cstdint>
#include <span>

#include "provrun/base/error.hpp"
#include "provrun/os/file.hpp"

namespace provrun::app {

std::optional<policy::FoundSecret> secret_in_file(const policy::FileScreen& screen,
                                                  policy::FileScreen::For what,
                                                  const std::string& path, hash::Sha256* hasher) {
  constexpr std::size_t kPiece = 1U << 20U;  // stays in the cache between reading and looking
  try {
    const auto file = os::open_for_reading(path);
    std::string bytes(screen.overlap() + kPiece, '\0');
    std::size_t kept = 0;
    for (bool begins = true;; begins = false) {
      auto filled = kept;
      while (filled < bytes.size()) {
        auto* at = reinterpret_cast<std::uint8_t*>(bytes.data()) + filled;
        const auto n = os::read_some(file, std::span(at, bytes.size() - filled), path);
        if (n == 0) break;
        if (hasher != nullptr) hasher->update(std::span(at, n));
        filled += n;
      }
      const bool ends = filled < bytes.size();
      if (auto found = screen.find(std::string_view(bytes).substr(0, filled), what, begins, ends))
        return found;
      if (ends) return std::nullopt;
      kept = screen.overlap();
      std::copy(bytes.end() - static_cast<std::ptrdiff_t>(kept), bytes.end(), bytes.begin());
    }
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

}  // namespace provrun::app
