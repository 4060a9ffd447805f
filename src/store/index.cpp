#include "provrun/store/index.hpp"

#include <algorithm>
#include <bit>
#include <map>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/file.hpp"
#include "provrun/store/epochs.hpp"

namespace provrun::store {

namespace {

constexpr std::size_t kMergeFan = 8;               // segments of one size class that become one
constexpr std::uint64_t kSmallestClass = 4096;     // bytes; below, all are of one class
constexpr std::uint64_t kLargestMerged = 8 << 20;  // bytes; 8 of them make about a million rows
constexpr int kDeepestPatch = 64;                  // that is read; writers stop far below
constexpr std::size_t kUncachedRows = 4096;        // rows worth rewriting a small cache file for

int size_class(std::uint64_t bytes) {
  return static_cast<int>(std::bit_width(bytes / kSmallestClass) + 2) / 3;  // factors of eight
}

}  // namespace

Index::Index(std::shared_ptr<backend::Backend> backend, std::string cache_path)
    : backend_(std::move(backend)), cache_path_(std::move(cache_path)) {
  read_damage_notes();
}

std::shared_ptr<const Index::Tables> Index::tables() {
  {
    const std::lock_guard lock(state_mutex_);
    if (tables_) return tables_;
  }
  refresh();
  const std::lock_guard lock(state_mutex_);
  return tables_;
}

void Index::refresh() {
  const std::lock_guard lock(load_mutex_);
  load(true);
}

void Index::reload() {
  const std::lock_guard lock(load_mutex_);
  {
    const std::lock_guard state(state_mutex_);
    tables_ = nullptr;
    damaged_.clear();
  }
  load(false);
}

void Index::load(bool use_cache) {
  Tables next;
  std::vector<SegmentId> damaged;
  {
    const std::lock_guard lock(state_mutex_);
    if (tables_) next = *tables_;
    damaged = damaged_;
  }
  if (next.all.empty() && use_cache && !cache_path_.empty())
    if (auto mapped = ChunkTable::map(cache_path_)) {
      next.all.push_back(std::make_shared<const ChunkTable>(std::move(*mapped)));
      next.first_is_mapped = true;
    }

  std::unordered_set<SegmentId> known(damaged.begin(), damaged.end());
  for (const auto& table : next.all)
    known.insert(table->segments().begin(), table->segments().end());

  ChunkTable::Builder builder;
  std::vector<SegmentId> live;
  // A segment may vanish between the listing and the reading, because another writer merged it: the
  // merged one is in the next listing. Each turn sees at least one merge more, so few are needed.
  for (bool vanished = true; vanished;) {
    vanished = false;
    live = list_segments(*backend_);
    for (const auto& id : live) {
      if (known.contains(id)) continue;
      try {
        const auto segment = read_segment(*backend_, id);
        const bool covered =
            !segment.supersedes.empty() &&
            std::all_of(segment.supersedes.begin(), segment.supersedes.end(),
                        [&](const auto& old) { return known.contains(old); }) &&
            std::none_of(segment.supersedes.begin(), segment.supersedes.end(),
                         [&](const auto& old) {
                           return std::find(damaged.begin(), damaged.end(), old) != damaged.end();
                         });
        if (covered) {
          builder.add_covered(id);
        } else {
          builder.add(id, segment);
        }
      } catch (const base::Error& error) {
        if (error.code() == base::ErrorCode::not_found) {
          vanished = true;
          continue;
        }
        if (error.code() != base::ErrorCode::corruption) throw;
        damaged.push_back(id);
      }
      known.insert(id);
    }
  }
  if (!builder.empty()) take_in(next, std::move(builder).build());
  write_cache(next, live);
  read_dead(next);
  const std::lock_guard lock(state_mutex_);
  tables_ = std::make_shared<const Tables>(std::move(next));
  damaged_ = std::move(damaged);
}

void Index::read_dead(Tables& tables) {
  const auto epochs = list_epochs(*backend_);
  for (auto it = epochs.rbegin(); it != epochs.rend(); ++it) {
    if (tables.dead && tables.dead_epoch == *it) return;
    if (!backend_->size_of(tombstones_name(*it))) continue;
    try {
      tables.dead =
          std::make_shared<const PackSet>(read_pack_list(*backend_, tombstones_name(*it)));
    } catch (const base::Error& error) {
      // Reading goes on without it; a session that claims a slot there finds it damaged.
      if (error.code() != base::ErrorCode::corruption) throw;
      tables.dead = nullptr;
    }
    tables.dead_epoch = *it;
    return;
  }
}

// Keeps the number of tables logarithmic: a table is merged with its predecessor while that is not
// at least twice its size. The mapped table stays as it is.
void Index::take_in(Tables& tables, ChunkTable table) {
  auto last = std::make_shared<const ChunkTable>(std::move(table));
  const std::size_t first_in_memory = tables.first_is_mapped ? 1 : 0;
  while (tables.all.size() > first_in_memory &&
         tables.all.back()->entries().size() < 2 * last->entries().size() + 256) {
    const ChunkTable* const pair[] = {tables.all.back().get(), last.get()};
    auto merged = std::make_shared<const ChunkTable>(ChunkTable::merge(pair));
    tables.all.pop_back();
    last = std::move(merged);
  }
  tables.all.push_back(std::move(last));
}

void Index::write_cache(Tables& tables, const std::vector<SegmentId>& live) {
  if (cache_path_.empty() || tables.all.empty()) return;
  std::size_t uncached = 0;
  std::size_t uncached_segments = 0;
  const std::size_t cached = tables.first_is_mapped ? tables.all.front()->entries().size() : 0;
  for (std::size_t i = tables.first_is_mapped ? 1 : 0; i < tables.all.size(); ++i) {
    uncached += tables.all[i]->entries().size();
    uncached_segments += tables.all[i]->segments().size();
  }
  const bool worth = uncached > std::max(kUncachedRows, cached / 4) || uncached_segments > 64;
  if (!worth) return;
  std::vector<const ChunkTable*> all;
  std::unordered_set<SegmentId> covered;
  for (const auto& table : tables.all) {
    all.push_back(table.get());
    covered.insert(table->segments().begin(), table->segments().end());
  }
  std::vector<SegmentId> covered_live;
  std::copy_if(live.begin(), live.end(), std::back_inserter(covered_live),
               [&](const auto& id) { return covered.contains(id); });
  try {
    os::make_directories(os::parent_path(cache_path_), 0700);
    ChunkTable::write(cache_path_, all, covered_live);
    if (auto mapped = ChunkTable::map(cache_path_)) {
      tables.all.assign(1, std::make_shared<const ChunkTable>(std::move(*mapped)));
      tables.first_is_mapped = true;
    }
  } catch (const base::Error&) {
    // A cache that cannot be written (full disk, read-only home) costs time, never the work.
  }
}

std::vector<ChunkLocation> Index::find(const ChunkId& id, const PackSet* excluded) {
  std::vector<ChunkLocation> locations;
  std::vector<ChunkLocation> last;
  const auto state = tables();
  for (const auto& table : state->all)
    for (const auto& entry : table->find(id)) {
      const auto pack = table->pack_of(entry);
      if (!pack || (excluded != nullptr && excluded->contains(*pack))) continue;
      const bool dead = state->dead && state->dead->contains(*pack);
      (dead ? last : locations).push_back({*pack, entry.offset, entry.length, entry.patched != 0});
    }
  locations.insert(locations.end(), last.begin(), last.end());
  return locations;
}

FrameHeader Index::frame_header(const ChunkLocation& location) {
  std::vector<std::uint8_t> start(std::min<std::size_t>(location.length, kFrameStart));
  backend_->read(location.pack.object_name(), location.offset, start);
  return parse_frame_start(start, location.length);
}

bool Index::counts(const Tables& tables, const ChunkId& id, const PackId& pack,
                   const PackSet* excluded) {
  return (excluded == nullptr || !excluded->contains(pack)) &&
         !(tables.dead && tables.dead->contains(pack)) && !is_noted(id, pack);
}

// Depths fall from a patch to its bases, so that copies that need each other in a circle do not
// count and the search ends.
std::vector<SoundCopy> Index::sound_below(const Tables& tables, const ChunkId& id,
                                          const PackSet* excluded, int below) {
  std::vector<SoundCopy> copies;
  std::vector<ChunkLocation> patches;
  for (const auto& table : tables.all)
    for (const auto& entry : table->find(id)) {
      const auto pack = table->pack_of(entry);
      if (!pack || !counts(tables, id, *pack, excluded)) continue;
      const ChunkLocation location{*pack, entry.offset, entry.length, entry.patched != 0};
      if (location.patched) {
        patches.push_back(location);
      } else {
        copies.push_back({location, 0, {}});
      }
    }
  if (!copies.empty()) return copies;
  for (const auto& location : patches) {
    try {
      auto header = frame_header(location);
      if (header.depth < 1 || header.depth >= below) continue;
      const bool sound =
          std::all_of(header.bases.begin(), header.bases.end(), [&](const auto& base) {
            return !sound_below(tables, base, excluded, header.depth).empty();
          });
      if (sound) copies.push_back({location, header.depth, std::move(header.bases)});
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::not_found && error.code() != base::ErrorCode::corruption)
        throw;
    }
  }
  const auto least = std::min_element(
      copies.begin(), copies.end(), [](const auto& a, const auto& b) { return a.depth < b.depth; });
  if (least != copies.end())
    std::erase_if(copies, [depth = least->depth](const auto& copy) { return copy.depth > depth; });
  return copies;
}

