#include "provrun/catalog/state.hpp"

#include <algorithm>
#include <cstring>

#include "provrun/base/error.hpp"
#include "provrun/db/transaction.hpp"
#include "row_values.hpp"

namespace provrun::catalog {

namespace {

// Key documents larger than this are no step's.
constexpr std::size_t kKeyLimit = 256U << 20U;

// Outputs of a step: for each its path (4-byte length and bytes), content (32), size, mode, and the
// stat at record time as device, inode, size, mtime, ctime, mode: 8 bytes each, little endian.
class OutputsWriter {
 public:
  void add(const RememberedOutput& output) {
    const auto& path = output.artifact.path;
    const auto length = static_cast<std::uint32_t>(path.size());
    append(&length, sizeof length);
    append(path.data(), path.size());
    append(output.artifact.content.digest.bytes.data(), 32);
    for (const std::uint64_t number :
         {output.artifact.size, std::uint64_t{output.artifact.mode}, output.stat.device,
          output.stat.inode, output.stat.size, static_cast<std::uint64_t>(output.stat.mtime_ns),
          static_cast<std::uint64_t>(output.stat.ctime_ns), std::uint64_t{output.stat.mode}})
      append(&number, sizeof number);
  }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  void append(const void* data, std::size_t size) {
    const auto* from = static_cast<const std::uint8_t*>(data);
    bytes_.insert(bytes_.end(), from, from + size);
  }
  std::vector<std::uint8_t> bytes_;
};

std::vector<RememberedOutput> read_outputs(db::Bytes bytes) {
  std::vector<RememberedOutput> outputs;
  const auto take = [&](void* to, std::size_t size) {
    if (bytes.size() < size)
      throw base::Error(base::ErrorCode::corruption, "state.db: outputs of a step are cut short")
          .hint("it can be deleted, or rebuilt with 'provrun repair --catalog'");
    std::memcpy(to, bytes.data(), size);
    bytes = bytes.subspan(size);
  };
  while (!bytes.empty()) {
    RememberedOutput output;
    std::uint32_t length = 0;
    take(&length, sizeof length);
    output.artifact.path.resize(std::min<std::size_t>(length, bytes.size()));
    take(output.artifact.path.data(), length);
    take(output.artifact.content.digest.bytes.data(), 32);
    std::uint64_t numbers[8];
    take(numbers, sizeof numbers);
    output.artifact.size = numbers[0];
    output.artifact.mode = static_cast<std::uint32_t>(numbers[1]);
    output.stat.device = numbers[2];
    output.stat.inode = numbers[3];
    output.stat.size = numbers[4];
    output.stat.mtime_ns = static_cast<std::int64_t>(numbers[5]);
    output.stat.ctime_ns = static_cast<std::int64_t>(numbers[6]);
    output.stat.mode = static_cast<std::uint32_t>(numbers[7]);
    outputs.push_back(std::move(output));
  }
  return outputs;
}

}  // namespace

State::State(db::Database& database) : database_(database), compressor_(1) {}

std::optional<core::ContentId> State::find_file(const os::FileStat& stat) {
  auto query = database_.statement(
      "SELECT content, size, mtime_ns, ctime_ns FROM files WHERE inode = ? AND device = ?");
  query.bind_all(stat.inode, stat.device);
  if (!query.step() || query.integer(1) != static_cast<std::int64_t>(stat.size) ||
      query.integer(2) != stat.mtime_ns || query.integer(3) != stat.ctime_ns)
    return std::nullopt;
  return core::ContentId{digest_from(query.blob(0))};
}

void State::put_files(std::span<const std::pair<os::FileStat, core::ContentId>> files) {
  db::Transaction transaction(database_);
  auto insert = database_.statement(
      "INSERT OR REPLACE INTO files(inode, device, size, mtime_ns, ctime_ns, content) "
      "VALUES(?, ?, ?, ?, ?, ?)");
  for (const auto& [stat, content] : files)
    insert.run_with(stat.inode, stat.device, stat.size, stat.mtime_ns, stat.ctime_ns,
                    db::Bytes(content.digest.bytes));
  transaction.commit();
}

void State::forget_files() {
  database_.execute("DELETE FROM files");
}

std::string State::StepRow::key_document() const {
  if (key_.empty()) return {};
  const auto text = decompressor_->decompress(key_, kKeyLimit);
  return {text.begin(), text.end()};
}

std::vector<RememberedOutput> State::StepRow::outputs() const {
  return read_outputs(outputs_);
}

std::optional<std::int64_t> State::workflow_number(std::string_view workflow) {
  auto query = database_.statement("SELECT id FROM workflows WHERE path = ?");
  query.bind(1, as_bytes(workflow));
  if (!query.step()) return std::nullopt;
  return query.integer(0);
}

void State::each_step(std::string_view workflow, const std::function<void(const StepRow&)>& visit) {
  const auto number = workflow_number(workflow);
  if (!number) return;
  auto query = database_.statement(
      "SELECT instance, step_key, execution, duration_ms, key_document, outputs FROM steps "
      "WHERE workflow = ?");
  query.bind_all(*number);
  StepRow row(decompressor_);
  while (query.step()) {
    row.instance = query.text(0);
    row.step_key = digest_from(query.blob(1));
    row.execution.uuid = uuid_from(query.blob(2));
    row.duration = std::chrono::milliseconds(query.integer(3));
    row.key_ = query.blob(4);
    row.outputs_ = query.blob(5);
    visit(row);
  }
}

namespace {

RememberedStep whole(const State::StepRow& row) {
  return {std::string(row.instance), row.step_key, row.execution,
          row.key_document(),        row.duration, row.outputs()};
}

}  // namespace

std::vector<RememberedStep> State::steps(std::string_view workflow) {
  std::vector<RememberedStep> all;
  each_step(workflow, [&](const StepRow& row) { all.push_back(whole(row)); });
  return all;
}

std::optional<RememberedStep> State::find_step(std::string_view workflow,
                                               std::string_view instance) {
  const auto number = workflow_number(workflow);
  if (!number) return std::nullopt;
  auto query = database_.statement(
      "SELECT instance, step_key, execution, duration_ms, key_document, outputs FROM steps "
      "WHERE workflow = ? AND instance = ?");
  query.bind_all(*number, instance);
  if (!query.step()) return std::nullopt;
  StepRow row(decompressor_);
  row.instance = query.text(0);
  row.step_key = digest_from(query.blob(1));
  row.execution.uuid = uuid_from(query.blob(2));
  row.duration = std::chrono::milliseconds(query.integer(3));
  row.key_ = query.blob(4);
  row.outputs_ = query.blob(5);
  return whole(row);
}

void State::put_steps(std::string_view workflow, std::span<const RememberedStep> steps) {
  db::Transaction transaction(database_);
  auto number = workflow_number(workflow);
  if (!number) {
    auto insert = database_.statement("INSERT INTO workflows(path) VALUES(?)");
    insert.bind(1, as_bytes(workflow)).run();
    number = database_.last_insert_rowid();
  }
  auto insert = database_.statement(
      "INSERT OR REPLACE INTO steps(workflow, instance, step_key, execution, duration_ms, "
      "key_document, outputs) VALUES(?, ?, ?, ?, ?, ?, ?)");
  for (const auto& step : steps) {
    OutputsWriter outputs;
    for (const auto& output : step.outputs) outputs.add(output);
    std::vector<std::uint8_t> key;
    if (!step.key_document.empty()) key = compressor_.compress(as_bytes(step.key_document));
    insert.run_with(*number, step.instance, db::Bytes(step.step_key.bytes),
                    db::Bytes(step.execution.uuid.bytes), step.duration.count(), db::Bytes(key),
                    db::Bytes(outputs.bytes()));
  }
  transaction.commit();
}

void State::forget_steps(std::string_view workflow, std::span<const std::string> instances) {
  const auto number = workflow_number(workflow);
  if (!number) return;
  db::Transaction transaction(database_);
  auto remove = database_.statement("DELETE FROM steps WHERE workflow = ? AND instance = ?");
  for (const auto& instance : instances) remove.run_with(*number, instance);
  transaction.commit();
}

std::optional<std::string> State::get_memo(std::string_view key) {
  auto query = database_.statement("SELECT value FROM memos WHERE key = ?");
  query.bind(1, key);
  if (!query.step()) return std::nullopt;
  return std::string(as_text(query.blob(0)));
}

void State::put_memo(std::string_view key, std::string_view blob) {
  auto insert = database_.statement("INSERT OR REPLACE INTO memos(key, value) VALUES(?, ?)");
  insert.bind(1, key).bind_borrowed(2, as_bytes(blob)).run();
}

void State::forget_memo(std::string_view key) {
  auto remove = database_.statement("DELETE FROM memos WHERE key = ?");
  remove.bind(1, key).run();
}

}  // namespace provrun::catalog
