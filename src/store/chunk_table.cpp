#include "provrun/store/chunk_table.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "provrun/base/error.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/random.hpp"

namespace provrun::store {

namespace {

static_assert(std::endian::native == std::endian::little);
static_assert(sizeof(PackId) == 32 && sizeof(SegmentId) == 32);

struct Header {
  char magic[8];
  std::uint32_t version;
  std::uint32_t bits;
  std::uint64_t entries;
  std::uint64_t packs;
  std::uint64_t segments;
  std::uint64_t file_size;
};
constexpr char kTableMagic[8] = {'P', 'R', 'V', 'T', 'A', 'B', 'L', 'E'};
constexpr std::uint32_t kTableVersion = 2;                // 2: rows tell patches
constexpr std::uint32_t kLongestFrame = (1U << 31U) - 1;  // bytes; a chunk has at most 2^26
constexpr std::uint64_t kPlausible = 1ULL
                                     << 36U;  // rows; keeps sums of damaged headers from wrapping

bool id_less(const ChunkTable::Entry& a, const ChunkTable::Entry& b) {
  return std::memcmp(a.id.data(), b.id.data(), a.id.size()) < 0;
}

// The first bits of an id select a bucket of about eight rows.
int bits_for(std::uint64_t entries) {
  return std::clamp(static_cast<int>(std::bit_width(entries / 8)), 0, 16);
}

std::uint32_t bucket_of(const std::uint8_t* id, int bits) {
  return (static_cast<std::uint32_t>(id[0]) << 8U | id[1]) >> static_cast<unsigned>(16 - bits);
}

std::size_t fan_out_size(int bits) {
  return (std::size_t{1} << static_cast<unsigned>(bits)) + 1;
}

// Calls with the rows of all tables in the order of their ids, pack numbers shifted as if the
// tables' pack lists followed one another; rows that name the same place are given once.
template <typename Take>
void for_each_merged(std::span<const ChunkTable* const> tables, const Take& take) {
  struct Cursor {
    std::span<const ChunkTable::Entry> rest;
    std::uint32_t first_pack;
  };
  std::vector<Cursor> cursors;
  std::uint32_t packs = 0;
  std::vector<PackId> all_packs;
  for (const auto* table : tables) {
    cursors.push_back({table->entries(), packs});
    packs += static_cast<std::uint32_t>(table->packs().size());
    all_packs.insert(all_packs.end(), table->packs().begin(), table->packs().end());
  }
  std::vector<ChunkTable::Entry> same;  // rows of one id, already given
  while (true) {
    Cursor* least = nullptr;
    for (auto& cursor : cursors)
      if (!cursor.rest.empty() &&
          (least == nullptr || id_less(cursor.rest.front(), least->rest.front())))
        least = &cursor;
    if (least == nullptr) return;
    auto entry = least->rest.front();
    least->rest = least->rest.subspan(1);
    entry.pack += least->first_pack;
    if (!same.empty() && same.front().id != entry.id) same.clear();
    const bool repeated = std::any_of(same.begin(), same.end(), [&](const auto& other) {
      return other.offset == entry.offset && other.pack < all_packs.size() &&
             entry.pack < all_packs.size() && all_packs[other.pack] == all_packs[entry.pack];
    });
    if (repeated) continue;
    same.push_back(entry);
    take(entry);
  }
}

// Builds the bucket starts while rows go by in order.
class FanOut {
 public:
  explicit FanOut(int bits) : bits_(bits) { starts_.reserve(fan_out_size(bits)); }
  void next(const ChunkTable::Entry& entry) {
    while (starts_.size() <= bucket_of(entry.id.data(), bits_)) starts_.push_back(count_);
    ++count_;
  }
  std::vector<std::uint32_t> finish() {
    while (starts_.size() < fan_out_size(bits_)) starts_.push_back(count_);
    return std::move(starts_);
  }

 private:
  int bits_;
  std::uint32_t count_ = 0;
  std::vector<std::uint32_t> starts_;
};

template <typename T>
std::span<const std::uint8_t> raw_bytes(std::span<const T> items) {
  return {reinterpret_cast<const std::uint8_t*>(items.data()), items.size_bytes()};
}

}  // namespace

void ChunkTable::Builder::add(const SegmentId& id, const Segment& segment) {
  segments_.push_back(id);
  entries_.reserve(entries_.size() + segment.rows.size());
  const PackId* last_pack = nullptr;
  std::uint32_t number = 0;
  for (const auto& row : segment.rows) {
    if (last_pack == nullptr || *last_pack != row.pack) {
      const auto [found, added] =
          pack_numbers_.try_emplace(row.pack, static_cast<std::uint32_t>(packs_.size()));
      if (added) packs_.push_back(row.pack);
      number = found->second;
      last_pack = &row.pack;
    }
    const bool patched = row.chunk.method_text().starts_with("patch ");
    entries_.push_back({row.chunk.id.digest.bytes, number, row.chunk.offset,
                        row.chunk.length & kLongestFrame, patched ? 1U : 0U});
  }
}

ChunkTable ChunkTable::Builder::build() && {
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    const int order = std::memcmp(a.id.data(), b.id.data(), a.id.size());
    if (order != 0) return order < 0;
    return a.pack != b.pack ? a.pack < b.pack : a.offset < b.offset;
  });
  entries_.erase(std::unique(entries_.begin(), entries_.end(),
                             [](const Entry& a, const Entry& b) {
                               return a.pack == b.pack && a.offset == b.offset && a.id == b.id;
                             }),
                 entries_.end());
  ChunkTable table;
  table.set_memory({std::move(entries_), std::move(packs_), std::move(segments_), {}});
  return table;
}

