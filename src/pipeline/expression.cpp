#include "expression.hpp"

#include <utility>

#include "provrun/base/format.hpp"
#include "scalar.hpp"

namespace provrun::pipeline {

namespace {

// Deep enough for anything written by hand, shallow enough for every stack.
constexpr int kDeepestExpression = 100;
constexpr std::size_t kMaxTerms = 1000;

std::string describe(const Expression::Operand& operand) {
  switch (operand.kind) {
    case Expression::Operand::Kind::boolean:
      return operand.truth ? "true" : "false";
    case Expression::Operand::Kind::number:
      return "the number " + operand.text;
    default:
      return "the text '" + operand.text + "'";
  }
}

}  // namespace

class ExpressionParser {
 public:
  ExpressionParser(std::string_view text, const Expression::Resolver& resolver)
      : text_(text), resolver_(resolver) {}

  Expression parse() {
    parse_or(0);
    skip_space();
    if (at_ < text_.size()) fail(at_, "'" + std::string(1, text_[at_]) + "' is not expected here");
    return std::move(expression_);
  }

 private:
  using Operator = Expression::Operator;

  [[noreturn]] static void fail(std::size_t offset, std::string message, std::string hint = {}) {
    throw Expression::Failure{offset, std::move(message), std::move(hint)};
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n'))
      ++at_;
  }
  std::string_view peek_word() {
    skip_space();
    std::size_t n = 0;
    if (at_ < text_.size() && is_letter(text_[at_]))
      while (at_ + n < text_.size() && (is_letter(text_[at_ + n]) || is_digit(text_[at_ + n]))) ++n;
    return text_.substr(at_, n);
  }
  bool take_word(std::string_view word) {
    if (peek_word() != word) return false;
    at_ += word.size();
    return true;
  }
  std::size_t add(Expression::Term term) {
    if (expression_.terms_.size() >= kMaxTerms) fail(term.offset, "the expression is too long");
    expression_.terms_.push_back(std::move(term));
    return expression_.terms_.size() - 1;
  }
  std::size_t add(Operator op, std::size_t offset, std::size_t left, std::size_t right) {
    return add({op, offset, left, right, {}});
  }

  std::size_t parse_or(int depth) {
    auto left = parse_and(depth);
    while (true) {
      skip_space();
      const auto offset = at_;
      if (!take_word("or")) return left;
      left = add(Operator::logical_or, offset, left, parse_and(depth));
    }
  }
  std::size_t parse_and(int depth) {
    auto left = parse_not(depth);
    while (true) {
      skip_space();
      const auto offset = at_;
      if (!take_word("and")) return left;
      left = add(Operator::logical_and, offset, left, parse_not(depth));
    }
  }
  std::size_t parse_not(int depth) {
    if (depth > kDeepestExpression) fail(at_, "the expression is nested too deeply");
    skip_space();
    const auto offset = at_;
    if (take_word("not")) return add(Operator::logical_not, offset, parse_not(depth + 1), 0);
    return parse_compare(depth);
  }
  std::size_t parse_compare(int depth) {
    const auto left = parse_primary(depth);
    skip_space();
    const auto offset = at_;
    static constexpr std::pair<std::string_view, Operator> operators[] = {
        {"==", Operator::equal},         {"!=", Operator::not_equal}, {"<=", Operator::less_equal},
        {">=", Operator::greater_equal}, {"<", Operator::less},       {">", Operator::greater}};
    for (const auto& [symbol, op] : operators) {
      if (!text_.substr(at_).starts_with(symbol)) continue;
      at_ += symbol.size();
      return add(op, offset, left, parse_primary(depth));
    }
    if (text_.substr(at_).starts_with("="))
      fail(at_, "'=' is not an operator", "compare with '=='");
    return left;
  }
  std::size_t parse_primary(int depth);
  std::size_t parse_text(char quote, std::size_t offset);
  std::size_t parse_name(std::size_t offset);

  std::string_view text_;
  const Expression::Resolver& resolver_;
  std::size_t at_ = 0;
  Expression expression_;
};

std::size_t ExpressionParser::parse_primary(int depth) {
  skip_space();
  const auto offset = at_;
  if (at_ == text_.size()) fail(at_, "the expression ends where a value is expected");
  const char c = text_[at_];
  if (c == '(') {
    ++at_;
    const auto inner = parse_or(depth + 1);
    skip_space();
    if (at_ == text_.size() || text_[at_] != ')') fail(offset, "this '(' is not closed");
    ++at_;
    return inner;
  }
  if (c == '"' || c == '\'') return parse_text(c, offset);
  if (is_letter(c)) return parse_name(offset);
  std::size_t end = at_;
  while (end < text_.size() && (is_digit(text_[end]) || is_letter(text_[end]) ||
                                text_[end] == '.' || text_[end] == '-' || text_[end] == '+'))
    ++end;
  const auto number = text_.substr(at_, end - at_);
  const auto value = number.empty() ? std::nullopt : to_real(number);
  if (!value)
    fail(at_, "a value is expected here",
         "text stands in quotes, names are those of templates without braces");
  at_ = end;
  Expression::Operand operand{Expression::Operand::Kind::number, false, *value,
                              std::string(number)};
  return add({Operator::constant, offset, 0, 0, std::move(operand)});
}

std::size_t ExpressionParser::parse_text(char quote, std::size_t offset) {
  const auto end = text_.find(quote, at_ + 1);
  if (end == std::string_view::npos) fail(offset, "this quote is not closed");
  Expression::Operand operand;
  operand.text = text_.substr(at_ + 1, end - at_ - 1);
  at_ = end + 1;
  return add({Operator::constant, offset, 0, 0, std::move(operand)});
}

std::size_t ExpressionParser::parse_name(std::size_t offset) {
  std::size_t end = at_;
  bool dotted = false;
  while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]) ||
                                text_[end] == '.' || (dotted && text_[end] == '-'))) {
    dotted = dotted || text_[end] == '.';
    ++end;
  }
  const auto name = text_.substr(at_, end - at_);
  if (name == "and" || name == "or" || name == "not")
    fail(offset, base::format("'{}' is not expected here", name));
  at_ = end;
  if (name == "true" || name == "false") {
    Expression::Operand operand{Expression::Operand::Kind::boolean, name == "true", 0,
                                std::string(name)};
    return add({Operator::constant, offset, 0, 0, std::move(operand)});
  }
  auto found = resolver_(name, offset);
  if (auto* failure = std::get_if<Expression::Failure>(&found)) throw std::move(*failure);
  auto& meaning = std::get<Expression::Name>(found);
  if (meaning.variable) return add(Operator::variable, offset, *meaning.variable, 0);
  return add({Operator::constant, offset, 0, 0, std::move(meaning.constant)});
}

