#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "provrun/snapshot/archiver.hpp"
#include "source_walk.hpp"
#include "tree_cursor.hpp"

namespace provrun::snapshot {

/// Goes through what a snapshot has, and looks on the disk only at paths that are said to have
/// changed: at each with all that lies below it, and at the folders above it. In the order of the
/// snapshot. One thread.
class ChangedWalk {
 public:
  enum class Event {
    entry,    ///< found(): is on the disk
    kept,     ///< kept(): as the snapshot has it
    problem,  ///< problem(): could not be looked at
    end
  };
  /// Whether what the snapshot has of an entry is still there; else it is looked at too.
  using Intact = std::function<bool(const Entry&)>;

  /// changed: absolute and normalized; what is in no source does not count. Error(corruption) while
  /// it goes on when the snapshot's trees are damaged.
  ChangedWalk(const ArchiveSelection& selection, const std::vector<std::string>& changed,
              store::Repository& repository, const store::ChunkId& root, Intact intact);

  Event next();
  const Found& found() const { return found_; }
  const Entry& kept() const { return kept_; }
  const ArchiveProblem& problem() const { return problem_; }
  std::uint64_t excluded() const { return excluded_; }
  const std::optional<Found>& top() const { return top_; }

 private:
  struct Item {
    std::string path;  ///< in the snapshot
    std::string disk;
    bool whole = false;        ///< with what lies below
    bool source = false;       ///< named by the selection itself
    std::uint64_t device = 0;  ///< of the source
  };
  enum class Seen { folder, gone, walk, problem };

  void add_items(const ArchiveSource& source, const std::string& changed);
  Seen look(const Item& item);
  void walk(const Item& item);
  bool keeps(const Entry& entry) const;
  void advance(bool into);
  const Item* next_item();
  std::optional<Item> item_of(const std::string& path) const;

  const ArchiveSelection& selection_;
  ArchiveSelection inner_selection_;
  Intact intact_;
  TreeCursor cursor_;
  bool ended_ = false;
  std::vector<Item> items_;
  std::size_t item_ = 0;
  std::string dropped_;  ///< items below it are not looked at by themselves
  std::unique_ptr<SourceWalk> inner_;
  Found found_;
  Entry kept_;
  ArchiveProblem problem_;
  std::optional<Found> top_;
  std::uint64_t excluded_ = 0;
};

}  // namespace provrun::snapshot
