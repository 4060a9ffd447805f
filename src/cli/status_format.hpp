#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace provrun::cli {

/// How far a run is, for the status that a user has laid out himself.
struct StatusNumbers {
  std::uint64_t started = 0;
  std::uint64_t finished = 0;
  std::uint64_t running = 0;
  std::uint64_t total = 0;
  double elapsed_s = 0;
  double left_s = -1;        ///< negative: not known
  double current_rate = -1;  ///< steps per second of late; negative: not known
};

/// `--status FORMAT`: text with placeholders as those of ninja's NINJA_STATUS.
class StatusFormat {
 public:
  /// Throws base::Error(invalid_input) for a placeholder that there is none of.
  explicit StatusFormat(std::string_view text);
  std::string fill(const StatusNumbers& numbers) const;

 private:
  struct Piece {
    char what = 0;  // 0: text
    std::string text;
  };
  std::vector<Piece> pieces_;
};

}  // namespace provrun::cli
