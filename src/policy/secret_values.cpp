#include "secret_values.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace provrun::policy {

namespace {

/// A name longer than this is data, not a name.
constexpr std::size_t kLongestName = 64;
constexpr std::size_t kMostBlanks = 16;

constexpr std::array<std::string_view, 38> kPlainWords{"true",        "false",
                                                       "null",        "none",
                                                       "nil",         "yes",
                                                       "no",          "on",
                                                       "off",         "undefined",
                                                       "required",    "optional",
                                                       "empty",       "unset",
                                                       "str",         "string",
                                                       "int",         "bool",
                                                       "bytes",       "char",
                                                       "text",        "any",
                                                       "changed",     "same",
                                                       "missing",     "invalid",
                                                       "expired",     "default",
                                                       "auto",        "disabled",
                                                       "enabled",     "hidden",
                                                       "redacted",    "secret",
                                                       "password",    "token",
                                                       "std::string", "std::string_view"};

constexpr std::array<std::string_view, 17> kCodeRoots{
    "self.",   "this.",    "this->",   "args.",     "os.",  "config.",
    "cfg.",    "opts.",    "options.", "settings.", "env.", "request.",
    "params.", "process.", "ctx.",     "context.",  "std::"};

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && std::equal(text.begin(), text.end(), lower.begin(),
                                                   [](char a, char b) { return to_lower(a) == b; });
}

struct Shape {
  bool digit = false;
  bool lower = false;
  bool upper = false;
  bool other = false;
  bool letter() const { return lower || upper; }
};

Shape shape_of(std::string_view value) {
  Shape shape;
  for (char c : value) {
    shape.digit |= is_digit(c);
    shape.lower |= is_lower(c);
    shape.upper |= is_upper(c);
    shape.other |= !is_alnum(c);
  }
  return shape;
}

bool is_identifier_path(std::string_view value) {
  if (value.empty() || !(is_letter(value[0]) || value[0] == '_')) return false;
  return std::all_of(value.begin(), value.end(), [](char c) {
    return is_alnum(c) || c == '_' || c == '.' || c == ':' || c == '-' || c == '>';
  });
}

/// How the value was given.
struct Setting {
  NameStrength strength = NameStrength::none;
  bool spaced = false;    ///< blanks around the separator
  bool colon = false;     ///< ':' rather than '='
  bool flag = false;      ///< `--name value`
  bool shouting = false;  ///< the name has no lower-case letter: an environment variable
  bool alone = false;     ///< nothing but punctuation follows on the line
  char next = '\0';       ///< the character after the value
};

bool is_code(std::string_view value, const Setting& setting) {
  if (!is_identifier_path(value)) return false;
  if (strength_of_name(value) != NameStrength::none) return true;  // password=db_password
  if (setting.shouting && !setting.spaced) return false;
  if (setting.next == '(' || setting.next == '[') return true;
  return std::any_of(kCodeRoots.begin(), kCodeRoots.end(),
                     [&](std::string_view root) { return value.substr(0, root.size()) == root; });
}

bool is_secret_word(std::string_view value, const Setting& setting) {
  if (is_placeholder(value) || is_code(value, setting)) return false;
  const Shape shape = shape_of(value);
  const bool weak = setting.strength == NameStrength::weak;
  if (weak && !shape.letter() && value.size() < 6) return false;  // token=12
  if (setting.flag) return value.size() >= 4 || setting.alone || shape.digit;
  if (setting.spaced || (setting.colon && weak)) {
    const bool mixed = shape.digit && shape.letter();
    if (weak) return value.size() >= 8 && mixed;
    return mixed || setting.alone;
  }
  if (weak && !setting.shouting && !shape.digit && !shape.upper)
    return value.size() >= 16 && !shape.other;
  return true;
}

bool ends_unquoted(char c, bool to_blank, bool in_query) {
  if (is_space(c)) return true;
  if (in_query && c == '&') return true;
  if (to_blank) return false;
  return std::string_view("\"'`,;)}]<>\\").find(c) != std::string_view::npos;
}

