#include "provrun/snapshot/entry.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "entry_metadata.hpp"
#include "plain_line.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/codec/json.hpp"
#include "provrun/codec/zstd.hpp"
#include "provrun/store/content_text.hpp"
#include "tree_line.hpp"

namespace provrun::snapshot {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

void append_number(std::string& out, std::int64_t number, int base = 10) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, number, base).ptr);
}

void append_hex(std::string& out, const hash::Digest& digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (const auto byte : digest.bytes) {
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
}

void append_id(std::string& out, std::string_view key, const hash::Digest& digest) {
  out.append(",\"").append(key).append("\":\"");
  append_hex(out, digest);
  out += '"';
}

// Names of users are ASCII nearly always; what is not UTF-8 is left out, the number stays.
void append_text(std::string& out, std::string_view key, std::string_view text) {
  if (text.empty() || !base::is_valid_utf8(text)) return;
  out.append(",\"").append(key).append("\":");
  codec::append_json_string(out, text);
}

}  // namespace

// Seconds with nine decimals, or none; a decimal text, because JSON readers round numbers of this
// length.
void append_time(std::string& out, std::int64_t nanoseconds) {
  // Through unsigned, so that the least value has a magnitude.
  const auto magnitude = nanoseconds < 0 ? ~static_cast<std::uint64_t>(nanoseconds) + 1
                                         : static_cast<std::uint64_t>(nanoseconds);
  if (nanoseconds < 0) out += '-';
  append_number(out, static_cast<std::int64_t>(magnitude / kSecond));
  auto rest = magnitude % kSecond;
  if (rest == 0) return;
  char digits[10] = {'.', '0', '0', '0', '0', '0', '0', '0', '0', '0'};
  for (int i = 9; i > 0; --i, rest /= 10) digits[i] = static_cast<char>('0' + rest % 10);
  out.append(digits, sizeof digits);
}

namespace {}  // namespace

base::Error invalid_entry(std::string_view what) {
  return base::Error(base::ErrorCode::corruption,
                     base::format("a tree has an invalid entry: {}", what));
}

std::int64_t parse_time(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  const auto dot = text.find('.');
  const auto whole = text.substr(0, dot);
  std::uint64_t seconds = 0;
  const auto result = std::from_chars(whole.data(), whole.data() + whole.size(), seconds);
  std::uint64_t nanoseconds = 0;
  bool valid = result.ec == std::errc() && result.ptr == whole.data() + whole.size() &&
               seconds <= static_cast<std::uint64_t>(INT64_MAX / kSecond);
  if (dot != std::string_view::npos) {
    const auto digits = text.substr(dot + 1);
    const auto fraction =
        std::from_chars(digits.data(), digits.data() + digits.size(), nanoseconds);
    valid = valid && digits.size() == 9 && fraction.ec == std::errc() &&
            fraction.ptr == digits.data() + 9;
  }
  const auto magnitude = seconds * static_cast<std::uint64_t>(kSecond) + nanoseconds;
  if (!valid || magnitude > static_cast<std::uint64_t>(INT64_MAX) + (negative ? 1 : 0))
    throw invalid_entry("time");
  return static_cast<std::int64_t>(negative ? ~magnitude + 1 : magnitude);
}

namespace {

hash::Digest entry_id(const codec::Json& json) {
  const auto digest = hash::parse_digest(json.as_string());
  if (!digest || json.as_string() != digest->to_hex()) throw invalid_entry("id");
  return *digest;
}

std::uint32_t parse_u32(const codec::Json& json, std::string_view key) {
  const auto value = json.get_integer(key);
  if (value < 0 || value > UINT32_MAX) throw invalid_entry("number out of range");
  return static_cast<std::uint32_t>(value);
}

}  // namespace

std::string parse_bytes(const codec::Json& json, std::string_view plain, std::string_view base64) {
  if (const auto* text = json.find(plain)) return text->as_string();
  if (const auto* text = json.find(base64)) return codec::from_base64(text->as_string());
  throw invalid_entry("no " + std::string(plain));
}

