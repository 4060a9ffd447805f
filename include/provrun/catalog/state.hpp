#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "provrun/codec/zstd.hpp"
#include "provrun/core/access_set.hpp"
#include "provrun/core/record.hpp"
#include "provrun/db/database.hpp"
#include "provrun/os/file.hpp"

namespace provrun::catalog {

/// What was known of an output file when its execution was recorded.
struct RememberedOutput {
  core::Artifact artifact;
  os::FileStat stat;
};

/// The last execution of one step instance of one workflow file.
struct RememberedStep {
  std::string instance;  ///< "fit@gentoo-ols"
  hash::Digest step_key;
  core::ExecutionId execution;
  std::string key_document;  ///< canonical JSON; may be empty
  std::chrono::milliseconds duration{0};
  std::vector<RememberedOutput> outputs;
  std::vector<core::ContentId> access_sets;  ///< what it was observed to use, see core::Observed
  std::vector<core::Access> accesses;
  std::optional<std::string> search_path = {};
};

/// The workspace's memory in state.db: the file hash cache, the last execution of every step, and
/// memos. Everything here can be lost without loss of truth: files are then read again and steps
/// looked up in the repository. Does not own the database. One thread at a time.
class State {
 public:
  explicit State(db::Database& database);

  /// The content of a file whose device, inode, size, mtime and ctime are all as they were put.
  std::optional<core::ContentId> find_file(const os::FileStat& stat);
  /// The same for files that are asked for in the order of their inodes, as programs that read a
  /// folder open them: rows are read ahead. What was read is kept until forget_ahead().
  std::optional<core::ContentId> find_file_ahead(const os::FileStat& stat);
  void forget_ahead() { ahead_.clear(); }
  /// Remembers files, in one transaction. The caller leaves out files whose timestamps were racy.
  void put_files(std::span<const std::pair<os::FileStat, core::ContentId>> files);
  void forget_files();

  /// One step as it streams by. Views are valid during the call only; key_document() decompresses.
  class StepRow {
   public:
    std::string_view instance;
    hash::Digest step_key;
    core::ExecutionId execution;
    std::chrono::milliseconds duration{0};
    std::optional<std::string> search_path;
    std::string key_document() const;
    std::vector<RememberedOutput> outputs() const;
    std::vector<core::ContentId> access_sets() const;
    std::vector<core::Access> accesses() const;

   private:
    friend class State;
    StepRow(codec::ZstdDecompressor& decompressor) : decompressor_(&decompressor) {}
    codec::ZstdDecompressor* decompressor_;
    db::Bytes key_;
    db::Bytes outputs_;
    db::Bytes observed_;
  };
  /// All steps of a workflow file (its path relative to the workspace), in no particular order.
  void each_step(std::string_view workflow, const std::function<void(const StepRow&)>& visit);
  /// The same, whole.
  std::vector<RememberedStep> steps(std::string_view workflow);
  std::optional<RememberedStep> find_step(std::string_view workflow, std::string_view instance);
  /// Adds or replaces, in one transaction.
  void put_steps(std::string_view workflow, std::span<const RememberedStep> steps);
  void forget_steps(std::string_view workflow, std::span<const std::string> instances);

  /// The set of this id; nullptr when it is not known here.
  core::AccessSetPtr find_access_set(const core::ContentId& id);
  void put_access_sets(std::span<const core::AccessSetPtr> sets);
  /// The names behind a listing's content.
  std::optional<std::vector<core::ListingEntry>> find_listing(const core::ContentId& listing);
  void put_listings(
      std::span<const std::pair<core::ContentId, std::vector<core::ListingEntry>>> listings);

  /// Removes the sets and search paths that no remembered step names, and the listings that none of
  /// those has. The repository has the sets too, and listings only explain.
  void drop_unused_sets();

  /// A remembered blob, e.g. the whole decision of the last run for the no-op path.
  std::optional<std::string> get_memo(std::string_view key);
  void put_memo(std::string_view key, std::string_view blob);
  void forget_memo(std::string_view key);

 private:
  std::optional<std::int64_t> workflow_number(std::string_view workflow);
  static void fill(StepRow& row, db::Statement& query);

  struct Ahead {
    std::int64_t key;
    std::uint64_t device;
    std::uint64_t size;
    std::int64_t mtime_ns;
    std::int64_t ctime_ns;
    core::ContentId content;
  };

  db::Database& database_;
  std::vector<Ahead> ahead_;  ///< sorted by key; all rows from ahead_from_ to ahead_to_
  std::int64_t ahead_from_ = 0;
  std::int64_t ahead_to_ = 0;
  codec::ZstdCompressor compressor_;
  codec::ZstdDecompressor decompressor_;
};

}  // namespace provrun::catalog