/// Where the name's separator, the opening quote and the value begin.
struct Opening {
  std::size_t value = 0;
  char quote = '\0';
  bool escaped_quote = false;  ///< \"…\" inside of another string
  bool markup = false;         ///< <name>value</name>
  Setting setting;
};

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  const std::size_t stop = std::min(text.size(), at + kMostBlanks);
  while (at < stop && is_blank(text[at])) ++at;
  return at;
}

std::optional<Opening> find_opening(std::string_view text, Range name, bool flag) {
  Opening opening;
  std::size_t at = name.end;
  const auto here = [&](char c) { return at < text.size() && text[at] == c; };
  bool quoted_name = false;
  if (here('\\')) ++at;
  if (here('"') || here('\'')) {
    ++at;
    quoted_name = true;
    if (here(']')) ++at;
  } else if (at != name.end) {
    return std::nullopt;
  }
  if (here('>') && name.begin > 0 && text[name.begin - 1] == '<') {
    opening.value = at + 1;
    opening.markup = true;
    return opening;
  }
  const std::size_t after_name = at;
  at = skip_blanks(text, at);
  opening.setting.spaced = at != after_name;
  if (here('=') || here(':')) {
    opening.setting.colon = text[at] == ':';
    ++at;
    if (opening.setting.colon && here(':')) return std::nullopt;
    if (here('=')) {
      if (!opening.setting.colon) return std::nullopt;
      ++at;
    } else if (here('>') && !opening.setting.colon) {
      ++at;
    }
    const std::size_t after_separator = at;
    at = skip_blanks(text, at);
    opening.setting.spaced |= at != after_separator;
  } else if (flag && !quoted_name && opening.setting.spaced) {
    opening.setting.flag = true;
    if (here('-')) return std::nullopt;
  } else {
    return std::nullopt;
  }
  if (at + 1 < text.size() && std::string_view("bruf").find(text[at]) != std::string_view::npos &&
      (text[at + 1] == '"' || text[at + 1] == '\''))
    ++at;
  if (at + 1 < text.size() && text[at] == '\\' && (text[at + 1] == '"' || text[at + 1] == '\'')) {
    opening.escaped_quote = true;
    ++at;
  }
  if (here('"') || here('\'') || here('`')) opening.quote = text[at++];
  opening.value = at;
  return opening;
}

std::size_t end_of_quoted(std::string_view text, const Opening& opening) {
  const std::size_t stop = std::min(text.size(), opening.value + kLongestMatch);
  std::size_t at = opening.value;
  for (; at < stop && text[at] != '\n'; ++at) {
    if (text[at] == '\\' && opening.quote != '\'') {
      if (opening.escaped_quote && at + 1 < stop && text[at + 1] == opening.quote) return at;
      if (at + 1 < stop && text[at + 1] != '\n') ++at;
    } else if (text[at] == opening.quote) {
      return at;
    }
  }
  return std::min(at, stop);
}

/// The value after the name, if its strength (or any_value) makes it a secret.
std::optional<Range> match_value(std::string_view text, Range name, bool flag,
                                 NameStrength strength, bool any_value) {
  std::optional<Opening> opening = find_opening(text, name, flag);
  if (!opening) return std::nullopt;
  Setting& setting = opening->setting;
  setting.strength = strength;
  const std::string_view name_text = text.substr(name.begin, name.end - name.begin);
  setting.shouting = std::none_of(name_text.begin(), name_text.end(), is_lower);
  Range value{opening->value, opening->value};
  if (opening->quote != '\0') {
    value.end = end_of_quoted(text, *opening);
    const std::string_view word = text.substr(value.begin, value.end - value.begin);
    if (any_value ? is_placeholder(word) : !is_secret_string(word, strength)) return std::nullopt;
    return value;
  }
  const char before = name.begin > 0 ? text[name.begin - 1] : '\n';
  const bool in_query = before == '?' || before == '&';
  const bool to_blank = !setting.spaced && !setting.colon && !flag && is_space(before);
  const std::size_t stop = std::min(text.size(), value.begin + kLongestMatch);
  while (value.end < stop &&
         (opening->markup ? text[value.end] != '<' && text[value.end] != '\n'
                          : !ends_unquoted(text[value.end], to_blank, in_query)))
    ++value.end;
  const std::string_view word = text.substr(value.begin, value.end - value.begin);
  if (any_value) return is_placeholder(word) ? std::nullopt : std::optional(value);
  if (opening->markup)
    return is_secret_string(word, strength) ? std::optional(value) : std::nullopt;
  setting.next = value.end < text.size() ? text[value.end] : '\n';
  std::size_t rest = value.end;
  const std::size_t rest_stop = std::min(text.size(), rest + kMostBlanks);
  while (rest < rest_stop && (is_blank(text[rest]) || std::string_view(",;)}]\r").find(
                                                          text[rest]) != std::string_view::npos))
    ++rest;
  setting.alone = rest >= text.size() || text[rest] == '\n';
  // A call's arguments are cut off above: `f(x)` leaves "f" with '(' after it only when '(' ends
  // it.
  const std::size_t call = word.find_first_of("([");
  if (call != std::string_view::npos && call > 0) {
    Setting as_call = setting;
    as_call.next = word[call];
    if (is_code(word.substr(0, call), as_call)) return std::nullopt;
  }
  // `def f(x, password=None):` ends at a blank only.
  const std::size_t last = word.find_last_not_of(",;:)}]");
  if (last == std::string_view::npos || is_placeholder(word.substr(0, last + 1)))
    return std::nullopt;
  return is_secret_word(word, setting) ? std::optional(value) : std::nullopt;
}

}  // namespace

