#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "provrun/capture/run_program.hpp"
#include "provrun/codec/json.hpp"

namespace provrun::capture {

/// An installed package of the operating system.
struct SystemPackage {
  std::string manager;  ///< "dpkg" or "rpm"
  std::string name;
  std::string version;
  std::string architecture;
  bool operator==(const SystemPackage&) const = default;
};
/// {"manager", "name", "version", "architecture"}
codec::Json to_json(const SystemPackage& package);

/// Which package owns a file. On Debian read straight from <root>/var/lib/dpkg (info/*.list,
/// status, diversions; dpkg(1), deb-old formats since 1.15), with merged /usr taken into account;
/// the index (16 bytes per path) is built at the first question, or taken from index_cache, a file
/// that is made where it is missing or out of date; empty: none. Where there is no dpkg but an rpm
/// program, `rpm -qf` is asked through the port. Files of package managers are foreign: odd lines
/// are passed over, nothing throws. One thread at a time.
class PackageDatabase {
 public:
  explicit PackageDatabase(std::string root = "/", RunProgram run_program = nullptr,
                           std::string index_cache = {});
  ~PackageDatabase();
  PackageDatabase(PackageDatabase&&) noexcept;
  PackageDatabase& operator=(PackageDatabase&&) noexcept;

  /// path: absolute, as seen inside of root, symlinks resolved by the caller.
  std::optional<SystemPackage> owner_of(const std::string& path);
  /// "dpkg", "rpm", or "" when neither is there.
  std::string_view manager();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace provrun::capture
