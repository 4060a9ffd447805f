#include "provrun/catalog/catalog.hpp"

#include <algorithm>
#include <charconv>
#include <variant>

#include "catalog_writer.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/db/transaction.hpp"
#include "row_values.hpp"

namespace provrun::catalog {

namespace {

constexpr std::string_view kRunColumns =
    "id, run, snapshot, workflow, state, started, ended, user, host, config_hash, git_commit, "
    "git_dirty, executed, reused, up_to_date, failed, skipped, failure";
constexpr std::string_view kExecutionColumns =
    "e.execution, r.run, r.snapshot, n.name, e.state, e.started, e.ended, e.step_key, "
    "e.reused_from";
constexpr std::string_view kExecutionJoin =
    " FROM executions e JOIN runs r ON r.id = e.run JOIN step_names n ON n.id = e.step ";
// Executions that made their outputs: state executed or reused.
constexpr std::string_view kSuccessful = "e.state IN (0, 1)";

RunSummary read_run(db::Statement& row) {
  RunSummary run;
  run.id.uuid = uuid_from(row.blob(1));
  run.snapshot = row.text(2);
  run.workflow = row.text(3);
  run.state = static_cast<core::RunState>(row.integer(4));
  run.started = time_from(row.integer(5));
  run.ended = time_from(row.integer(6));
  run.user = row.text(7);
  run.host = row.text(8);
  run.config_hash = digest_from(row.blob(9));
  run.git_commit = row.text(10);
  run.git_dirty = row.integer(11) != 0;
  const auto count = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
  run.counts = {count(12), count(13), count(14), count(15), count(16)};
  run.failure = row.text(17);
  return run;
}

ExecutionSummary read_execution(db::Statement& row) {
  ExecutionSummary execution;
  execution.id.uuid = uuid_from(row.blob(0));
  execution.run.uuid = uuid_from(row.blob(1));
  execution.snapshot = row.text(2);
  execution.step = row.text(3);
  execution.state = static_cast<core::StepState>(row.integer(4));
  execution.started = time_from(row.integer(5));
  execution.ended = time_from(row.integer(6));
  execution.step_key = digest_from(row.blob(7));
  if (!row.is_null(8)) execution.reused_from = core::ExecutionId{uuid_from(row.blob(8))};
  return execution;
}

// Instances of a step are named "step" or "step@…"; '@' + 1 is 'A'.
constexpr std::string_view kOfStep = "(n.name = ? OR (n.name > ? AND n.name < ?))";
void bind_step(db::Statement& query, int first, std::string_view step) {
  query.bind(first, step);
  query.bind(first + 1, std::string(step) + "@");
  query.bind(first + 2, std::string(step) + "A");
}

// Collects conditions and their values in the same order.
class Conditions {
 public:
  void add(std::string_view condition, std::string_view text) {
    where_ += (where_.empty() ? " WHERE " : " AND ") + std::string(condition);
    values_.emplace_back(std::string(text));
  }
  void add(std::string_view condition, std::int64_t number) {
    where_ += (where_.empty() ? " WHERE " : " AND ") + std::string(condition);
    values_.emplace_back(number);
  }
  const std::string& where() const { return where_; }
  int bind(db::Statement& query) const {
    int index = 0;
    for (const auto& value : values_) {
      ++index;
      if (const auto* text = std::get_if<std::string>(&value))
        query.bind(index, std::string_view(*text));
      else
        query.bind(index, std::get<std::int64_t>(value));
    }
    return index;
  }

