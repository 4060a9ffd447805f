#include "provrun/core/access_set.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"

namespace provrun::core {

namespace {

constexpr std::string_view kHead = "provrun-accesses 1 ";
constexpr std::array<std::string_view, 4> kClasses{"workspace", "outside", "system", "noise"};
// In the order of their bits in Uses.
constexpr std::string_view kUseLetters = "rwcdplxf";
// In the order of Presence.
constexpr std::string_view kPresenceLetters = "-afdso";
constexpr char kChanged = '!';
constexpr std::string_view kKeyed = "hmac-sha256:";

// Sets have 64 accesses on average: a change in one place costs a few kilobytes at most, and a
// thousand accesses need 16 names.
constexpr std::uint32_t kCutMask = 63;
constexpr std::size_t kLargestSet = 512;

[[noreturn]] void bad_line(std::string_view line) {
  throw base::Error(base::ErrorCode::invalid_input,
                    base::format("'{}' is no line of an access set", base::printable(line)));
}

// FNV-1a: the same on every machine.
std::uint32_t cut_hash(std::string_view path) {
  std::uint32_t hash = 2166136261U;
  for (const char c : path) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash ^ (hash >> 15U);
}

template <typename Number>
bool parse_number(std::string_view text, Number& number, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

AccessSetPtr make_set(PathClass path_class, std::span<Access> accesses) {
  auto set = std::make_shared<AccessSet>();
  set->path_class = path_class;
  set->accesses.assign(std::make_move_iterator(accesses.begin()),
                       std::make_move_iterator(accesses.end()));
  set->text = text_of(path_class, set->accesses);
  set->id = ContentId{hash::sha256(set->text)};
  return set;
}

void append_word(std::string& out, std::string_view bytes) {
  const auto plain = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != '%' && byte < 0x7f;
  };
  if (std::all_of(bytes.begin(), bytes.end(), plain)) {
    out += bytes;
    return;
  }
  const bool valid = base::is_valid_utf8(bytes);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (plain(c) || (byte >= 0x80 && valid))
      out += c;
    else
      out += base::format("%{:02X}", byte);
  }
}

void append_line(std::string& line, const Access& access) {
  const auto begin = line.size();
  for (std::size_t i = 0; i < kUseLetters.size(); ++i)
    if ((access.uses.bits() >> i & 1U) != 0) line += kUseLetters[i];
  if (access.changed) line += kChanged;
  if (line.size() == begin) line += '-';
  line += ' ';
  line += kPresenceLetters[static_cast<std::size_t>(access.before)];
  line += ' ';
  if (access.content) {
    if (access.content->keyed) line += kKeyed;
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (const auto byte : access.content->digest.bytes) {
      line += kDigits[byte >> 4U];
      line += kDigits[byte & 15U];
    }
  } else {
    line += '-';
  }
  if (access.before == Presence::file) {
    std::array<char, 24> number{};
    const auto put = [&](std::uint64_t value, int base) {
      line += ' ';
      line.append(number.data(),
                  std::to_chars(number.data(), number.data() + number.size(), value, base).ptr);
    };
    put(access.size, 10);
    put(access.mode, 8);
  } else {
    line += " - -";
  }
  line += ' ';
  append_word(line, access.path);
}

}  // namespace

std::string_view name_of(PathClass path_class) {
  return kClasses.at(static_cast<std::size_t>(path_class));
}

std::string escape_word(std::string_view bytes) {
  std::string word;
  append_word(word, bytes);
  return word;
}

std::string unescape_word(std::string_view word) {
  std::string bytes;
  bytes.reserve(word.size());
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '%') {
      bytes += word[i];
      continue;
    }
    const int high = i + 2 < word.size() ? hex_digit(word[i + 1]) : -1;
    const int low = i + 2 < word.size() ? hex_digit(word[i + 2]) : -1;
    if (high < 0 || low < 0) bad_line(word);
    bytes += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return bytes;
}

std::string line_of(const Access& access) {
  std::string line;
  append_line(line, access);
  return line;
}

