// What lies in a repository: anybody who can write there can have written it.
#include <algorithm>
#include <variant>

#include "../../src/snapshot/plain_line.hpp"
#include "../../src/snapshot/tree_line.hpp"
#include "../../src/snapshot/tree_references.hpp"
#include "fuzz/target.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/codec/zstd.hpp"
#include "provrun/parity/coder.hpp"
#include "provrun/snapshot/hold.hpp"
#include "provrun/store/chunk_frame.hpp"
#include "provrun/store/chunk_list.hpp"
#include "provrun/store/config.hpp"
#include "provrun/store/index_segment.hpp"
#include "provrun/store/pack.hpp"
#include "provrun/store/parity_groups.hpp"
#include "support/memory_backend.hpp"

namespace provrun::fuzz {

namespace {

using snapshot::Entry;
using snapshot::EntryType;

constexpr std::size_t kPlainLimit = 1 << 20;

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

store::ChunkId chunk(std::string_view text) {
  return {hash::sha256(text)};
}

class TextSource : public parity::ByteSource {
 public:
  explicit TextSource(std::string_view text) : text_(text) {}
  std::uint64_t size() const override { return text_.size(); }
  void read(std::uint64_t offset, std::span<std::uint8_t> buffer) override {
    require(offset <= text_.size() && buffer.size() <= text_.size() - offset);
    std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(offset), buffer.size(), buffer.begin());
  }

 private:
  std::string_view text_;
};

void feed_par2(std::string_view bytes) {
  TextSource source(bytes);
  const auto check = [&](const parity::RecoverySet& set) {
    require(set.slices() > 0 && set.slices() <= parity::kMaximumSlices);
    for (const auto& file : set.files)
      require(file.slices.size() == parity::slices_of(file.size, set.slice_size) &&
              parity::file_id(file) == file.id);
    for (const auto& slice : set.recovery) require(slice.offset + set.slice_size <= source.size());
  };
  if (const auto described = parity::read_description(source)) check(*described);
  accepts([&] { check(parity::read_set(source)); });
}

std::string small_par2() {
  TextSource one(std::string_view("the bytes of one pack, and some more of them"));
  TextSource two(std::string_view("another"));
  parity::SetEncoder encoder({{"packs/ab/one.zst", &one}, {"packs/cd/two.zst", &two}}, 16, 3, 4096);
  encoder.read([](std::size_t, std::span<const std::uint8_t>) {});
  std::string out;
  encoder.emit(
      "fuzz", [&](std::span<const std::uint8_t> bytes) { out.append(bytes.begin(), bytes.end()); });
  return out;
}

std::string parity_setting() {
  test::MemoryBackend backend;
  store::set_parity_percent(backend, 6);
  return backend.read_all(store::parity_setting_name(backend), 4096);
}

void feed_parity_setting(std::string_view bytes) {
  accepts([&] { require(store::is_parity_percent(store::parse_parity_setting(bytes))); });
}

struct References : snapshot::ReferenceSink {
  std::vector<std::string> seen;
  void chunk(const store::ChunkId& id) override { seen.push_back("chunk " + id.to_hex()); }
  void list(const store::ChunkId& id, int levels) override {
    seen.push_back("list " + id.to_hex() + " " + std::to_string(levels));
  }
  void tree(const store::ChunkId& id) override { seen.push_back("tree " + id.to_hex()); }

