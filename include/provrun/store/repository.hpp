#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "provrun/backend/backend.hpp"
#include "provrun/store/config.hpp"
#include "provrun/store/content.hpp"

namespace provrun::store {

class ChunkCache;
class Index;
class WriteSession;

struct CreateOptions {
  int compression_level = 3;  ///< zstd, 1 to 19
  ChunkerParameters chunker;
  Features features;
  int parity_percent = 0;  ///< see parity_groups.hpp; 0 leaves no setting behind
};

struct OpenOptions {
  /// Folder for the mapped index table, below which each repository has its own; it can be deleted
  /// at any time. Empty: the table is kept in memory, 44 bytes per chunk.
  std::string cache_directory;
};

/// A piece of a file's content in order: bytes of a chunk, or a hole.
struct ContentPart {
  std::optional<ChunkId> chunk;  ///< none: a hole, zeros
  std::uint64_t length = 0;      ///< 0 where the content does not tell it (inline chunks)
  std::uint64_t skip = 0;        ///< bytes of the chunk before the part (bundles)
  bool whole = true;             ///< the part is the whole chunk
};

/// Takes bytes of a file that belong at the offset. May be called from several threads at once.
using PieceSink = std::function<void(std::uint64_t offset, std::span<const std::uint8_t>)>;

/// A chunk in memory, its hash verified.
struct StoredChunk {
  std::vector<std::uint8_t> bytes;
};
using SharedChunk = std::shared_ptr<const StoredChunk>;

/// How many threads a call may use; 0 stands for one for each processor.
struct SessionOptions {
  unsigned threads = 0;
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
  std::unique_ptr<WriteSession> begin_session(const SessionOptions& options = {});

  /// Whether the chunk, or a content of one chunk, is there as far as the index knows.
  bool has(const ChunkId& id);
  bool has(const core::ContentId& id) { return has(ChunkId{id.digest}); }
  /// Whether every chunk (and list) of the content is there. Reads list objects.
  bool has_all(const FileContent& content);

  /// The chunk's plaintext, its SHA-256 verified. Error(not_found) when no pack has it,
  /// Error(corruption) naming the pack when every copy is damaged.
  std::vector<std::uint8_t> read_chunk(const ChunkId& id);
  /// The same out of a small cache of recent chunks, which is what contents are read through:
  /// neighbours of one bundle, and the bases of patches, are decompressed once.
  SharedChunk chunk(const ChunkId& id);
  /// Bytes of the chunk, as its frame tells without being decompressed.
  std::uint64_t chunk_length(const ChunkId& id);

  /// The file's bytes in order, every chunk verified, the total length too. Holes are given as
  /// zeros. What comes next is read ahead on another thread when the content is long.
  void read_content(const FileContent& content, const ByteSink& sink);
  std::string read_content(const FileContent& content, std::uint64_t limit);
  /// The same in any order and, when it is long, on several threads; holes are not given. What the
  /// sink throws ends it. For writing a file with pwrite.
  void read_pieces(const FileContent& content, const PieceSink& sink, unsigned threads = 0);
  /// Fills the buffer from the offset; returns fewer bytes only at the end. For random access: a
  /// long content's list is read each time, through the cache.
  std::size_t read_range(const FileContent& content, std::uint64_t offset,
                         std::span<std::uint8_t> buffer);

  /// Calls for each part in order. Reads list objects.
  void for_each_part(const FileContent& content,
                     const std::function<void(const ContentPart&)>& visit);
  /// Calls for each data chunk in order with its length, or 0 where an inline list or a bundle does
  /// not tell it.
  void for_each_chunk(const FileContent& content,
                      const std::function<void(const ChunkId&, std::uint64_t length)>& visit);

 private:
  Repository(std::shared_ptr<backend::Backend> backend, RepositoryConfig config,
             OpenOptions options);

  SharedChunk load_chunk(const ChunkId& id);

  std::shared_ptr<backend::Backend> backend_;
  RepositoryConfig config_;
  std::unique_ptr<Index> index_;
  std::unique_ptr<ChunkCache> cache_;
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
