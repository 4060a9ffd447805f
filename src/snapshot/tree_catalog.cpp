#include "provrun/snapshot/tree_catalog.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <unordered_set>

#include "provrun/base/error.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/mapped_file.hpp"
#include "tree_line.hpp"
#include "tree_text.hpp"

namespace provrun::snapshot {

namespace {

constexpr char kMagic[8] = {'P', 'R', 'V', 'T', 'R', 'E', 'E', '1'};
constexpr std::uint32_t kIsPart = UINT32_MAX;

struct Header {
  char magic[8];
  std::uint64_t trees;
  std::uint64_t edges;
  std::uint64_t snapshots;
  std::uint64_t name_bytes;
  std::uint64_t names;
  std::uint64_t file_size;
};

struct Edge {
  std::uint32_t child;
  std::uint32_t parent;
  std::uint32_t name;  ///< offset in the parent's names, or kIsPart
};

struct StoredSnapshot {
  hash::Digest id;
  std::int64_t time;
  std::uint32_t root;
  std::uint32_t series;
};
static_assert(sizeof(hash::Digest) == 32 && sizeof(StoredSnapshot) == 48);

// A line's name and type where it is written as this program writes it; nullopt sends it to the
// parser.
struct QuickLine {
  std::string_view name;
  char type;
};
std::optional<QuickLine> quick_line(std::string_view line) {
  constexpr std::string_view kFront = "{\"n\":\"";
  constexpr std::string_view kType = "\",\"t\":\"";
  if (!line.starts_with(kFront)) return std::nullopt;
  line.remove_prefix(kFront.size());
  const auto end = line.find_first_of("\"\\");
  if (end == std::string_view::npos || !line.substr(end).starts_with(kType)) return std::nullopt;
  const auto name = line.substr(0, end);
  const auto rest = line.substr(end + kType.size());
  if (rest.size() < 2 || rest[1] != '"' || !is_valid_name(name)) return std::nullopt;
  return QuickLine{name, rest[0]};
}

std::uint32_t series_of(const Manifest& manifest) {
  std::string key = manifest.host;
  for (const auto& path : manifest.paths) key += '\0' + path;
  key += manifest.run.is_null() ? "" : std::string("\0run", 4);
  const auto digest = hash::sha256(key);
  std::uint32_t series = 0;
  std::memcpy(&series, digest.bytes.data(), sizeof series);
  return series;
}

}  // namespace

// Views, of the mapped file or of what Builder has in memory.
struct TreeCatalog::Data {
  std::span<const hash::Digest> ids;
  std::span<const std::uint64_t> name_starts;  ///< one more than trees
  std::span<const Edge> edges;                 ///< sorted by child
  std::span<const StoredSnapshot> snapshots;
  std::string_view names;
  std::uint64_t name_count = 0;

  os::MappedFile file;
  struct Memory {
    std::vector<hash::Digest> ids;
    std::vector<std::uint64_t> name_starts{0};
    std::vector<Edge> edges;
    std::vector<StoredSnapshot> snapshots;
    std::string names;
  } memory;
  bool in_memory = false;

