#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace provrun::capture {

/// A package of a language that a module file belongs to.
struct ModulePackage {
  std::string manager;  ///< "python", "r", "node" or "java"
  std::string name;
  std::string version;  ///< "" when it is not known
  bool operator==(const ModulePackage&) const = default;
};

/// Which package of Python, R, Node or Java a file belongs to, from the file's path and from what
/// the package says of itself beside it (METADATA, DESCRIPTION, package.json, the jar's name).
/// Foreign files: odd ones are passed over, nothing throws. One thread at a time.
class ModuleOwners {
 public:
  ModuleOwners();
  ~ModuleOwners();
  /// path: absolute.
  std::optional<ModulePackage> owner_of(const std::string& path);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace provrun::capture
