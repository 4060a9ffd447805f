#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "provrun/os/owners.hpp"
#include "provrun/snapshot/archiver.hpp"
#include "source_walk.hpp"

namespace provrun::snapshot {

/// A file that is to be read, and what has become of it.
struct PendingFile {
  Entry entry;  ///< content and what else is read is filled in
  std::shared_ptr<const os::Directory> directory;
  std::string name;
  os::FileStat stat;                           ///< as the scan saw it
  std::optional<store::FileContent> previous;  ///< in the parent
  enum class State { reading, stored, failed, vanished } state = State::reading;
  std::string problem;
  bool ready = false;  ///< guarded by the archiver
};

/// Reads files and puts them into the session. A file that changes while it is read is read again.
/// Safe from any thread.
class FileReader {
 public:
  FileReader(store::WriteSession& session, const ArchiveOptions& options)
      : session_(session), options_(options) {}

  /// Small files together, a large one by itself. Errors of storing are thrown; those of a file
  /// are its own.
  void read(const std::vector<std::shared_ptr<PendingFile>>& files);
  std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  bool open(PendingFile& file, os::File& opened);
  bool steady(PendingFile& file, const os::File& opened, const os::FileStat& before, int attempt);
  void read_large(PendingFile& file);
  std::optional<std::vector<std::uint8_t>> read_small(PendingFile& file);
  void fill_metadata(PendingFile& file, const os::File& opened, const os::FileStat& stat);
  void count(std::uint64_t bytes);

  store::WriteSession& session_;
  const ArchiveOptions& options_;
  std::atomic<std::uint64_t> bytes_read_{0};
};

/// The entry of what was found, but for what must be read from a file.
Entry entry_of(const Found& found, os::Owners& owners);

}  // namespace provrun::snapshot
