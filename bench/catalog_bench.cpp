// Figures of rooms catalog, lineage and drawing: name<TAB>value<TAB>unit on standard output.
// usage: catalog_bench [all|state|log|layers|chain|drawing [FOLDER]]
// It works in a new folder below FOLDER (default: the current one), which it removes at the end.
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "provrun/base/format.hpp"
#include "provrun/base/uuid.hpp"
#include "provrun/catalog/catalog.hpp"
#include "provrun/catalog/catalog_edges.hpp"
#include "provrun/catalog/state.hpp"
#include "provrun/catalog/state_file.hpp"
#include "provrun/db/transaction.hpp"
#include "provrun/drawing/render.hpp"
#include "provrun/lineage/query.hpp"
#include "provrun/os/file.hpp"

using namespace provrun;

namespace {

class Watch {
 public:
  double ms() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

void report(const std::string& name, double value, const char* unit) {
  std::printf("%s\t%.3f\t%s\n", name.c_str(), value, unit);
  std::fflush(stdout);
}

core::ContentId content(const std::string& text) {
  return {hash::sha256(text)};
}

base::Uuid uuid(std::int64_t ms, std::uint64_t number) {
  std::array<std::uint8_t, 10> random{};
  for (std::size_t i = 0; i < 8; ++i) random[i + 2] = static_cast<std::uint8_t>(number >> (8 * i));
  return base::make_uuid_v7({ms * 1'000'000}, random);
}

std::uint64_t total_size(const std::string& path) {
  std::uint64_t size = 0;
  for (const auto* suffix : {"", "-wal"})
    if (const auto stat = os::stat_file(path + suffix)) size += stat->size;
  return size;
}

// ---- state

void measure_state(const std::string& folder) {
  constexpr std::size_t kCount = 10'000;
  const auto path = os::join_path(folder, "state/state.db");
  std::vector<std::pair<os::FileStat, core::ContentId>> files;
  std::vector<catalog::RememberedStep> steps;
  std::uint64_t document_bytes = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    os::FileStat stat;
    stat.device = 65024;
    stat.inode = 1'000'000 + i * 3;
    stat.size = i * 17;
    stat.mtime_ns = stat.ctime_ns =
        1'790'000'000'000'000'000 + static_cast<std::int64_t>(i) * 12'345;
    files.emplace_back(stat, content(std::to_string(i)));
    catalog::RememberedStep step;
    step.instance = base::format("clean@site-{}", i);
    step.step_key = hash::sha256(step.instance);
    step.execution.uuid = uuid(1'790'000'000'000, i);
    step.key_document = base::format(
        R"({{"command":"python3 src/clean.py raw/{0}.csv -o work/{0}.csv","env":{{"LANG":"C.UTF-8","OMP_NUM_THREADS":"1","TZ":"UTC"}},"inputs":[{{"content":"{1}","path":"raw/{0}.csv"}},{{"content":"{2}","path":"src/clean.py"}}],"outputs":["work/{0}.csv"],"params":{{"alpha":0.05}},"shell":["bash","-euo","pipefail","-c"],"version":1}})",
        i, content(std::to_string(i)).to_string(), content("script").to_string());
    document_bytes += step.key_document.size();
    step.outputs.push_back(
        {{base::format("work/{}.csv", i), files.back().second, stat.size, 0644}, stat});
    steps.push_back(std::move(step));
  }
  {
    auto database = catalog::open_state(path);
    catalog::State state(database);
    Watch watch;
    state.put_files(files);
    report("file_cache_insert_10000", watch.ms(), "ms");
    Watch again;
    state.put_steps("pipeline.yaml", steps);
    report("steps_upsert_10000_new", again.ms(), "ms");
    Watch third;
    state.put_steps("pipeline.yaml", steps);
    report("steps_upsert_10000_known", third.ms(), "ms");
    report("key_document_mean", static_cast<double>(document_bytes) / kCount, "bytes");
    report("key_document_stored_mean",
           static_cast<double>(
               database.query_integer("SELECT sum(length(key_document)) FROM last_executions")) /
               kCount,
           "bytes");
    for (const std::size_t megabytes : {1, 10}) {
      const std::string blob(megabytes << 20U, 'm');
      Watch memo;
      state.put_memo(base::format("plan{}", megabytes), blob);
      report(base::format("memo_write_{}MiB", megabytes), memo.ms(), "ms");
    }
    Watch closing;
    { auto gone = std::move(database); }
    report("close_with_checkpoint", closing.ms(), "ms");
  }
  Watch open_watch;
  auto reader = catalog::open_state_for_reading(path);
  report("open_for_reading", open_watch.ms(), "ms");
  catalog::State state(*reader);
  for (const auto* size : {"1", "10"}) {
    Watch memo;
    const auto blob = state.get_memo(std::string("plan") + size);
    report(std::string("memo_read_") + size + "MiB", blob ? memo.ms() : -1, "ms");
  }
  Watch lookup;
  std::size_t found = 0;
  for (const auto& [stat, id] : files) found += state.find_file(stat) == id ? 1 : 0;
  report("file_cache_lookup_10000", found == kCount ? lookup.ms() : -1, "ms");
  Watch streaming;
  std::size_t rows = 0;
  state.each_step("pipeline.yaml",
                  [&](const catalog::State::StepRow& row) { rows += row.outputs().size(); });
  report("steps_load_10000_with_outputs", rows == kCount ? streaming.ms() : -1, "ms");
  Watch whole;
  rows = state.steps("pipeline.yaml").size();
  report("steps_load_10000_with_key_documents", rows == kCount ? whole.ms() : -1, "ms");
}

// ---- catalog

core::RunRecord run_record(std::int64_t number) {
  core::RunRecord run;
  const std::int64_t ms = 1'700'000'000'000 + number * 60'000;
  run.id.uuid = uuid(ms, static_cast<std::uint64_t>(number));
  run.workflow = base::format("flow{}", number % 7);
  run.state = number % 10 == 0 ? core::RunState::failed : core::RunState::completed;
  run.started = {ms * 1'000'000};
  run.ended = {(ms + 59'000) * 1'000'000};
  run.user = base::format("user{}", number % 20);
  run.host = "lab";
  run.config_hash = hash::sha256(run.workflow);
  run.git = codec::Json::object({{"commit", std::string(40, 'c')}, {"dirty", false}});
  return run;
}

core::Execution execution(const core::RunRecord& run, std::uint64_t number, const std::string& step,
                          std::vector<core::Artifact> inputs, std::vector<core::Artifact> outputs) {
  core::Execution made;
  const auto ms = run.started.nanoseconds / 1'000'000 + static_cast<std::int64_t>(number % 50'000);
  made.id.uuid = uuid(ms, number);
  made.step = step;
  made.step_key = hash::sha256(step + made.id.to_string());
  core::Attempt attempt;
  attempt.started = {ms * 1'000'000};
  attempt.ended = {ms * 1'000'000};
  made.attempts.push_back(attempt);
  made.inputs = std::move(inputs);
  made.outputs = std::move(outputs);
  return made;
}

core::Artifact artifact(const std::string& path, std::int64_t version) {
  return {path, content(base::format("{}#{}", path, version)), 1000, 0644};
}

void report_walk(catalog::CatalogEdges& edges, const std::string& name, const std::string& start,
                 lineage::Direction direction, const lineage::WalkOptions& options = {}) {
  Watch watch;
  std::size_t count = 0;
  lineage::walk(edges, lineage::find_start(edges, start), direction, options,
                [&](const lineage::Edge&) {
                  ++count;
                  return true;
                });
  report(name, watch.ms(), "ms");
  report(name + "_edges", static_cast<double>(count), "edges");
}

void report_insert(const std::string& shape, const std::string& path, double ms) {
  auto database = catalog::open_state(path);
  catalog::Catalog index(database);
  const auto counts = index.counts();
  database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  report(shape + "_insert", ms / 1000, "s");
  report(shape + "_edges", static_cast<double>(counts.edges), "edges");
  report(shape + "_executions", static_cast<double>(counts.executions), "executions");
  report(shape + "_bytes_per_edge",
         static_cast<double>(total_size(path)) / static_cast<double>(counts.edges), "bytes");
}

/// 100 runs of 20 layers of 100 steps: each step uses 4 files of the layer before and makes one.
void measure_layers(const std::string& folder) {
  const auto path = os::join_path(folder, "layers/state.db");
  constexpr int kRuns = 100, kLayers = 20, kWidth = 100, kInputs = 4, kRunsPerBatch = 20;
  double spent = 0;
  {
    auto database = catalog::open_state(path);
    catalog::Catalog index(database);
    std::optional<db::Transaction> batch;
    for (int r = 0; r < kRuns; ++r) {
      const auto run = run_record(r);
      std::vector<core::Execution> executions;
      for (int l = 0; l < kLayers; ++l)
        for (int w = 0; w < kWidth; ++w) {
          std::vector<core::Artifact> inputs;
          for (int k = 0; k < kInputs; ++k) {
            const int from = (w + k * 7) % kWidth;
            inputs.push_back(l == 0 ? artifact(base::format("raw/{}.csv", from), 0)
                                    : artifact(base::format("work/{}/{}.csv", l - 1, from), r));
          }
          executions.push_back(execution(run, static_cast<std::uint64_t>(l * kWidth + w),
                                         base::format("layer{}@{}", l, w), std::move(inputs),
                                         {artifact(base::format("work/{}/{}.csv", l, w), r)}));
        }
      Watch watch;
      if (!batch) batch.emplace(database);
      index.add_run(run, base::format("snapshot{}", r), executions);
      if (r % kRunsPerBatch == kRunsPerBatch - 1) {
        batch->commit();
        batch.reset();
      }
      spent += watch.ms();
    }
  }
  report_insert("layers", path, spent);
  Watch open_watch;
  auto reader = catalog::open_state_for_reading(path);
  catalog::CatalogEdges edges(*reader);
  report("layers_open", open_watch.ms(), "ms");
  report_walk(edges, "layers_up_one_run", "work/19/50.csv", lineage::Direction::up);
  report_walk(edges, "layers_up_3_layers", "work/19/50.csv", lineage::Direction::up,
              {6, {}, false, false});
  report_walk(edges, "layers_up_first_1000", "work/19/50.csv", lineage::Direction::up,
              {{}, 1000, false, false});
  report_walk(edges, "layers_down_3_layers", "work/16/50.csv", lineage::Direction::down,
              {6, {}, false, false});
  report_walk(edges, "layers_down_all_runs", "raw/50.csv", lineage::Direction::down);
  Watch path_watch;
  const auto found = lineage::path(edges, lineage::find_start(edges, "raw/50.csv"),
                                   lineage::find_start(edges, "work/19/50.csv"));
  report("layers_path", path_watch.ms(), "ms");
  report("layers_path_edges", static_cast<double>(found.size()), "edges");
}

/// 500 runs, each adding 1,000 links to one chain of 500,000 executions.
void measure_chain(const std::string& folder) {
  const auto path = os::join_path(folder, "chain/state.db");
  constexpr int kRuns = 500, kSteps = 1000, kRunsPerBatch = 50;
  double spent = 0;
  {
    auto database = catalog::open_state(path);
    catalog::Catalog index(database);
    std::optional<db::Transaction> batch;
    for (int r = 0; r < kRuns; ++r) {
      const auto run = run_record(r);
      std::vector<core::Execution> executions;
      for (int s = 0; s < kSteps; ++s) {
        const bool first = s == 0;
        executions.push_back(execution(
            run, static_cast<std::uint64_t>(s), base::format("link@{}", s),
            {artifact(base::format("chain/{}", first ? kSteps - 1 : s - 1), first ? r - 1 : r)},
            {artifact(base::format("chain/{}", s), r)}));
      }
      Watch watch;
      if (!batch) batch.emplace(database);
      index.add_run(run, base::format("snapshot{}", r), executions);
      if (r % kRunsPerBatch == kRunsPerBatch - 1) {
        batch->commit();
        batch.reset();
      }
      spent += watch.ms();
    }
  }
  report_insert("chain", path, spent);
  auto reader = catalog::open_state_for_reading(path);
  catalog::CatalogEdges edges(*reader);
  const auto end = "chain/999";
  report_walk(edges, "chain_up_first_1000", end, lineage::Direction::up, {{}, 1000, false, false});
  report_walk(edges, "chain_up_first_10000", end, lineage::Direction::up,
              {{}, 10'000, false, false});
  report_walk(edges, "chain_up_whole", end, lineage::Direction::up);
}

void measure_log(const std::string& folder) {
  const auto path = os::join_path(folder, "log/state.db");
  constexpr int kRuns = 30'000;
  {
    auto database = catalog::open_state(path);
    catalog::Catalog index(database);
    db::Transaction transaction(database);
    Watch watch;
    for (int r = 0; r < kRuns; ++r) {
      const auto run = run_record(r);
      index.add_run(run, base::format("snapshot{}", r),
                    std::vector{execution(run, 1, base::format("step{}@x", r % 50),
                                          {artifact("in", 0)}, {artifact("out", r)})});
    }
    transaction.commit();
    report("add_30000_runs", watch.ms(), "ms");
  }
  const auto measure = [&](const char* name, const catalog::RunFilter& filter) {
    Watch watch;
    auto reader = catalog::open_state_for_reading(path);
    catalog::Catalog index(*reader);
    const auto page = index.runs(filter, 50);
    report(name, page.runs.empty() ? -1 : watch.ms(), "ms");
  };
  measure("log_first_page", {});
  catalog::RunFilter filter;
  filter.user = "user19";
  filter.state = core::RunState::completed;
  measure("log_first_page_user_state", filter);
  filter = {};
  filter.step = "step7";
  measure("log_first_page_step", filter);
  auto reader = catalog::open_state_for_reading(path);
  catalog::Catalog index(*reader);
  Watch known;
  const auto snapshots = index.known_snapshots().size();
  report("known_snapshots_30000", snapshots == kRuns ? known.ms() : -1, "ms");
  Watch oldest;
  index.find_run("latest~29999");
  report("find_run_latest_29999", oldest.ms(), "ms");
}

void measure_drawing() {
  for (const std::size_t count : {std::size_t{1000}, std::size_t{10'000}}) {
    drawing::Graph graph;
    std::uint64_t state = 1;
    for (std::size_t i = 0; i < count; ++i) {
      graph.nodes.push_back({base::format("step@{}", i), {}, {}, ""});
      for (int k = 0; i > 0 && k < 2; ++k) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        graph.edges.push_back({(state >> 33U) % i, i});
      }
    }
    Watch watch;
    const auto size = drawing::to_svg(graph).size();
    report(base::format("svg_{}_nodes", count), size > 0 ? watch.ms() : -1, "ms");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string part = argc > 1 ? argv[1] : "all";
  const auto folder = os::make_temporary_directory(
      argc > 2 ? os::join_path(argv[2], "catalog_bench-") : "catalog_bench-");
  if (part == "all" || part == "state") measure_state(folder);
  if (part == "all" || part == "log") measure_log(folder);
  if (part == "all" || part == "layers") measure_layers(folder);
  if (part == "all" || part == "chain") measure_chain(folder);
  if (part == "all" || part == "drawing") measure_drawing();
  os::remove_tree(folder);
  return 0;
}
