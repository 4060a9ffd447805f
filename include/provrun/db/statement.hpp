#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

struct sqlite3_stmt;

namespace provrun::db {

class Database;
struct CachedStatement;

/// A run of bytes, to tell a BLOB from TEXT.
using Bytes = std::span<const std::uint8_t>;

/// One compiled statement, lent by Database::statement(). It must not outlive its Database.
/// Parameters are numbered from 1, columns from 0. Errors as in database.hpp.
class Statement {
 public:
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, double value);
  /// TEXT; any bytes without NUL. Copied.
  Statement& bind(int index, std::string_view text);
  /// BLOB. Copied.
  Statement& bind(int index, Bytes bytes);
  /// BLOB, not copied: the bytes must stay until the next reset().
  Statement& bind_borrowed(int index, Bytes bytes);
  Statement& bind_null(int index);

  /// Binds all parameters from the first on; nullopt and nullptr become NULL.
  template <typename... Values>
  Statement& bind_all(const Values&... values) {
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }

  /// True when there is a row.
  bool step();
  /// Ready for the next use; bindings stay.
  void reset();
  /// Steps to the end and resets: for statements without rows.
  void run();
  /// bind_all and run.
  template <typename... Values>
  void run_with(const Values&... values) {
    bind_all(values...).run();
  }

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  /// Valid until the next step, reset or bind.
  std::string_view text(int column) const;
  Bytes blob(int column) const;

 private:
  friend class Database;
  explicit Statement(CachedStatement* cached);

  template <typename Value>
  void bind_one(int index, const Value& value) {
    if constexpr (std::is_same_v<Value, std::nullptr_t> || std::is_same_v<Value, std::nullopt_t>) {
      bind_null(index);
    } else if constexpr (std::is_integral_v<Value> || std::is_enum_v<Value>) {
      bind(index, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_floating_point_v<Value>) {
      bind(index, static_cast<double>(value));
    } else if constexpr (std::is_convertible_v<const Value&, std::string_view>) {
      bind(index, std::string_view(value));
    } else if constexpr (std::is_convertible_v<const Value&, Bytes>) {
      bind(index, Bytes(value));
    } else {
      value ? bind_one(index, *value) : static_cast<void>(bind_null(index));  // std::optional
    }
  }

  [[noreturn]] void fail(int code) const;
  void check(int code) const {
    if (code != 0) fail(code);
  }

  CachedStatement* cached_ = nullptr;
  sqlite3_stmt* handle_ = nullptr;
};

}  // namespace provrun::db
