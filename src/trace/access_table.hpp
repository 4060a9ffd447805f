#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "provrun/core/access.hpp"
#include "provrun/core/access_set.hpp"
#include "provrun/trace/deferred_hasher.hpp"
#include "resolver.hpp"

namespace provrun::trace {

/// All that is known of one path.
struct Entry {
  core::Access access;  // its path is the key of the table
  os::FileStat stat;    // at the use that the content belongs to
  std::string real_path;
  std::shared_ptr<DeferredHasher::Pending> pending;
  std::vector<core::ListingEntry> names;
  bool listed = false;
  bool examined = false;  // as a program

  bool own() const {
    return access.uses.has(core::Use::write) || access.uses.has(core::Use::create) ||
           access.uses.has(core::Use::remove);
  }
};

/// The uses of paths by one attempt, each path once.
class AccessTable {
 public:
  AccessTable(std::string workspace, DeferredHasher& hasher)
      : workspace_(std::move(workspace)), hasher_(hasher) {}

  Entry& touch(const Found& found, core::Uses uses);
  enum class When { later, now };
  /// A use of the file's bytes: what they are at the first one is learnt.
  Entry& read(const Found& found, core::Uses uses, When when);
  Entry& list(const Found& found);
  Entry& follow(const Found& link, const std::string& target);
  /// The file is about to change: what was asked of it before is answered first.
  void before_change(const Found& found);
  Entry* find(const std::string& path);
  bool in_workspace(const std::string& path) const { return recorded_path(path) != path; }

  /// Waits for all contents. Sorted by path.
  std::vector<core::Access> finish();

 private:
  bool complete(Entry& entry);
  std::string recorded_path(const std::string& path) const;

  std::string workspace_;
  DeferredHasher& hasher_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace provrun::trace
