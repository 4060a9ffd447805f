#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "glob_pattern.hpp"
#include "graph_builder.hpp"

namespace provrun::pipeline {

/// Finds the pattern rule that makes a path.
class PatternSearch {
 public:
  explicit PatternSearch(GraphBuilder& builder);

  struct Use {
    StepId step{};
    std::vector<std::string> values;
    bool operator==(const Use&) const = default;
  };
  /// Adds the instances that make the path, if rules can; all that they read is there then. Reports
  /// a path that two rules could make, and one that a rule could make only by itself.
  void want(const std::string& path, Place place);

 private:
  using Chain = std::vector<StepId>;
  // The uses that could make the path; `itself` gets a rule that was left out as it is in the
  // chain.
  std::vector<Use> uses_of(const std::string& path, const Chain& chain, const Step*& itself);
  bool can_be_had(const Use& use, const Chain& chain, const Step*& itself);
  void want(const std::string& path, Place place, Chain& chain);
  std::vector<std::string> inputs_of(const Use& use);
  bool is_made(const std::string& path) const;
  bool exists(const std::string& path) const;

  struct Output {
    StepId step;
    GlobPattern pattern;
    std::vector<std::size_t> variables;  // of the pattern, as those of the rule
  };
  GraphBuilder& builder_;
  std::vector<Output> outputs_;
  std::map<std::pair<std::string, Chain>, std::vector<Use>> known_;
};

}  // namespace provrun::pipeline