bool is_placeholder(std::string_view value) {
  if (value.empty() || value.substr(0, 10) == "[redacted:") return true;
  for (std::string_view start : {"${", "$(", "{{", "{%", "<", "%(", "%s", "...", "[", "{"})
    if (value.substr(0, start.size()) == start) return true;
  if (value.size() > 1 && value[0] == '$' && (is_letter(value[1]) || value[1] == '_') &&
      std::all_of(value.begin() + 1, value.end(), [](char c) { return is_alnum(c) || c == '_'; }))
    return true;
  if (std::all_of(value.begin(), value.end(), [&](char c) { return c == value[0]; }) &&
      !is_alnum(value[0]))
    return true;
  if (value.size() >= 3 &&
      std::all_of(value.begin(), value.end(), [](char c) { return c == 'x' || c == 'X'; }))
    return true;
  return std::any_of(kPlainWords.begin(), kPlainWords.end(),
                     [&](std::string_view word) { return equals_ignoring_case(value, word); });
}

bool is_secret_string(std::string_view value, NameStrength strength) {
  if (strength == NameStrength::none || is_placeholder(value)) return false;
  if (strength == NameStrength::strong) return true;
  const Shape shape = shape_of(value);
  if (std::any_of(value.begin(), value.end(), is_space)) return false;
  if (!shape.letter()) return value.size() >= 6;
  return value.size() >= 4;
}

std::optional<Range> match_assignment(std::string_view text, std::size_t anchor) {
  Range name{anchor, anchor};
  while (name.begin > 0 && is_name_char(text[name.begin - 1])) {
    if (anchor - --name.begin > kLongestName) return std::nullopt;
  }
  while (name.end < text.size() && is_name_char(text[name.end])) {
    if (++name.end - anchor > kLongestName) return std::nullopt;
  }
  const bool flag = text.substr(name.begin, 2) == "--";
  while (name.begin < name.end && !is_alnum(text[name.begin]) && text[name.begin] != '_')
    ++name.begin;
  while (name.end > name.begin && text[name.end - 1] == '.') --name.end;
  const NameStrength strength = strength_of_name(text.substr(name.begin, name.end - name.begin));
  if (strength == NameStrength::none) return std::nullopt;
  return match_value(text, name, flag, strength, false);
}

std::optional<Range> match_known_name(std::string_view text, std::size_t begin, std::size_t end) {
  if (begin > 0 && (is_alnum(text[begin - 1]) || text[begin - 1] == '_')) return std::nullopt;
  if (end < text.size() && (is_alnum(text[end]) || text[end] == '_')) return std::nullopt;
  const bool flag = begin >= 2 && text.substr(begin - 2, 2) == "--";
  return match_value(text, {begin, end}, flag, NameStrength::strong, true);
}

}  // namespace provrun::policy
