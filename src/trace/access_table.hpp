#pragma once

#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "provrun/core/access.hpp"
#include "provrun/core/access_set.hpp"
#include "provrun/core/record.hpp"
#include "provrun/trace/deferred_hasher.hpp"
#include "resolver.hpp"

namespace provrun::trace {

/// All that is known of one path.
struct Entry {
  const std::string* path = nullptr;  // the key of the table
  core::Access access;                // without its path
  os::FileStat stat;                  // at the use that the content belongs to
  std::string real_path;              // as in Found
  std::shared_ptr<DeferredHasher::Pending> pending;
  // Of a file that was written: as it was when that was last over.
  os::FileStat made_stat;
  std::shared_ptr<DeferredHasher::Pending> made;
  std::vector<core::ListingEntry> names;
  bool listed = false;
  bool examined = false;  // as a program
  bool readable = true;

  const std::string& real() const { return real_path.empty() ? *path : real_path; }

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

  // As in Recorder.
  void files_are_made();
  std::vector<core::Artifact> made();

  /// Waits for all contents. Sorted by path.
  std::vector<core::Access> finish();

 private:
  void complete(Entry& entry);
  void complete_all(std::span<Entry* const> entries);
  std::string recorded_path(const std::string& path) const;

  std::string workspace_;
  DeferredHasher& hasher_;
  // Entries come by the thousand and go together.
  std::pmr::monotonic_buffer_resource memory_{16384};
  std::pmr::unordered_map<std::string, Entry> entries_{&memory_};
};

}  // namespace provrun::trace