Access parse_access_line(std::string_view line) {
  std::array<std::string_view, 6> words;
  auto rest = line;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const auto blank = rest.find(' ');
    if (blank == std::string_view::npos) bad_line(line);
    words[i] = rest.substr(0, blank);
    rest.remove_prefix(blank + 1);
  }
  words.back() = rest;
  if (rest.empty() || rest.find(' ') != std::string_view::npos) bad_line(line);
  Access access;
  std::uint16_t bits = 0;
  if (words[0] != "-")
    for (const char letter : words[0]) {
      if (letter == kChanged) {
        access.changed = true;
        continue;
      }
      const auto bit = kUseLetters.find(letter);
      if (bit == std::string_view::npos) bad_line(line);
      bits = static_cast<std::uint16_t>(bits | 1U << bit);
    }
  access.uses = Uses::of_bits(bits);
  const auto presence =
      words[1].size() == 1 ? kPresenceLetters.find(words[1][0]) : std::string_view::npos;
  if (presence == std::string_view::npos) bad_line(line);
  access.before = static_cast<Presence>(presence);
  if (words[2] != "-") {
    const bool keyed = words[2].starts_with(kKeyed);
    const auto digest = hash::parse_digest(words[2].substr(keyed ? kKeyed.size() : 0));
    if (!digest) bad_line(line);
    access.content = ContentId{*digest, keyed};
  }
  if (access.before == Presence::file) {
    if (!parse_number(words[3], access.size, 10) || !parse_number(words[4], access.mode, 8) ||
        access.mode > 07777)
      bad_line(line);
  } else if (words[3] != "-" || words[4] != "-") {
    bad_line(line);
  }
  access.path = unescape_word(words[5]);
  return access;
}

std::string text_of(PathClass path_class, std::span<const Access> accesses) {
  std::string text(kHead);
  text += name_of(path_class);
  text += '\n';
  for (const auto& access : accesses) {
    append_line(text, access);
    text += '\n';
  }
  return text;
}

std::string text_of(const AccessSet& set) {
  return set.text.empty() ? text_of(set.path_class, set.accesses) : set.text;
}

AccessSet parse_access_set(std::string_view text) {
  AccessSet set;
  set.id = ContentId{hash::sha256(text)};
  const auto end = text.find('\n');
  const auto head = text.substr(0, end);
  const auto name = head.starts_with(kHead) ? head.substr(kHead.size()) : std::string_view();
  const auto found = std::find(kClasses.begin(), kClasses.end(), name);
  if (end == std::string_view::npos || found == kClasses.end() || !text.ends_with('\n'))
    bad_line(head);
  set.path_class = static_cast<PathClass>(found - kClasses.begin());
  text.remove_prefix(end + 1);
  while (!text.empty()) {
    const auto line_end = text.find('\n');
    set.accesses.push_back(parse_access_line(text.substr(0, line_end)));
    text.remove_prefix(line_end + 1);
  }
  return set;
}

std::vector<AccessSetPtr> make_access_sets(PathClass path_class, std::vector<Access> accesses) {
  std::vector<AccessSetPtr> sets;
  const std::span<Access> all(accesses);
  std::size_t from = 0;
  for (std::size_t i = 1; i <= all.size(); ++i) {
    const bool cut =
        i == all.size() || i - from >= kLargestSet || (cut_hash(all[i].path) & kCutMask) == 0;
    if (!cut) continue;
    sets.push_back(make_set(path_class, all.subspan(from, i - from)));
    from = i;
  }
  return sets;
}

bool counts_in_listing(std::string_view name) {
  return name != ".provrun" && name != "__pycache__";
}

ContentId listing_content(std::vector<ListingEntry> entries) {
  std::sort(entries.begin(), entries.end());
  hash::Sha256 hasher;
  std::string line;
  for (const auto& entry : entries) {
    if (!counts_in_listing(entry.name)) continue;
    line.assign(1, kPresenceLetters[static_cast<std::size_t>(entry.type)]);
    line += entry.name;
    line += '\0';
    hasher.update(line);
  }
  return ContentId{hasher.finish()};
}

}  // namespace provrun::core
