#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "provrun/db/statement.hpp"

namespace provrun::db {

enum class Access {
  read,    ///< never changes the file; it must exist
  write,   ///< the file must exist
  create,  ///< the file is made when it is absent (its directory must exist)
};

/// One step of a schema's history: the statements that lead from version - 1 to version.
struct Migration {
  int version;
  const char* sql;
};

/// What a database file is and how to treat it. Lives at least as long as the call that takes it.
struct Schema {
  std::int32_t application_id = 0;          ///< PRAGMA application_id, bytes 68..71 of the file
  std::span<const Migration> migrations{};  ///< by ascending version, the first is 1
};

struct Options {
  Access access = Access::create;
  std::chrono::milliseconds busy_timeout{10'000};  ///< how long to wait for another process's lock
};

/// One connection to one SQLite file. WAL, synchronous=NORMAL, foreign keys on. One thread at a
/// time.
///
/// A reader sees the last committed state while a writer writes. When nobody has the file open for
/// writing (no -wal and -shm files beside it), Access::read opens it as immutable: no file is
/// created and no lock is taken. Should a writer come in between, check_unchanged() tells.
///
/// Errors of every call in this room are base::Error: corruption (not a database, damaged; with the
/// hint how to rebuild it), unavailable (locked longer than busy_timeout), no_space, refused
/// (permissions), not_found (no such file), unsupported (written by a newer provrun), conflict
/// (constraint), failed (input/output), internal (a defect in the SQL).
class Database {
 public:
  /// Opens, and with Access::write or create brings the schema to its newest version. With
  /// Access::read an older schema is Error(unavailable), a newer one Error(unsupported).
  static Database open(const std::string& path, const Schema& schema, const Options& options = {});
  /// nullopt when there is no such file; Access::read.
  static std::optional<Database> open_if_present(const std::string& path, const Schema& schema);
  /// A private database that vanishes with the object.
  static Database in_memory(const Schema& schema);

  /// A private one with what is committed here now. Waits for a writer's lock as long as any call.
  Database copy_in_memory();

  ~Database();
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;

  /// A statement from this connection's cache, or a newly compiled one; it returns to the cache
  /// when it is destroyed. The same text may be lent several times at once.
  Statement statement(std::string_view sql);
  /// Runs statements separated by semicolons, without results.
  void execute(const std::string& sql);
  /// First column of the first row as an integer; for pragmas and counts.
  std::int64_t query_integer(const std::string& sql);

  std::int64_t last_insert_rowid() const;
  /// Rows changed by the last INSERT, UPDATE or DELETE.
  std::int64_t changes() const;
  bool in_transaction() const;
  /// Grows whenever something written before may have vanished or changed: by a rollback here, or
  /// by another connection's commit. Row numbers remembered outside the database hold while it
  /// stays.
  std::int64_t epoch();
  bool read_only() const;
  const std::string& path() const;

  /// For an immutable reader: throws Error(unavailable) when the file has changed since it was
  /// opened, so that what was read may be a mixture. Costs one stat; nothing for other connections.
  void check_unchanged() const;

  /// Held by statements, so that none outlives its connection in an unsafe way.
  struct State;

 private:
  friend class Transaction;
  explicit Database(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace provrun::db
