#include <algorithm>
#include <charconv>
#include <utility>
#include <variant>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/catalog/catalog.hpp"
#include "values.hpp"
#include "writer.hpp"

namespace provrun::catalog {

using base::Error;
using base::ErrorCode;

namespace {

/// A WHERE clause that grows, with the values of its parameters.
class Conditions {
 public:
  using Value = std::variant<std::int64_t, std::string, std::vector<std::uint8_t>>;

  void add(std::string_view condition, std::vector<Value> values) {
    sql_ += sql_.empty() ? " WHERE " : " AND ";
    sql_ += condition;
    for (auto& value : values) values_.push_back(std::move(value));
  }
  const std::string& sql() const { return sql_; }
  int bind(db::Statement& statement) const {
    int index = 0;
    for (const auto& value : values_) {
      ++index;
      if (const auto* number = std::get_if<std::int64_t>(&value)) statement.bind(index, *number);
      if (const auto* text = std::get_if<std::string>(&value)) statement.bind(index, *text);
      if (const auto* bytes = std::get_if<std::vector<std::uint8_t>>(&value))
        statement.bind(index, db::Bytes(*bytes));
    }
    return index;
  }

 private:
  std::string sql_;
  std::vector<Value> values_;
};

std::vector<std::uint8_t> bytes_of(const base::Uuid& uuid) {
  return {uuid.bytes.begin(), uuid.bytes.end()};
}

Conditions conditions_of(const RunFilter& filter) {
  Conditions where;
  const auto add_name = [&](const char* column, const std::optional<std::string>& name) {
    if (name) where.add(base::format("{}=(SELECT id FROM names WHERE name=?)", column), {*name});
  };
  add_name("r.workflow", filter.workflow);
  add_name("r.user", filter.user);
  add_name("r.host", filter.host);
  if (filter.state) where.add("r.state=?", {static_cast<std::int64_t>(*filter.state)});
  if (filter.since) where.add("r.started_ms>=?", {to_ms(*filter.since)});
  if (filter.until) where.add("r.started_ms<?", {to_ms(*filter.until)});
  if (filter.step) {
    // 'A' follows '@', so the range holds exactly the step's instances.
    where.add(
        "r.id IN (SELECT run FROM executions WHERE step IN "
        "(SELECT id FROM names WHERE name=? OR (name>=? AND name<?)))",
        {*filter.step, *filter.step + "@", *filter.step + "A"});
  }
  return where;
}

constexpr std::string_view kSelectRun =
    "SELECT r.uuid, r.snapshot, w.name, r.state, r.started_ms, r.ended_ms, u.name, h.name, "
    "r.config_hash, "
    "r.git_commit, r.git_dirty, r.executed, r.reused, r.up_to_date, r.failed, r.skipped, r.failure "
    "FROM runs r JOIN names w ON w.id=r.workflow JOIN names u ON u.id=r.user JOIN names h ON "
    "h.id=r.host";
constexpr std::string_view kNewestFirst =
    " ORDER BY r.started_ms DESC, r.uuid DESC LIMIT ? OFFSET ?";

RunSummary read_run(const db::Statement& row) {
  const auto count = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
  RunSummary run;
  run.id.uuid = uuid_of(row.blob(0));
  const auto snapshot = row.blob(1);
  run.snapshot.assign(snapshot.begin(), snapshot.end());
  run.workflow = row.text(2);
  run.state = static_cast<core::RunState>(row.integer(3));
  run.started = from_ms(row.integer(4));
  run.ended = from_ms(row.integer(5));
  run.user = row.text(6);
  run.host = row.text(7);
  run.config_hash = digest_of(row.blob(8));
  run.git_commit = row.text(9);
  if (row.integer(10) >= 0 && !run.git_commit.empty()) run.git_dirty = row.integer(10) != 0;
  run.counts = {count(11), count(12), count(13), count(14), count(15)};
  run.failure = row.text(16);
  return run;
}

std::vector<RunSummary> select_runs(db::Database& database, const Conditions& where,
                                    std::size_t limit, std::size_t offset) {
  auto query = database.statement(base::format("{}{}{}", kSelectRun, where.sql(), kNewestFirst));
  const int bound = where.bind(query);
  query.bind(bound + 1, static_cast<std::int64_t>(limit));
  query.bind(bound + 2, static_cast<std::int64_t>(offset));
  std::vector<RunSummary> runs;
  while (query.step()) runs.push_back(read_run(query));
  database.check_unchanged();
  return runs;
}

/// First and last UUID that begin so; nullopt when no UUID can.
std::optional<std::pair<base::Uuid, base::Uuid>> range_of_prefix(std::string_view prefix) {
  if (prefix.empty() || prefix.size() > 36) return std::nullopt;
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  std::string low = "00000000-0000-0000-0000-000000000000";
  std::string high = "ffffffff-ffff-ffff-ffff-ffffffffffff";
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    if ((kForm[i] == '-') != (prefix[i] == '-')) return std::nullopt;
    low[i] = high[i] = prefix[i];
  }
  const auto first = base::parse_uuid(low);
  const auto last = base::parse_uuid(high);
  if (!first || !last) return std::nullopt;
  return std::pair{*first, *last};
}

Error no_run(std::string_view name) {
  return Error(ErrorCode::not_found, base::format("there is no run '{}'", base::printable(name)))
      .hint("'provrun log' lists the runs");
}

std::optional<std::size_t> parse_latest(std::string_view name) {
  constexpr std::string_view kLatest = "latest";
  if (!name.starts_with(kLatest)) return std::nullopt;
  name.remove_prefix(kLatest.size());
  if (name.empty()) return 0;
  if (name[0] != '~') return std::nullopt;
  std::uint32_t back = 0;
  const auto* const end = name.data() + name.size();
  const auto [stopped, error] = std::from_chars(name.data() + 1, end, back);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return back;
}

}  // namespace

