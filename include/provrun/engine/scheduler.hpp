#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace provrun::engine {

/// How much there is, by name: "cpus", "memory" in bytes, "gpu", pools. What has no entry is not
/// limited.
using Limits = std::map<std::string, std::uint64_t, std::less<>>;

/// Decides which of the waiting step instances may start now, so that what runs at once never takes
/// more than there is of anything. Knows neither time nor processes. One thread.
///
/// The waiting are served by number. One that does not fit may be overtaken by smaller ones, but by
/// none that takes of what it has been found to lack: that is kept for it until it starts. So
/// nothing waits for ever, and a full pool holds up only those who want it. One that wants more
/// than there is runs when it can have all there is.
class Scheduler {
 public:
  /// How much one takes, sorted by name.
  using Demands = std::vector<std::pair<std::string, std::uint64_t>>;

  explicit Scheduler(const Limits& limits);

  /// Where those wait that demand this; the same for the same demands, as long as this lives.
  using Line = std::size_t;
  Line line(const Demands& demands);
  void add(std::uint32_t number, Line line);
  void add(std::uint32_t number, const Demands& demands) { add(number, line(demands)); }
  /// The next that may start; it holds what it demanded until release.
  std::optional<std::uint32_t> next();
  void release(std::uint32_t number);

  bool empty() const { return fronts_.empty(); }  ///< nobody waits
  std::size_t waiting() const { return waiting_; }
  /// What is held of the named resource; 0 for one without a limit.
  std::uint64_t used(std::string_view name) const;

 private:
  // All that demand the same wait in one line: where the first does not fit, none does.
  struct Waiting {
    std::vector<std::uint64_t> amounts;  // per limited resource
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> numbers;
  };

  std::vector<std::string> names_;
  std::vector<std::uint64_t> limits_;
  std::vector<std::uint64_t> free_;
  std::vector<Waiting> lines_;
  std::map<std::vector<std::uint64_t>, std::size_t> line_by_amounts_;
  std::set<std::pair<std::uint32_t, std::size_t>> fronts_;  // the first of each line, the line
  std::unordered_map<std::uint32_t, std::size_t> held_;     // number → line
  std::size_t waiting_ = 0;
  // The first that did not fit, and all it has lacked so far.
  std::optional<std::uint32_t> blocked_;
  std::vector<bool> kept_;
};

}  // namespace provrun::engine
