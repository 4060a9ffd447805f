#pragma once

#include <optional>
#include <string>
#include <vector>

#include "provrun/app/software.hpp"
#include "provrun/capture/module_owner.hpp"
#include "provrun/capture/package_database.hpp"

namespace provrun::app {

/// Which package owns a file now: one of the operating system, or one of a language.
class Owners {
 public:
  /// index_cache: of PackageDatabase.
  explicit Owners(capture::RunProgram run_program = nullptr, std::string index_cache = {})
      : packages_("/", std::move(run_program), std::move(index_cache)) {}
  /// Without files; path: absolute, without symbolic links.
  std::optional<Software> owner_of(const std::string& path);
  /// All owners of the paths with these as their files, sorted; the last one is of what nothing
  /// owns.
  std::vector<Software> owners_of(const std::vector<std::string>& paths);
  capture::PackageDatabase& packages() { return packages_; }

 private:
  capture::PackageDatabase packages_;
  capture::ModuleOwners modules_;
};

}  // namespace provrun::app
