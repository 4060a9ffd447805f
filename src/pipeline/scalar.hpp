#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "provrun/pipeline/value.hpp"

namespace provrun::pipeline {

/// What a plain scalar is by the YAML 1.2 core schema (chapter 10.3.2): null, boolean, integer,
/// real or text. `yes`, `on` and dates are text. Integers that do not fit 64 bits are reals.
Value::Kind resolve_plain_scalar(std::string_view text);

/// The value of a scalar of that kind. to_real also takes integers; nullopt for .inf and .nan.
std::optional<std::int64_t> to_integer(std::string_view text);
std::optional<double> to_real(std::string_view text);
bool to_boolean(std::string_view text);

constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// [A-Za-z_][A-Za-z0-9_]*
bool is_identifier(std::string_view text);
/// [A-Za-z_][A-Za-z0-9_-]*
bool is_dashed_identifier(std::string_view text);

}  // namespace provrun::pipeline