std::vector<SoundCopy> Index::sound_copies(const ChunkId& id, const PackSet* excluded) {
  return sound_below(*tables(), id, excluded, kDeepestPatch + 1);
}

bool Index::contains(const ChunkId& id, const PackSet* excluded) {
  const auto state = tables();
  bool patched = false;
  for (const auto& table : state->all)
    for (const auto& entry : table->find(id)) {
      const auto pack = table->pack_of(entry);
      if (!pack || !counts(*state, id, *pack, excluded)) continue;
      if (entry.patched == 0) return true;
      patched = true;
    }
  return patched && !sound_below(*state, id, excluded, kDeepestPatch + 1).empty();
}

namespace {

constexpr std::string_view kWholePack = "*";  // in place of a chunk: all that the pack held

std::string notes_path(const std::string& cache_path) {
  return cache_path.empty() ? std::string() : cache_path + ".damaged";
}

}  // namespace

void Index::read_damage_notes() {
  const auto path = notes_path(cache_path_);
  if (path.empty()) return;
  std::string text;
  try {
    if (!os::stat_file(path)) return;
    text = os::read_file(path, 64 << 20);
  } catch (const base::Error&) {
    return;  // a cache: without it a damaged copy is met again when it is read
  }
  const std::lock_guard lock(notes_mutex_);
  for (const auto line : base::split(text, '\n')) {
    const auto space = line.find(' ');
    if (space == std::string_view::npos) continue;
    const auto pack = hash::parse_digest(line.substr(space + 1));
    if (!pack) continue;
    if (line.substr(0, space) == kWholePack) missing_.insert(PackId{*pack});
    if (const auto id = hash::parse_digest(line.substr(0, space)))
      noted_.insert(Copy{ChunkId{*id}, PackId{*pack}});
  }
  any_noted_ = !noted_.empty() || !missing_.empty();
}