void ChunkTable::set_memory(Memory memory) {
  bits_ = bits_for(memory.entries.size());
  FanOut fan_out(bits_);
  for (const auto& entry : memory.entries) fan_out.next(entry);
  memory.fan_out = fan_out.finish();
  owner_ = std::move(memory);
  const auto& owned = std::get<Memory>(owner_);
  entries_ = owned.entries;
  packs_ = owned.packs;
  segments_ = owned.segments;
  fan_out_ = owned.fan_out;
}

ChunkTable ChunkTable::merge(std::span<const ChunkTable* const> tables) {
  Memory memory;
  for (const auto* table : tables) {
    memory.packs.insert(memory.packs.end(), table->packs().begin(), table->packs().end());
    memory.segments.insert(memory.segments.end(), table->segments().begin(),
                           table->segments().end());
  }
  for_each_merged(tables, [&](const Entry& entry) { memory.entries.push_back(entry); });
  ChunkTable merged;
  merged.set_memory(std::move(memory));
  return merged;
}

void ChunkTable::write(const std::string& path, std::span<const ChunkTable* const> tables,
                       std::span<const SegmentId> covered) {
  Header header{};
  std::memcpy(header.magic, kTableMagic, sizeof kTableMagic);
  header.version = kTableVersion;
  std::uint64_t rows = 0;
  for (const auto* table : tables) {
    rows += table->entries().size();
    header.packs += table->packs().size();
  }
  header.bits = static_cast<std::uint32_t>(bits_for(rows));
  header.segments = covered.size();
  // Two passes: the counts and bucket starts stand before the rows, and the rows are not kept in
  // memory.
  FanOut counter(static_cast<int>(header.bits));
  for_each_merged(tables, [&](const Entry& entry) {
    counter.next(entry);
    ++header.entries;
  });
  const auto fan_out = counter.finish();
  header.file_size = sizeof header + header.packs * sizeof(PackId) + covered.size_bytes() +
                     header.entries * sizeof(Entry) + fan_out.size() * sizeof(std::uint32_t);

  const auto temporary = path + ".tmp-" + os::random_hex(8);
  const auto file = os::create_new_file(temporary);
  try {
    std::vector<std::uint8_t> buffer;
    const auto put = [&](std::span<const std::uint8_t> bytes) {
      buffer.insert(buffer.end(), bytes.begin(), bytes.end());
      if (buffer.size() < (1U << 20U)) return;
      os::write_all(file, buffer, temporary);
      buffer.clear();
    };
    put(raw_bytes(std::span<const Header>(&header, 1)));
    for (const auto* table : tables) put(raw_bytes(table->packs()));
    put(raw_bytes(covered));
    for_each_merged(tables,
                    [&](const Entry& entry) { put(raw_bytes(std::span<const Entry>(&entry, 1))); });
    put(raw_bytes(std::span<const std::uint32_t>(fan_out)));
    os::write_all(file, buffer, temporary);
    // Synced, because a file of zeros after a power cut would look like an empty repository.
    os::sync_file(file, temporary);
    os::rename_file(temporary, path);
  } catch (...) {
    os::remove_file(temporary);
    throw;
  }
}

std::optional<ChunkTable> ChunkTable::map(const std::string& path) {
  if (!os::stat_file(path)) return std::nullopt;
  os::MappedFile file(path);
  const auto bytes = file.bytes();
  Header header{};
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, kTableMagic, sizeof kTableMagic) != 0 ||
      header.version != kTableVersion || header.bits > 16 || header.entries > kPlausible ||
      header.packs > kPlausible || header.segments > kPlausible || header.file_size != bytes.size())
    return std::nullopt;
  const auto fan_out = fan_out_size(static_cast<int>(header.bits));
  const auto expected = sizeof header + header.packs * sizeof(PackId) +
                        header.segments * sizeof(SegmentId) + header.entries * sizeof(Entry) +
                        fan_out * sizeof(std::uint32_t);
  if (expected != bytes.size()) return std::nullopt;
  ChunkTable table;
  const auto* at = bytes.data() + sizeof header;
  const auto take = [&at]<typename T>(std::span<const T>& items, std::size_t count) {
    items = {reinterpret_cast<const T*>(at), count};
    at += items.size_bytes();
  };
  take(table.packs_, header.packs);
  take(table.segments_, header.segments);
  take(table.entries_, header.entries);
  take(table.fan_out_, fan_out);
  table.bits_ = static_cast<int>(header.bits);
  table.owner_ = std::move(file);
  return table;
}

std::span<const ChunkTable::Entry> ChunkTable::find(const ChunkId& id) const {
  if (entries_.empty()) return {};
  const auto bucket = bucket_of(id.digest.bytes.data(), bits_);
  const std::size_t end = std::min<std::size_t>(fan_out_[bucket + 1], entries_.size());
  const std::size_t begin = std::min<std::size_t>(fan_out_[bucket], end);
  Entry key{};
  key.id = id.digest.bytes;
  const auto rows = entries_.subspan(begin, end - begin);
  const auto [first, last] = std::equal_range(rows.begin(), rows.end(), key, id_less);
  return rows.subspan(static_cast<std::size_t>(first - rows.begin()),
                      static_cast<std::size_t>(last - first));
}

std::optional<PackId> ChunkTable::pack_of(const Entry& entry) const {
  if (entry.pack >= packs_.size()) return std::nullopt;
  return packs_[entry.pack];
}

}  // namespace provrun::store
