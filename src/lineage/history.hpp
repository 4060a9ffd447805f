#pragma once

#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

#include "provrun/lineage/edge_source.hpp"

namespace provrun::lineage {

/// What one query remembers of an EdgeSource: facts, and who made which version for which use. The
/// memory is bounded: a table that grows beyond kRemembered entries is emptied.
class History {
 public:
  explicit History(EdgeSource& source) : source_(source) {}

  EdgeSource& source() { return source_; }
  /// Valid until the next call of a member function.
  const ExecutionFacts& execution(ExecutionNumber number);
  const VersionFacts& version(VersionNumber number);

  /// The execution that made the version for this use: of all that generated it, the one that ended
  /// last before the user began. At the same instant the order of recording decides, so that no
  /// execution can come before itself by any way round.
  std::optional<ExecutionLink> maker(VersionNumber version, ExecutionNumber user);
  /// Of all that generated the version, the one that ended last.
  std::optional<ExecutionLink> last_maker(VersionNumber version);
  /// The uses of the version for which maker() is this execution, in the order in which they began.
  std::vector<ExecutionLink> uses(VersionNumber version, ExecutionNumber maker);

 private:
  struct Moment {
    base::Timestamp time;
    ExecutionNumber execution;
    Evidence evidence = Evidence::declared;
  };
  using Moments = std::vector<Moment>;

  static bool is_before(const Moment& a, const Moment& b);
  Moment start_of(ExecutionNumber number);
  Moment end_of(ExecutionNumber number);
  const Moments& makers(VersionNumber version);  ///< by end
  const Moments& users(VersionNumber version);   ///< by start

  static constexpr std::size_t kRemembered = 100'000;
  EdgeSource& source_;
  std::unordered_map<std::int64_t, ExecutionFacts> executions_;
  std::unordered_map<std::int64_t, VersionFacts> versions_;
  std::unordered_map<std::int64_t, Moments> makers_;
  std::unordered_map<std::int64_t, Moments> users_;
};

}  // namespace provrun::lineage
