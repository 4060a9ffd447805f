#include <cctype>
#include <charconv>

#include "differences.hpp"
#include "provrun/base/format.hpp"

namespace provrun::compare {

namespace {

struct Token {
  enum class Kind { end, number, word, white_space };
  Kind kind = Kind::end;
  std::string_view text;
  double value = 0;
};

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// A text as numbers, words (a run of letters and digits, or one other character) and white space.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}

  Token next() {
    if (at_ == text_.size()) return {};
    const char c = text_[at_];
    const auto begin = at_;
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0)
        if (text_[at_++] == '\n') ++line_;
      return {Token::Kind::white_space, text_.substr(begin, at_ - begin)};
    }
    // A sign belongs to a number unless it stands between two operands ("3-2", "a-2").
    const bool after_word = at_ > 0 && (is_word(text_[at_ - 1]) || text_[at_ - 1] == ')');
    const bool sign = (c == '+' || c == '-') && !after_word;
    const auto digits = at_ + (sign ? 1 : 0);
    if (digits < text_.size() && !(after_word && !sign && is_word(c)) &&
        (std::isdigit(static_cast<unsigned char>(text_[digits])) != 0 || text_[digits] == '.')) {
      double value = 0;
      const char* first = text_.data() + (c == '+' ? digits : begin);
      const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), value);
      const auto stop = static_cast<std::size_t>(end - text_.data());
      if (error == std::errc() && (stop == text_.size() || !is_word(text_[stop]))) {
        at_ = stop;
        return {Token::Kind::number, text_.substr(begin, at_ - begin), value};
      }
    }
    ++at_;
    if (is_word(c))
      while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return {Token::Kind::word, text_.substr(begin, at_ - begin)};
  }
  std::size_t line() const { return line_; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

Comparison compare_numbers(std::string_view before, std::string_view after, Tolerance tolerance) {
  Differences differences;
  const auto method = "numbers in text" + tolerance_text(tolerance);
  Tokens left(before);
  Tokens right(after);
  while (true) {
    const auto line = left.line();
    const auto a = left.next();
    const auto b = right.next();
    if (a.kind == Token::Kind::end && b.kind == Token::Kind::end) break;
    const bool same =
        a.kind == b.kind &&
        (a.kind == Token::Kind::number ? tolerance.equal(a.value, b.value) : a.text == b.text);
    if (same) continue;
    differences.add(base::format("line {}", line), a.text, b.text);
    // Behind a word that differs nothing can be compared token by token.
    if (a.kind != Token::Kind::number || b.kind != Token::Kind::number) break;
  }
  return std::move(differences).finish(method);
}

}  // namespace provrun::compare