  void to_memory() {
    if (in_memory) return;
    memory.ids.assign(ids.begin(), ids.end());
    if (!name_starts.empty()) memory.name_starts.assign(name_starts.begin(), name_starts.end());
    memory.edges.assign(edges.begin(), edges.end());
    memory.snapshots.assign(snapshots.begin(), snapshots.end());
    memory.names = names;
    in_memory = true;
    file = os::MappedFile();
  }
  void point_at_memory() {
    std::sort(memory.edges.begin(), memory.edges.end(), [](const auto& a, const auto& b) {
      return std::tie(a.child, a.parent, a.name) < std::tie(b.child, b.parent, b.name);
    });
    ids = memory.ids;
    name_starts = memory.name_starts;
    edges = memory.edges;
    snapshots = memory.snapshots;
    names = memory.names;
  }
};

TreeCatalog::TreeCatalog(store::Repository& repository, std::string cache_path)
    : repository_(repository), cache_path_(std::move(cache_path)), data_(std::make_unique<Data>()) {
  load();
}

TreeCatalog::~TreeCatalog() = default;

void TreeCatalog::load() {
  if (cache_path_.empty() || !os::lstat_file(cache_path_)) return;
  try {
    os::MappedFile file(cache_path_);
    const auto bytes = file.bytes();
    Header header;
    if (bytes.size() < sizeof header) return;
    std::memcpy(&header, bytes.data(), sizeof header);
    const auto limit = bytes.size();
    if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0 || header.file_size != limit ||
        header.trees > limit / 32 || header.edges > limit / sizeof(Edge) ||
        header.snapshots > limit / sizeof(StoredSnapshot) || header.name_bytes > limit)
      return;
    const std::uint64_t needed = sizeof header + header.snapshots * sizeof(StoredSnapshot) +
                                 (header.trees + 1) * 8 + header.trees * 32 +
                                 header.edges * sizeof(Edge) + header.name_bytes;
    if (needed != limit) return;
    const auto* at = bytes.data() + sizeof header;
    const auto take = [&](auto& view, std::uint64_t count) {
      using Item = typename std::remove_reference_t<decltype(view)>::element_type;
      view = {reinterpret_cast<const Item*>(at), static_cast<std::size_t>(count)};
      at += count * sizeof(Item);
    };
    auto& data = *data_;
    take(data.snapshots, header.snapshots);
    take(data.name_starts, header.trees + 1);
    take(data.ids, header.trees);
    take(data.edges, header.edges);
    data.names = {reinterpret_cast<const char*>(at), header.name_bytes};
    data.name_count = header.names;
    data.file = std::move(file);
    // A file with the right size and wrong numbers must not lead outside of it.
    bool valid = data.name_starts.front() == 0 && data.name_starts.back() == header.name_bytes &&
                 std::is_sorted(data.name_starts.begin(), data.name_starts.end()) &&
                 (data.names.empty() || data.names.back() == '\0');
    for (const auto& edge : data.edges)
      valid = valid && edge.child < header.trees && edge.parent < header.trees &&
              (edge.name == kIsPart ||
               edge.name < data.name_starts[edge.parent + 1] - data.name_starts[edge.parent]);
    for (const auto& one : data.snapshots) valid = valid && one.root < header.trees;
    if (!valid) data_ = std::make_unique<Data>();
  } catch (const base::Error&) {
    data_ = std::make_unique<Data>();
  }
}

void TreeCatalog::save() {
  if (cache_path_.empty() || !damaged_.empty()) return;
  const auto& data = *data_;
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.trees = data.ids.size();
  header.edges = data.edges.size();
  header.snapshots = data.snapshots.size();
  header.name_bytes = data.names.size();
  header.names = data.name_count;
  header.file_size = sizeof header + data.snapshots.size_bytes() + data.name_starts.size_bytes() +
                     data.ids.size_bytes() + data.edges.size_bytes() + data.names.size();
  const auto fresh = cache_path_ + ".new";
  try {
    os::make_directories(os::parent_path(cache_path_), 0700);
    {
      const auto file = os::create_file(fresh);
      const auto write = [&](const void* bytes, std::size_t size) {
        os::write_all(file, std::string_view(static_cast<const char*>(bytes), size), fresh);
      };
      write(&header, sizeof header);
      write(data.snapshots.data(), data.snapshots.size_bytes());
      write(data.name_starts.data(), data.name_starts.size_bytes());
      write(data.ids.data(), data.ids.size_bytes());
      write(data.edges.data(), data.edges.size_bytes());
      write(data.names.data(), data.names.size());
      os::sync_file(file, fresh);
    }
    os::rename_file(fresh, cache_path_);
  } catch (const base::Error&) {
    // A cache that cannot be written costs time, never the work.
  }
}

