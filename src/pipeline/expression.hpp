#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "provrun/pipeline/value.hpp"

// The language of `when`:
//   or      = and {"or" and}
//   and     = not {"and" not}
//   not     = "not" not | compare
//   compare = primary [("==" | "!=" | "<" | "<=" | ">" | ">=") primary]
//   primary = NUMBER | 'text' | "text" | "true" | "false" | NAME{.NAME} | "(" or ")"
namespace provrun::pipeline {

class Expression {
 public:
  /// A value during evaluation. A text that came from a variable (CSV cell, file name) counts as a
  /// number wherever it looks like one and meets a number or another such text, as in awk.
  struct Operand {
    enum class Kind { boolean, number, text, variable };
    Kind kind = Kind::text;
    bool truth = false;
    double number = 0;
    std::string text;
  };
  /// Where a failure lies: an offset in bytes into the expression.
  struct Failure {
    std::size_t offset = 0;
    std::string message;
    std::string hint;
  };
  /// Turns a name into what it stands for: a variable's index, or a constant operand.
  struct Name {
    std::optional<std::size_t> variable;
    Operand constant;
  };
  /// Returns the failure for a name that is not known.
  using Resolver =
      std::function<std::variant<Name, Failure>(std::string_view name, std::size_t offset)>;
  using Variables = std::function<std::string_view(std::size_t index)>;

  static std::variant<Expression, Failure> compile(std::string_view text, const Resolver& resolver);
  std::variant<bool, Failure> evaluate(const Variables& variables) const;

 private:
  friend class ExpressionParser;
  enum class Operator {
    constant,
    variable,
    logical_not,
    logical_and,
    logical_or,
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal
  };
  struct Term {
    Operator op = Operator::constant;
    std::size_t offset = 0;
    std::size_t left = 0;  // index of a term; of a variable
    std::size_t right = 0;
    Operand constant;
  };
  Operand value(std::size_t term, const Variables& variables) const;
  bool truth(std::size_t term, const Variables& variables) const;
  bool compare(const Term& term, const Variables& variables) const;
  std::vector<Term> terms_;  // the last one is the whole
};

}  // namespace provrun::pipeline
