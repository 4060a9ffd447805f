#include "provrun/db/statement.hpp"

#include <cstring>

#include "connection.hpp"

namespace provrun::db {

namespace {
// A null pointer would bind NULL; an empty value is not NULL.
const char* never_null(const void* data) {
  return data != nullptr ? static_cast<const char*>(data) : "";
}
}  // namespace

Statement::Statement(CachedStatement* cached) : cached_(cached), handle_(cached->handle) {}

Statement::Statement(Statement&& other) noexcept : cached_(other.cached_), handle_(other.handle_) {
  other.cached_ = nullptr;
  other.handle_ = nullptr;
}

Statement::~Statement() {
  if (cached_ == nullptr) return;
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
  cached_->lent = false;
}

Statement& Statement::bind(int index, std::int64_t value) {
  check(sqlite3_bind_int64(handle_, index, value));
  return *this;
}

Statement& Statement::bind(int index, double value) {
  check(sqlite3_bind_double(handle_, index, value));
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  check(sqlite3_bind_text64(handle_, index, never_null(text.data()), text.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(int index, Bytes bytes) {
  check(sqlite3_bind_blob64(handle_, index, never_null(bytes.data()), bytes.size(),
                            SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind_borrowed(int index, Bytes bytes) {
  check(sqlite3_bind_blob64(handle_, index, never_null(bytes.data()), bytes.size(), SQLITE_STATIC));
  return *this;
}

Statement& Statement::bind_null(int index) {
  check(sqlite3_bind_null(handle_, index));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  fail(code);
}

void Statement::reset() {
  sqlite3_reset(handle_);
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}
std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_, column);
}
double Statement::real(int column) const {
  return sqlite3_column_double(handle_, column);
}

std::string_view Statement::text(int column) const {
  const auto* data = sqlite3_column_text(handle_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
  return {data != nullptr ? reinterpret_cast<const char*>(data) : "", size};
}

Bytes Statement::blob(int column) const {
  const auto* data = sqlite3_column_blob(handle_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
  return {static_cast<const std::uint8_t*>(data), size};
}

void Statement::fail(int code) const {
  // The error must be made before the reset: that clears the connection's message.
  try {
    db::fail(*cached_->connection, code, cached_->connection->read_only ? "read" : "use");
  } catch (...) {
    sqlite3_reset(handle_);
    throw;
  }
}

}  // namespace provrun::db
