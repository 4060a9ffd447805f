#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "provrun/core/ports/workspace_files.hpp"
#include "provrun/os/file.hpp"

namespace provrun::catalog {
class State;
}

namespace provrun::app {

/// The files of a workspace with a cache of their contents: a file whose device, inode, size, mtime
/// and ctime are as they were when it was read is not read again. A file that was read so soon
/// after its last change that a further change could carry the same times is racy: it is believed
/// during this run and not remembered beyond it (see docs/design/file-cache.md).
class CachedFiles : public core::WorkspaceFiles {
 public:
  /// root: absolute. state may be null: nothing is remembered from before. aside: where files that
  /// must not be lost are moved, e.g. ".provrun/aside/RUN", relative to the root; notice is told.
  /// unfinished: the same for outputs of steps that failed; empty: as aside.
  CachedFiles(std::string root, catalog::State* state, std::string aside,
              std::function<void(const std::string&)> notice, std::string unfinished = {});
  ~CachedFiles() override;

  std::optional<core::PathState> identify(const std::string& path, core::PathKind kind) override;
  bool unchanged(const std::string& path, core::PathKind kind) override;
  void prepare_output(const std::string& path, core::PathKind kind,
                      const std::vector<core::Artifact>& known) override;
  void protect(const std::string& path, core::PathKind kind) override;
  std::string set_aside(const std::string& path) override;
  core::Sight look(const std::string& path, core::Look what) override;
  std::string real_path(const std::string& path) override;
  std::vector<core::ListingEntry> list(const std::string& path) override;
  std::optional<std::vector<core::ListingEntry>> recall(const core::ContentId& listing) override;
  core::ContentId keep_listing(const std::vector<core::ListingEntry>& entries) override;

  /// What lies below a directory: of each entry its path in it and what it is, as in the text whose
  /// hash is the directory's content ("d", "f" and the content id, "l" and the target).
  struct Contents {
    std::vector<std::pair<std::string, std::string>> lines;
    std::vector<core::Artifact> files;
  };
  Contents contents_of(const std::string& path);
  static core::PathState state_of(Contents contents);

  /// The content of any file by its absolute path; throws when it cannot be read.
  core::ContentId content_of(const std::string& absolute_path, const os::FileStat& stat);
  // For those who observe steps; safe from any thread, beside all other calls.
  /// What is known in memory of the file with this stat.
  std::optional<core::ContentId> known_content(const os::FileStat& stat) const;
  /// The file at the path was read, beginning at read_at, and is this.
  void learn(const os::FileStat& stat, const core::ContentId& content, base::Timestamp read_at,
             const std::string& absolute_path);
  /// The same, from a cache of before.
  void learn_settled(const os::FileStat& stat, const core::ContentId& content);

  /// Asked for the names behind a listing that an observer has seen.
  void recall_with(
      std::function<std::optional<std::vector<core::ListingEntry>>(const core::ContentId&)>
          listed) {
    listed_ = std::move(listed);
  }

  /// The file's stat when it was last identified; nullptr when it never was.
  const os::FileStat* stat_of(const std::string& path) const;
  /// Whether the file's times prove its content: it was identified with these, and is not racy.
  bool settled(const os::FileStat& stat) const;
  /// Writes what was learnt into the state, after reading racy files again. Call at the end of a
  /// run.
  void remember(catalog::State& state);
  /// Files and bytes that were read to be hashed.
  std::uint64_t files_read() const { return files_read_; }
  std::uint64_t bytes_read() const { return bytes_read_; }
  const std::string& root() const { return root_; }
  std::string absolute(const std::string& path) const;

 private:
  struct Known {
    os::FileStat stat;
    core::ContentId content;
    bool racy = false;
    bool fresh = false;  ///< learnt in this run
    std::string path;    ///< absolute; for racy ones, to read them again
  };
  struct InodeHash {
    std::size_t operator()(const std::pair<std::uint64_t, std::uint64_t>& key) const noexcept {
      return std::hash<std::uint64_t>{}(key.second * 31 + key.first);
    }
  };
  struct Listing {
    os::FileStat stat;
    bool settled = false;  ///< its times prove that it is unchanged
    std::vector<core::ListingEntry> entries;
    core::ContentId content;
  };
  const Listing& listing_of(const std::string& path, const os::FileStat& stat);
  void remember_listings(catalog::State& state);
  core::PathState identify_directory(const std::string& path);
  core::Artifact identify_link(const std::string& path, const std::string& target);
  std::string relative_to_root(const std::string& absolute_path) const;
  bool is_own(const std::string& directory, std::string_view name) const;
  void make_parents(const std::string& absolute_path);
  std::string move_to(const std::string& path, const std::string& directory);
  bool fine_timestamps(std::uint64_t device);

  std::string root_;
  catalog::State* state_;
  std::string aside_;
  std::string unfinished_;
  std::function<void(const std::string&)> notice_;
  mutable std::mutex mutex_;  // guards known_ and fine_timestamps_
  std::unordered_map<std::pair<std::uint64_t, std::uint64_t>, Known, InodeHash> known_;
  std::unordered_map<std::string, os::FileStat> seen_;
  // What was found below a directory when it was last identified.
  std::unordered_map<std::string, std::unordered_set<std::string>> found_below_;
  std::unordered_set<std::string> made_directories_;
  std::unordered_map<std::string, Listing> listings_;
  std::function<std::optional<std::vector<core::ListingEntry>>(const core::ContentId&)> listed_;
  std::unordered_map<core::ContentId, std::vector<core::ListingEntry>> kept_;
  std::unordered_map<std::uint64_t, bool> fine_timestamps_;
  std::vector<std::uint8_t> buffer_;
  std::uint64_t files_read_ = 0;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace provrun::app