void TreeCatalog::refresh(const Progress& progress, const base::Cancellation* cancellation) {
  auto& data = *data_;
  damaged_.clear();
  const auto names = list_snapshots(repository_);
  std::unordered_set<hash::Digest> known;
  for (const auto& one : data.snapshots) known.insert(one.id);
  std::vector<SnapshotName> fresh;
  for (const auto& name : names)
    if (!known.contains(name.id.digest)) fresh.push_back(name);
  if (!fresh.empty()) {
    data.to_memory();
    auto& memory = data.memory;
    std::unordered_map<hash::Digest, std::uint32_t> numbers;
    for (std::uint32_t i = 0; i < memory.ids.size(); ++i) numbers.emplace(memory.ids[i], i);
    // In the order of the numbers, so that names stand in that order too.
    std::size_t next = memory.ids.size();
    const auto number_of = [&](const store::ChunkId& id) {
      const auto [at, added] =
          numbers.emplace(id.digest, static_cast<std::uint32_t>(memory.ids.size()));
      if (added) memory.ids.push_back(id.digest);
      return at->second;
    };
    const auto read = [&](std::uint32_t tree) {
      const auto start = memory.names.size();
      const auto text = read_tree_text(repository_, {memory.ids[tree]});
      std::string_view rest = text;
      std::vector<Edge> edges;
      std::uint64_t count = 0;
      while (!rest.empty()) {
        const auto line = take_line(rest);
        const auto quick = quick_line(line);
        if (quick && quick->type != 'd' && quick->type != '+') {
          memory.names.append(quick->name).push_back('\0');
          ++count;
          continue;
        }
        const auto parsed = parse_tree_line(line);
        if (const auto* part = std::get_if<TreePart>(&parsed)) {
          edges.push_back({number_of(part->tree), tree, kIsPart});
          continue;
        }
        const auto& entry = std::get<Entry>(parsed);
        if (entry.type == EntryType::directory)
          edges.push_back({number_of(entry.tree), tree,
                           static_cast<std::uint32_t>(memory.names.size() - start)});
        memory.names.append(entry.path).push_back('\0');
        ++count;
      }
      memory.edges.insert(memory.edges.end(), edges.begin(), edges.end());
      data.name_count += count;
    };
    for (const auto& name : fresh) {
      try {
        const auto manifest = load_manifest(repository_, name);
        memory.snapshots.push_back(
            {name.id.digest, name.time.nanoseconds, number_of(manifest.root), series_of(manifest)});
      } catch (const base::Error& error) {
        if (error.code() == base::ErrorCode::not_found) continue;
        if (error.code() != base::ErrorCode::corruption) throw;
        damaged_.push_back("snapshot " + name.id.to_hex());
      }
      for (; next < memory.ids.size(); ++next) {
        if (cancellation != nullptr) cancellation->check();
        const auto before = memory.names.size();
        try {
          read(static_cast<std::uint32_t>(next));
        } catch (const base::Error& error) {
          if (error.code() != base::ErrorCode::corruption &&
              error.code() != base::ErrorCode::not_found &&
              error.code() != base::ErrorCode::unsupported)
            throw;
          memory.names.resize(before);
          damaged_.push_back("tree " + memory.ids[next].to_hex());
        }
        memory.name_starts.push_back(memory.names.size());
        if (progress && next % 256 == 0) progress(next);
      }
    }
    data.point_at_memory();
    save();
  }
  std::unordered_map<hash::Digest, const StoredSnapshot*> by_id;
  for (const auto& one : data.snapshots) by_id.emplace(one.id, &one);
  snapshots_.clear();
  for (const auto& name : names)
    if (const auto found = by_id.find(name.id.digest); found != by_id.end())
      snapshots_.push_back({name, found->second->root, found->second->series});
}

std::uint32_t TreeCatalog::tree_count() const {
  return static_cast<std::uint32_t>(data_->ids.size());
}
std::uint64_t TreeCatalog::name_count() const {
  return data_->name_count;
}
store::ChunkId TreeCatalog::tree_id(std::uint32_t tree) const {
  return {data_->ids[tree]};
}

void TreeCatalog::scan(
    std::string_view literal,
    const std::function<void(std::uint32_t tree, std::string_view name)>& visit) const {
  const auto names = data_->names;
  const auto starts = data_->name_starts;
  if (names.empty()) return;
  std::size_t tree = 0;
  std::size_t at = 0;
  while (at < names.size()) {
    if (!literal.empty()) {
      const auto* hit = static_cast<const char*>(
          memmem(names.data() + at, names.size() - at, literal.data(), literal.size()));
      if (hit == nullptr) return;
      const auto position = static_cast<std::size_t>(hit - names.data());
      const auto before = names.rfind('\0', position);
      at = before == std::string_view::npos ? 0 : before + 1;
      // Most trees between two hits are stepped over.
      if (starts[tree + 1] <= at)
        tree = static_cast<std::size_t>(
                   std::upper_bound(starts.begin() + static_cast<std::ptrdiff_t>(tree) + 1,
                                    starts.end(), at) -
                   starts.begin()) -
               1;
    }
    while (starts[tree + 1] <= at) ++tree;
    const auto end = names.find('\0', at);
    visit(static_cast<std::uint32_t>(tree), names.substr(at, end - at));
    at = end + 1;
  }
}

void TreeCatalog::parents(std::uint32_t tree,
                          const std::function<void(const Parent&)>& visit) const {
  const auto& data = *data_;
  auto at =
      std::lower_bound(data.edges.begin(), data.edges.end(), tree,
                       [](const Edge& edge, std::uint32_t child) { return edge.child < child; });
  for (; at != data.edges.end() && at->child == tree; ++at) {
    if (at->name == kIsPart) {
      visit({at->parent, {}});
      continue;
    }
    const auto start = data.name_starts[at->parent] + at->name;
    visit({at->parent, data.names.substr(start, data.names.find('\0', start) - start)});
  }
}

}  // namespace provrun::snapshot