std::variant<Expression, Expression::Failure> Expression::compile(std::string_view text,
                                                                  const Resolver& resolver) {
  try {
    return ExpressionParser(text, resolver).parse();
  } catch (Failure& failure) {
    return std::move(failure);
  }
}

std::variant<bool, Expression::Failure> Expression::evaluate(const Variables& variables) const {
  try {
    return truth(terms_.size() - 1, variables);
  } catch (Failure& failure) {
    return std::move(failure);
  }
}

Expression::Operand Expression::value(std::size_t index, const Variables& variables) const {
  const auto& term = terms_[index];
  if (term.op == Operator::constant) return term.constant;
  Operand operand;
  if (term.op == Operator::variable) {
    operand.kind = Operand::Kind::variable;
    operand.text = variables(term.left);
    return operand;
  }
  operand.kind = Operand::Kind::boolean;
  operand.truth = truth(index, variables);
  return operand;
}

bool Expression::truth(std::size_t index, const Variables& variables) const {
  const auto& term = terms_[index];
  switch (term.op) {
    case Operator::logical_not:
      return !truth(term.left, variables);
    case Operator::logical_and:
      return truth(term.left, variables) && truth(term.right, variables);
    case Operator::logical_or:
      return truth(term.left, variables) || truth(term.right, variables);
    case Operator::constant:
    case Operator::variable: {
      const auto operand = value(index, variables);
      if (operand.kind == Operand::Kind::boolean) return operand.truth;
      if (operand.kind == Operand::Kind::variable &&
          resolve_plain_scalar(operand.text) == Value::Kind::boolean)
        return to_boolean(operand.text);
      throw Failure{term.offset, describe(operand) + " is neither true nor false",
                    "compare it with '=='"};
    }
    default:
      return compare(term, variables);
  }
}

bool Expression::compare(const Term& term, const Variables& variables) const {
  auto left = value(term.left, variables);
  auto right = value(term.right, variables);
  const auto as_number = [](Operand& operand, const Operand& other) {
    using Kind = Operand::Kind;
    if (operand.kind != Kind::variable ||
        (other.kind != Kind::number && other.kind != Kind::variable))
      return;
    if (const auto number = to_real(operand.text)) {
      operand.number = *number;
      operand.kind = Kind::number;
    }
  };
  const auto as_boolean = [](Operand& operand, const Operand& other) {
    if (operand.kind != Operand::Kind::variable || other.kind != Operand::Kind::boolean) return;
    if (resolve_plain_scalar(operand.text) != Value::Kind::boolean) return;
    operand.kind = Operand::Kind::boolean;
    operand.truth = to_boolean(operand.text);
  };
  as_boolean(left, right);
  as_boolean(right, left);
  as_number(left, right);
  as_number(right, left);
  const auto kind_of = [](const Operand& operand) {
    return operand.kind == Operand::Kind::variable ? Operand::Kind::text : operand.kind;
  };
  const bool ordering = term.op != Operator::equal && term.op != Operator::not_equal;
  if (kind_of(left) != kind_of(right)) {
    const bool from_data =
        left.kind == Operand::Kind::variable || right.kind == Operand::Kind::variable;
    if (from_data && !ordering) return term.op == Operator::not_equal;
    throw Failure{term.offset,
                  base::format("{} and {} cannot be compared", describe(left), describe(right)),
                  ""};
  }
  int order = 0;
  if (kind_of(left) == Operand::Kind::number) {
    order = left.number < right.number ? -1 : left.number > right.number ? 1 : 0;
  } else if (kind_of(left) == Operand::Kind::boolean) {
    if (ordering) throw Failure{term.offset, "true and false have no order", ""};
    order = left.truth == right.truth ? 0 : 1;
  } else {
    order = left.text.compare(right.text);
  }
  switch (term.op) {
    case Operator::equal:
      return order == 0;
    case Operator::not_equal:
      return order != 0;
    case Operator::less:
      return order < 0;
    case Operator::less_equal:
      return order <= 0;
    case Operator::greater:
      return order > 0;
    default:
      return order >= 0;
  }
}

}  // namespace provrun::pipeline
