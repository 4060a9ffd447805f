#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "provrun/core/access_set.hpp"
#include "provrun/core/ports/workspace_files.hpp"
#include "provrun/core/record.hpp"

namespace provrun::engine {

/// Where a step looks for programs: its PATH, or where it has none what is usual then.
std::string search_path_of(const std::vector<std::pair<std::string, std::string>>& environment);

/// Of one step instance.
struct SearchPaths {
  std::optional<std::string> then;  ///< of the execution that is judged; nullopt: not recorded
  std::string now;                  ///< what it would have if it ran now
  std::string directory;            ///< where it runs, relative to the workspace; "." its own
};

/// Which program a name leads to through PATH, for programs that executions were seen to start.
/// What was looked for is told by the accesses: in the folders of PATH before the one where the
/// program was, something was looked for under its name. docs/design/observed-dependencies.md.
/// One thread at a time; remembers what stands outside of the workspace until forget().
class ProgramSearch {
 public:
  /// True for a path of the workspace that is not there when the step runs.
  using IsLater = std::function<bool(const std::string& place)>;

  explicit ProgramSearch(core::WorkspaceFiles& files) : files_(files) {}

  /// Reason{"observed_program", name, the place of then, that of now} for the first program that
  /// PATH finds elsewhere now; nullopt when there is none. That PATH finds none at all is no
  /// change.
  std::optional<core::Reason> change(const SearchPaths& paths,
                                     const std::vector<core::AccessSetPtr>& observed,
                                     const IsLater& is_later);
  /// Every place at which the programs of the execution are looked for now, up to where they are:
  /// while nothing changes there, nothing changes in what is found.
  std::vector<std::string> places(const SearchPaths& paths,
                                  const std::vector<core::AccessSetPtr>& observed);
  /// Programs were installed or removed.
  void forget();

 private:
  struct Program {
    std::string place;     ///< empty: there is none
    std::string file;      ///< where it really lies
    std::string settings;  ///< of a virtual environment that it belongs to by its place
    bool same_as(const Program& other) const {
      return file == other.file && settings == other.settings;
    }
  };
  struct Folders {
    std::vector<std::string> real;  ///< in the order of PATH; empty where there is none
    bool in_workspace = false;      ///< one of them
    std::unordered_map<std::string, Program> found;  ///< by name; unused with in_workspace
  };
  using Observed = std::vector<core::AccessSetPtr>;

  Folders& folders(const std::string& search_path, const std::string& directory);
  Program program_at(const std::string& place);
  Program look(const std::string& place);
  const Program& first(Folders& folders, const std::string& name, const IsLater& is_later);
  /// Paths of programs that were started, and of links that were followed.
  const std::vector<std::string>& candidates(const core::AccessSet& set);
  static bool was_looked_up(const Folders& then, std::string_view folder, const std::string& name,
                            const Observed& observed);

  core::WorkspaceFiles& files_;
  std::unordered_map<std::string, Folders> folders_;
  std::unordered_map<std::string, Program> programs_;  ///< outside of the workspace, by place
  std::unordered_map<core::ContentId, std::vector<std::string>> candidates_;
  std::vector<std::string> own_candidates_;
  Program found_;
};

}  // namespace provrun::engine
