#include "plain_line.hpp"

#include <charconv>

#include "entry_metadata.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"

namespace provrun::snapshot {

namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool skip(std::string_view expected) {
    if (!text_.starts_with(expected)) return false;
    text_.remove_prefix(expected.size());
    return true;
  }
  // Up to the closing quote, which is taken too.
  bool text(std::string_view& result) {
    for (std::size_t i = 0; i < text_.size(); ++i) {
      const auto c = static_cast<unsigned char>(text_[i]);
      if (c == '"') {
        result = text_.substr(0, i);
        text_.remove_prefix(i + 1);
        return true;
      }
      if (c == '\\' || c < 0x20) return false;
    }
    return false;
  }
  template <typename Number>
  bool number(Number& result, int base = 10) {
    const auto* begin = text_.data();
    const auto [end, error] = std::from_chars(begin, begin + text_.size(), result, base);
    if (error != std::errc() || end == begin) return false;
    // Numbers have no leading zeros and no sign here.
    if (*begin == '-' || (*begin == '0' && end - begin > 1)) return false;
    text_.remove_prefix(static_cast<std::size_t>(end - begin));
    return true;
  }
  bool id(hash::Digest& digest) {
    if (text_.size() < 65 || text_[64] != '"') return false;
    for (std::size_t i = 0; i < 32; ++i) {
      const int high = digit(text_[2 * i]);
      const int low = digit(text_[2 * i + 1]);
      if (high < 0 || low < 0) return false;
      digest.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    text_.remove_prefix(65);
    return true;
  }
  bool at_end() const { return text_.empty(); }

 private:
  static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  }
  std::string_view text_;
};

bool read_time(Reader& reader, std::int64_t& time) {
  std::string_view text;
  if (!reader.text(text)) return false;
  time = parse_time(text);
  return true;
}

bool read_content(Reader& reader, store::FileContent& content) {
  if (!reader.skip(",\"s\":") || !reader.number(content.size)) return false;
  if (content.size > INT64_MAX) return false;
  if (!reader.skip(",\"c\":\"") || !reader.id(content.id.digest)) return false;
  hash::Digest digest;
  if (reader.skip(",\"x\":[\"")) {
    std::uint64_t offset = 0;
    if (!reader.id(digest) || !reader.skip(",") || !reader.number(offset) || !reader.skip("]"))
      return false;
    if (offset > INT64_MAX || content.size == 0) return false;
    content.bundle = store::BundlePlace{{digest}, offset};
  } else if (reader.skip(",\"k\":[")) {
    if (!reader.skip("]")) {
      do {
        if (!reader.skip("\"") || !reader.id(digest)) return false;
        content.chunks.push_back({digest});
      } while (reader.skip(","));
      if (!reader.skip("]")) return false;
    }
  } else if (reader.skip(",\"K\":\"")) {
    if (!reader.id(digest)) return false;
    content.list = store::ChunkId{digest};
    content.list_levels = 1;
  } else if (reader.skip(",\"KK\":\"")) {
    if (!reader.id(digest)) return false;
    content.list = store::ChunkId{digest};
    content.list_levels = 2;
  } else {
    content.chunks.push_back({content.id.digest});
  }
  return content.list || content.bundle || content.chunks.empty() == (content.size == 0);
}

bool read_entry(Reader& reader, Entry& entry) {
  std::string_view text;
  if (!reader.skip("{\"n\":\"") || !reader.text(text) || !is_valid_name(text) ||
      !base::is_valid_utf8(text))
    return false;
  entry.path = text;
  if (!reader.skip(",\"t\":\"") || !reader.text(text) || text.size() != 1) return false;
  const char type = text[0];
  if (type != 'f' && type != 'd' && type != 'l') return false;
  entry.type = static_cast<EntryType>(type);
  if (!reader.skip(",\"p\":\"") || !reader.number(entry.mode, 8) || entry.mode > 07777 ||
      !reader.skip("\",\"m\":\"") || !read_time(reader, entry.mtime_ns) ||
      !reader.skip(",\"u\":") || !reader.number(entry.uid) || !reader.skip(",\"g\":") ||
      !reader.number(entry.gid))
    return false;
  for (auto* name : {&entry.user, &entry.group}) {
    if (!reader.skip(name == &entry.user ? ",\"U\":\"" : ",\"G\":\"")) continue;
    if (!reader.text(text) || !base::is_valid_utf8(text)) return false;
    *name = text;
  }
  if (type == 'f') {
    if (!read_content(reader, entry.content)) return false;
  } else if (type == 'd') {
    if (!reader.skip(",\"d\":\"") || !reader.id(entry.tree.digest)) return false;
  } else {
    if (!reader.skip(",\"l\":\"") || !reader.text(text) || text.empty() ||
        text.find('\0') != std::string_view::npos || !base::is_valid_utf8(text))
      return false;
    entry.target = text;
  }
  if (reader.skip(",\"h\":\"")) {
    if (!reader.text(text) || !base::is_valid_utf8(text)) return false;
    entry.hard_link = text;
  }
  if (reader.skip(",\"i\":\"")) {
    if (!reader.number(entry.inode) || !reader.skip("\",\"z\":\"") ||
        !read_time(reader, entry.ctime_ns))
      return false;
  }
  return reader.skip("}") && reader.at_end();
}

}  // namespace

std::optional<Entry> parse_plain_line(std::string_view line) {
  Reader reader(line);
  Entry entry;
  try {
    if (!read_entry(reader, entry)) return std::nullopt;
  } catch (const base::Error&) {
    return std::nullopt;
  }
  return entry;
}

}  // namespace provrun::snapshot
