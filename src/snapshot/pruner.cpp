#include "provrun/snapshot/pruner.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "provrun/base/error.hpp"
#include "provrun/codec/zstd.hpp"
#include "provrun/os/random.hpp"
#include "provrun/snapshot/manifest.hpp"
#include "provrun/snapshot/reach.hpp"
#include "provrun/store/chunk_frame.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/pack.hpp"
#include "provrun/store/trash.hpp"
#include "provrun/store/write_session.hpp"

namespace provrun::snapshot {

namespace {

using store::PackId;
using store::PackSet;

struct PackUse {
  PackId id;
  bool counts = false;       ///< there, and not absent
  std::uint64_t total = 0;   ///< bytes of its chunks
  std::uint64_t needed = 0;  ///< of those that some snapshot needs
  std::uint64_t held = 0;    ///< of those for which this is the pack that keeps them
};

// The packs of the index and of packs/, numbered, and which number each table's packs have.
struct Packs {
  std::vector<PackUse> uses;
  std::unordered_map<PackId, std::uint32_t> numbers;
  std::vector<std::vector<std::uint32_t>> of_table;

  std::uint32_t number(const PackId& id) {
    const auto [found, added] = numbers.emplace(id, uses.size());
    if (added) uses.push_back({id});
    return found->second;
  }
};

Packs number_packs(store::Repository& repository, const Reach& reach, const PackSet& absent) {
  Packs packs;
  for (const auto& id : store::list_packs(repository.backend()))
    packs.uses[packs.number(id)].counts = !absent.contains(id);
  for (const auto& table : reach.tables()) {
    auto& numbers = packs.of_table.emplace_back();
    for (const auto& id : table->packs()) numbers.push_back(packs.number(id));
  }
  return packs;
}

bool is_sound(store::Repository& repository, const std::vector<std::uint8_t>& frame,
              const store::ChunkId& id) {
  thread_local store::FrameDecoder decoder;
  try {
    const auto read = [&](const store::ChunkId& base) { return repository.read_chunk(base); };
    return hash::sha256(decoder.decode(frame, store::kMaximumObjectSize, read)) == id.digest;
  } catch (const base::Error&) {
    return false;
  }
}

store::ChunkId id_of(const store::ChunkTable::Entry& entry) {
  store::ChunkId id;
  id.digest.bytes = entry.id;
  return id;
}

}  // namespace

struct Pruner::State {
  store::Repository& repository;
  PruneLimits limits;
  Mode mode;
  PruneNumbers numbers = {};

  template <typename Visit>
  void each_copy(const Reach& reach, const Packs& packs, const store::ChunkId& id,
                 const Visit& visit) const {
    for (std::size_t t = 0; t < reach.tables().size(); ++t)
      for (const auto& entry : reach.tables()[t]->find(id))
        if (entry.pack < packs.of_table[t].size())
          visit(packs.of_table[t][entry.pack], entry.patched != 0);
  }

  // Of the packs with the chunk in its least deep copies, the one of which most is needed keeps it:
  // so the packs that were partly copied by a prune that was killed become free, and not their
  // copies.
  std::optional<std::uint32_t> holder(const Reach& reach, const Packs& packs,
                                      const store::ChunkId& id, const PackSet& absent) const {
    std::optional<std::uint32_t> best;
    const auto consider = [&](std::uint32_t pack) {
      const auto& use = packs.uses[pack];
      if (!use.counts) return;
      if (!best) {
        best = pack;
        return;
      }
      const auto& other = packs.uses[*best];
      // needed/total compared without dividing; both are below 2^32.
      const auto mine = static_cast<double>(use.needed) / static_cast<double>(use.total);
      const auto theirs = static_cast<double>(other.needed) / static_cast<double>(other.total);
      if (mine > theirs || (mine == theirs && use.id < other.id)) best = pack;
    };
    bool patched = false;
    each_copy(reach, packs, id, [&](std::uint32_t, bool patch) { patched = patched || patch; });
    if (patched) {
      for (const auto& copy : repository.index().sound_copies(id, &absent))
        if (const auto found = packs.numbers.find(copy.location.pack); found != packs.numbers.end())
          consider(found->second);
    }
    // Where a patch lacks a base as far as is known, any copy may be the one to be mended.
    if (!best) each_copy(reach, packs, id, [&](std::uint32_t pack, bool) { consider(pack); });
    return best;
  }

