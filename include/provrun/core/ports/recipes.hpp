#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "provrun/core/access.hpp"
#include "provrun/core/record.hpp"

namespace provrun::core {

/// What a make was seen to run for one of its targets.
struct Recipe {
  std::uint32_t number = 0;  ///< counts from 1 within the job
  std::uint32_t above = 0;   ///< the recipe that its make belongs to; 0: it is the job's own make
  std::string target;        ///< as make names it; of a member of an archive LIBRARY(MEMBER)
  std::string directory;     ///< where its make is, absolute
  std::vector<std::string> prerequisites;  ///< as make names them, order-only ones too, each once
  std::vector<std::string> lines;          ///< the commands that were started
  Attempt attempt;          ///< its lines together; exit code or signal are those of the last one
  bool end_unseen = false;  ///< a signal ended its last line, and nobody knows which
  bool failed = false;      ///< and make took it for one: it did not go on
  struct Seen {
    Observation observation;
    std::vector<Artifact> made;  ///< the files that it wrote, as they were at its end, by path
  };
  /// Waits until all contents are known. Once, by any one thread.
  std::function<Seen()> seen;
};

/// Is told of recipes as they come and go. Called by a thread of the executor, which must not be
/// kept waiting.
class RecipeWatcher {
 public:
  virtual ~RecipeWatcher() = default;
  /// Without attempt and observation.
  virtual void recipe_started(const Recipe& recipe) = 0;
  virtual void recipe_ended(Recipe recipe) = 0;
};

}  // namespace provrun::core
