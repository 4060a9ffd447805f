#pragma once

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

// A parser of bytes that others wrote, as the fuzzer and the test of damaged bytes drive it.
namespace provrun::fuzz {

struct Target {
  std::string_view name;
  /// Any bytes: they are refused with base::Error, or accepted, and then what was read is
  /// consistent. Aborts otherwise.
  void (*feed)(std::string_view bytes);
  std::vector<std::string> seeds;  ///< that are accepted
};

std::vector<Target> repository_targets();
std::vector<Target> record_targets();
std::vector<Target> machine_targets();

/// All of the above.
std::vector<Target> all_targets();

/// Ends the program with the place when it is not so.
inline void require(bool good, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (good) return;
  std::fprintf(stderr, "%s:%d: not true\n", file, line);
  std::abort();
}

/// Calls read(); false when it refuses. An Error without a message is no refusal.
bool accepts(const std::function<void()>& read);

}  // namespace provrun::fuzz