  void mark(Reach& reach, const store::Roots& roots,
            const std::function<void(std::string_view, std::uint64_t, std::uint64_t)>& tell) {
    std::uint64_t done = 0;
    for (const auto& text : roots) {
      if (tell) tell("following snapshots", done++, roots.size());
      const auto manifest = parse_manifest(text);
      try {
        reach.add(manifest.root);
      } catch (base::Error& error) {
        if (error.code() == base::ErrorCode::not_found ||
            error.code() == base::ErrorCode::corruption)
          throw base::Error(
              base::ErrorCode::corruption,
              "snapshot " + hash::sha256(text).to_hex().substr(0, 16) + ": " + error.message())
              .hint("nothing was removed; 'provrun repair' mends what can be mended");
        throw;
      }
    }
  }

  std::uint64_t repack(const Reach& reach, const Packs& packs, const PackSet& absent,
                       std::uint32_t source,
                       std::map<bool, std::unique_ptr<store::PackWriter>>& writers,
                       std::vector<store::IndexRow>& rows, const base::Uuid& session) {
    auto& backend = repository.backend();
    const auto& id = packs.uses[source].id;
    std::uint64_t copied = 0;
    std::vector<std::uint8_t> frame;
    codec::ZstdCompressor compressor(repository.config().compression_level);
    for (const auto& chunk : store::read_pack_table(backend, id)) {
      if (!reach.needs(chunk.id) || holder(reach, packs, chunk.id, absent) != source) continue;
      frame.resize(chunk.length);
      backend.read(id.object_name(), chunk.offset, frame);
      // A copy must not carry damage on: what does not read alone is made anew from what does.
      auto method = chunk.method_text();
      if (!is_sound(repository, frame, chunk.id)) {
        frame = compressor.compress(repository.read_chunk(chunk.id));
        method = {};
      }
      const bool data = chunk.kind == store::ChunkKind::data;
      auto& writer = writers[data];
      if (!writer) writer = std::make_unique<store::PackWriter>(backend, session);
      writer->append(chunk.id, frame, chunk.plain_length, chunk.kind, method);
      copied += frame.size();
      const auto& config = repository.config();
      if (writer->size() >= (data ? config.pack_size : config.tree_pack_size))
        seal(std::move(writer), rows);
    }
    return copied;
  }

