#include "provrun/codec/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"

namespace provrun::codec {

namespace {

[[noreturn]] void wrong_kind(const char* expected) {
  throw base::Error(base::ErrorCode::invalid_input, base::format("expected {} in JSON", expected));
}

template <typename T, typename Variant>
auto& get_or_throw(Variant& value, const char* expected) {
  auto* held = std::get_if<T>(&value);
  if (held == nullptr) wrong_kind(expected);
  return *held;
}

}  // namespace

bool Json::as_bool() const {
  return get_or_throw<bool>(value_, "true or false");
}
std::int64_t Json::as_integer() const {
  return get_or_throw<std::int64_t>(value_, "an integer");
}
double Json::as_double() const {
  if (is_integer()) return static_cast<double>(as_integer());
  return get_or_throw<double>(value_, "a number");
}
const std::string& Json::as_string() const {
  return get_or_throw<std::string>(value_, "a string");
}
const Json::Array& Json::as_array() const {
  return get_or_throw<Array>(value_, "an array");
}
Json::Array& Json::as_array() {
  return get_or_throw<Array>(value_, "an array");
}
const Json::Object& Json::as_object() const {
  return get_or_throw<Object>(value_, "an object");
}
Json::Object& Json::as_object() {
  return get_or_throw<Object>(value_, "an object");
}

const Json* Json::find(std::string_view key) const {
  const auto* object = std::get_if<Object>(&value_);
  if (object == nullptr) return nullptr;
  for (const auto& member : *object)
    if (member.first == key) return &member.second;
  return nullptr;
}

const Json& Json::at(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr)
    throw base::Error(base::ErrorCode::invalid_input, base::format("missing member '{}'", key));
  return *value;
}

std::string Json::get_string(std::string_view key, std::string_view fallback) const {
  const auto* value = find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string(fallback);
}

std::int64_t Json::get_integer(std::string_view key, std::int64_t fallback) const {
  const auto* value = find(key);
  return value != nullptr && value->is_integer() ? value->as_integer() : fallback;
}

bool Json::get_bool(std::string_view key, bool fallback) const {
  const auto* value = find(key);
  return value != nullptr && value->is_bool() ? value->as_bool() : fallback;
}

Json& Json::set(std::string_view key, Json value) {
  if (is_null()) value_ = Object{};
  auto& object = as_object();
  for (auto& member : object)
    if (member.first == key) {
      member.second = std::move(value);
      return *this;
    }
  object.emplace_back(std::string(key), std::move(value));
  return *this;
}

Json& Json::push_back(Json value) {
  if (is_null()) value_ = Array{};
  as_array().push_back(std::move(value));
  return *this;
}

namespace {

// Bytes that a JSON string literal can hold as they are.
bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

void append_escape(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += base::format("\\u{:04x}", c);
  }
}

// ECMAScript's number form, as RFC 8785 asks: fixed notation from 1e-6 up to 1e21.
void append_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  if (value == 0) {
    out += '0';
    return;
  }
  const double size = std::fabs(value);
  char buffer[400];
  if (size >= 1e-6 && size < 1e21) {
    const auto end =
        std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr;
    out.append(buffer, end);
    return;
  }
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  std::string text(buffer, end);
  const auto e = text.find('e');  // to_chars pads the exponent: e-07 must be e-7
  std::size_t digits = e + 2;
  while (digits + 1 < text.size() && text[digits] == '0') text.erase(digits, 1);
  out += text;
}

std::u16string utf16(std::string_view utf8) {
  std::u16string units;
  std::size_t i = 0;
  while (i < utf8.size()) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    const int length = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    std::uint32_t point = length == 1 ? c : c & (0xFFU >> (length + 1));
    for (int k = 1; k < length && i + static_cast<std::size_t>(k) < utf8.size(); ++k)
      point =
          point << 6U | (static_cast<unsigned char>(utf8[i + static_cast<std::size_t>(k)]) & 0x3FU);
    i += static_cast<std::size_t>(length);
    if (point < 0x10000) {
      units += static_cast<char16_t>(point);
    } else {
      units += static_cast<char16_t>(0xD7C0 + (point >> 10U));
      units += static_cast<char16_t>(0xDC00 + (point & 0x3FFU));
    }
  }
  return units;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool utf16_less(const std::string& a, const std::string& b) {
  if (is_ascii(a) && is_ascii(b)) return a < b;
  return utf16(a) < utf16(b);
}

enum class Order { given, sorted };

struct Style {
  Order order = Order::given;
  int indent = 0;  // 0: one line
};

void append_break(std::string& out, const Style& style, int depth) {
  if (style.indent == 0) return;
  out += '\n';
  out.append(static_cast<std::size_t>(style.indent * depth), ' ');
}

