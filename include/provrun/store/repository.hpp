#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "provrun/backend/backend.hpp"
#include "provrun/store/config.hpp"
#include "provrun/store/content.hpp"

namespace provrun::store {

class Index;
class WriteSession;

struct CreateOptions {
  int compression_level = 3;  ///< zstd, 1 to 19
  ChunkerParameters chunker;
};

struct OpenOptions {
  /// Folder for the mapped index table, below which each repository has its own; it can be deleted
  /// at any time. Empty: the table is kept in memory, 44 bytes per chunk.
  std::string cache_directory;
};

/// An open repository: the entrance to its chunks. The format stands in docs/formats/repository.md.
/// Safe from any thread. Sessions must not outlive it.
class Repository {
 public:
  /// Writes FORMAT, RESTORE.sh and, last, config.json. Error(conflict) when there is a repository
  /// or the folder holds anything else, Error(invalid_input) for options out of range.
  static std::unique_ptr<Repository> create(std::shared_ptr<backend::Backend> backend,
                                            const CreateOptions& options, OpenOptions open_options);
  /// Reads config.json; the index is read when it is first needed.
  static std::unique_ptr<Repository> open(std::shared_ptr<backend::Backend> backend,
                                          OpenOptions options);
  ~Repository();

  const RepositoryConfig& config() const { return config_; }
  base::Uuid id() const { return config_.id; }
  std::string location() const { return backend_->location(); }
  backend::Backend& backend() { return *backend_; }
  Index& index() { return *index_; }

  /// Claims a slot and begins to write; see write_session.hpp.
  std::unique_ptr<WriteSession> begin_session();

  /// Whether the chunk, or a content of one chunk, is there as far as the index knows.
  bool has(const ChunkId& id);
  bool has(const core::ContentId& id) { return has(ChunkId{id.digest}); }
  /// Whether every chunk (and list) of the content is there. Reads list objects.
  bool has_all(const FileContent& content);

  /// The chunk's plaintext, its SHA-256 verified. Error(not_found) when no pack has it,
  /// Error(corruption) naming the pack when every copy is damaged.
  std::vector<std::uint8_t> read_chunk(const ChunkId& id);
  /// The file's bytes in order, every chunk verified, the total length too. At most one chunk is in
  /// memory.
  void read_content(const FileContent& content, const ByteSink& sink);
  std::string read_content(const FileContent& content, std::uint64_t limit);
  /// Calls for each data chunk in order with its length, or 0 where an inline list does not tell
  /// it.
  void for_each_chunk(const FileContent& content,
                      const std::function<void(const ChunkId&, std::uint64_t length)>& visit);

 private:
  Repository(std::shared_ptr<backend::Backend> backend, RepositoryConfig config,
             OpenOptions options);

  std::shared_ptr<backend::Backend> backend_;
  RepositoryConfig config_;
  std::unique_ptr<Index> index_;
};

/// A repository in a folder. Errors of create_at are those of Repository::create.
std::unique_ptr<Repository> create_repository_at(const std::string& path,
                                                 const CreateOptions& options,
                                                 OpenOptions open_options);
/// Error(not_found) with a hint when nothing is there, Error(invalid_input) when it is no
/// repository, Error(unsupported) when it is of a newer version, Error(refused) when it cannot be
/// read.
std::unique_ptr<Repository> open_repository_at(const std::string& path, OpenOptions options);
/// Whether there is a repository at the path.
bool is_repository_at(const std::string& path);

}  // namespace provrun::store