bool Index::is_noted(const ChunkId& id, const PackId& pack) {
  if (!any_noted_) return false;
  const std::lock_guard lock(notes_mutex_);
  return missing_.contains(pack) || noted_.contains(Copy{id, pack});
}

void Index::note_damaged(const ChunkId& id, const PackId& pack) {
  {
    const std::lock_guard lock(notes_mutex_);
    if (!noted_.insert(Copy{id, pack}).second) return;
    any_noted_ = true;
  }
  keep_damage_notes(cache_path_);
}

void Index::note_missing(const PackId& pack) {
  {
    const std::lock_guard lock(notes_mutex_);
    if (!missing_.insert(pack).second) return;
    any_noted_ = true;
  }
  keep_damage_notes(cache_path_);
}

void Index::forget_damage(const PackId& pack) {
  {
    const std::lock_guard lock(notes_mutex_);
    missing_.erase(pack);
    std::erase_if(noted_, [&](const auto& copy) { return copy.pack == pack; });
    any_noted_ = !noted_.empty() || !missing_.empty();
  }
  const auto path = notes_path(cache_path_);
  if (path.empty()) return;
  try {
    if (!os::stat_file(path)) return;
    std::string text;
    const auto old = os::read_file(path, 64 << 20);
    const auto end = " " + pack.digest.to_hex();
    for (const auto line : base::split(old, '\n'))
      if (!line.empty() && !line.ends_with(end)) text += std::string(line) + "\n";
    if (text != old) os::write_file_atomically(path, text, os::Durability::cached, 0600);
  } catch (const base::Error&) {
    // A note that stays costs one more copy.
  }
}

void Index::keep_damage_notes(const std::string& cache_path) {
  const auto path = notes_path(cache_path);
  if (path.empty() || !any_noted_) return;
  try {
    os::make_directories(os::parent_path(path), 0700);
    const auto old = os::stat_file(path) ? os::read_file(path, 64 << 20) : std::string();
    std::string text = old;
    const std::lock_guard lock(notes_mutex_);
    const auto add = [&](std::string_view what, const PackId& pack) {
      const auto line = base::format("{} {}\n", what, pack.digest.to_hex());
      if (old.find(line) == std::string::npos) text += line;
    };
    for (const auto& copy : noted_) add(copy.id.to_hex(), copy.pack);
    for (const auto& pack : missing_) add(kWholePack, pack);
    if (text != old) os::write_file_atomically(path, text, os::Durability::cached, 0600);
  } catch (const base::Error&) {
    // As above.
  }
}