void append(std::string& out, const Json& json, const Style& style, int depth) {
  if (json.is_null()) {
    out += "null";
  } else if (json.is_bool()) {
    out += json.as_bool() ? "true" : "false";
  } else if (json.is_integer()) {
    out += std::to_string(json.as_integer());
  } else if (json.is_double()) {
    append_double(out, json.as_double());
  } else if (json.is_string()) {
    append_json_string(out, json.as_string());
  } else if (json.is_array()) {
    const auto& elements = json.as_array();
    out += '[';
    for (std::size_t i = 0; i < elements.size(); ++i) {
      if (i > 0) out += ',';
      append_break(out, style, depth + 1);
      append(out, elements[i], style, depth + 1);
    }
    if (!elements.empty()) append_break(out, style, depth);
    out += ']';
  } else {
    const auto& object = json.as_object();
    std::vector<const Json::Member*> members;
    members.reserve(object.size());
    for (const auto& member : object) members.push_back(&member);
    if (style.order == Order::sorted)
      std::sort(members.begin(), members.end(),
                [](const auto* a, const auto* b) { return utf16_less(a->first, b->first); });
    out += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i > 0) out += ',';
      append_break(out, style, depth + 1);
      append_json_string(out, members[i]->first);
      out += style.indent > 0 ? ": " : ":";
      append(out, members[i]->second, style, depth + 1);
    }
    if (!members.empty()) append_break(out, style, depth);
    out += '}';
  }
}

// Builds our value from nlohmann's parser events, and refuses what it lets pass.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(int max_depth) : max_depth_(max_depth) {}

  bool null() override { return add(Json()); }
  bool boolean(bool value) override { return add(Json(value)); }
  bool number_integer(number_integer_t value) override { return add(Json(std::int64_t{value})); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > INT64_MAX) return fail("number out of range");
    return add(Json(static_cast<std::int64_t>(value)));
  }
  bool number_float(number_float_t value, const string_t&) override {
    if (!std::isfinite(value)) return fail("number out of range");
    return add(Json(value));
  }
  bool string(string_t& value) override { return add(Json(std::move(value))); }
  bool binary(binary_t&) override { return fail("binary value"); }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool key(string_t& value) override {
    if (open_.back().find(value) != nullptr) return fail("duplicate member '" + value + "'");
    keys_.back() = std::move(value);
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::detail::exception&) override {
    position_ = position;
    return fail("not JSON near '" + base::printable(token.substr(0, 40)) + "'");
  }

  Json result;
  std::string problem;
  std::size_t position_ = 0;

 private:
  bool fail(std::string what) {
    problem = std::move(what);
    return false;
  }
  bool add(Json value) {
    if (open_.empty()) {
      result = std::move(value);
      return true;
    }
    if (open_.back().is_array())
      open_.back().push_back(std::move(value));
    else
      open_.back().as_object().emplace_back(std::move(keys_.back()), std::move(value));
    return true;
  }
  bool open(Json value) {
    if (static_cast<int>(open_.size()) >= max_depth_) return fail("nested too deeply");
    open_.push_back(std::move(value));
    keys_.emplace_back();
    return true;
  }
  bool close() {
    Json value = std::move(open_.back());
    open_.pop_back();
    keys_.pop_back();
    return add(std::move(value));
  }

  int max_depth_;
  std::vector<Json> open_;
  std::vector<std::string> keys_;
};

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    std::size_t n = 0;
    while (n < text.size() && is_plain(text[n])) ++n;
    out.append(text.data(), n);
    text.remove_prefix(n);
    if (text.empty()) break;
    const auto c = static_cast<unsigned char>(text[0]);
    if (c < 0x80) {
      append_escape(out, c);
      text.remove_prefix(1);
      continue;
    }
    std::size_t length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    length = std::min(length, text.size());
    if (base::is_valid_utf8(text.substr(0, length))) {
      out.append(text.data(), length);
      text.remove_prefix(length);
    } else {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
    }
  }
  out += '"';
}

std::string Json::dump() const {
  std::string out;
  append(out, *this, {}, 0);
  return out;
}

std::string Json::dump_pretty() const {
  std::string out;
  append(out, *this, {Order::given, 2}, 0);
  return out;
}

std::string Json::canonical() const {
  std::string out;
  append(out, *this, {Order::sorted, 0}, 0);
  return out;
}

Json parse_json(std::string_view text, int max_depth) {
  Builder builder(max_depth);
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &builder))
    return std::move(builder.result);
  base::Position position;
  if (builder.position_ > 0) {
    const auto before = text.substr(0, std::min(builder.position_ - 1, text.size()));
    position.line = static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1;
    position.column = static_cast<int>(before.size() - (before.rfind('\n') + 1)) + 1;
  }
  throw base::Error(base::ErrorCode::invalid_input, builder.problem).at(std::move(position));
}

}  // namespace provrun::codec
