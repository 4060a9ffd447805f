// The words, quotes and expansions of ShellScanner.
#include <algorithm>

#include "shell_scanner.hpp"

namespace provrun::capture {

namespace {

/// Real scripts nest a handful of levels; hostile ones must not use up the stack.
constexpr int kDeepestNesting = 60;

bool is_meta(char c) {
  return std::string_view(" \t\r\n;&|()<>").find(c) != std::string_view::npos;
}

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

bool ShellScanner::nested_too_deep() {
  if (depth_ <= kDeepestNesting) return false;
  at_ = text_.size();
  return true;
}

void ShellScanner::scan_quoted() {
  Word ignored;
  while (!at_end()) {
    if (peek() == '\\') {
      at_ += 2;
    } else if (peek() == '$') {
      read_expansion(ignored);
    } else if (peek() == '`') {
      read_backticks();
    } else {
      ++at_;
    }
  }
}

void ShellScanner::skip_blanks() {
  while (peek() == ' ' || peek() == '\t' || peek() == '\r' || (peek() == '\\' && peek(1) == '\n'))
    at_ += peek() == '\\' ? 2 : 1;
}

void ShellScanner::skip_comment() {
  at_ = std::min(text_.find('\n', at_), text_.size());
}

ShellScanner::Word ShellScanner::read_word() {
  Word word;
  while (!at_end() && !is_meta(peek())) {
    const char c = peek();
    if (c == '\\') {
      if (peek(1) != '\n') {
        word.quoted = true;
        if (at_ + 1 < text_.size()) word.literal += peek(1);
      }
      at_ += 2;
    } else if (c == '\'') {
      read_single_quoted(word);
    } else if (c == '"') {
      read_double_quoted(word);
    } else if (c == '$') {
      read_expansion(word);
    } else if (c == '`') {
      word.expanded = true;
      read_backticks();
    } else {
      // Globs, braces and the home folder are for the shell to expand; a lone "{" or "[" is a word.
      if ((c == '*' || c == '?' || c == '~' || c == '{') && !(is_meta(peek(1)) || peek(1) == '\0'))
        word.expanded = true;
      word.literal += c;
      ++at_;
      if (c == '=' && peek() == '(') read_array();
    }
  }
  at_ = std::min(at_, text_.size());
  return word;
}

void ShellScanner::read_single_quoted(Word& word) {
  word.quoted = true;
  const std::size_t begin = at_ + 1;
  const std::size_t end = std::min(text_.find('\'', begin), text_.size());
  word.literal += text_.substr(begin, end - begin);
  at_ = std::min(end + 1, text_.size());
}

void ShellScanner::read_double_quoted(Word& word) {
  word.quoted = true;
  ++at_;
  while (!at_end() && peek() != '"') {
    if (peek() == '\\') {
      if (std::string_view("$`\"\\\n").find(peek(1)) == std::string_view::npos)
        word.literal += '\\';
      if (peek(1) != '\n' && at_ + 1 < text_.size()) word.literal += peek(1);
      at_ += 2;
    } else if (peek() == '$') {
      read_expansion(word);
    } else if (peek() == '`') {
      word.expanded = true;
      read_backticks();
    } else {
      word.literal += peek();
      ++at_;
    }
  }
  at_ = std::min(at_ + 1, text_.size());
}

void ShellScanner::read_expansion(Word& word) {
  ++at_;
  const char c = peek();
  if (c == '"') {
    // $"…" is a translated string; inside of double quotes it is a dollar sign and the closing
    // quote.
    word.literal += '$';
    return;
  }
  word.expanded = true;
  if (c == '(' && peek(1) == '(') {
    skip_arithmetic();
  } else if (c == '(') {
    ++at_;
    ++depth_;
    if (!nested_too_deep()) list(true);
    --depth_;
  } else if (c == '{') {
    skip_braces();
  } else if (c == '\'') {
    ++at_;
    while (!at_end() && peek() != '\'') at_ += peek() == '\\' ? 2 : 1;
    at_ = std::min(at_ + 1, text_.size());
  } else if (is_name(c)) {
    while (is_name(peek())) ++at_;
  } else if (c != '\0' && std::string_view("@*#?-$!").find(c) != std::string_view::npos) {
    ++at_;
  } else {
    word.literal += '$';
  }
}

void ShellScanner::read_backticks() {
  ++at_;
  std::string inner;
  while (!at_end() && peek() != '`') {
    if (peek() == '\\' && at_ + 1 < text_.size()) {
      if (std::string_view("$`\\").find(peek(1)) == std::string_view::npos) inner += '\\';
      inner += peek(1);
      at_ += 2;
    } else {
      inner += peek();
      ++at_;
    }
  }
  at_ = std::min(at_ + 1, text_.size());
  // Each level of nesting needs twice the backslashes of the one inside, so deep ones cannot be
  // many.
  if (depth_ + 1 <= kDeepestNesting) ShellScanner(inner, findings_, depth_ + 1).scan_commands();
}

void ShellScanner::read_array() {
  ++at_;
  while (!at_end() && peek() != ')') {
    skip_blanks();
    if (peek() == '\n') {
      ++at_;
    } else if (peek() == '#') {
      skip_comment();
    } else if (!at_end() && peek() != ')') {
      const std::size_t before = at_;
      ++depth_;
      if (!nested_too_deep()) read_word();
      --depth_;
      if (at_ == before) ++at_;
    }
  }
  at_ = std::min(at_ + 1, text_.size());
}

void ShellScanner::skip_arithmetic() {
  at_ += 2;
  int open = 2;
  Word ignored;
  ++depth_;
  while (!at_end() && open > 0 && !nested_too_deep()) {
    if (peek() == '$') {
      read_expansion(ignored);
      continue;
    }
    if (peek() == '(') ++open;
    if (peek() == ')') --open;
    ++at_;
  }
  --depth_;
}

void ShellScanner::skip_braces() {
  ++at_;
  Word ignored;
  ++depth_;
  while (!at_end() && peek() != '}' && !nested_too_deep()) {
    ignored.literal.clear();
    switch (peek()) {
      case '\\':
        at_ += 2;
        break;
      case '\'':
        read_single_quoted(ignored);
        break;
      case '"':
        read_double_quoted(ignored);
        break;
      case '$':
        read_expansion(ignored);
        break;
      case '`':
        read_backticks();
        break;
      default:
        ++at_;
    }
  }
  --depth_;
  at_ = std::min(at_ + 1, text_.size());
}

void ShellScanner::skip_condition() {
  while (!at_end()) {
    skip_blanks();
    if (at_end()) return;
    if (is_meta(peek())) {
      ++at_;
      continue;
    }
    if (read_word().is("]]")) return;
  }
}

void ShellScanner::take_redirection() {
  const bool here = peek() == '<' && peek(1) == '<' && peek(2) != '<';
  const bool strip_tabs = here && peek(2) == '-';
  while (peek() == '<' || peek() == '>') ++at_;
  if (strip_tabs) ++at_;
  if (peek() == '&' || peek() == '|') ++at_;
  skip_blanks();
  if (at_end() || peek() == '\n') return;
  Word target = read_word();
  if (here) here_documents_.push_back({std::move(target.literal), target.quoted, strip_tabs});
}

void ShellScanner::take_here_documents() {
  std::vector<HereDocument> documents;
  documents.swap(here_documents_);
  for (const HereDocument& document : documents) {
    const std::size_t begin = at_;
    std::size_t end = text_.size();
    while (!at_end()) {
      const std::size_t line_begin = at_;
      const std::size_t line_end = std::min(text_.find('\n', at_), text_.size());
      std::string_view line = text_.substr(line_begin, line_end - line_begin);
      at_ = std::min(line_end + 1, text_.size());
      if (document.strip_tabs)
        line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
      if (line == document.delimiter) {
        end = line_begin;
        break;
      }
    }
    if (document.quoted || depth_ + 1 > kDeepestNesting) continue;
    ShellScanner(text_.substr(begin, end - begin), findings_, depth_ + 1).scan_quoted();
  }
}

}  // namespace provrun::capture
