#include "provrun/db/database.hpp"

#include <utility>

#include "connection.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/db/transaction.hpp"

namespace provrun::db {

using base::Error;
using base::ErrorCode;

namespace {

constexpr const char* kRebuildHint =
    "it holds nothing that cannot be rebuilt: delete it, or run 'provrun repair --catalog'";
// 64 MiB of page cache: bulk inserts into the reverse indexes touch pages all over them.
constexpr const char* kWriterSettings =
    "PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-65536; "
    "PRAGMA journal_size_limit=16777216";

int newest_version(const Schema& schema) {
  return schema.migrations.empty() ? 0 : schema.migrations.back().version;
}

/// The path as a URI: SQLite takes `immutable` in no other way.
std::string immutable_uri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '?' || c == '#' || c == '%' || byte < 0x20) {
      uri += base::format("%{:02x}", byte);
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

bool is_empty_or_absent(const std::string& path) {
  const auto stat = os::stat_file(path);
  return !stat || stat->size == 0;
}

}  // namespace

Database::State::~State() {
  for (auto& [sql, statement] : statements) sqlite3_finalize(statement->handle);
  if (handle != nullptr) sqlite3_close_v2(handle);
}

void fail(const Database::State& connection, int code, std::string_view doing) {
  const auto file = base::printable(connection.path);
  const std::string detail =
      connection.handle != nullptr ? sqlite3_errmsg(connection.handle) : sqlite3_errstr(code);
  const auto message = [&](std::string_view what) {
    return base::format("cannot {} {}: {}", doing, file, what);
  };
  switch (code & 0xff) {
    case SQLITE_NOTADB:
      throw Error(ErrorCode::corruption, message("it is not a SQLite database")).hint(kRebuildHint);
    case SQLITE_CORRUPT:
      throw Error(ErrorCode::corruption, message("it is damaged (" + detail + ")"))
          .hint(kRebuildHint);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw Error(ErrorCode::unavailable,
                  message(base::format("another process has kept it locked for {}",
                                       base::format_duration(connection.busy_timeout))))
          .hint("try again when the other provrun is done");
    case SQLITE_FULL:
      throw Error(ErrorCode::no_space, message("no space left"));
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      throw Error(ErrorCode::refused, message(detail));
    case SQLITE_CANTOPEN:
      if (!os::stat_file(connection.path))
        throw Error(ErrorCode::not_found, message("no such file"));
      throw Error(ErrorCode::refused, message(detail));
    case SQLITE_CONSTRAINT:
      throw Error(ErrorCode::conflict, message(detail));
    case SQLITE_INTERRUPT:
      throw Error(ErrorCode::cancelled, message("interrupted"));
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      throw Error(ErrorCode::failed, message(detail));
    default:
      throw Error(ErrorCode::internal, message(detail));
  }
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::~Database() = default;
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;

namespace {

// SQLite calls a directory under its name "disk I/O error".
void require_file(const std::string& path) {
  const auto stat = os::stat_file(path);
  if (stat && stat->type != os::FileType::regular)
    throw Error(ErrorCode::corruption,
                base::format("cannot open {}: it is no regular file", base::printable(path)))
        .hint(kRebuildHint);
}

void open_handle(Database::State& state, const std::string& name, int flags) {
  const int code =
      sqlite3_open_v2(name.c_str(), &state.handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) fail(state, code, "open");
  sqlite3_extended_result_codes(state.handle, 1);
  sqlite3_busy_timeout(state.handle, static_cast<int>(state.busy_timeout.count()));
}

/// Brings an open, writable database to the newest version.
void migrate(Database& database, const Schema& schema) {
  Transaction transaction(database);
  const auto version = database.query_integer("PRAGMA user_version");  // again, now under the lock
  if (version == 0) {
    if (database.query_integer("SELECT count(*) FROM sqlite_schema") != 0)
      throw Error(ErrorCode::corruption,
                  base::format("cannot open {}: it is another program's database",
                               base::printable(database.path())))
          .hint(kRebuildHint);
    database.execute(base::format("PRAGMA application_id={}", schema.application_id));
  }
  for (const auto& migration : schema.migrations) {
    if (migration.version <= version) continue;
    database.execute(migration.sql);
    database.execute(base::format("PRAGMA user_version={}", migration.version));
  }
  transaction.commit();
}

/// True when the schema is up to date, false when it is older; throws when it is newer or foreign.
bool check_version(Database& database, const Schema& schema) {
  const auto version = database.query_integer("PRAGMA user_version");
  if (version > newest_version(schema))
    throw Error(ErrorCode::unsupported,
                base::format("cannot open {}: its format has version {}, known is {}",
                             base::printable(database.path()), version, newest_version(schema)))
        .hint("a newer provrun wrote it; update this one, or delete the file");
  if (version != 0 && database.query_integer("PRAGMA application_id") != schema.application_id)
    throw Error(ErrorCode::corruption,
                base::format("cannot open {}: it is another program's database",
                             base::printable(database.path())))
        .hint(kRebuildHint);
  return version == newest_version(schema);
}

}  // namespace

Database Database::open(const std::string& path, const Schema& schema, const Options& options) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->busy_timeout = options.busy_timeout;
  state->read_only = options.access == Access::read;
  require_file(path);
  if (state->read_only) {
    const auto before = os::stat_file(path);
    if (!before)
      throw Error(ErrorCode::not_found,
                  base::format("cannot open {}: no such file", base::printable(path)));
    // Nobody writes when neither file is there: the last connection to close removes both. A -wal
    // left behind empty, with no -shm, is as good as none.
    if (is_empty_or_absent(path + "-wal") && !os::stat_file(path + "-shm")) {
      state->immutable_stat = before;
      open_handle(*state, immutable_uri(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    } else {
      open_handle(*state, path, SQLITE_OPEN_READONLY);
    }
    Database database(std::move(state));
    if (!check_version(database, schema))
      throw Error(ErrorCode::unavailable,
                  base::format("cannot read {}: an older provrun made it", base::printable(path)))
          .hint("the next run brings it up to date");
    // SQLite reads a last page that was cut short as if it ended in zeros.
    constexpr std::uint64_t kSmallestPage = 512;
    if (database.state_->immutable_stat && before->size % kSmallestPage != 0)
      throw Error(ErrorCode::corruption,
                  base::format("cannot read {}: its end is missing", base::printable(path)))
          .hint(kRebuildHint);
    return database;
  }
  const bool create = options.access == Access::create;
  open_handle(*state, path, SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0));
  Database database(std::move(state));
  if (!check_version(database, schema)) {
    database.execute("PRAGMA journal_mode=WAL");
    migrate(database, schema);
  }
  database.execute(kWriterSettings);
  return database;
}

std::optional<Database> Database::open_if_present(const std::string& path, const Schema& schema) {
  if (!os::stat_file(path)) return std::nullopt;
  return open(path, schema, {.access = Access::read});
}

Database Database::in_memory(const Schema& schema) {
  auto state = std::make_unique<State>();
  state->path = ":memory:";
  open_handle(*state, state->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  Database database(std::move(state));
  migrate(database, schema);
  database.execute("PRAGMA foreign_keys=ON");
  return database;
}

Database Database::copy_in_memory() {
  auto state = std::make_unique<State>();
  state->path = ":memory:";
  open_handle(*state, state->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  auto* const backup = sqlite3_backup_init(state->handle, "main", state_->handle, "main");
  if (backup == nullptr) fail(*state, sqlite3_errcode(state->handle), "copy");
  const int code = sqlite3_backup_step(backup, -1);
  sqlite3_backup_finish(backup);
  if (code != SQLITE_DONE) fail(*state_, code, "copy");
  check_unchanged();
  Database database(std::move(state));
  database.execute("PRAGMA foreign_keys=ON");
  return database;
}

Statement Database::statement(std::string_view sql) {
  const auto [first, last] = state_->statements.equal_range(sql);
  for (auto it = first; it != last; ++it) {
    if (it->second->lent) continue;
    it->second->lent = true;
    return Statement(it->second.get());
  }
  auto cached = std::make_unique<CachedStatement>();
  cached->connection = state_.get();
  cached->sql = sql;
  const int code = sqlite3_prepare_v3(state_->handle, cached->sql.c_str(), -1,
                                      SQLITE_PREPARE_PERSISTENT, &cached->handle, nullptr);
  if (code != SQLITE_OK) fail(*state_, code, state_->read_only ? "read" : "use");
  cached->lent = true;
  auto* const raw = cached.get();
  state_->statements.emplace(std::string_view(raw->sql), std::move(cached));
  return Statement(raw);
}

void Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(state_->handle, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(*state_, code, state_->read_only ? "read" : "write");
}

std::int64_t Database::query_integer(const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  int code = sqlite3_prepare_v2(state_->handle, sql.c_str(), -1, &raw, nullptr);
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> handle(raw, &sqlite3_finalize);
  if (code == SQLITE_OK) code = sqlite3_step(raw);
  if (code != SQLITE_ROW && code != SQLITE_DONE) fail(*state_, code, "read");
  return code == SQLITE_ROW ? sqlite3_column_int64(raw, 0) : 0;
}

std::int64_t Database::last_insert_rowid() const {
  return sqlite3_last_insert_rowid(state_->handle);
}
std::int64_t Database::changes() const {
  return sqlite3_changes64(state_->handle);
}
bool Database::in_transaction() const {
  return sqlite3_get_autocommit(state_->handle) == 0;
}
std::int64_t Database::epoch() {
  auto query = statement("PRAGMA data_version");
  query.step();
  return query.integer(0) + state_->rollbacks;
}
bool Database::read_only() const {
  return state_->read_only;
}
const std::string& Database::path() const {
  return state_->path;
}

void Database::check_unchanged() const {
  if (!state_->immutable_stat) return;
  const auto now = os::stat_file(state_->path);
  const auto& then = *state_->immutable_stat;
  if (now && now->inode == then.inode && now->size == then.size && now->mtime_ns == then.mtime_ns)
    return;
  throw Error(ErrorCode::unavailable,
              base::format("{} changed while it was read", base::printable(state_->path)))
      .hint("try again");
}

}  // namespace provrun::db
