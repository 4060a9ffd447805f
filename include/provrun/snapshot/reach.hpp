#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "provrun/store/chunk_table.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/repository.hpp"

namespace provrun::snapshot {

/// Which chunks a set of snapshots needs: two bits for each row of the index, so memory does not
/// grow with the number of snapshots, and a tree that many share is read once. The index is taken
/// as it is when this is made. One thread.
class Reach {
 public:
  using ReadChunk = std::function<std::vector<std::uint8_t>(const store::ChunkId&)>;
  /// Trees and lists are read through the repository, or through the function given. Copies in the
  /// absent packs do not count; the set must outlive this.
  explicit Reach(store::Repository& repository, ReadChunk read = {},
                 const store::PackSet* absent = nullptr);
  ~Reach();

  /// Adds everything the tree needs. Returns the stored bytes that were not needed before.
  /// Error(corruption) when something it needs is not in the index or a tree or list cannot be
  /// read: then nobody knows what is needed.
  std::uint64_t add(const store::ChunkId& root);
  /// Calls for every chunk that becomes needed by what is added from here on.
  void on_new(std::function<void(const store::ChunkId&, store::ChunkKind)> visit);

  bool needs(const store::ChunkId& id) const;
  /// Rows of the same chunk may stand in several tables; whether the chunk of this row is needed.
  bool needs_row(std::size_t table, std::size_t row) const;
  const std::vector<std::shared_ptr<const store::ChunkTable>>& tables() const;
  std::uint64_t objects() const;  ///< chunks needed

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace provrun::snapshot
