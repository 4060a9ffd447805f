#pragma once

#include <sqlite3.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "provrun/db/database.hpp"
#include "provrun/os/file.hpp"

namespace provrun::db {

/// One compiled statement with the connection whose cache it belongs to.
struct CachedStatement {
  Database::State* connection = nullptr;
  std::string sql;
  sqlite3_stmt* handle = nullptr;
  bool lent = false;
};

struct Database::State {
  sqlite3* handle = nullptr;
  std::string path;
  std::chrono::milliseconds busy_timeout{0};
  bool read_only = false;
  std::int64_t rollbacks = 0;
  /// What the file looked like when it was opened as immutable.
  std::optional<os::FileStat> immutable_stat;
  std::unordered_multimap<std::string_view, std::unique_ptr<CachedStatement>> statements;

  ~State();
};

/// Throws the Error of a SQLite result code. `doing` is "cannot …" without the file's name.
[[noreturn]] void fail(const Database::State& connection, int code, std::string_view doing);

}  // namespace provrun::db