  void of(const snapshot::TreeLine& line) {
    if (const auto* part = std::get_if<snapshot::TreePart>(&line)) {
      tree(part->tree);
      return;
    }
    const auto& entry = std::get<Entry>(line);
    if (entry.type == EntryType::directory) tree(entry.tree);
    if (entry.type != EntryType::file) return;
    for (const auto& id : entry.content.chunks) chunk(id);
    if (entry.content.list) list(*entry.content.list, entry.content.list_levels);
    if (entry.content.bundle) chunk(entry.content.bundle->chunk);
  }
};

void feed_tree(std::string_view bytes) {
  for (const auto line : base::split(bytes, '\n')) {
    std::optional<snapshot::TreeLine> parsed;
    accepts([&] { parsed = snapshot::parse_tree_line(line); });
    // The quick way and the whole one agree.
    if (const auto plain = snapshot::parse_plain_line(line)) {
      require(parsed && std::holds_alternative<Entry>(*parsed));
      require(std::get<Entry>(*parsed) == *plain);
    }
    if (!parsed) continue;
    if (const auto* entry = std::get_if<Entry>(&*parsed)) {
      require(snapshot::is_valid_name(entry->path));
      std::string text;
      snapshot::append_entry_line(text, *entry);
      std::string again;
      const std::string_view written(text.data(), text.size() - 1);
      snapshot::append_entry_line(again, snapshot::parse_entry_line(written));
      require(again == text);
    }
    References quick;
    References whole;
    if (!accepts([&] { snapshot::read_references(std::string(line) + "\n", quick); })) continue;
    whole.of(*parsed);
    std::sort(quick.seen.begin(), quick.seen.end());
    std::sort(whole.seen.begin(), whole.seen.end());
    require(quick.seen == whole.seen);
  }
}

std::vector<std::string> tree_seeds() {
  std::vector<Entry> entries;
  Entry file{.path = "a.txt", .mtime_ns = 1'700'000'000'123'456'789, .uid = 1000, .gid = 100};
  file.user = "ada";
  file.group = "users";
  file.content.id = {hash::sha256("a")};
  file.content.size = 1;
  file.content.chunks = {chunk("a")};
  file.inode = 77;
  file.ctime_ns = 1'700'000'000'000'000'001;
  entries.push_back(file);
  file.content.chunks = {chunk("b"), chunk("c")};
  file.changed = true;
  entries.push_back(file);
  file.content.chunks.clear();
  file.content.list = chunk("list");
  file.content.list_levels = 2;
  entries.push_back(file);
  file.content.list.reset();
  file.content.list_levels = 0;
  file.content.bundle = store::BundlePlace{chunk("bundle"), 4096};
  file.attributes = {{"user.origin", std::string("\0\xff", 2)}};
  file.hard_link = "9:77";
  entries.push_back(file);
  Entry folder{.path = "na\"me\xff\n", .type = EntryType::directory, .mode = 0755};
  folder.tree = chunk("tree");
  entries.push_back(folder);
  Entry link{.path = "l", .type = EntryType::symlink, .mode = 0777};
  link.target = "../\xc3\x28";
  entries.push_back(link);
  Entry device{.path = "null", .type = EntryType::character_device};
  device.device_major = 1;
  device.device_minor = 3;
  entries.push_back(device);
  std::string text;
  for (const auto& entry : entries) snapshot::append_entry_line(text, entry);
  snapshot::append_part_line(text, "m", chunk("part"));
  return {text};
}

void feed_list(std::string_view bytes) {
  std::vector<store::ListedChunk> chunks;
  const bool whole = accepts([&] { chunks = store::parse_list(bytes); });
  if (whole) require(store::encode_list(chunks) == bytes);
  for (const int levels : {1, 2}) {
    References quick;
    if (!accepts([&] { snapshot::read_list_references(bytes, quick, levels); }) || !whole) continue;
    std::size_t named = 0;
    for (const auto& listed : chunks) named += listed.id ? 1U : 0U;
    require(quick.seen.size() == named);
  }
}

void feed_manifest(std::string_view bytes) {
  accepts([&] {
    const auto text = snapshot::parse_manifest(bytes).to_json();
    require(snapshot::parse_manifest(text).to_json() == text);
  });
}

std::vector<std::string> manifest_seeds() {
  snapshot::Manifest manifest;
  manifest.time = {1'700'000'000'000'000'000};
  manifest.root = chunk("root");
  manifest.host = "lab1";
  manifest.user = "ada";
  manifest.paths = {"/home/ada", std::string("odd\xff", 4)};
  manifest.tags = {"daily"};
  manifest.started = manifest.ended = manifest.time;
  manifest.tool_version = "0.1.0";
  auto of_run = manifest;
  of_run.run = codec::Json::object({{"run", "x"}, {"files", codec::Json::array()}});
  of_run.parent = snapshot::SnapshotId{hash::sha256("parent")};
  of_run.top = Entry{.path = "", .type = EntryType::directory, .mode = 0755};
  return {manifest.to_json(), of_run.to_json()};
}

void feed_hold(std::string_view bytes) {
  accepts([&] {
    const auto text = snapshot::parse_hold(bytes).to_json();
    require(snapshot::parse_hold(text).to_json() == text);
  });
}

void feed_config(std::string_view bytes) {
  accepts([&] {
    const auto text = store::parse_config(bytes).to_json();
    require(store::parse_config(text).to_json() == text);
  });
}

store::SegmentId named(std::string_view file) {
  return {hash::sha256(file)};
}

void feed_segment_file(std::string_view file) {
  accepts([&] {
    // In any order, with repetitions; written again they are sorted.
    const auto sorted = store::encode_segment(store::parse_segment(named(file), file));
    require(store::encode_segment(store::parse_segment(named(sorted), sorted)) == sorted);
  });
}

void feed_segment(std::string_view text) {
  const auto file = codec::ZstdCompressor(1).compress(bytes_of(text));
  feed_segment_file({reinterpret_cast<const char*>(file.data()), file.size()});
}

store::Segment some_segment() {
  store::Segment segment;
  for (const auto* text : {"a", "b", "c"}) {
    store::IndexRow row{{chunk(text)}, {hash::sha256("pack")}};
    row.chunk.offset = 1000;
    row.chunk.length = 40;
    row.chunk.plain_length = 90;
    segment.rows.push_back(row);
  }
  segment.rows[1].chunk.kind = store::ChunkKind::tree;
  segment.rows[2].chunk.method = std::make_shared<const std::string>("shuffle 8");
  segment.supersedes.push_back({hash::sha256("older")});
  return segment;
}

std::string plain_text(std::string_view frame) {
  const auto plain = codec::ZstdDecompressor().decompress(bytes_of(frame), kPlainLimit);
  return {plain.begin(), plain.end()};
}

void feed_pack_file(std::string_view file) {
  test::MemoryBackend backend;
  const store::PackId id{hash::sha256(file)};
  backend.create(id.object_name(), file);
  store::session_of_pack(backend, id);
  accepts([&] {
    for (const auto& packed : store::read_pack_table(backend, id))
      require(std::uint64_t{packed.offset} + packed.length <= file.size());
  });
}

std::string some_pack() {
  test::MemoryBackend backend;
  store::PackWriter writer(backend, base::make_uuid_v7({1'700'000'000'000'000'000}, {}));
  const auto frame = codec::ZstdCompressor(1).compress(bytes_of("the chunk"));
  writer.append(chunk("the chunk"), frame, 9, store::ChunkKind::data);
  return backend.read_all(writer.seal().id.object_name(), kPlainLimit);
}

/// The same, its table replaced by this text.
void feed_pack(std::string_view table) {
  const auto packed = codec::ZstdCompressor(1).compress(bytes_of(table));
  const auto frame = codec::ZstdCompressor(1).compress(bytes_of("the chunk"));
  std::string file(frame.begin(), frame.end());
  const std::uint64_t footer = file.size();
  const auto append = [&](std::uint64_t number, int bytes) {
    for (int i = 0; i < bytes; ++i) file += static_cast<char>(number >> (8 * i) & 0xff);
  };
  append(0x184D2A5E, 4);
  append(packed.size() + 20, 4);
  file.append(packed.begin(), packed.end());
  append(1, 4);
  append(footer, 8);
  file += "PRVPACK1";
  feed_pack_file(file);
}

void feed_frame(std::string_view bytes) {
  accepts([&] { store::parse_frame_start(bytes_of(bytes.substr(0, 600)), bytes.size()); });
  accepts([&] {
    const auto plain =
        store::FrameDecoder().decode(bytes_of(bytes), kPlainLimit, [](const store::ChunkId& id) {
          return std::vector<std::uint8_t>(id.digest.bytes.begin(), id.digest.bytes.end());
        });
    require(plain.size() <= kPlainLimit);
  });
}

std::vector<std::string> frame_seeds() {
  store::FrameEncoder encoder(3, {});
  std::vector<std::string> seeds;
  const auto add = [&](std::span<const std::uint8_t> plain, const store::PatchBase* base) {
    const auto frame = encoder.encode(plain, base).bytes;
    seeds.emplace_back(frame.begin(), frame.end());
  };
  add(bytes_of("some text, some text, some text"), nullptr);
  std::vector<double> numbers;
  for (int i = 0; i < 8192; ++i) numbers.push_back(1.0 + i * 1e-3);
  add({reinterpret_cast<const std::uint8_t*>(numbers.data()), numbers.size() * sizeof(double)},
      nullptr);
  store::PatchBase base;
  base.chunks = {chunk("base")};
  base.bytes.assign(base.chunks[0].digest.bytes.begin(), base.chunks[0].digest.bytes.end());
  add(base.bytes, &base);
  return seeds;
}

void feed_method(std::string_view bytes) {
  accepts([&] { require(store::parse_method(bytes).method == bytes); });
}

}  // namespace

