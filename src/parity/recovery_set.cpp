#include "provrun/parity/recovery_set.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <numeric>

#include "provrun/base/error.hpp"

namespace provrun::parity {

namespace {

constexpr std::string_view kMagic("PAR2\0PKT", 8);
constexpr std::string_view kMain("PAR 2.0\0Main\0\0\0\0", 16);
constexpr std::string_view kFile("PAR 2.0\0FileDesc", 16);
constexpr std::string_view kSums("PAR 2.0\0IFSC\0\0\0\0", 16);
constexpr std::string_view kRecovery("PAR 2.0\0RecvSlic", 16);
constexpr std::string_view kCreator("PAR 2.0\0Creator\0", 16);
constexpr std::size_t kHeaderSize = 64;
constexpr std::uint64_t kDescriptionLimit = 2 << 20;  // bytes of a packet that is no slice
constexpr std::size_t kNameLimit = 4096;
constexpr std::size_t kSumSize = 20;
constexpr std::size_t kScanSize = 1 << 20;

template <typename Number>
void put(std::string& out, Number value) {
  for (std::size_t i = 0; i < sizeof value; ++i)
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xffU));
}
void put(std::string& out, const hash::Md5Digest& digest) {
  out.append(digest.bytes.begin(), digest.bytes.end());
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Takes from the front; false where there is not enough.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  template <typename Number>
  bool number(Number& value) {
    if (bytes_.size() < sizeof value) return false;
    std::uint64_t result = 0;
    for (std::size_t i = 0; i < sizeof value; ++i) result |= std::uint64_t{bytes_[i]} << (8 * i);
    value = static_cast<Number>(result);
    bytes_ = bytes_.subspan(sizeof value);
    return true;
  }
  bool digest(hash::Md5Digest& value) {
    if (bytes_.size() < value.bytes.size()) return false;
    std::copy_n(bytes_.begin(), value.bytes.size(), value.bytes.begin());
    bytes_ = bytes_.subspan(value.bytes.size());
    return true;
  }
  std::string_view rest() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }
  std::size_t left() const { return bytes_.size(); }

 private:
  std::span<const std::uint8_t> bytes_;
};

// Numbers of 16 bytes, little endian.
bool is_before(const hash::Md5Digest& a, const hash::Md5Digest& b) {
  return std::lexicographical_compare(a.bytes.rbegin(), a.bytes.rend(), b.bytes.rbegin(),
                                      b.bytes.rend());
}

std::string main_body(const RecoverySet& set) {
  std::string body;
  put(body, set.slice_size);
  put(body, static_cast<std::uint32_t>(set.files.size()));
  for (const auto& file : set.files) put(body, file.id);
  return body;
}

void append_packet(std::string& out, const hash::Md5Digest& set, std::string_view type,
                   std::string_view body) {
  std::string hashed;
  put(hashed, set);
  hashed += type;
  hashed += body;
  out += kMagic;
  put(out, std::uint64_t{kHeaderSize + body.size()});
  put(out, hash::md5(bytes_of(hashed)));
  out += hashed;
}

// Collects packets of one set: the one whose main packet comes first.
class Collector {
 public:
  struct Header {
    std::uint64_t length = 0;
    hash::Md5Digest md5;
    hash::Md5Digest set;
    std::string type;
  };

  static std::optional<Header> parse_header(std::span<const std::uint8_t> bytes) {
    if (bytes.size() < kHeaderSize || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0)
      return std::nullopt;
    Header header;
    Reader reader(bytes.subspan(kMagic.size()));
    reader.number(header.length);
    reader.digest(header.md5);
    reader.digest(header.set);
    header.type = reader.rest().substr(0, kMain.size());
    if (header.length < kHeaderSize || header.length % 4 != 0) return std::nullopt;
    const auto limit = header.type == kRecovery
                           ? kHeaderSize + sizeof(std::uint32_t) + kMaximumSliceSize
                           : kDescriptionLimit;
    if (header.length > limit) return std::nullopt;
    return header;
  }

