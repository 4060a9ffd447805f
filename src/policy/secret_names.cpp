#include <algorithm>
#include <array>
#include <string>

#include "provrun/policy/redaction.hpp"
#include "secret_values.hpp"

namespace provrun::policy {

namespace {

struct Keyword {
  std::string_view word;
  NameStrength strength;
  bool plural_too;
};

constexpr std::array kKeywords{
    Keyword{"password", NameStrength::strong, false},
    Keyword{"passwd", NameStrength::strong, false},
    Keyword{"passphrase", NameStrength::strong, false},
    Keyword{"api_key", NameStrength::strong, false},
    Keyword{"apikey", NameStrength::strong, false},
    Keyword{"access_key", NameStrength::strong, false},
    Keyword{"accesskey", NameStrength::strong, false},
    Keyword{"private_key", NameStrength::strong, false},
    Keyword{"privatekey", NameStrength::strong, false},
    Keyword{"secret_key", NameStrength::strong, false},
    Keyword{"secretkey", NameStrength::strong, false},
    Keyword{"secret", NameStrength::weak, false},
    Keyword{"token", NameStrength::weak, false},
    Keyword{"credential", NameStrength::weak, true},
};

/// Words after the keyword that say: this is about the secret, it is not the secret.
constexpr std::array<std::string_view, 46> kAboutWords{
    "name",   "names",   "file",     "filename", "path",  "dir",      "directory", "folder",
    "type",   "count",   "counts",   "url",      "uri",   "endpoint", "length",    "len",
    "limit",  "size",    "expiry",   "expires",  "ttl",   "version",  "policy",    "prompt",
    "id",     "ids",     "index",    "idx",      "usage", "required", "enabled",   "provider",
    "source", "command", "helper",   "field",    "env",   "var",      "mode",      "store",
    "scope",  "scopes",  "rotation", "manager",  "ref",   "reference"};

/// Words before "token" that mean a piece of text or of a listing.
constexpr std::array<std::string_view, 30> kTextTokenWords{
    "max",   "min",   "num",   "n",    "pad",      "eos",       "bos", "unk",
    "sep",   "cls",   "mask",  "next", "special",  "stop",      "per", "image",
    "audio", "last",  "first", "prev", "previous", "current",   "cur", "continuation",
    "page",  "start", "end",   "sub",  "word",     "unexpected"};

/// What may stand glued before a weak lower-case keyword: "authtoken" is a secret, "subtoken" is
/// not.
constexpr std::array<std::string_view, 14> kGluedPrefixes{
    "access", "auth", "api",     "my",     "db",     "bot",   "user",
    "client", "app",  "refresh", "github", "gitlab", "slack", "jwt"};

template <typename List>
bool contains(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// The word that ends at position end of the folded name.
std::string_view word_before(std::string_view folded, std::size_t end) {
  std::size_t begin = end;
  while (begin > 0 && folded[begin - 1] != '_') --begin;
  return folded.substr(begin, end - begin);
}

bool suffix_allows(std::string_view folded, std::string_view name, std::size_t end,
                   bool plural_too) {
  if (plural_too && end < folded.size() && folded[end] == 's') ++end;
  if (end == folded.size()) return true;
  std::size_t word_begin = end;
  if (folded[end] == '_') {
    ++word_begin;
  } else if (is_letter(name[end]) && !(is_upper(name[end]) && is_lower(name[end - 1]))) {
    return false;  // "tokenizer"; "tokenFile" goes on below
  }
  std::size_t word_end = word_begin;
  while (word_end < folded.size() && folded[word_end] != '_' &&
         !(word_end > word_begin && is_upper(name[word_end]) && is_lower(name[word_end - 1])))
    ++word_end;
  return !contains(kAboutWords, folded.substr(word_begin, word_end - word_begin));
}

bool prefix_allows(std::string_view folded, std::string_view name, std::size_t begin,
                   const Keyword& keyword) {
  if (begin == 0) return true;
  const bool camel = is_upper(name[begin]) && is_lower(name[begin - 1]);
  const bool separated = folded[begin - 1] == '_' || camel;
  if (keyword.word == "token") {
    std::size_t end = folded[begin - 1] == '_' ? begin - 1 : begin;
    std::string_view before = word_before(folded, end);
    if (contains(kTextTokenWords, before)) return false;
  }
  if (separated || keyword.strength == NameStrength::strong) return true;
  const bool shouting = std::none_of(name.begin(), name.end(), is_lower);
  return shouting || contains(kGluedPrefixes, word_before(folded, begin));
}

}  // namespace

NameStrength strength_of_name(std::string_view name) {
  if (name.size() < 5 || name.size() > 128) return NameStrength::none;
  std::string folded(name);
  for (char& c : folded) c = c == '-' || c == '.' ? '_' : to_lower(c);
  if (folded.compare(0, 3, "no_") == 0) return NameStrength::none;  // --no-password
  NameStrength best = NameStrength::none;
  for (const Keyword& keyword : kKeywords) {
    for (std::size_t at = folded.find(keyword.word); at != std::string::npos;
         at = folded.find(keyword.word, at + 1)) {
      const std::size_t end = at + keyword.word.size();
      if (suffix_allows(folded, name, end, keyword.plural_too) &&
          prefix_allows(folded, name, at, keyword))
        best = std::max(best, keyword.strength);
    }
  }
  return best;
}

bool is_secret_name(std::string_view name) {
  return strength_of_name(name) != NameStrength::none;
}

}  // namespace provrun::policy
