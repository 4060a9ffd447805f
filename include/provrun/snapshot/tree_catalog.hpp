#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/base/cancellation.hpp"
#include "provrun/snapshot/snapshots.hpp"

// The names of all distinct tree objects of a repository, and which tree holds which: what finds a
// name in every snapshot without reading them. Trees never change, so the catalog only grows. The
// file is a cache of one machine; docs/design/find.md shows its layout.
namespace provrun::snapshot {

/// One thread at a time.
class TreeCatalog {
 public:
  /// An empty path keeps it in memory.
  TreeCatalog(store::Repository& repository, std::string cache_path);
  ~TreeCatalog();

  using Progress = std::function<void(std::uint64_t trees)>;
  /// Takes in the snapshots that it does not have yet, reading each new tree once. What cannot be
  /// read is left out, remembered in damaged(), and tried again the next time.
  void refresh(const Progress& progress, const base::Cancellation* cancellation);

  struct Snapshot {
    SnapshotName name;
    std::uint32_t root = 0;    ///< a tree's number
    std::uint32_t series = 0;  ///< equal for snapshots of one host and the same paths
  };
  /// Those that are still there, oldest first.
  const std::vector<Snapshot>& snapshots() const { return snapshots_; }
  const std::vector<std::string>& damaged() const { return damaged_; }

  std::uint32_t tree_count() const;
  std::uint64_t name_count() const;
  store::ChunkId tree_id(std::uint32_t tree) const;

  /// Calls for every name, with the number of the tree that has it, that holds the literal; an
  /// empty literal means every name. Each name of a tree once, trees in the order of their numbers.
  void scan(std::string_view literal,
            const std::function<void(std::uint32_t tree, std::string_view name)>& visit) const;

  /// A tree in another: under the name, or, when that is empty, as a part of the same folder.
  struct Parent {
    std::uint32_t tree;
    std::string_view name;
  };
  void parents(std::uint32_t tree, const std::function<void(const Parent&)>& visit) const;

 private:
  struct Data;
  void load();
  void save();
  void add(const SnapshotName& name);

  store::Repository& repository_;
  std::string cache_path_;
  std::unique_ptr<Data> data_;
  std::vector<Snapshot> snapshots_;
  std::vector<std::string> damaged_;
};

}  // namespace provrun::snapshot
