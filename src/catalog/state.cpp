#include "provrun/catalog/state.hpp"

#include <algorithm>
#include <cstring>
#include <map>

#include "observed_code.hpp"
#include "outputs_code.hpp"
#include "provrun/base/error.hpp"
#include "provrun/db/transaction.hpp"
#include "values.hpp"

namespace provrun::catalog {

namespace {

/// One number for (device, inode): files of one directory stay neighbours in the table, and for one
/// device it is one to one. Two devices may meet; the row's device then tells them apart and the
/// later one wins, which costs a cache one entry.
std::int64_t key_of(const os::FileStat& stat) {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15ULL;  // 2^64 / golden ratio: spreads the devices
  return static_cast<std::int64_t>(stat.inode + stat.device * kOdd);
}

// A larger document than this was not written by us.
constexpr std::size_t kMaxKeyDocument = 64U << 20U;
// Of a document of 450 bytes a frame saves a quarter and costs eight times the reading time;
// documents of hundreds of inputs shrink to half and are few.
constexpr std::size_t kCompressFrom = 4096;

/// Stored form: 'p' and the text, or 'z' and a zstd frame of it.
std::vector<std::uint8_t> pack_document(codec::ZstdCompressor& compressor,
                                        const std::string& text) {
  std::vector<std::uint8_t> packed;
  if (text.size() >= kCompressFrom) {
    const auto frame =
        compressor.compress({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    if (frame.size() < text.size()) {
      packed.reserve(frame.size() + 1);
      packed.push_back('z');
      packed.insert(packed.end(), frame.begin(), frame.end());
      return packed;
    }
  }
  packed.reserve(text.size() + 1);
  packed.push_back('p');
  packed.insert(packed.end(), text.begin(), text.end());
  return packed;
}

RememberedStep whole(const State::StepRow& row) {
  return {std::string(row.instance), row.step_key,   row.execution,
          row.key_document(),        row.duration,   row.outputs(),
          row.access_sets(),         row.accesses(), row.search_path};
}

}  // namespace

std::string State::StepRow::key_document() const {
  if (key_.empty()) throw damaged("a key document");
  const auto body = key_.subspan(1);
  if (key_[0] == 'p') return {reinterpret_cast<const char*>(body.data()), body.size()};
  if (key_[0] != 'z') throw damaged("a key document");
  const auto text = decompressor_->decompress(body, kMaxKeyDocument);
  return {reinterpret_cast<const char*>(text.data()), text.size()};
}

std::vector<RememberedOutput> State::StepRow::outputs() const {
  return unpack_outputs(outputs_);
}

std::vector<core::ContentId> State::StepRow::access_sets() const {
  return unpack_access_sets(observed_);
}

std::vector<core::Access> State::StepRow::accesses() const {
  return unpack_accesses(observed_);
}

State::State(db::Database& database) : database_(database), compressor_(1) {}

std::optional<core::ContentId> State::find_file(const os::FileStat& stat) {
  auto query = database_.statement(
      "SELECT content FROM file_cache WHERE key=? AND device=? AND size=? AND mtime_ns=? AND "
      "ctime_ns=?");
  query.bind_all(key_of(stat), stat.device, stat.size, stat.mtime_ns, stat.ctime_ns);
  if (!query.step()) return std::nullopt;
  return core::ContentId{digest_of(query.blob(0))};
}

std::optional<core::ContentId> State::find_file_ahead(const os::FileStat& stat) {
  constexpr std::uint64_t kNear = 64;  // so far apart inodes of files of one folder may be
  constexpr std::int64_t kRows = 256;  // read at once
  const auto key = key_of(stat);
  if (ahead_.empty() || key < ahead_from_ || key > ahead_to_) {
    const bool goes_on =
        !ahead_.empty() && key > ahead_to_ &&
        static_cast<std::uint64_t>(key) - static_cast<std::uint64_t>(ahead_to_) <= kNear;
    // The first file of a kind stands alone until another one near it is asked for.
    ahead_.clear();
    auto query = database_.statement(
        "SELECT key, device, size, mtime_ns, ctime_ns, content FROM file_cache WHERE key>=? ORDER "
        "BY key LIMIT ?");
    const auto limit = goes_on ? kRows : std::int64_t{1};
    query.bind_all(key, limit);
    while (query.step())
      ahead_.push_back({query.integer(0), static_cast<std::uint64_t>(query.integer(1)),
                        static_cast<std::uint64_t>(query.integer(2)), query.integer(3),
                        query.integer(4), core::ContentId{digest_of(query.blob(5))}});
    ahead_from_ = key;
    ahead_to_ = ahead_.empty() ? key : std::max(key, ahead_.back().key);
    if (limit == 1) ahead_to_ = key;
  }
  const auto at = std::lower_bound(ahead_.begin(), ahead_.end(), key,
                                   [](const Ahead& row, std::int64_t k) { return row.key < k; });
  if (at == ahead_.end() || at->key != key || at->device != stat.device || at->size != stat.size ||
      at->mtime_ns != stat.mtime_ns || at->ctime_ns != stat.ctime_ns)
    return std::nullopt;
  return at->content;
}

void State::put_files(std::span<const std::pair<os::FileStat, core::ContentId>> files) {
  if (files.empty()) return;
  db::Transaction transaction(database_);
  auto insert = database_.statement("INSERT OR REPLACE INTO file_cache VALUES(?,?,?,?,?,?)");
  for (const auto& [stat, content] : files)
    insert.run_with(key_of(stat), stat.device, stat.size, stat.mtime_ns, stat.ctime_ns,
                    content.digest.bytes);
  transaction.commit();
}

void State::forget_files() {
  database_.execute("DELETE FROM file_cache");
}

std::optional<std::int64_t> State::workflow_number(std::string_view workflow) {
  auto query = database_.statement("SELECT id FROM workflows WHERE path=?");
  query.bind(1, workflow);
  if (!query.step()) return std::nullopt;
  return query.integer(0);
}

void State::fill(StepRow& row, db::Statement& query) {
  row.instance = query.text(0);
  row.step_key = digest_of(query.blob(1));
  row.execution.uuid = uuid_of(query.blob(2));
  row.duration = std::chrono::milliseconds(query.integer(3));
  row.key_ = query.blob(4);
  row.outputs_ = query.blob(5);
  row.observed_ = query.blob(6);
  row.search_path.reset();
  if (!query.is_null(7)) row.search_path = query.text(7);
}

void State::each_step(std::string_view workflow, const std::function<void(const StepRow&)>& visit) {
  const auto number = workflow_number(workflow);
  if (!number) return;
  auto query = database_.statement(
      "SELECT instance, step_key, execution, duration_ms, key_document, outputs, observed, value "
      "FROM last_executions LEFT JOIN search_paths ON search_paths.id=search_path "
      "WHERE workflow=?");
  query.bind(1, *number);
  StepRow row(decompressor_);
  while (query.step()) {
    fill(row, query);
    visit(row);
  }
  database_.check_unchanged();
}

std::vector<RememberedStep> State::steps(std::string_view workflow) {
  std::vector<RememberedStep> steps;
  each_step(workflow, [&](const StepRow& row) { steps.push_back(whole(row)); });
  return steps;
}

std::optional<RememberedStep> State::find_step(std::string_view workflow,
                                               std::string_view instance) {
  const auto number = workflow_number(workflow);
  if (!number) return std::nullopt;
  auto query = database_.statement(
      "SELECT instance, step_key, execution, duration_ms, key_document, outputs, observed, value "
      "FROM last_executions LEFT JOIN search_paths ON search_paths.id=search_path "
      "WHERE workflow=? AND instance=?");
  query.bind_all(*number, instance);
  if (!query.step()) return std::nullopt;
  StepRow row(decompressor_);
  fill(row, query);
  return whole(row);
}

void State::put_steps(std::string_view workflow, std::span<const RememberedStep> steps) {
  if (steps.empty()) return;
  db::Transaction transaction(database_);
  database_.statement("INSERT INTO workflows(path) VALUES(?) ON CONFLICT DO NOTHING")
      .run_with(workflow);
  const auto number = workflow_number(workflow);
  auto insert = database_.statement(
      "INSERT INTO last_executions(workflow, instance, step_key, execution, duration_ms, "
      "key_document, outputs, observed, search_path) VALUES(?,?,?,?,?,?,?,?,?) "
      "ON CONFLICT(workflow, instance) DO UPDATE SET "
      "step_key=excluded.step_key, execution=excluded.execution, duration_ms=excluded.duration_ms, "
      "key_document=excluded.key_document, outputs=excluded.outputs, observed=excluded.observed, "
      "search_path=excluded.search_path");
  std::map<std::string_view, std::int64_t> search_paths;
  const auto number_of = [&](const std::string& search_path) {
    auto& known = search_paths[search_path];
    if (known != 0) return known;
    database_.statement("INSERT INTO search_paths(value) VALUES(?) ON CONFLICT DO NOTHING")
        .run_with(search_path);
    auto query = database_.statement("SELECT id FROM search_paths WHERE value=?");
    query.bind(1, search_path);
    query.step();
    return known = query.integer(0);
  };
  for (const auto& step : steps) {
    const auto document = pack_document(compressor_, step.key_document);
    const auto outputs = pack_outputs(step.outputs);
    insert.run_with(*number, step.instance, step.step_key.bytes, step.execution.uuid.bytes,
                    step.duration.count(), document, outputs, pack_observed(step),
                    step.search_path ? std::optional(number_of(*step.search_path)) : std::nullopt);
  }
  transaction.commit();
}

void State::forget_steps(std::string_view workflow, std::span<const std::string> instances) {
  const auto number = workflow_number(workflow);
  if (!number) return;
  db::Transaction transaction(database_);
  auto remove = database_.statement("DELETE FROM last_executions WHERE workflow=? AND instance=?");
  for (const auto& instance : instances) remove.run_with(*number, instance);
  transaction.commit();
}

std::optional<std::string> State::get_memo(std::string_view key) {
  auto query = database_.statement("SELECT value FROM memos WHERE key=?");
  query.bind(1, key);
  if (!query.step()) return std::nullopt;
  const auto value = query.blob(0);
  std::string memo(reinterpret_cast<const char*>(value.data()), value.size());
  database_.check_unchanged();
  return memo;
}

void State::put_memo(std::string_view key, std::string_view blob) {
  auto insert = database_.statement("INSERT OR REPLACE INTO memos VALUES(?,?)");
  insert.bind(1, key);
  insert.bind_borrowed(2, {reinterpret_cast<const std::uint8_t*>(blob.data()), blob.size()});
  insert.run();
}

void State::forget_memo(std::string_view key) {
  database_.statement("DELETE FROM memos WHERE key=?").run_with(key);
}

}  // namespace provrun::catalog