 private:
  std::string where_;
  std::vector<std::variant<std::string, std::int64_t>> values_;
};

Conditions conditions_of(const RunFilter& filter) {
  Conditions conditions;
  if (filter.workflow) conditions.add("workflow = ?", *filter.workflow);
  if (filter.user) conditions.add("user = ?", *filter.user);
  if (filter.host) conditions.add("host = ?", *filter.host);
  if (filter.state) conditions.add("state = ?", static_cast<std::int64_t>(*filter.state));
  if (filter.since) conditions.add("started >= ?", milliseconds(*filter.since));
  if (filter.until) conditions.add("started < ?", milliseconds(*filter.until));
  if (filter.step)
    conditions.add(
        "id IN (SELECT e.run FROM step_names n JOIN executions e ON e.step = n.id "
        "WHERE instr(n.name || '@', ? || '@') = 1)",
        *filter.step);
  return conditions;
}

base::Error bad_name(std::string_view name) {
  return base::Error(base::ErrorCode::invalid_input,
                     base::format("'{}' does not name a run", base::printable(name)))
      .hint("a run is named by latest, latest~2, @2026-08-01T12:00, its id or a prefix of it");
}

base::Error no_run(std::string_view name) {
  return base::Error(base::ErrorCode::not_found, base::format("no run '{}'", base::printable(name)))
      .hint("'provrun log' lists the runs");
}

}  // namespace

Catalog::Catalog(db::Database& database)
    : database_(database), writer_(std::make_unique<Writer>(database)) {}
Catalog::~Catalog() = default;

bool Catalog::add_run(const core::RunRecord& run, std::string_view snapshot,
                      std::span<const core::Execution> executions, const EvidenceOf& evidence) {
  db::Transaction transaction(database_);
  {
    auto known = database_.statement("SELECT snapshot FROM runs WHERE run = ?");
    known.bind(1, db::Bytes(run.id.uuid.bytes));
    if (known.step() && known.text(0) == snapshot) return false;
  }
  writer_->remove_run(run.id);
  writer_->add_run(run, snapshot, executions, evidence);
  transaction.commit();
  return true;
}

bool Catalog::remove_run(const core::RunId& id) {
  db::Transaction transaction(database_);
  const bool removed = writer_->remove_run(id);
  transaction.commit();
  return removed;
}

std::unordered_set<std::string> Catalog::known_snapshots() {
  std::unordered_set<std::string> snapshots;
  auto query = database_.statement("SELECT snapshot FROM runs");
  while (query.step()) snapshots.emplace(query.text(0));
  return snapshots;
}

CatalogCounts Catalog::counts() {
  const auto count = [&](const char* table) {
    return static_cast<std::uint64_t>(
        database_.query_integer(base::format("SELECT count(*) FROM {}", table)));
  };
  return {count("runs"), count("executions"), count("used") + count("generated")};
}

void Catalog::clear() {
  db::Transaction transaction(database_);
  for (const auto* table : {"runs", "step_names", "executions", "relied", "paths", "contents",
                            "versions", "used", "generated"})
    database_.execute(base::format("DELETE FROM {}", table));
  transaction.commit();
  writer_ = std::make_unique<Writer>(database_);
}

RunPage Catalog::runs(const RunFilter& filter, std::size_t limit,
                      const std::optional<RunCursor>& before) {
  auto conditions = conditions_of(filter);
  std::string sql = base::format("SELECT {} FROM runs{}", kRunColumns, conditions.where());
  if (before)
    sql +=
        (conditions.where().empty() ? " WHERE " : " AND ") + std::string("(started, run) < (?, ?)");
  sql += " ORDER BY started DESC, run DESC LIMIT ?";
  auto query = database_.statement(sql);
  int index = conditions.bind(query);
  if (before) {
    query.bind(++index, milliseconds(before->started));
    query.bind(++index, db::Bytes(before->id.uuid.bytes));
  }
  query.bind(++index,
             static_cast<std::int64_t>(limit) + 1);  // one more tells whether there is a next page
  RunPage page;
  while (query.step()) {
    if (page.runs.size() == limit) {
      page.next = RunCursor{page.runs.back().started, page.runs.back().id};
      break;
    }
    page.runs.push_back(read_run(query));
  }
  return page;
}

RunSummary Catalog::find_run(std::string_view name, const RunFilter& filter) {
  const auto nth = [&](std::size_t n, const RunFilter& which) {
    const auto page = runs(which, n + 1);
    if (page.runs.size() <= n) throw no_run(name);
    return page.runs[n];
  };
  if (name == "latest") return nth(0, filter);
  if (name.starts_with("latest~")) {
    const auto digits = name.substr(7);
    std::size_t n = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
    if (error != std::errc{} || end != digits.data() + digits.size() || n > 1'000'000)
      throw bad_name(name);
    return nth(n, filter);
  }
  if (name.starts_with('@')) {
    const auto time = base::parse_timestamp(name.substr(1));
    if (!time) throw bad_name(name);
    auto until = filter;
    const base::Timestamp after{time->nanoseconds + 1'000'000};
    until.until = filter.until ? std::min(*filter.until, after) : after;
    return nth(0, until);
  }
  // A prefix of an id: compared as hexadecimal text without its dashes.
  std::string digits;
  for (const char c : name)
    if (c != '-') digits += static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
  if (digits.size() < 4 || digits.size() > 32 ||
      digits.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw bad_name(name);
  const auto edge = [&](char fill) {
    return *base::from_hex(digits + std::string(32 - digits.size(), fill));
  };
  const auto low = edge('0');
  const auto high = edge('f');
  auto conditions = conditions_of(filter);
  auto query = database_.statement(base::format(
      "SELECT {} FROM runs{}{} run >= ? AND run <= ? ORDER BY started DESC LIMIT 6", kRunColumns,
      conditions.where(), conditions.where().empty() ? " WHERE" : " AND"));
  const int index = conditions.bind(query);
  query.bind(index + 1, db::Bytes(low)).bind(index + 2, db::Bytes(high));
  std::vector<RunSummary> found;
  while (query.step()) found.push_back(read_run(query));
  if (found.empty()) throw no_run(name);
  if (found.size() > 1) {
    std::vector<std::string> candidates;
    for (const auto& run : found) candidates.push_back(run.id.to_string());
    throw base::Error(base::ErrorCode::conflict,
                      base::format("several runs begin with '{}'", base::printable(name)))
        .hint("give more of the id: " + base::join(candidates, ", "));
  }
  return found[0];
}

std::optional<RunSummary> Catalog::find_run(const core::RunId& id) {
  auto query = database_.statement(base::format("SELECT {} FROM runs WHERE run = ?", kRunColumns));
  query.bind(1, db::Bytes(id.uuid.bytes));
  if (!query.step()) return std::nullopt;
  return read_run(query);
}

std::optional<KnownResult> Catalog::find_by_step_key(const hash::Digest& step_key) {
  KnownResult result;
  std::int64_t number = 0;
  {
    auto query = database_.statement(
        base::format("SELECT {}, e.id{}WHERE e.step_key = ? AND {} ORDER BY e.id DESC LIMIT 1",
                     kExecutionColumns, kExecutionJoin, kSuccessful));
    query.bind(1, db::Bytes(step_key.bytes));
    if (!query.step()) return std::nullopt;
    result.execution = read_execution(query);
    number = query.integer(9);
  }
  auto outputs = database_.statement(
      "SELECT p.path, c.content, c.size, g.mode FROM generated g JOIN versions v ON v.id = "
      "g.version "
      "JOIN paths p ON p.id = v.path JOIN contents c ON c.id = v.content WHERE g.execution = ? "
      "ORDER BY p.path");
  outputs.bind_all(number);
  while (outputs.step())
    result.outputs.push_back({std::string(as_text(outputs.blob(0))),
                              core::ContentId{digest_from(outputs.blob(1))},
                              static_cast<std::uint64_t>(outputs.integer(2)),
                              static_cast<std::uint32_t>(outputs.integer(3))});
  return result;
}

std::vector<SeenOutput> Catalog::outputs_of_step_key(const hash::Digest& step_key) {
  auto query = database_.statement(base::format(
      "SELECT p.path, c.content, count(*) FROM executions e JOIN generated g ON g.execution = e.id "
      "JOIN versions v ON v.id = g.version JOIN paths p ON p.id = v.path "
      "JOIN contents c ON c.id = v.content WHERE e.step_key = ? AND {} "
      "GROUP BY p.path, c.content ORDER BY p.path, count(*) DESC",
      kSuccessful));
  query.bind(1, db::Bytes(step_key.bytes));
  std::vector<SeenOutput> seen;
  while (query.step())
    seen.push_back({std::string(as_text(query.blob(0))),
                    core::ContentId{digest_from(query.blob(1))},
                    static_cast<std::uint64_t>(query.integer(2))});
  return seen;
}

std::optional<ExecutionSummary> Catalog::find_execution(const core::ExecutionId& id) {
  auto query = database_.statement(
      base::format("SELECT {}{}WHERE e.execution = ?", kExecutionColumns, kExecutionJoin));
  query.bind(1, db::Bytes(id.uuid.bytes));
  if (!query.step()) return std::nullopt;
  return read_execution(query);
}

std::vector<ExecutionSummary> Catalog::executions_of_step(std::string_view step,
                                                          std::size_t limit) {
  auto query = database_.statement(
      base::format("SELECT {}{}WHERE {} ORDER BY e.started DESC, e.id DESC LIMIT ?",
                   kExecutionColumns, kExecutionJoin, kOfStep));
  bind_step(query, 1, step);
  query.bind(4, static_cast<std::int64_t>(limit));
  std::vector<ExecutionSummary> executions;
  while (query.step()) executions.push_back(read_execution(query));
  return executions;
}

std::vector<std::chrono::milliseconds> Catalog::durations(std::string_view step,
                                                          std::size_t limit) {
  auto query = database_.statement(base::format(
      "SELECT e.ended - e.started FROM step_names n JOIN executions e ON e.step = n.id "
      "WHERE {} AND e.state = 0 ORDER BY e.started DESC, e.id DESC LIMIT ?",
      kOfStep));
  bind_step(query, 1, step);
  query.bind(4, static_cast<std::int64_t>(limit));
  std::vector<std::chrono::milliseconds> durations;
  while (query.step()) durations.emplace_back(query.integer(0));
  return durations;
}

void Catalog::put_content_location(const core::ContentId& content, std::uint64_t size,
                                   db::Bytes location) {
  auto insert = database_.statement(
      "INSERT INTO contents(content, size, location) VALUES(?, ?, ?) "
      "ON CONFLICT(content) DO UPDATE SET location = excluded.location");
  insert.run_with(db::Bytes(content.digest.bytes), size, location);
}

std::optional<std::vector<std::uint8_t>> Catalog::content_location(const core::ContentId& content) {
  auto query = database_.statement("SELECT location FROM contents WHERE content = ?");
  query.bind(1, db::Bytes(content.digest.bytes));
  if (!query.step() || query.is_null(0)) return std::nullopt;
  const auto bytes = query.blob(0);
  return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
}

}  // namespace provrun::catalog
