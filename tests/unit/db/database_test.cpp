#include "provrun/db/database.hpp"

#include <array>
#include <thread>

#include "provrun/base/error.hpp"
#include "provrun/db/transaction.hpp"
#include "provrun/os/file.hpp"
#include "support/catch.hpp"

using namespace provrun;
using base::ErrorCode;

namespace {

constexpr std::array<db::Migration, 1> kFirst{
    {{1, "CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT)"}}};
constexpr std::array<db::Migration, 2> kSecond{
    {{1, "CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT)"},
     {2, "ALTER TABLE t ADD COLUMN y INTEGER"}}};
const db::Schema kSchema{0x11223344, kFirst};
const db::Schema kNewer{0x11223344, kSecond};

class Folder {
 public:
  Folder() : path_(os::make_temporary_directory("/tmp/provrun-db-")) {}
  ~Folder() { os::remove_tree(path_); }
  std::string file(const std::string& name) const { return os::join_path(path_, name); }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : os::list_directory(path_)) names.push_back(entry.name);
    return names;
  }

 private:
  std::string path_;
};

template <typename Action>
base::Error error_of(Action&& action) {
  try {
    action();
  } catch (const base::Error& error) {
    return error;
  }
  FAIL("no error");
  return base::Error(ErrorCode::internal, "");
}

void write_file(const std::string& path, const std::string& bytes) {
  os::write_file_atomically(path, bytes, os::Durability::cached, 0644);
}

}  // namespace

TEST_CASE("values go in and come out as they were") {
  auto database = db::Database::in_memory(kSchema);
  const std::string odd("\xff\xfe text", 7);
  database.statement("INSERT INTO t VALUES(?,?)").run_with(7, odd);
  auto query = database.statement("SELECT id, x, NULL, x'00ff', 1.5 FROM t WHERE x=?");
  query.bind(1, std::string_view(odd));
  REQUIRE(query.step());
  CHECK(query.integer(0) == 7);
  CHECK(query.text(1) == odd);
  CHECK(query.is_null(2));
  CHECK(query.blob(3).size() == 2);
  CHECK(query.real(4) == 1.5);
  CHECK_FALSE(query.step());
  database.statement("INSERT INTO t VALUES(?,?)").run_with(8, std::optional<std::string>());
  CHECK(database.query_integer("SELECT count(*) FROM t WHERE x IS NULL") == 1);
  database.statement("INSERT INTO t VALUES(?,?)").run_with(9, "");
  CHECK(database.query_integer("SELECT count(*) FROM t WHERE x=''") == 1);
}

TEST_CASE("a statement lent twice is two statements, and bindings do not survive the return") {
  auto database = db::Database::in_memory(kSchema);
  database.execute("INSERT INTO t VALUES(1,'a'),(2,'b')");
  constexpr const char* kSql = "SELECT id FROM t WHERE id>=?1 OR ?1 IS NULL";
  {
    auto outer = database.statement(kSql);
    outer.bind(1, std::int64_t{2});
    auto inner = database.statement(kSql);
    inner.bind(1, std::int64_t{1});
    REQUIRE(outer.step());
    REQUIRE(inner.step());
    CHECK(outer.integer(0) == 2);
    CHECK(inner.integer(0) == 1);
  }
  auto again = database.statement(kSql);
  int rows = 0;
  while (again.step()) ++rows;
  CHECK(rows == 2);
}

TEST_CASE("a transaction that is not committed leaves nothing, nested ones too") {
  auto database = db::Database::in_memory(kSchema);
  const auto epoch = database.epoch();
  {
    db::Transaction outer(database);
    database.execute("INSERT INTO t VALUES(1,'kept')");
    {
      db::Transaction inner(database);
      database.execute("INSERT INTO t VALUES(2,'lost')");
    }
    {
      db::Transaction inner(database);
      database.execute("INSERT INTO t VALUES(3,'kept')");
      inner.commit();
    }
    outer.commit();
  }
  CHECK(database.query_integer("SELECT sum(id) FROM t") == 4);
  CHECK(database.epoch() != epoch);
  {
    db::Transaction lost(database);
    database.execute("DELETE FROM t");
  }
  CHECK(database.query_integer("SELECT count(*) FROM t") == 2);
  CHECK_FALSE(database.in_transaction());
}

