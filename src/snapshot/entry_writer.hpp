#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "provrun/os/directory.hpp"
#include "provrun/os/owners.hpp"
#include "provrun/snapshot/restorer.hpp"

namespace provrun::snapshot {

/// Gives restored names their bytes, owner, attributes, mode and time. Safe from any thread.
class EntryWriter {
 public:
  enum class Ownership { restore, leave };
  EntryWriter(store::Repository& repository, const RestoreOptions& options,
              Ownership ownership = Ownership::restore);

  /// What a file gets by itself in a directory that this restore made.
  struct Fresh {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    bool plain = false;  ///< it gets no attributes
  };
  static Fresh fresh(const os::Directory& directory);

  enum class Done { written, kept };
  /// A file or anything else but a directory. Error(conflict) when it exists and may not be
  /// replaced. In a fresh directory a file is written under its own name at once, and gets mode and
  /// time last; elsewhere it is written beside its place.
  Done write(const Entry& entry, const os::Directory& directory, const std::string& name,
             const Fresh* fresh = nullptr);
  /// Another name of what is at from in the other directory.
  void link(const os::Directory& from_directory, const std::string& from,
            const os::Directory& directory, const std::string& name);
  /// Whether the file is there with the entry's bytes.
  bool has_content(const Entry& entry, const os::Directory& directory, const std::string& name);
  /// Owner, attributes, mode and time of an open directory.
  void finish_directory(const Entry& entry, const os::Directory& directory);

  void fill(RestoreReport& report) const;

 private:
  void write_content(const Entry& entry, const os::File& file, const std::string& path);
  bool write_fresh(const Entry& entry, const os::Directory& directory, const std::string& name,
                   const Fresh& fresh);
  void finish_file(const Entry& entry, const os::File& file, const std::string& path,
                   const Fresh* fresh = nullptr);
  void verify(const Entry& entry, const os::Directory& directory, const std::string& name);
  void finish_other(const Entry& entry, const os::Directory& directory, const std::string& name);
  void set_attributes(const Entry& entry, const os::File& file, const std::string& path,
                      bool lists);
  template <typename Set>
  void own(const Entry& entry, const Set& set);
  void lost(const base::Error& error);
  void bytes_done(std::uint64_t bytes);

  store::Repository& repository_;
  const RestoreOptions& options_;
  const bool privileged_;
  const Ownership ownership_;
  std::mutex mutex_;  ///< of owners_, lost_attribute_ and the progress
  os::Owners owners_;
  std::atomic<std::uint64_t> foreign_owners_{0};
  std::atomic<std::uint64_t> lost_attributes_{0};
  std::string lost_attribute_;
};

}  // namespace provrun::snapshot