  // The packet's bytes have its hash.
  void take(const Header& header, std::span<const std::uint8_t> body) {
    Reader reader(body);
    if (header.type == kMain) {
      std::uint64_t slice_size = 0;
      std::uint32_t count = 0;
      if (have_main_ || hash::md5(body) != header.set || !reader.number(slice_size) ||
          !reader.number(count) || slice_size == 0 || slice_size % 4 != 0 ||
          slice_size > kMaximumSliceSize || count == 0 || count > kMaximumSlices ||
          reader.left() < std::size_t{count} * 16)
        return;
      have_main_ = true;
      set_.id = header.set;
      set_.slice_size = slice_size;
      set_.files.resize(count);
      for (auto& file : set_.files) reader.digest(file.id);
    } else if (header.type == kFile) {
      SetFile file;
      if (!reader.digest(file.id) || !reader.digest(file.md5) || !reader.digest(file.head_md5) ||
          !reader.number(file.size))
        return;
      auto name = reader.rest();
      if (const auto end = name.find('\0'); end != std::string_view::npos)
        name = name.substr(0, end);
      if (name.empty() || name.size() > kNameLimit) return;
      file.name = name;
      if (file_id(file) != file.id) return;
      files_.emplace(Key{header.set, file.id}, std::move(file));
    } else if (header.type == kSums) {
      hash::Md5Digest id;
      if (!reader.digest(id) || reader.left() % kSumSize != 0 ||
          reader.left() / kSumSize > kMaximumSlices)
        return;
      std::vector<SliceSums> sums(reader.left() / kSumSize);
      for (auto& sum : sums) {
        reader.digest(sum.md5);
        reader.number(sum.crc);
      }
      sums_.emplace(Key{header.set, id}, std::move(sums));
    }
  }

  void take_recovery(const Header& header, RecoverySlice slice) {
    recovery_.push_back({header, slice});
  }

  // nullopt where something is missing.
  std::optional<RecoverySet> finish() {
    if (!have_main_) return std::nullopt;
    std::uint64_t slices = 0;
    for (auto& file : set_.files) {
      const auto described = files_.find({set_.id, file.id});
      const auto sums = sums_.find({set_.id, file.id});
      if (described == files_.end() || sums == sums_.end()) return std::nullopt;
      file = described->second;
      file.slices = sums->second;
      const auto count = file.size / set_.slice_size + (file.size % set_.slice_size != 0 ? 1 : 0);
      if (count != file.slices.size()) return std::nullopt;
      slices += count;
    }
    if (slices == 0 || slices > kMaximumSlices) return std::nullopt;
    for (const auto& [header, slice] : recovery_)
      if (header.set == set_.id &&
          header.length == kHeaderSize + sizeof slice.exponent + set_.slice_size &&
          slice.exponent <= 65535)
        set_.recovery.push_back(slice);
    std::stable_sort(set_.recovery.begin(), set_.recovery.end(),
                     [](const auto& a, const auto& b) { return a.exponent < b.exponent; });
    set_.recovery.erase(
        std::unique(set_.recovery.begin(), set_.recovery.end(),
                    [](const auto& a, const auto& b) { return a.exponent == b.exponent; }),
        set_.recovery.end());
    return std::move(set_);
  }

 private:
  using Key = std::pair<hash::Md5Digest, hash::Md5Digest>;
  bool have_main_ = false;
  RecoverySet set_;
  std::map<Key, SetFile> files_;
  std::map<Key, std::vector<SliceSums>> sums_;
  std::vector<std::pair<Header, RecoverySlice>> recovery_;
};

// The offset of the next magic at or behind `at`; the size where there is none.
std::uint64_t find_magic(ByteSource& source, std::uint64_t at) {
  std::vector<std::uint8_t> buffer;
  while (at + kHeaderSize <= source.size()) {
    buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kScanSize, source.size() - at)));
    source.read(at, buffer);
    const std::string_view text(reinterpret_cast<const char*>(buffer.data()), buffer.size());
    if (const auto found = text.find(kMagic); found != std::string_view::npos) return at + found;
    if (buffer.size() < kScanSize) break;
    at += buffer.size() - (kMagic.size() - 1);
  }
  return source.size();
}

enum class Extent { description, everything };

std::optional<RecoverySet> collect(ByteSource& source, Extent extent) {
  Collector collector;
  const auto size = source.size();
  std::array<std::uint8_t, kHeaderSize> start;
  std::vector<std::uint8_t> body;
  for (std::uint64_t at = 0; size >= kHeaderSize && at <= size - kHeaderSize;) {
    source.read(at, start);
    const auto header = Collector::parse_header(start);
    if (!header || header->length > size - at) {
      if (extent == Extent::description) break;
      at = find_magic(source, at + 1);
      continue;
    }
    if (header->type == kRecovery && extent == Extent::description) break;
    hash::Md5 md5;
    md5.update(std::span(start).subspan(32));
    RecoverySlice slice;
    auto left = header->length - kHeaderSize;
    auto from = at + kHeaderSize;
    if (header->type == kRecovery) {
      std::array<std::uint8_t, sizeof slice.exponent> exponent;
      if (left >= exponent.size()) {
        source.read(from, exponent);
        md5.update(exponent);
        Reader(exponent).number(slice.exponent);
        left -= exponent.size();
        from += exponent.size();
      }
      slice.offset = from;
      while (left > 0) {
        body.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kScanSize, left)));
        source.read(from, body);
        md5.update(body);
        left -= body.size();
        from += body.size();
      }
    } else {
      body.resize(static_cast<std::size_t>(left));
      source.read(from, body);
      md5.update(body);
    }
    if (md5.finish() != header->md5) {
      if (extent == Extent::description) break;
      at = find_magic(source, at + 1);
      continue;
    }
    if (header->type == kRecovery) {
      collector.take_recovery(*header, slice);
    } else {
      collector.take(*header, body);
    }
    at += header->length;
  }
  return collector.finish();
}

}  // namespace

