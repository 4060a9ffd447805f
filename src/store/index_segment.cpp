#include "provrun/store/index_segment.hpp"

#include <algorithm>
#include <tuple>

#include "provrun/base/error.hpp"
#include "provrun/codec/zstd.hpp"
#include "tsv.hpp"

namespace provrun::store {

namespace {

constexpr std::uint64_t kFileLimit = 1ULL << 30U;
constexpr std::string_view kSegmentSuffix = ".tsv.zst";

auto key_of(const IndexRow& row) {
  return std::tie(row.chunk.id, row.pack, row.chunk.offset);
}

}  // namespace

std::string SegmentId::object_name() const {
  return "index/" + digest.to_hex() + std::string(kSegmentSuffix);
}

std::string encode_segment(Segment segment) {
  auto& rows = segment.rows;
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return key_of(a) < key_of(b); });
  rows.erase(std::unique(rows.begin(), rows.end(),
                         [](const auto& a, const auto& b) { return key_of(a) == key_of(b); }),
             rows.end());
  std::sort(segment.supersedes.begin(), segment.supersedes.end());
  std::string text;
  text.reserve(rows.size() * 156 + segment.supersedes.size() * 76);
  for (const auto& row : rows) {
    append_hex(text, row.chunk.id.digest);
    text += '\t';
    append_hex(text, row.pack.digest);
    for (const auto number : {row.chunk.offset, row.chunk.length, row.chunk.plain_length}) {
      text += '\t';
      append_number(text, number);
    }
    text += '\t';
    text += static_cast<char>(row.chunk.kind);
    if (row.chunk.method) text.append("\t").append(*row.chunk.method);
    text += '\n';
  }
  for (const auto& superseded : segment.supersedes) {
    append_hex(text, superseded.digest);
    text += "\t-\t0\t0\t0\ts\n";
  }
  const auto file = codec::ZstdCompressor(3).compress(
      {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  return {file.begin(), file.end()};
}

Segment parse_segment(const SegmentId& id, std::string_view bytes) {
  const auto damaged = [&](const char* what) {
    return base::Error(base::ErrorCode::corruption,
                       "index segment " + id.digest.to_hex().substr(0, 12) + ": " + what)
        .hint("run 'provrun repair --index'");
  };
  if (hash::sha256(bytes) != id.digest) throw damaged("its bytes do not have its name");
  const auto plain = codec::ZstdDecompressor().decompress(
      {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, kFileLimit);
  std::string_view text(reinterpret_cast<const char*>(plain.data()), plain.size());
  Segment segment;
  segment.rows.reserve(text.size() / 140);
  std::string_view pack_text;  // neighbours are often of one pack
  while (!text.empty()) {
    const auto chunk = take_until(text, '\t');
    const auto pack = take_until(text, '\t');
    const auto offset = take_until(text, '\t');
    const auto length = take_until(text, '\t');
    const auto plain_length = take_until(text, '\t');
    auto kind = take_until(text, '\n');
    IndexRow row;
    if (!chunk || !pack || !offset || !length || !plain_length || !kind ||
        !take_method(*kind, row.chunk.method) || kind->size() != 1)
      throw damaged("invalid row");
    if (*kind == "s") {
      SegmentId superseded;
      if (*pack != "-" || !read_hex(*chunk, superseded.digest)) throw damaged("invalid row");
      segment.supersedes.push_back(superseded);
      continue;
    }
    bool valid = parse_kind((*kind)[0]).has_value() && read_hex(*chunk, row.chunk.id.digest) &&
                 read_number(*offset, row.chunk.offset) && read_number(*length, row.chunk.length) &&
                 read_number(*plain_length, row.chunk.plain_length);
    if (!segment.rows.empty() && *pack == pack_text) {
      row.pack = segment.rows.back().pack;
    } else {
      valid = valid && read_hex(*pack, row.pack.digest);
      pack_text = *pack;
    }
    if (!valid) throw damaged("invalid row");
    row.chunk.kind = *parse_kind((*kind)[0]);
    segment.rows.push_back(row);
  }
  return segment;
}

std::vector<SegmentId> list_segments(backend::Backend& backend) {
  std::vector<SegmentId> segments;
  for (const auto& file : backend.list("index")) {
    SegmentId id;
    if (file.size() == 64 + kSegmentSuffix.size() && file.ends_with(kSegmentSuffix) &&
        read_hex(std::string_view(file).substr(0, 64), id.digest))
      segments.push_back(id);
  }
  return segments;
}

Segment read_segment(backend::Backend& backend, const SegmentId& id) {
  return parse_segment(id, backend.read_all(id.object_name(), kFileLimit));
}

}  // namespace provrun::store
