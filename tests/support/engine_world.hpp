#pragma once

#include <map>
#include <set>
#include <stdexcept>

#include "provrun/base/error.hpp"
#include "provrun/engine/engine.hpp"
#include "provrun/pipeline/graph.hpp"

// Whole runs in memory: a workflow in, the list of executed steps out. A script is a list of words
// "make PATH CONTENT…", "copy FROM… TO", "fail", "fail-once", "nothing", and those of run() below.
namespace provrun::test {

using core::StepState;

inline core::ContentId content_id(const std::string& text) {
  return {hash::sha256(text)};
}

class MemoryFiles : public core::WorkspaceFiles {
 public:
  std::map<std::string, std::string> files;
  std::vector<std::string> aside;
  std::map<core::ContentId, std::string> contents;  // of all that was ever looked at

  std::optional<core::PathState> identify(const std::string& path, core::PathKind kind) override {
    if (kind == core::PathKind::file) {
      const auto found = files.find(path);
      if (found == files.end()) return std::nullopt;
      return core::PathState{content_id(found->second), {artifact(path)}};
    }
    core::PathState state;
    std::string listing;
    for (const auto& [name, text] : files)
      if (name.starts_with(path + "/")) {
        state.files.push_back(artifact(name));
        listing += name + "=" + text + ";";
      }
    if (state.files.empty()) return std::nullopt;
    state.content = content_id(listing);
    return state;
  }
  bool unchanged(const std::string& path, core::PathKind) override {
    return !changing.contains(path);
  }
  void prepare_output(const std::string& path, core::PathKind,
                      const std::vector<core::Artifact>&) override {
    files.erase(path);
  }
  void protect(const std::string& path, core::PathKind) override { read_only.insert(path); }
  std::set<std::string> read_only;
  std::string set_aside(const std::string& path) override {
    if (files.erase(path) == 0) return {};
    aside.push_back(path);
    return "aside/" + path;
  }
  core::Sight look(const std::string& path, core::Look what) override {
    core::Sight sight;
    if (const auto found = files.find(path); found != files.end()) {
      sight.presence = core::Presence::file;
      sight.executable = executable.contains(path);
      if (what == core::Look::content) sight.content = content_id(found->second);
    } else if (!list(path).empty() || path == ".") {
      sight.presence = core::Presence::directory;
      if (what == core::Look::listing) sight.content = core::listing_content(list(path));
    }
    return sight;
  }
  std::set<std::string> executable;
  std::map<std::string, std::string> links;  // files that are links: where they lead
  std::string real_path(const std::string& path) override {
    if (const auto link = links.find(path); link != links.end()) return link->second;
    return look(path, core::Look::presence).presence == core::Presence::absent ? "" : path;
  }
  std::vector<core::ListingEntry> list(const std::string& path) override {
    const auto prefix = path == "." ? std::string() : path + "/";
    std::set<core::ListingEntry> entries;
    for (const auto& [name, text] : files) {
      if (!name.starts_with(prefix) || (path == "." && name.starts_with('/'))) continue;
      const auto rest = name.substr(prefix.size());
      const auto slash = rest.find('/');
      entries.insert({rest.substr(0, slash), slash == std::string::npos
                                                 ? core::Presence::file
                                                 : core::Presence::directory});
    }
    return {entries.begin(), entries.end()};
  }
  std::optional<std::vector<core::ListingEntry>> recall(const core::ContentId& listing) override {
    const auto found = listings.find(listing);
    if (found == listings.end()) return std::nullopt;
    return found->second;
  }
  core::ContentId keep_listing(const std::vector<core::ListingEntry>& entries) override {
    const auto id = core::listing_content(entries);
    listings[id] = entries;
    return id;
  }
  std::map<core::ContentId, std::vector<core::ListingEntry>> listings;
  core::Artifact artifact(const std::string& path) {
    const auto& text = files.at(path);
    contents[content_id(text)] = text;
    return {path, content_id(text), text.size(), 0644};
  }
  std::set<std::string> changing;
};

class FakeExecutor : public core::Executor {
 public:
  explicit FakeExecutor(MemoryFiles& files) : files_(files) {}
  void start(core::Job job) override {
    running.push_back(std::move(job));
    most_at_once = std::max(most_at_once, running.size());
  }
  std::vector<core::JobResult> wait(std::chrono::nanoseconds) override {
    std::vector<core::JobResult> results;
    if (running.empty() || before_result == 0) return results;
    const auto job = running.front();
    running.erase(running.begin());
    core::JobResult result;
    result.token = job.token;
    limits.emplace_back(job.memory_limit.value_or(0),
                        job.time_limit.value_or(std::chrono::nanoseconds{0}).count());
    result.attempt.out_of_memory = out_of_memory > 0;
    if (out_of_memory > 0) {
      --out_of_memory;
      result.attempt.signal = 9;
    }
    accesses_.clear();
    search_path_ = engine::search_path_of(job.environment);
    for (const auto& script : job.scripts)
      if (result.attempt.exit_code == 0) result.attempt.exit_code = run(script);
    if (!job.until.empty() && result.attempt.succeeded()) result.until = run(job.until);
    if (observes && job.trace != core::TraceMode::off) {
      auto& observation = result.observation;
      observation.grade = core::Grade::traced;
      observation.mechanism = "fake";
      use("/usr/bin/tool", core::Use::execute);
      for (const auto& [path, access] : accesses_) observation.accesses.push_back(access);
    }
    results.push_back(result);
    return results;
  }
  void stop(core::Stop) override { stopped = true; }

