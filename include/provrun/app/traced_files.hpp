#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "provrun/app/cached_files.hpp"
#include "provrun/trace/file_contents.hpp"

namespace provrun::app {

/// What observers know of files: the run's own cache, and behind it the state file through a
/// connection of its own, since a connection belongs to one thread at a time.
class TracedFiles : public trace::FileContents {
 public:
  /// state_file: absolute; may be absent.
  TracedFiles(CachedFiles& files, std::string state_file);
  ~TracedFiles() override;

  std::optional<core::ContentId> known(const os::FileStat& stat) override;
  std::optional<core::ContentId> read(const std::string& path, const os::FileStat& stat) override;
  void listed(const core::ContentId& content, std::vector<core::ListingEntry> names) override;
  void rest() override;

  /// The names of a directory that an observed step listed; for any thread.
  std::optional<std::vector<core::ListingEntry>> listing(const core::ContentId& content);

 private:
  struct Memory;
  std::optional<core::ContentId> remembered(const os::FileStat& stat);

  CachedFiles& files_;
  std::string state_file_;
  std::mutex mutex_;
  bool opened_ = false;
  std::unique_ptr<Memory> memory_;
  std::mutex listings_mutex_;
  std::unordered_map<core::ContentId, std::vector<core::ListingEntry>> listings_;
};

}  // namespace provrun::app