TEST_CASE("an empty file and an absent one become databases, an older one is migrated") {
  const Folder folder;
  write_file(folder.file("empty.db"), "");
  for (const auto* name : {"empty.db", "absent.db"}) {
    auto database = db::Database::open(folder.file(name), kSchema);
    CHECK(database.query_integer("PRAGMA user_version") == 1);
    CHECK(database.query_integer("PRAGMA application_id") == 0x11223344);
    CHECK(database.query_integer("PRAGMA foreign_keys") == 1);
    database.execute("INSERT INTO t VALUES(1,'old')");
  }
  const auto error =
      error_of([&] { db::Database::open(folder.file("absent.db"), kNewer, {db::Access::read}); });
  CHECK(error.code() == ErrorCode::unavailable);
  auto database = db::Database::open(folder.file("absent.db"), kNewer);
  CHECK(database.query_integer("PRAGMA user_version") == 2);
  CHECK(database.query_integer("SELECT count(*) FROM t WHERE x='old' AND y IS NULL") == 1);
}

TEST_CASE("a newer format is refused with a hint") {
  const Folder folder;
  const auto path = folder.file("a.db");
  { const auto database = db::Database::open(path, kNewer); }
  const auto error = error_of([&] { db::Database::open(path, kSchema); });
  CHECK(error.code() == ErrorCode::unsupported);
  CHECK(error.message() == "cannot open " + path + ": its format has version 2, known is 1");
  CHECK(error.hint() == "a newer provrun wrote it; update this one, or delete the file");
}

TEST_CASE("what is no database of ours is corruption with the way out") {
  const Folder folder;
  const auto text = folder.file("text.db");
  write_file(text, std::string(5000, 'x'));
  const std::string hint =
      "it holds nothing that cannot be rebuilt: delete it, or run 'provrun repair --catalog'";
  for (const auto access : {db::Access::create, db::Access::read}) {
    const auto error = error_of([&] { db::Database::open(text, kSchema, {access}); });
    CHECK(error.code() == ErrorCode::corruption);
    CHECK(error.message() == "cannot read " + text + ": it is not a SQLite database");
    CHECK(error.hint() == hint);
  }
  const auto foreign = folder.file("foreign.db");
  { const auto database = db::Database::open(foreign, {0x55667788, kFirst}); }
  CHECK(error_of([&] { db::Database::open(foreign, kSchema); }).code() == ErrorCode::corruption);

  const auto missing =
      error_of([&] { db::Database::open(folder.file("none.db"), kSchema, {db::Access::read}); });
  CHECK(missing.code() == ErrorCode::not_found);
  CHECK_FALSE(db::Database::open_if_present(folder.file("none.db"), kSchema));
}

