#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/base/time.hpp"
#include "provrun/base/uuid.hpp"
#include "provrun/os/file.hpp"
#include "provrun/store/content.hpp"
#include "provrun/store/repository.hpp"

namespace provrun::store {

/// What a session has done so far.
struct SessionStatistics {
  std::uint64_t bytes_put = 0;      ///< plaintext given to put_…
  std::uint64_t new_chunks = 0;     ///< of all kinds
  std::uint64_t reused_chunks = 0;  ///< found in the repository or put before in this session
  std::uint64_t new_bytes = 0;      ///< plaintext of the new chunks
  std::uint64_t stored_bytes = 0;   ///< what the new chunks take in packs
  std::uint64_t packs = 0;          ///< packs closed
};

/// What is known of a file beside its bytes.
struct PutOptions {
  /// What the file held in an earlier snapshot: chunks that are new are stored as patches against
  /// that where it pays. May be anything; it is only a hint.
  const FileContent* previous = nullptr;
  /// Of a sparse file: where it has data, ascending and without overlaps. Nothing else is read.
  /// Ignored in a repository without the feature: then holes are read as zeros.
  const std::vector<ByteRange>* data = nullptr;
  /// With data: the file's length.
  std::uint64_t size = 0;
};

/// Files up to this many bytes gain by sharing a chunk with their neighbours.
inline constexpr std::size_t kBundledFileLimit = 64 << 10;
/// A bundle of about this many bytes is the best: give put_bundle files until their sum reaches it.
inline constexpr std::size_t kBundleSize = 1 << 20;

/// One writer's work from the claim of a slot to one commit. put_… may be called from several
/// threads at once; what they return is certain to be stored only when checkpoint() or commit() has
/// returned: compressing and writing go on behind them, within bounds of memory. commit(),
/// checkpoint() and the destructor only when no other call is under way. An error of a source only
/// fails that put. After an error of storing the session accepts nothing more: begin another one
/// (what was indexed by then will be found again). Destroyed without commit, it leaves only
/// unreferenced packs.
class WriteSession {
 public:
  /// Claims a slot of the newest epoch and reads which packs must not be reused. Publishes
  /// snapshots that a crashed writer had committed and not yet published.
  explicit WriteSession(Repository& repository, const SessionOptions& options = {});
  ~WriteSession();
  WriteSession(const WriteSession&) = delete;
  WriteSession& operator=(const WriteSession&) = delete;

  base::Uuid id() const;
  Repository& repository();

  /// Reads the file once, from its beginning: chunks, hashes, deduplicates, compresses, packs.
  FileContent put_file(const std::string& path);
  FileContent put_file(const os::File& file, const std::string& path_for_errors);
  FileContent put_file(const os::File& file, const std::string& path_for_errors,
                       const PutOptions& options);
  FileContent put_stream(const ByteSource& source, const FileContent* previous = nullptr);
  FileContent put_bytes(std::span<const std::uint8_t> bytes);
  FileContent put_bytes(std::string_view bytes);
  /// Small files that are near each other, each whole in memory: they are put one after the other
  /// into one chunk, and each gets a place in it. Returned in the order given. What was put before
  /// in this session, or is a chunk of its own, is not stored again. Files above kBundledFileLimit
  /// are put by themselves; so are all of them in a repository without the feature.
  std::vector<FileContent> put_bundle(std::span<const std::span<const std::uint8_t>> files);
  /// One chunk as it is, for trees and lists; at most kMaximumObjectSize bytes. previous is a chunk
  /// that this one may be a variant of, such as the same directory's in an earlier snapshot.
  ChunkId put_object(std::span<const std::uint8_t> bytes, ChunkKind kind,
                     const ChunkId* previous = nullptr);

  /// Whether the content, of one chunk, is in the repository or was put in this session, so that it
  /// need not be put again.
  bool has(const core::ContentId& content) const;
  /// The same for a content of any length. Reads list objects.
  bool has_all(const FileContent& content) const;

  /// Makes everything put so far durable and known to other sessions. Not a snapshot.
  void checkpoint();

  /// The strictly growing time for the next commit of this process.
  base::Timestamp commit_time() const;
  /// checkpoint(), then publishes the manifest, a JSON object with commit_time() as its "time",
  /// durably in snapshots/ and ends the session. Returns the SHA-256 of the manifest.
  /// Error(unavailable) when a prune has fenced the session meanwhile.
  /// needed calls for every chunk that the manifest needs: with it a session that was fenced is
  /// revalidated instead, what a prune has removed is stored anew, and it commits all the same.
  using Needed = std::function<void(const std::function<void(const ChunkId&, ChunkKind)>& visit)>;
  hash::Digest commit(std::string_view manifest, const Needed& needed = {});

  SessionStatistics statistics() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Trees and lists are smaller than this, also when a damaged index says otherwise.
inline constexpr std::uint64_t kMaximumObjectSize = 64 << 20;

}  // namespace provrun::store