  std::vector<core::Job> running;
  std::size_t most_at_once = 0;
  int before_result = 1;
  bool stopped = false;
  int out_of_memory = 0;                                       // so many attempts end like this
  std::vector<std::pair<std::uint64_t, std::int64_t>> limits;  // memory, time of each attempt
  std::map<std::string, int> tries;
  bool observes = false;

 private:
  // Notes the use, with what is there at the first one.
  void use(const std::string& path, core::Use how) {
    auto [at, fresh] = accesses_.try_emplace(path);
    auto& access = at->second;
    access.uses.add(how);
    const auto look = how == core::Use::list ? core::Look::listing : core::Look::content;
    if (!fresh) return;
    const auto sight = files_.look(path, look);
    access.path = path;
    access.before = sight.presence;
    if (how != core::Use::probe && how != core::Use::write && how != core::Use::create)
      access.content = sight.content;
    if (access.before == core::Presence::file) {
      access.size = files_.files.at(path).size();
      access.mode = 0644;
    }
  }
  std::string read(const std::string& path) {
    use(path, core::Use::read);
    const auto found = files_.files.find(path);
    return found != files_.files.end() ? found->second : std::string();
  }
  void write(const std::string& path, const std::string& text) {
    use(path, files_.files.contains(path) ? core::Use::write : core::Use::create);
    accesses_[path].uses.add(core::Use::write);
    files_.files[path] = text;
  }