  void seal(std::unique_ptr<store::PackWriter> writer, std::vector<store::IndexRow>& rows) {
    const auto sealed = writer->seal();
    for (const auto& chunk : sealed.chunks) rows.push_back({chunk, sealed.id});
    repository.backend().barrier();
    repository.index().publish(std::exchange(rows, {}));
    repository.backend().barrier();
  }
};

Pruner::Pruner(store::Repository& repository, PruneLimits limits, Mode mode)
    : state_(std::make_unique<State>(State{repository, limits, mode})) {}
Pruner::~Pruner() = default;

const PruneNumbers& Pruner::numbers() const {
  return state_->numbers;
}

store::PackSet Pruner::propose(const store::Roots& roots, const store::PackSet& absent) {
  auto& state = *state_;
  auto& numbers = state.numbers;
  numbers = {};
  numbers.snapshots = roots.size();
  state.repository.index().refresh();  // after the roots: what they need is in it
  Reach reach(state.repository, {}, &absent);
  state.mark(reach, roots, progress);
  numbers.chunks = reach.objects();

  auto packs = number_packs(state.repository, reach, absent);
  const auto each_row = [&](const auto& visit) {
    for (std::size_t t = 0; t < reach.tables().size(); ++t) {
      const auto entries = reach.tables()[t]->entries();
      for (std::size_t row = 0; row < entries.size(); ++row)
        if (entries[row].pack < packs.of_table[t].size())
          visit(t, row, entries[row], packs.uses[packs.of_table[t][entries[row].pack]]);
    }
  };
  each_row([&](std::size_t t, std::size_t row, const auto& entry, PackUse& use) {
    if (!use.counts) return;
    use.total += entry.length;
    if (reach.needs_row(t, row)) use.needed += entry.length;
  });
  each_row([&](std::size_t t, std::size_t row, const auto& entry, PackUse& use) {
    if (!use.counts || !reach.needs_row(t, row)) return;
    const auto keeper = state.holder(reach, packs, id_of(entry), absent);
    if (keeper && &packs.uses[*keeper] == &use) use.held += entry.length;
  });

  const auto busy = store::open_sessions(state.repository.backend());
  PackSet chosen;
  std::vector<std::uint32_t> partly;
  std::uint64_t unused = 0;
  for (std::uint32_t i = 0; i < packs.uses.size(); ++i) {
    auto& use = packs.uses[i];
    if (!use.counts) continue;
    ++numbers.packs;
    numbers.bytes += use.total;
    numbers.needed_bytes += use.held;
    if (use.held == 0) {
      // Not a question of safety: a session whose packs go would store them again.
      if (!busy.empty() &&
          busy.contains(store::session_of_pack(state.repository.backend(), use.id))) {
        ++numbers.busy_packs;
        continue;
      }
      chosen.insert(use.id);
      ++numbers.unneeded_packs;
      numbers.unneeded_bytes +=
          use.total > 0 ? use.total
                        : state.repository.backend().size_of(use.id.object_name()).value_or(0);
    } else if (use.held < use.total) {
      partly.push_back(i);
      unused += use.total - use.held;
    }
  }
  const auto allowed = state.limits.max_unused_bytes.value_or(static_cast<std::uint64_t>(
      state.limits.max_unused * static_cast<double>(numbers.bytes - numbers.unneeded_bytes)));
  // The least to copy for the most to free first.
  std::sort(partly.begin(), partly.end(), [&](std::uint32_t a, std::uint32_t b) {
    const auto& x = packs.uses[a];
    const auto& y = packs.uses[b];
    const auto cost_x = static_cast<double>(x.held) / static_cast<double>(x.total);
    const auto cost_y = static_cast<double>(y.held) / static_cast<double>(y.total);
    return cost_x != cost_y ? cost_x < cost_y : x.id < y.id;
  });
  std::vector<std::uint32_t> repacked;
  std::uint64_t planned = 0;
  for (const auto pack : partly) {
    const auto& use = packs.uses[pack];
    if (unused <= allowed || planned + use.held > state.limits.max_repack) continue;
    planned += use.held;
    unused -= use.total - use.held;
    repacked.push_back(pack);
  }
  numbers.left_bytes = unused;
  numbers.repacked_packs = repacked.size();
  numbers.repacked_bytes = planned;
  if (state.mode == Mode::plan) {
    for (const auto pack : repacked) chosen.insert(packs.uses[pack].id);
    return chosen;
  }

  std::map<bool, std::unique_ptr<store::PackWriter>> writers;
  std::vector<store::IndexRow> rows;
  const auto session = os::new_uuid();
  std::uint64_t copied = 0;
  for (const auto pack : repacked) {
    if (progress) progress("copying", copied, planned);
    copied += state.repack(reach, packs, absent, pack, writers, rows, session);
    chosen.insert(packs.uses[pack].id);
  }
  for (auto& [data, writer] : writers)
    if (writer) state.seal(std::move(writer), rows);
  return chosen;
}

store::PackSet Pruner::confirm(const store::Roots& roots, const store::PackSet& absent,
                               const store::PackSet& proposed) {
  auto& state = *state_;
  state.repository.index().refresh();
  Reach reach(state.repository, {}, &absent);
  state.mark(reach, roots, progress);
  const auto packs = number_packs(state.repository, reach, absent);
  auto confirmed = proposed;
  for (std::size_t t = 0; t < reach.tables().size(); ++t) {
    const auto entries = reach.tables()[t]->entries();
    for (std::size_t row = 0; row < entries.size(); ++row) {
      if (entries[row].pack >= packs.of_table[t].size()) continue;
      const auto& use = packs.uses[packs.of_table[t][entries[row].pack]];
      if (!confirmed.contains(use.id) || !reach.needs_row(t, row)) continue;
      bool elsewhere = false;
      bool rescued = false;
      bool patched = false;
      const auto id = id_of(entries[row]);
      state.each_copy(reach, packs, id, [&](std::uint32_t pack, bool patch) {
        const auto& other = packs.uses[pack];
        rescued = rescued || (proposed.contains(other.id) && !confirmed.contains(other.id));
        elsewhere = elsewhere || other.counts;
        patched = patched || patch;
      });
      // Of a chunk that is a patch somewhere, all copies are rescued: which of them need each other
      // is not looked into.
      if (patched)
        elsewhere = !state.repository.index().sound_copies(id, &absent).empty();
      else
        elsewhere = elsewhere || rescued;
      if (!elsewhere) confirmed.erase(use.id);
    }
  }
  return confirmed;
}

}  // namespace provrun::snapshot
