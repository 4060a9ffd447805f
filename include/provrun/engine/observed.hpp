#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/core/access_set.hpp"
#include "provrun/core/record.hpp"

// What follows from the accesses of an execution. No input or output; docs/design/observation.md.
namespace provrun::engine {

/// Where a step ran, as far as it decides what a path is.
struct Scene {
  std::string home;                    ///< absolute; may be empty
  std::vector<std::string> temporary;  ///< folders for temporary files
  std::vector<std::string> software;   ///< folders of installed software beside the usual ones
};
/// From the variables HOME, TMPDIR, TMP, VIRTUAL_ENV, CONDA_PREFIX … of a process.
Scene scene_of(const std::vector<std::pair<std::string, std::string>>& environment);

/// Why an access decides nothing, in a few words; empty when it may decide something.
std::string_view noise_rule(const core::Access& access, const Scene& scene);
core::PathClass class_of(const core::Access& access, const Scene& scene);
/// Below a folder of modules: Python's site-packages, node_modules, R's library and the like.
bool is_module_path(std::string_view path);

/// What must still be true of a path for the result to be usable again.
enum class Need { nothing, presence, absence, content, listing, target };
/// strict: the step's own files are asked for as they were before it, as restoring wants it.
Need need_of(const core::Access& access, bool strict = false);

/// What a step says of its files: paths as in Artifact, those of directories with a slash at their
/// end.
struct Declared {
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<std::string> streams;  ///< opened for it, not by it
};

struct SortedOut {
  core::Observed observed;  ///< but for undeclared_outputs, which depend on what is there now
  std::vector<core::Artifact> inputs;  ///< used and not declared, sorted
  std::vector<std::string> written;    ///< in the workspace, written or created and not declared
  std::vector<std::string> changed;    ///< inputs that somebody else changed meanwhile
  bool wrote_software = false;         ///< or removed some
};
/// adjust gets each access of a directory that was listed and may replace its content.
SortedOut sort_out(core::Observation observation, const Declared& declared, const Scene& scene,
                   const std::function<void(core::Access&)>& adjust);

}  // namespace provrun::engine