std::uint32_t slices_of(std::uint64_t size, std::uint64_t slice_size) {
  return static_cast<std::uint32_t>(size / slice_size + (size % slice_size != 0 ? 1 : 0));
}

std::uint32_t RecoverySet::slices() const {
  return first_slice(files.size());
}

std::uint32_t RecoverySet::first_slice(std::size_t file) const {
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < file; ++i) count += slices_of(files[i].size, slice_size);
  return count;
}

std::optional<RecoverySet> read_description(ByteSource& source) {
  return collect(source, Extent::description);
}

RecoverySet read_set(ByteSource& source) {
  auto set = collect(source, Extent::everything);
  if (!set)
    throw base::Error(base::ErrorCode::corruption, "it has no whole description of a recovery set");
  return std::move(*set);
}

hash::Md5Digest file_id(const SetFile& file) {
  std::string text;
  put(text, file.head_md5);
  put(text, file.size);
  text += file.name;
  return hash::md5(bytes_of(text));
}

void seal(RecoverySet& set) {
  for (auto& file : set.files) file.id = file_id(file);
  std::sort(set.files.begin(), set.files.end(),
            [](const auto& a, const auto& b) { return is_before(a.id, b.id); });
  set.id = hash::md5(bytes_of(main_body(set)));
}

std::string encode_description(const RecoverySet& set, std::string_view creator) {
  std::string out;
  append_packet(out, set.id, kMain, main_body(set));
  for (const auto& file : set.files) {
    std::string body;
    put(body, file.id);
    put(body, file.md5);
    put(body, file.head_md5);
    put(body, file.size);
    body += file.name;
    body.resize((body.size() + 3) / 4 * 4);
    append_packet(out, set.id, kFile, body);
  }
  for (const auto& file : set.files) {
    std::string body;
    put(body, file.id);
    for (const auto& sums : file.slices) {
      put(body, sums.md5);
      put(body, sums.crc);
    }
    append_packet(out, set.id, kSums, body);
  }
  std::string name(creator);
  name.resize((name.size() + 3) / 4 * 4);
  append_packet(out, set.id, kCreator, name);
  return out;
}

std::string encode_recovery_header(const RecoverySet& set, std::uint32_t exponent,
                                   std::span<const std::uint8_t> slice) {
  std::string hashed;
  put(hashed, set.id);
  hashed += kRecovery;
  put(hashed, exponent);
  hash::Md5 md5;
  md5.update(bytes_of(hashed));
  md5.update(slice);
  std::string out(kMagic);
  put(out, std::uint64_t{kHeaderSize + sizeof exponent + slice.size()});
  put(out, md5.finish());
  return out + hashed;
}

std::uint32_t crc32(std::span<const std::uint8_t> bytes, std::uint32_t before) {
  using Table = std::array<std::array<std::uint32_t, 256>, 8>;
  static const Table table = [] {
    Table made{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      auto value = i;
      for (int bit = 0; bit < 8; ++bit)
        value = (value & 1U) != 0 ? value >> 1U ^ 0xEDB88320U : value >> 1U;
      made[0][i] = value;
    }
    for (std::size_t k = 1; k < made.size(); ++k)
      for (std::size_t i = 0; i < 256; ++i)
        made[k][i] = made[k - 1][i] >> 8U ^ made[0][made[k - 1][i] & 0xffU];
    return made;
  }();
  auto crc = ~before;
  const auto* at = bytes.data();
  auto left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    for (unsigned i = 0; i < 4; ++i) {
      low |= std::uint32_t{at[i]} << (8 * i);
      high |= std::uint32_t{at[4 + i]} << (8 * i);
    }
    low ^= crc;
    crc = table[7][low & 0xffU] ^ table[6][low >> 8U & 0xffU] ^ table[5][low >> 16U & 0xffU] ^
          table[4][low >> 24U] ^ table[3][high & 0xffU] ^ table[2][high >> 8U & 0xffU] ^
          table[1][high >> 16U & 0xffU] ^ table[0][high >> 24U];
  }
  for (; left > 0; --left, ++at) crc = crc >> 8U ^ table[0][(crc ^ *at) & 0xffU];
  return ~crc;
}

}  // namespace provrun::parity