  int run(const std::string& script) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : script + " ") {
      if (c != ' ') {
        word += c;
      } else if (!word.empty()) {
        words.push_back(std::exchange(word, {}));
      }
    }
    if (words[0] == "fail") return 3;
    if (words[0] == "fail-once" && ++tries[script] == 1) return 75;
    if (words[0] == "make") {
      write(words.at(1), words.size() > 2 ? words[2] : "");
    } else if (words[0] == "copy") {
      std::string text;
      for (std::size_t i = 1; i + 1 < words.size(); ++i) text += read(words[i]);
      write(words.back(), text);
    } else if (words[0] == "names") {  // names FOLDER OUT: what is in a folder
      std::string text;
      use(words.at(1), core::Use::list);
      for (const auto& entry : files_.list(words[1])) text += entry.name + ";";
      write(words.at(2), text);
    } else if (words[0] == "first") {  // first FILE… OUT: the first that is there
      for (std::size_t i = 1; i + 1 < words.size(); ++i) {
        use(words[i], files_.files.contains(words[i]) ? core::Use::read : core::Use::probe);
        if (!files_.files.contains(words[i])) continue;
        write(words.back(), files_.files[words[i]]);
        break;
      }
    } else if (words[0] == "call") {  // call NAME OUT: a program through PATH, whose text it writes
      for (std::size_t at = 0, end = 0; end != std::string::npos; at = end + 1) {
        end = search_path_.find(':', at);
        const auto folder = search_path_.substr(at, end == std::string::npos ? end : end - at);
        const auto place = folder + "/" + words.at(1);
        const bool found = files_.executable.contains(place);
        use(place, found ? core::Use::execute : core::Use::probe);
        if (!found) continue;
        if (const auto file = files_.real_path(place); file != place) {
          accesses_[place].uses = core::Use::follow;
          accesses_[place].before = core::Presence::symlink;
          accesses_[place].content.reset();
          use(file, core::Use::execute);
        }
        write(words.at(2), files_.files[place]);
        return 0;
      }
      return 127;
    } else if (words[0] == "long") {  // long FILE N: whether it has N bytes
      return read(words.at(1)).size() >= std::stoul(words.at(2)) ? 0 : 1;
    } else if (words[0] == "append") {  // append FILE TEXT
      write(words.at(1), read(words[1]) + words.at(2));
    } else if (words[0] == "scratch") {  // scratch FILE: made and removed again
      write(words.at(1), "scratch");
      accesses_[words[1]].uses.add(core::Use::remove);
      files_.files.erase(words[1]);
    } else if (words[0] == "fail-once") {
      files_.files[words.at(1)] = "second try";
    }
    return 0;
  }
  MemoryFiles& files_;
  std::map<std::string, core::Access> accesses_;
  std::string search_path_;
};

class MemoryResults : public core::Results {
 public:
  explicit MemoryResults(MemoryFiles& files) : files_(files) {}
  std::optional<core::StoredResult> find(
      const hash::Digest& key,
      const std::function<bool(const core::StoredResult&)>& fits) override {
    const auto found = results.find(key);
    if (found == results.end()) return std::nullopt;
    for (auto result = found->second.rbegin(); result != found->second.rend(); ++result)
      if (fits(*result)) return *result;
    return std::nullopt;
  }
  void restore(const core::Artifact& output) override {
    if (damaged) throw base::Error(base::ErrorCode::corruption, "chunk damaged");
    files_.files[output.path] = texts.at(output.content);
  }
  std::map<hash::Digest, std::vector<core::StoredResult>> results;
  std::map<core::ContentId, std::string> texts;
  bool damaged = false;

 private:
  MemoryFiles& files_;
};

class MemoryHistory : public core::History {
 public:
  const core::LastExecution* last(const std::string& step) override {
    const auto found = entries.find(step);
    return found != entries.end() ? &found->second : nullptr;
  }
  codec::Json last_key(const std::string& step) override { return keys[step]; }
  std::optional<double> usual_duration(const std::string&) override { return std::nullopt; }
  std::map<std::string, core::LastExecution> entries;
  std::map<std::string, codec::Json> keys;
};

class MemoryLog : public core::RunLog {
 public:
  std::string execution_ended(core::Execution& execution,
                              const std::vector<std::string>&) override {
    if (refuse) throw base::Error(base::ErrorCode::no_space, "no space left");
    executions.push_back(execution);
    return {};
  }
  void execution_started(const core::Execution&) override {}
  void input_used(const core::Artifact&) override {}
  void will_change(const core::Execution&, const core::Artifact& input) override {
    changing.push_back(input.path);
    if (files != nullptr) kept[input.path] = files->files.at(input.path);
  }
  void put_back(const core::Artifact& input) override {
    if (files != nullptr) files->files[input.path] = kept.at(input.path);
  }
  void round_made(const core::Artifact& output) override { rounds.push_back(output); }
  void removing(const core::Artifact& output) override { removed.push_back(output.path); }
  void withdraw(const std::string& step) override {
    std::erase_if(executions, [&](const auto& one) { return one.step == step; });
  }
  std::vector<std::string> removed;
  std::vector<std::string> changing;
  std::vector<core::Artifact> rounds;
  std::map<std::string, std::string> kept;
  MemoryFiles* files = nullptr;
  std::vector<core::Execution> executions;
  bool refuse = false;
};

