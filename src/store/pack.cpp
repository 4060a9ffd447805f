#include "provrun/store/pack.hpp"

#include <algorithm>
#include <cstring>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/codec/zstd.hpp"
#include "provrun/os/random.hpp"
#include "tsv.hpp"

namespace provrun::store {

namespace {

constexpr std::uint32_t kSkippableMagic = 0x184D2A5E;
constexpr std::uint32_t kPackVersion = 1;
constexpr char kPackMagic[] = {'P', 'R', 'V', 'P', 'A', 'C', 'K', '1'};
constexpr std::size_t kHeaderSize = 8;
constexpr std::size_t kTrailerSize = 20;
constexpr std::size_t kSpillSize = 1 << 20;  // one write per MiB: more gains nothing
constexpr std::size_t kCopied = 256 << 10;   // from there on bytes are written where they are
constexpr std::uint64_t kTableLimit = 1ULL << 30U;
constexpr std::string_view kHeading = "#provrun-pack 1 ";

template <typename Number>
void append_little_endian(std::vector<std::uint8_t>& out, Number number) {
  for (std::size_t i = 0; i < sizeof number; ++i)
    out.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}

template <typename Number>
Number read_little_endian(const std::uint8_t* bytes) {
  Number number = 0;
  for (std::size_t i = sizeof number; i-- > 0;)
    number = static_cast<Number>(number << 8U | bytes[i]);
  return number;
}

base::Error damaged(const PackId& id, std::string_view what) {
  return base::Error(base::ErrorCode::corruption,
                     base::format("pack {}: {}", id.digest.to_hex().substr(0, 12), what));
}

std::vector<PackedChunk> parse_table(std::string_view text, std::uint64_t frames_end,
                                     const PackId& id) {
  const auto heading = take_until(text, '\n');
  if (!heading || heading->substr(0, kHeading.size()) != kHeading)
    throw damaged(id, "its table has no heading");
  std::vector<PackedChunk> chunks;
  std::uint64_t expected_offset = 0;
  while (!text.empty()) {
    const auto chunk = take_until(text, '\t');
    const auto offset = take_until(text, '\t');
    const auto length = take_until(text, '\t');
    const auto plain = take_until(text, '\t');
    auto kind = take_until(text, '\n');
    PackedChunk row;
    if (kind && !take_method(*kind, row.method)) kind.reset();
    const bool valid = chunk && offset && length && plain && kind && kind->size() == 1 &&
                       parse_kind((*kind)[0]) && read_hex(*chunk, row.id.digest) &&
                       read_number(*offset, row.offset) && read_number(*length, row.length) &&
                       read_number(*plain, row.plain_length) && row.offset == expected_offset;
    if (!valid) throw damaged(id, "its table has an invalid row");
    row.kind = *parse_kind((*kind)[0]);
    expected_offset += row.length;
    chunks.push_back(row);
  }
  if (expected_offset != frames_end) throw damaged(id, "its table does not cover its frames");
  return chunks;
}

}  // namespace

std::string PackId::object_name() const {
  const auto hex = digest.to_hex();
  return base::format("packs/{}/{}.zst", hex.substr(0, 2), hex);
}

std::optional<ChunkKind> parse_kind(char letter) {
  if (letter == 'd' || letter == 't' || letter == 'l') return static_cast<ChunkKind>(letter);
  return std::nullopt;
}

PackWriter::PackWriter(backend::Backend& backend, base::Uuid session)
    : backend_(backend), session_(session) {}
PackWriter::~PackWriter() = default;

void PackWriter::write(std::span<const std::uint8_t> bytes) {
  if (buffer_.size() + bytes.size() >= kSpillSize) {
    spill();
    if (bytes.size() >= kCopied) {
      hash_.update(bytes);
      upload_->append(bytes);
      return;
    }
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

void PackWriter::spill() {
  if (!upload_) upload_ = backend_.upload();
  hash_.update(buffer_);
  upload_->append(buffer_);
  buffer_.clear();
}

void PackWriter::append(const ChunkId& id, std::span<const std::uint8_t> frame,
                        std::uint32_t plain_length, ChunkKind kind, std::string_view method) {
  chunks_.push_back({id, static_cast<std::uint32_t>(size_),
                     static_cast<std::uint32_t>(frame.size()), plain_length, kind,
                     method.empty() ? nullptr : std::make_shared<const std::string>(method)});
  size_ += frame.size();
  write(frame);
}

void PackWriter::absorb(PackWriter& other) {
  for (const auto& chunk : other.chunks_)
    append(chunk.id, std::span(other.buffer_).subspan(chunk.offset, chunk.length),
           chunk.plain_length, chunk.kind, chunk.method_text());
  other.chunks_.clear();
  other.buffer_.clear();
  other.size_ = 0;
}

SealedPack PackWriter::seal() {
  std::string table = base::format("{}{} {}\n", kHeading, os::random_hex(16), session_.to_string());
  for (const auto& chunk : chunks_) {
    append_hex(table, chunk.id.digest);
    for (const auto number : {chunk.offset, chunk.length, chunk.plain_length}) {
      table += '\t';
      append_number(table, number);
    }
    table += '\t';
    table += static_cast<char>(chunk.kind);
    if (chunk.method) table.append("\t").append(*chunk.method);
    table += '\n';
  }
  const auto compressed = codec::ZstdCompressor(3).compress(
      {reinterpret_cast<const std::uint8_t*>(table.data()), table.size()});
  std::vector<std::uint8_t> footer;
  append_little_endian(footer, kSkippableMagic);
  append_little_endian(footer, static_cast<std::uint32_t>(compressed.size() + kTrailerSize));
  footer.insert(footer.end(), compressed.begin(), compressed.end());
  append_little_endian(footer, kPackVersion);
  append_little_endian(footer, size_);
  footer.insert(footer.end(), std::begin(kPackMagic), std::end(kPackMagic));
  buffer_.insert(buffer_.end(), footer.begin(), footer.end());
  spill();
  SealedPack pack{{hash_.finish()}, size_ + footer.size(), std::move(chunks_)};
  // A taken name would mean the same bytes, nonce included: then the pack is there.
  upload_->publish(pack.id.object_name());
  upload_.reset();
  return pack;
}

namespace {

struct TableText {
  std::vector<std::uint8_t> bytes;
  std::uint64_t offset = 0;  ///< of the footer in the pack
  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

TableText read_table_text(backend::Backend& backend, const PackId& id) {
  const auto name = id.object_name();
  const auto size = backend.size_of(name);
  if (!size)
    throw base::Error(base::ErrorCode::not_found, "pack " + id.digest.to_hex() + " is missing");
  if (*size < kHeaderSize + kTrailerSize) throw damaged(id, "it is too short");
  std::uint8_t trailer[kTrailerSize];
  backend.read(name, *size - kTrailerSize, trailer);
  const auto version = read_little_endian<std::uint32_t>(trailer);
  const auto offset = read_little_endian<std::uint64_t>(trailer + 4);
  if (std::memcmp(trailer + 12, kPackMagic, sizeof kPackMagic) != 0 || version != kPackVersion ||
      offset > *size - kHeaderSize - kTrailerSize)
    throw damaged(id, "its last bytes are no trailer");
  std::vector<std::uint8_t> footer(*size - offset - kTrailerSize);
  backend.read(name, offset, footer);
  if (read_little_endian<std::uint32_t>(footer.data()) != kSkippableMagic ||
      read_little_endian<std::uint32_t>(footer.data() + 4) != *size - offset - kHeaderSize)
    throw damaged(id, "its footer is not where the trailer says");
  return {codec::ZstdDecompressor().decompress(std::span(footer).subspan(kHeaderSize), kTableLimit),
          offset};
}

}  // namespace

std::vector<PackedChunk> read_pack_table(backend::Backend& backend, const PackId& id) {
  const auto table = read_table_text(backend, id);
  return parse_table(table.view(), table.offset, id);
}

std::string session_of_pack(backend::Backend& backend, const PackId& id) {
  try {
    const auto table = read_table_text(backend, id);
    const auto line = table.view().substr(0, table.view().find('\n'));
    return std::string(line.substr(line.rfind(' ') + 1));
  } catch (const base::Error&) {
    return {};
  }
}

std::vector<PackId> list_packs(backend::Backend& backend) {
  std::vector<PackId> packs;
  for (const auto& group : backend.list("packs"))
    for (const auto& file : backend.list("packs/" + group)) {
      PackId id;
      if (file.size() == 68 && file.ends_with(".zst") && file.starts_with(group) &&
          read_hex(std::string_view(file).substr(0, 64), id.digest))
        packs.push_back(id);
    }
  std::sort(packs.begin(), packs.end());
  return packs;
}

}  // namespace provrun::store
