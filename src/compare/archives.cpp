#include <map>

#include "differences.hpp"
#include "inflate.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"

namespace provrun::compare {

namespace {

std::uint32_t little(std::string_view bytes, std::size_t at, int width) {
  if (at > bytes.size() || bytes.size() - at < static_cast<std::size_t>(width))
    fail("it is no zip file: it is cut short");
  std::uint32_t value = 0;
  for (int i = width - 1; i >= 0; --i)
    value = value << 8U | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
  return value;
}

std::string_view piece(std::string_view bytes, std::size_t at, std::size_t size) {
  if (at > bytes.size() || bytes.size() - at < size) fail("it is no zip file: it is cut short");
  return bytes.substr(at, size);
}

struct Member {
  std::string_view data;
  std::uint32_t method = 0;
  std::uint32_t size = 0;
};

// The central directory (PKWARE APPNOTE 4.3.12), without zip64 and encryption.
std::map<std::string, Member> members_of(std::string_view zip) {
  const auto end = zip.rfind("PK\x05\x06");
  if (end == std::string_view::npos) fail("it is no zip file: it has no directory");
  piece(zip, end + 22, little(zip, end + 20, 2));  // the comment ends the file
  const auto count = little(zip, end + 10, 2);
  std::size_t at = little(zip, end + 16, 4);
  std::map<std::string, Member> members;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (piece(zip, at, 4) != "PK\x01\x02") fail("it is no zip file: its directory is damaged");
    if ((little(zip, at + 8, 2) & 1U) != 0) fail("it is an encrypted zip file");
    Member member;
    member.method = little(zip, at + 10, 2);
    const auto compressed = little(zip, at + 20, 4);
    member.size = little(zip, at + 24, 4);
    const auto name_length = little(zip, at + 28, 2);
    const auto skip = little(zip, at + 30, 2) + little(zip, at + 32, 2);
    const auto header = little(zip, at + 42, 4);
    if (compressed == 0xFFFFFFFF || member.size == 0xFFFFFFFF || header == 0xFFFFFFFF)
      fail("it is a zip64 file");
    if (member.method != 0 && member.method != 8) fail("its compression method is not known");
    const auto data = std::size_t{header} + 30 + little(zip, std::size_t{header} + 26, 2) +
                      little(zip, std::size_t{header} + 28, 2);
    member.data = piece(zip, data, compressed);
    members.emplace(piece(zip, at + 46, name_length), member);
    at += 46 + name_length + skip;
  }
  return members;
}

std::string content_of(const Member& member) {
  return member.method == 0 ? std::string(member.data) : inflate_all(member.data, Wrapping::raw);
}

}  // namespace

Comparison compare_gzip(std::string_view path, std::string_view before, std::string_view after,
                        int depth) {
  if (path.ends_with(".gz")) path.remove_suffix(3);
  auto inner = compare_by_format(path, inflate_all(before, Wrapping::gzip),
                                 inflate_all(after, Wrapping::gzip), depth - 1);
  inner.method = "decompressed, " + inner.method;
  return inner;
}

Comparison compare_zip(std::string_view before, std::string_view after, int depth) {
  const auto left = members_of(before);
  const auto right = members_of(after);
  Differences differences;
  for (const auto& [name, member] : left) {
    const auto other = right.find(name);
    if (other == right.end()) {
      differences.add(name, base::format("{} bytes", member.size), "");
      continue;
    }
    const auto inner =
        compare_by_format(name, content_of(member), content_of(other->second), depth - 1);
    for (const auto& difference : inner.differences)
      differences.add(name + ": " + difference.where, difference.before, difference.after);
  }
  for (const auto& [name, member] : right)
    if (!left.contains(name)) differences.add(name, "", base::format("{} bytes", member.size));
  return std::move(differences).finish("zip, by content");
}

}  // namespace provrun::compare