class SilentObserver : public engine::Observer {
 public:
  void run_started(std::size_t) override {}
  void step_started(const std::string& step, const core::Reason&, int) override {
    started.push_back(step);
  }
  void attempt_failed(const std::string&, const core::Attempt&, std::chrono::nanoseconds) override {
  }
  void step_ended(const core::Execution&, const std::string&) override {}
  void notice(const std::string& text) override { notices.push_back(text); }
  void tick() override {}
  std::vector<std::string> started;
  std::vector<std::string> notices;
};

class NoSources : public pipeline::Sources {
 public:
  std::optional<std::string> read(const std::string&) override { return std::nullopt; }
  std::vector<std::string> glob(const std::string&) override { return {}; }
};

// A workspace over several runs.
class World {
 public:
  MemoryFiles files;
  MemoryResults results{files};
  MemoryHistory history;
  SilentObserver observer;
  MemoryLog log;
  engine::Forcing forcing;
  engine::Options options{.jobs = 2,
                          .limits = {},
                          .keep_going = {},
                          .workspace = "/w",
                          .streams = core::Streams::captured};
  engine::Variables variables{{"PATH", "/bin"}, {"LANG", "C"}};
  int interrupts = 0;
  int out_of_memory = 0;
  std::vector<std::pair<std::uint64_t, std::int64_t>> limits;
  std::size_t most_at_once = 0;
  bool observes = false;

  engine::Outcome run(const std::string& steps) {
    NoSources sources;
    const auto workflow = pipeline::load_workflow("provrun: 1\n" + steps, "pipeline.yaml", sources);
    auto graph = pipeline::expand(workflow);
    engine::Growth growth(graph, {{}, [&] { return pipeline::select(graph, {}); }, {}});
    FakeExecutor executor(files);
    executor.observes = observes;
    executor.out_of_memory = out_of_memory;
    engine::Decider decider(
        graph, files, results, history, variables,
        {[](const codec::Json& document) { return document; },
         [](std::string_view value) { return "#" + std::string(value.size(), '*'); }},
        forcing);
    observer.started.clear();
    log.executions.clear();
    std::uint8_t next_id = 0;
    engine::Engine engine(
        graph, executor, files, results, history, log, observer, decider,
        {[&] {
           core::ExecutionId id;
           id.uuid.bytes[0] = ++runs_;
           id.uuid.bytes[1] = ++next_id;
           return id;
         },
         [this] { return now += std::chrono::seconds(1); }, [this] { return interrupts; }},
        options);
    const auto outcome = engine.run(growth);
    most_at_once = executor.most_at_once;
    limits = executor.limits;
    for (const auto& execution : log.executions) {
      if (execution.state != StepState::executed && execution.state != StepState::reused) continue;
      auto sets = execution.observed.bodies;
      if (!execution.observed.accesses.empty()) {
        auto own = std::make_shared<core::AccessSet>();
        own->accesses = execution.observed.accesses;
        sets.push_back(own);
      }
      history.entries[execution.step] = {execution.id, execution.step_key, execution.outputs, sets,
                                         execution.observed.search_path};
      history.keys[execution.step] = execution.key;
      std::vector<core::Artifact> undeclared;
      for (const auto& input : execution.inputs)
        if (core::evidence_of_input(execution, input.path) == core::Evidence::observed)
          undeclared.push_back(input);
      results.results[execution.step_key].push_back({execution.id, execution.outputs,
                                                     execution.observed, undeclared,
                                                     execution.grade, execution.grade_reason});
      for (const auto& output : execution.outputs)
        results.texts[output.content] = files.contents.at(output.content);
    }
    return outcome;
  }
  std::string ran() const {
    std::string text;
    for (const auto& step : observer.started) text += (text.empty() ? "" : " ") + step;
    return text;
  }
  const core::Execution& of(const std::string& step) const {
    for (const auto& execution : log.executions)
      if (execution.step == step) return execution;
    throw std::runtime_error("no execution of " + step);
  }
  std::chrono::nanoseconds now{0};

 private:
  std::uint8_t runs_ = 0;
};

}  // namespace provrun::test