TEST_CASE("every damaged page is an error or harmless, never a crash or a wrong schema") {
  const Folder folder;
  const auto path = folder.file("a.db");
  {
    auto database = db::Database::open(path, kSchema);
    db::Transaction transaction(database);
    for (int i = 0; i < 500; ++i)
      database.statement("INSERT INTO t VALUES(?,?)").run_with(i, std::string(50, 'y'));
    transaction.commit();
  }
  const auto whole = os::read_file(path);
  for (std::size_t at = 0; at < whole.size(); at += 211) {
    auto damaged = whole;
    for (std::size_t i = at; i < std::min(at + 8, damaged.size()); ++i)
      damaged[i] = static_cast<char>(damaged[i] ^ 0x5a);
    write_file(path, damaged);
    try {
      auto database = db::Database::open(path, kSchema, {db::Access::read});
      auto query = database.statement("SELECT id, x FROM t");
      while (query.step()) CHECK(query.text(1).size() < 10'000);
    } catch (const base::Error& error) {
      INFO(error.message());
      CHECK(error.code() != ErrorCode::not_found);
      CHECK(error.code() != ErrorCode::conflict);
    }
  }
  for (std::size_t size = 1; size < whole.size(); size += 1500) {
    write_file(path, whole.substr(0, size));
    CHECK_THROWS_AS(
        [&] {
          auto database = db::Database::open(path, kSchema, {db::Access::read});
          auto query = database.statement("SELECT id, x FROM t");
          while (query.step()) {
          }
        }(),
        base::Error);
  }
}

TEST_CASE(
    "a reader leaves no trace where nobody writes, and sees committed rows where somebody does") {
  const Folder folder;
  const auto path = folder.file("a b?#%.db");
  {
    auto database = db::Database::open(path, kSchema);
    database.execute("INSERT INTO t VALUES(1,'a')");
  }
  const auto before = os::stat_file(path);
  {
    auto reader = db::Database::open(path, kSchema, {db::Access::read});
    CHECK(reader.read_only());
    CHECK(reader.query_integer("SELECT count(*) FROM t") == 1);
    CHECK(folder.names() == std::vector<std::string>{"a b?#%.db"});
    CHECK(error_of([&] { reader.execute("DELETE FROM t"); }).code() == ErrorCode::refused);
    reader.check_unchanged();

    auto writer = db::Database::open(path, kSchema);
    db::Transaction transaction(writer);
    writer.execute("INSERT INTO t VALUES(2,'b')");
    auto second = db::Database::open(path, kSchema, {db::Access::read});
    CHECK(second.query_integer("SELECT count(*) FROM t") == 1);
    transaction.commit();
    CHECK(second.query_integer("SELECT count(*) FROM t") == 2);
    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    CHECK(error_of([&] { reader.check_unchanged(); }).code() == ErrorCode::unavailable);
    second.check_unchanged();
  }
  CHECK(before->inode == os::stat_file(path)->inode);
}

TEST_CASE("a copy in memory has what is committed and goes its own way") {
  const Folder folder;
  auto writer = db::Database::open(folder.file("db"), kNewer);
  writer.execute("INSERT INTO t(id, x) VALUES(1, 'kept')");
  {
    auto reader = db::Database::open(folder.file("db"), kNewer, {.access = db::Access::read});
    writer.execute("BEGIN; INSERT INTO t(id, x) VALUES(2, 'not committed')");
    auto copy = reader.copy_in_memory();
    writer.execute("ROLLBACK");
    CHECK(copy.query_integer("SELECT count(*) FROM t") == 1);
    copy.execute("INSERT INTO t(id, x) VALUES(3, 'only here')");
    CHECK(copy.query_integer("SELECT count(*) FROM t") == 2);
    CHECK(reader.query_integer("SELECT count(*) FROM t") == 1);
  }
  { const auto closed = std::move(writer); }
  auto quiet = db::Database::open(folder.file("db"), kNewer, {.access = db::Access::read});
  auto copy = quiet.copy_in_memory();
  copy.execute("DELETE FROM t");
  CHECK(quiet.query_integer("SELECT count(*) FROM t") == 1);
  CHECK(folder.names() == std::vector<std::string>{"db"});
}

TEST_CASE("a lock that stays is reported with the time waited") {
  const Folder folder;
  const auto path = folder.file("a.db");
  auto first = db::Database::open(path, kSchema);
  auto second =
      db::Database::open(path, kSchema, {db::Access::write, std::chrono::milliseconds(60)});
  const db::Transaction held(first);
  const auto error = error_of([&] { const db::Transaction waiting(second); });
  CHECK(error.code() == ErrorCode::unavailable);
  CHECK(error.message() == "cannot use " + path + ": another process has kept it locked for 60 ms");
}

TEST_CASE("a reader keeps reading while a writer inserts") {
  const Folder folder;
  const auto path = folder.file("a.db");
  auto writer = db::Database::open(path, kSchema);
  bool consistent = true;
  std::int64_t last = 0;
  std::thread reading([&] {
    auto reader = db::Database::open(path, kSchema, {db::Access::read});
    while (last < 400) {
      const auto count = reader.query_integer("SELECT count(*) FROM t");
      consistent = consistent && count >= last && count % 20 == 0;
      last = count;
    }
  });
  for (int batch = 0; batch < 20; ++batch) {
    db::Transaction transaction(writer);
    for (int i = 0; i < 20; ++i) writer.statement("INSERT INTO t(x) VALUES(?)").run_with("row");
    transaction.commit();
  }
  reading.join();
  CHECK(consistent);
}