namespace {

Entry parse_entry(const codec::Json& json, std::string_view type) {
  Entry entry;
  entry.path = parse_bytes(json, "n", "N");
  if (!is_valid_name(entry.path)) throw invalid_entry("name");
  const auto& mode = json.at("p").as_string();
  const auto result = std::from_chars(mode.data(), mode.data() + mode.size(), entry.mode, 8);
  if (result.ec != std::errc() || result.ptr != mode.data() + mode.size() || entry.mode > 07777)
    throw invalid_entry("mode");
  entry.mtime_ns = parse_time(json.at("m").as_string());
  entry.uid = parse_u32(json, "u");
  entry.gid = parse_u32(json, "g");
  entry.user = json.get_string("U");
  entry.group = json.get_string("G");
  if (type == "f") {
    entry.type = EntryType::file;
    entry.content = store::parse_content(json);
  } else if (type == "d") {
    entry.type = EntryType::directory;
    entry.tree.digest = entry_id(json.at("d"));
  } else if (type == "l") {
    entry.type = EntryType::symlink;
    entry.target = parse_bytes(json, "l", "L");
    if (entry.target.empty() || entry.target.find('\0') != std::string::npos)
      throw invalid_entry("target");
  } else if (type == "p" || type == "s" || type == "b" || type == "c") {
    entry.type = static_cast<EntryType>(type[0]);
  } else {
    throw base::Error(base::ErrorCode::unsupported,
                      "a tree has an entry of the unknown type '" + std::string(type) + "'")
        .hint("a newer provrun wrote it; update this one");
  }
  parse_metadata(json, entry);
  return entry;
}

}  // namespace

bool path_less(std::string_view a, std::string_view b) {
  // "/" comes before every other byte, so that "a/x" stands between "a" and "a.txt".
  const auto shorter = std::min(a.size(), b.size());
  std::size_t at = 0;
  for (; at + 8 <= shorter && std::memcmp(a.data() + at, b.data() + at, 8) == 0; at += 8) {
  }
  while (at < shorter && a[at] == b[at]) ++at;
  if (at == shorter) return a.size() < b.size();
  if (a[at] == '/' || b[at] == '/') return a[at] == '/';
  return static_cast<unsigned char>(a[at]) < static_cast<unsigned char>(b[at]);
}

bool is_valid_name(std::string_view name) {
  return !name.empty() && name.size() <= 4095 && name != "." && name != ".." &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

void append_name(std::string& out, std::string_view plain, std::string_view base64,
                 std::string_view bytes) {
  if (base::is_valid_utf8(bytes)) {
    out.append("\"").append(plain).append("\":");
    codec::append_json_string(out, bytes);
  } else {
    out.append("\"").append(base64).append("\":\"").append(codec::to_base64(bytes)).append("\"");
  }
}

void append_entry_line(std::string& out, const Entry& entry) {
  out += '{';
  append_name(out, "n", "N", entry.path);
  out.append(",\"t\":\"");
  out += static_cast<char>(entry.type);
  out.append("\",\"p\":\"");
  append_number(out, entry.mode, 8);
  out.append("\",\"m\":\"");
  append_time(out, entry.mtime_ns);
  out.append("\",\"u\":");
  append_number(out, entry.uid);
  out.append(",\"g\":");
  append_number(out, entry.gid);
  append_text(out, "U", entry.user);
  append_text(out, "G", entry.group);
  switch (entry.type) {
    case EntryType::file:
      store::append_content(out, entry.content);
      break;
    case EntryType::directory:
      append_id(out, "d", entry.tree.digest);
      break;
    case EntryType::symlink:
      out += ',';
      append_name(out, "l", "L", entry.target);
      break;
    case EntryType::fifo:
    case EntryType::socket:
    case EntryType::block_device:
    case EntryType::character_device:
      break;
  }
  append_metadata(out, entry);
  out.append("}\n");
}

void append_part_line(std::string& out, std::string_view first_name, const store::ChunkId& tree) {
  out += '{';
  append_name(out, "n", "N", first_name);
  out.append(",\"t\":\"+\"");
  append_id(out, "d", tree.digest);
  out.append("}\n");
}

TreeLine parse_tree_line(std::string_view line) {
  if (auto entry = parse_plain_line(line)) return std::move(*entry);
  try {
    const auto json = codec::parse_json(line, 4);
    const auto& type = json.at("t").as_string();
    if (type != "+") return parse_entry(json, type);
    TreePart part{parse_bytes(json, "n", "N"), {entry_id(json.at("d"))}};
    if (!is_valid_name(part.first_name)) throw invalid_entry("name");
    return part;
  } catch (const base::Error& error) {
    if (error.code() != base::ErrorCode::invalid_input) throw;
    throw invalid_entry(error.message());
  }
}

Entry parse_entry_line(std::string_view line) {
  auto parsed = parse_tree_line(line);
  if (auto* entry = std::get_if<Entry>(&parsed)) return std::move(*entry);
  throw invalid_entry("a part of a tree instead of an entry");
}

}  // namespace provrun::snapshot
