#include "provrun/snapshot/reach.hpp"

#include <algorithm>
#include <optional>

#include "provrun/base/error.hpp"
#include "provrun/store/index.hpp"
#include "tree_references.hpp"

namespace provrun::snapshot {

struct Reach::State : ReferenceSink {
  State(store::Repository& repository, ReadChunk reader, const store::PackSet* absent_packs)
      : read(std::move(reader)),
        absent(absent_packs),
        index(repository.index()),
        tables(repository.index().all_tables()) {
    if (!read) read = [&repository](const store::ChunkId& id) { return repository.read_chunk(id); };
    std::uint64_t rows = 0;
    for (const auto& table : tables) {
      bases.push_back(rows);
      rows += table->entries().size();
    }
    needed.resize(rows);
    expanded.resize(rows);
  }

  // The first row of the chunk in the first table that has it stands for the chunk.
  struct Row {
    std::uint64_t number;
    std::uint32_t length;
  };
  std::optional<Row> row_of(const store::ChunkId& id) const {
    for (std::size_t i = 0; i < tables.size(); ++i) {
      const auto rows = tables[i]->find(id);
      if (rows.empty()) continue;
      const auto at = static_cast<std::uint64_t>(rows.data() - tables[i]->entries().data());
      return Row{bases[i] + at, rows.front().length};
    }
    return std::nullopt;
  }

  std::uint64_t need(const store::ChunkId& id, store::ChunkKind kind) {
    const auto row = row_of(id);
    if (!row)
      throw base::Error(
          base::ErrorCode::corruption,
          "chunk " + id.to_hex().substr(0, 12) + " is needed and the index does not have it")
          .hint("'provrun check' tells what is damaged");
    if (!needed[row->number]) {
      needed[row->number] = true;
      ++objects;
      bytes += row->length;
      if (visit) visit(id, kind);
      if (is_patched(id)) need_bases(id);
    }
    return row->number;
  }

  bool is_patched(const store::ChunkId& id) const {
    return std::any_of(tables.begin(), tables.end(), [&](const auto& table) {
      const auto rows = table->find(id);
      return std::any_of(rows.begin(), rows.end(),
                         [](const auto& row) { return row.patched != 0; });
    });
  }

  // A chunk stored as a patch needs those it is against. Where no copy is sound without the absent
  // packs, nobody knows which will be mended: all do.
  void need_bases(const store::ChunkId& id) {
    const auto copies = index.sound_copies(id, absent);
    for (const auto& copy : copies)
      for (const auto& base : copy.bases) need(base, store::ChunkKind::data);
    if (!copies.empty()) return;
    for (const auto& location : index.find(id)) {
      if (!location.patched) continue;
      try {
        for (const auto& base : index.frame_header(location).bases)
          if (row_of(base)) need(base, store::ChunkKind::data);
      } catch (const base::Error& error) {
        if (error.code() != base::ErrorCode::not_found &&
            error.code() != base::ErrorCode::corruption)
          throw;  // otherwise a copy that is not there any more
      }
    }
  }

  // Whether this is the first time that its references are asked for. That a chunk is needed, as
  // some file's bytes, does not say that it was read as a tree.
  bool expand(const store::ChunkId& id, store::ChunkKind kind) {
    const auto row = need(id, kind);
    if (expanded[row]) return false;
    expanded[row] = true;
    return true;
  }

  void chunk(const store::ChunkId& id) override { need(id, store::ChunkKind::data); }
  void list(const store::ChunkId& id, int levels) override {
    // A list of lists is rare; its lists are looked at once each.
    if (!expand(id, store::ChunkKind::list) && levels == 1) return;
    const auto text = read(id);
    read_list_references({reinterpret_cast<const char*>(text.data()), text.size()}, *this, levels);
  }
  void tree(const store::ChunkId& id) override {
    if (expand(id, store::ChunkKind::tree)) waiting.push_back(id);
  }

  ReadChunk read;
  const store::PackSet* absent;
  store::Index& index;
  std::vector<std::shared_ptr<const store::ChunkTable>> tables;
  std::vector<std::uint64_t> bases;
  std::vector<bool> needed;
  std::vector<bool> expanded;
  std::vector<store::ChunkId> waiting;  ///< trees to be read
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
  std::function<void(const store::ChunkId&, store::ChunkKind)> visit;
};

Reach::Reach(store::Repository& repository, ReadChunk read, const store::PackSet* absent)
    : state_(std::make_unique<State>(repository, std::move(read), absent)) {}
Reach::~Reach() = default;

std::uint64_t Reach::add(const store::ChunkId& root) {
  auto& state = *state_;
  const auto before = state.bytes;
  state.tree(root);
  while (!state.waiting.empty()) {
    const auto id = state.waiting.back();
    state.waiting.pop_back();
    const auto text = state.read(id);
    try {
      read_references({reinterpret_cast<const char*>(text.data()), text.size()}, state);
    } catch (base::Error& error) {
      error.add_context("tree " + id.to_hex().substr(0, 12));
      throw;
    }
  }
  return state.bytes - before;
}

void Reach::on_new(std::function<void(const store::ChunkId&, store::ChunkKind)> visit) {
  state_->visit = std::move(visit);
}

bool Reach::needs(const store::ChunkId& id) const {
  const auto row = state_->row_of(id);
  return row && state_->needed[row->number];
}

bool Reach::needs_row(std::size_t table, std::size_t row) const {
  const auto& entry = state_->tables[table]->entries()[row];
  // The common case without a search: the row is the first of its chunk, in the first table.
  if (table == 0 && (row == 0 || state_->tables[0]->entries()[row - 1].id != entry.id))
    return state_->needed[row];
  store::ChunkId id;
  id.digest.bytes = entry.id;
  return needs(id);
}

const std::vector<std::shared_ptr<const store::ChunkTable>>& Reach::tables() const {
  return state_->tables;
}

std::uint64_t Reach::objects() const {
  return state_->objects;
}

}  // namespace provrun::snapshot