RunPage Catalog::runs(const RunFilter& filter, std::size_t limit,
                      const std::optional<RunCursor>& before) {
  auto where = conditions_of(filter);
  if (before)
    where.add("(r.started_ms, r.uuid)<(?,?)", {to_ms(before->started), bytes_of(before->id.uuid)});
  RunPage page;
  page.runs =
      select_runs(database_, where, limit + 1, 0);  // one more tells whether another page follows
  if (page.runs.size() > limit) {
    page.runs.resize(limit);
    if (limit > 0) page.next = RunCursor{page.runs.back().started, page.runs.back().id};
  }
  return page;
}

std::optional<RunSummary> Catalog::find_run(const core::RunId& id) {
  Conditions where;
  where.add("r.uuid=?", {bytes_of(id.uuid)});
  auto found = select_runs(database_, where, 1, 0);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

RunSummary Catalog::find_run(std::string_view name, const RunFilter& filter) {
  auto where = conditions_of(filter);
  std::size_t offset = 0;
  std::size_t limit = 1;
  if (const auto back = parse_latest(name)) {
    offset = *back;
  } else if (name.starts_with('@')) {
    const auto time = base::parse_timestamp(name.substr(1));
    if (!time)
      throw Error(ErrorCode::invalid_input,
                  base::format("'{}' is not a time", base::printable(name.substr(1))))
          .hint("write it as @2026-08-01T12:00, in UTC unless it has a zone");
    where.add("r.started_ms<=?", {to_ms(*time)});
  } else if (const auto range = range_of_prefix(name)) {
    where.add("r.uuid BETWEEN ? AND ?", {bytes_of(range->first), bytes_of(range->second)});
    limit = 6;
  } else {
    throw Error(ErrorCode::invalid_input,
                base::format("'{}' does not name a run", base::printable(name)))
        .hint("use latest, latest~2, @2026-08-01T12:00, or the first digits of a run's id");
  }
  auto found = select_runs(database_, where, limit, offset);
  if (found.empty()) throw no_run(name);
  if (found.size() > 1) {
    constexpr std::size_t kShown = 5;
    std::string candidates;
    for (std::size_t i = 0; i < std::min(found.size(), kShown); ++i)
      candidates += base::format("\n  {}  {}  {}", found[i].id.to_string(),
                                 found[i].started.to_rfc3339(), base::printable(found[i].workflow));
    throw Error(ErrorCode::invalid_input,
                base::format("'{}' is the beginning of {} runs' ids:{}{}", name,
                             found.size() > kShown ? "more than 5" : std::to_string(found.size()),
                             candidates, found.size() > kShown ? "\n  …" : ""))
        .hint("give more digits of the id");
  }
  return std::move(found.front());
}

}  // namespace provrun::catalog