std::vector<Target> repository_targets() {
  snapshot::Hold hold;
  hold.id = "0123456789abcdef";
  hold.created = {1'700'000'000'000'000'000};
  hold.user = "ada";
  hold.host = "lab1";
  hold.reason = "grant 7";
  hold.snapshots = {{hash::sha256("kept")}};
  store::RepositoryConfig config;
  config.id = base::make_uuid_v7({1'700'000'000'000'000'000}, {});
  config.created = {1'700'000'000'000'000'000};
  const auto segment = store::encode_segment(some_segment());
  const auto pack = some_pack();
  const auto list = store::encode_list({{chunk("a"), 7}, {std::nullopt, 4096}, {chunk("b"), 1}});
  const auto table = "#provrun-pack 1 " + std::string(32, 'a') + " " + config.id.to_string() +
                     "\n" + chunk("the chunk").to_hex() + "\t0\t18\t9\td\n";
  return {{"tree", feed_tree, tree_seeds()},
          {"list", feed_list, {list}},
          {"manifest", feed_manifest, manifest_seeds()},
          {"hold", feed_hold, {hold.to_json()}},
          {"config", feed_config, {config.to_json()}},
          {"segment", feed_segment, {plain_text(segment)}},
          {"segment_file", feed_segment_file, {segment}},
          {"pack", feed_pack, {table}},
          {"pack_file", feed_pack_file, {pack}},
          {"par2", feed_par2, {small_par2()}},
          {"parity_setting", feed_parity_setting, {parity_setting()}},
          {"frame", feed_frame, frame_seeds()},
          {"method", feed_method, {"shuffle 8", "patch 1 " + chunk("base").to_hex()}}};
}

}  // namespace provrun::fuzz
