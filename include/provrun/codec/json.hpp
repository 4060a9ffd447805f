#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace provrun::codec {

/// A JSON value. Objects keep the order in which members were added. Integers and doubles are told
/// apart, so that 1 stays 1. A value type: copies are deep.
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(int value) : value_(std::int64_t{value}) {}
  Json(std::int64_t value) : value_(value) {}
  Json(std::uint64_t value) : value_(static_cast<std::int64_t>(value)) {}
  Json(double value) : value_(value) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}

  static Json array() { return Json(Array{}); }
  static Json object() { return Json(Object{}); }
  static Json object(std::initializer_list<Member> members) { return Json(Object(members)); }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(value_); }
  bool is_double() const { return std::holds_alternative<double>(value_); }
  bool is_number() const { return is_integer() || is_double(); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  /// Each throws base::Error(invalid_input) naming the expected kind when the value is of another.
  bool as_bool() const;
  std::int64_t as_integer() const;
  double as_double() const;  ///< integers too
  const std::string& as_string() const;
  const Array& as_array() const;
  Array& as_array();
  const Object& as_object() const;
  Object& as_object();

  /// The member's value, or nullptr if absent or this is no object.
  const Json* find(std::string_view key) const;
  /// The member's value; throws base::Error(invalid_input) "missing member KEY" if absent.
  const Json& at(std::string_view key) const;
  /// The member's string or integer, or the fallback if absent or of another kind.
  std::string get_string(std::string_view key, std::string_view fallback = {}) const;
  std::int64_t get_integer(std::string_view key, std::int64_t fallback = 0) const;
  bool get_bool(std::string_view key, bool fallback = false) const;
  /// Adds a member, or replaces it. A null value becomes an object first.
  Json& set(std::string_view key, Json value);
  /// Adds an element. A null value becomes an array first.
  Json& push_back(Json value);

  /// One line, members in their order. Strings that are not UTF-8 have each invalid byte replaced
  /// by U+FFFD: keep such bytes in a base64 member beside (see core/record.hpp).
  std::string dump() const;
  /// Indented by two spaces, for people.
  std::string dump_pretty() const;
  /// RFC 8785 (JCS) form: members sorted by UTF-16 code units, no white space, shortest numbers.
  std::string canonical() const;

  bool operator==(const Json&) const = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

/// Appends the JSON string literal of the text, quotes included.
void append_json_string(std::string& out, std::string_view text);

/// Parses one JSON text (RFC 8259), at most max_depth levels deep. Duplicate members, trailing
/// bytes, bad UTF-8 and numbers out of range are errors: base::Error(invalid_input) with line and
/// column.
Json parse_json(std::string_view text, int max_depth = 200);

}  // namespace provrun::codec