std::vector<std::shared_ptr<const ChunkTable>> Index::all_tables() {
  return tables()->all;
}

void Index::drop_packs(const PackSet& packs) {
  if (packs.empty()) return;
  for (const auto& id : list_segments(*backend_)) {
    Segment kept;
    bool affected = false;
    try {
      auto segment = read_segment(*backend_, id);
      for (auto& row : segment.rows) {
        if (packs.contains(row.pack)) {
          affected = true;
        } else {
          kept.rows.push_back(row);
        }
      }
    } catch (const base::Error& error) {
      if (error.code() == base::ErrorCode::not_found || error.code() == base::ErrorCode::corruption)
        continue;
      throw;
    }
    if (!affected) continue;
    if (!kept.rows.empty()) {
      kept.supersedes.push_back(id);
      const auto bytes = encode_segment(std::move(kept));
      backend_->create(SegmentId{hash::sha256(bytes)}.object_name(), bytes);
      backend_->barrier();
    }
    backend_->remove(id.object_name());
  }
  backend_->barrier();
}

std::uint64_t Index::size() {
  std::uint64_t rows = 0;
  for (const auto& table : tables()->all) rows += table->entries().size();
  return rows;
}

void Index::publish(std::vector<IndexRow> rows) {
  if (rows.empty()) return;
  const auto before = tables();
  Segment segment{std::move(rows), {}};
  const auto bytes = encode_segment(segment);
  const SegmentId id{hash::sha256(bytes)};
  backend_->create(id.object_name(), bytes);
  ChunkTable::Builder builder;
  builder.add(id, segment);
  const std::lock_guard lock(load_mutex_);
  Tables next;
  {
    const std::lock_guard state(state_mutex_);
    if (tables_) next = *tables_;
  }
  take_in(next, std::move(builder).build());
  const std::lock_guard state(state_mutex_);
  tables_ = std::make_shared<const Tables>(std::move(next));
}

void Index::merge_segments() {
  std::map<int, std::vector<SegmentId>> classes;
  for (const auto& id : list_segments(*backend_)) {
    const auto size = backend_->size_of(id.object_name());
    if (size && *size <= kLargestMerged) classes[size_class(*size)].push_back(id);
  }
  for (const auto& [size, ids] : classes) {
    if (ids.size() < kMergeFan) continue;
    Segment merged;
    try {
      for (const auto& id : ids) {
        auto segment = read_segment(*backend_, id);
        merged.rows.insert(merged.rows.end(), segment.rows.begin(), segment.rows.end());
        merged.supersedes.push_back(id);
        if (merged.rows.size() >= kSegmentRows) break;
      }
    } catch (const base::Error& error) {
      // Another writer merges the same ones, or one is damaged: then they are not ours to remove.
      if (error.code() == base::ErrorCode::not_found || error.code() == base::ErrorCode::corruption)
        continue;
      throw;
    }
    const auto expected = merged;
    const auto bytes = encode_segment(std::move(merged));
    const SegmentId id{hash::sha256(bytes)};
    backend_->create(id.object_name(), bytes);
    backend_->barrier();
    // What is removed must be in what was written: read it back and look for every row.
    const auto stored = read_segment(*backend_, id);
    ChunkTable::Builder builder;
    builder.add(id, stored);
    const auto table = std::move(builder).build();
    for (const auto& row : expected.rows) {
      const auto rows = table.find(row.chunk.id);
      const bool there = std::any_of(rows.begin(), rows.end(), [&](const auto& entry) {
        return entry.offset == row.chunk.offset && entry.length == row.chunk.length &&
               table.pack_of(entry) == row.pack;
      });
      if (!there) throw base::Error(base::ErrorCode::internal, "a merged index segment lost a row");
    }
    for (const auto& old : expected.supersedes) backend_->remove(old.object_name());
  }
}

std::vector<PackId> Index::packs() {
  std::vector<PackId> packs;
  for (const auto& table : tables()->all)
    packs.insert(packs.end(), table->packs().begin(), table->packs().end());
  std::sort(packs.begin(), packs.end());
  packs.erase(std::unique(packs.begin(), packs.end()), packs.end());
  return packs;
}

std::vector<SegmentId> Index::damaged_segments() {
  static_cast<void>(tables());
  const std::lock_guard lock(state_mutex_);
  return damaged_;
}

}  // namespace provrun::store
