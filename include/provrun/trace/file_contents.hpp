#pragma once

#include <optional>
#include <string>

#include "provrun/core/access_set.hpp"
#include "provrun/core/content_id.hpp"
#include "provrun/os/file.hpp"

namespace provrun::trace {

/// Where the observer learns what a file is. Any thread may call; nothing throws.
class FileContents {
 public:
  virtual ~FileContents() = default;
  /// The content of the file that has this stat, if that is known without reading it.
  virtual std::optional<core::ContentId> known(const os::FileStat& stat) = 0;
  /// Reads the file (absolute path) and remembers what it is. nullopt when it cannot be read, or
  /// is not the file with this stat, before or after the reading.
  virtual std::optional<core::ContentId> read(const std::string& path,
                                              const os::FileStat& stat) = 0;
  /// A directory was listed and had these names: content is their core::listing_content.
  virtual void listed(const core::ContentId& content, std::vector<core::ListingEntry> names) = 0;
  /// No more questions for a while: what is held for the sake of many at once may be let go.
  virtual void rest() {}
};

/// Reads every file each time.
class UncachedContents : public FileContents {
 public:
  std::optional<core::ContentId> known(const os::FileStat& stat) override;
  std::optional<core::ContentId> read(const std::string& path, const os::FileStat& stat) override;
  void listed(const core::ContentId& content, std::vector<core::ListingEntry> names) override;
};

/// The bytes of the file with this stat; nullopt as FileContents::read says.
std::optional<core::ContentId> hash_file(const std::string& path, const os::FileStat& stat);

}  // namespace provrun::trace
