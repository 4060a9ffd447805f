#include <algorithm>

#include "accesses_view.hpp"
#include "command.hpp"
#include "commands.hpp"
#include "options.hpp"
#include "provrun/app/lineage_view.hpp"
#include "provrun/app/run_names.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/lineage/run_diff.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/pager.hpp"
#include "provrun/os/terminal.hpp"
#include "run_view.hpp"

namespace provrun::cli {

namespace {

base::Timestamp time_argument(const Call& call, const std::string& text) {
  const auto time = base::parse_timestamp(text);
  if (!time)
    throw usage(call, base::format("'{}' is no time; write 2026-08-01 or 2026-08-01T12:00",
                                   base::printable(text)));
  return *time;
}

std::string duration_between(base::Timestamp from, base::Timestamp to) {
  return base::format_duration(
      std::chrono::nanoseconds(std::max<std::int64_t>(0, to.nanoseconds - from.nanoseconds)));
}

std::string counts_text(const core::StepCounts& counts) {
  std::vector<std::string> parts;
  const auto add = [&](std::uint64_t n, const char* what) {
    if (n > 0) parts.push_back(base::format("{} {}", n, what));
  };
  add(counts.executed, "executed");
  add(counts.reused, "restored");
  add(counts.up_to_date, "up to date");
  add(counts.failed, "failed");
  add(counts.skipped, "not run");
  return base::join(parts, ", ");
}

Colour colour_of(core::RunState state) {
  switch (state) {
    case core::RunState::completed:
      return Colour::green;
    case core::RunState::failed:
      return Colour::red;
    case core::RunState::interrupted:
      return Colour::yellow;
    case core::RunState::running:
      return Colour::blue;
  }
  return Colour::none;
}

codec::Json run_line(const catalog::RunSummary& run) {
  codec::Json line = codec::Json::object(
      {{"type", "run"},
       {"run", run.id.to_string()},
       {"workflow", run.workflow},
       {"state", core::name_of(run.state)},
       {"started", run.started.to_rfc3339()},
       {"ended", run.ended.to_rfc3339()},
       {"user", run.user},
       {"host", run.host},
       {"config_hash", run.config_hash.to_hex()},
       {"git_commit", run.git_commit.empty() ? codec::Json() : codec::Json(run.git_commit)},
       {"git_dirty", run.git_dirty ? codec::Json(*run.git_dirty) : codec::Json()},
       {"executed", run.counts.executed},
       {"reused", run.counts.reused},
       {"up_to_date", run.counts.up_to_date},
       {"failed", run.counts.failed},
       {"skipped", run.counts.skipped},
       {"snapshot", run.snapshot}});
  if (!run.failure.empty()) line.set("failure", run.failure);
  return line;
}

void print_artifacts(Console& console, const char* title,
                     const std::vector<core::Artifact>& artifacts) {
  if (artifacts.empty()) return;
  console.result(base::format("  {}", title));
  constexpr std::size_t kShown = 50;
  for (std::size_t i = 0; i < artifacts.size() && i < kShown; ++i)
    console.result(
        base::format("    {}  {:>9}  {}", artifacts[i].content.digest.to_hex().substr(0, 12),
                     base::format_size(artifacts[i].size), base::printable(artifacts[i].path)));
  if (artifacts.size() > kShown)
    console.result(base::format("    and {} more", artifacts.size() - kShown));
}

void print_rounds(Console& console, const core::Execution& execution) {
  if (execution.rounds.empty()) return;
  console.result("  rounds");
  constexpr std::size_t kShown = 20;
  for (std::size_t i = 0; i < execution.rounds.size(); ++i) {
    if (i == kShown && execution.rounds.size() > kShown + 1) {
      console.result(base::format("    … {} more", execution.rounds.size() - kShown - 1));
      i = execution.rounds.size() - 1;
    }
    const auto& round = execution.rounds[i];
    const auto said = !round.until        ? std::string("failed")
                      : *round.until == 0 ? std::string("done")
                      : *round.until == 1 ? std::string("not yet")
                                          : base::format("exit code {}", *round.until);
    std::string made;
    for (std::size_t j = 0; j < round.outputs.size() && j < 3; ++j)
      made += base::format("  {} {}", round.outputs[j].content.digest.to_hex().substr(0, 12),
                           base::printable(round.outputs[j].path));
    console.result(base::format("    {:>4}  {:>8}  {:8}{}", i + 1,
                                duration_between(round.started, round.ended), said, made));
  }
}

void print_execution(Console& console, const core::Execution& execution) {
  console.object(core::to_json(execution));
  if (console.json()) return;
  std::string head =
      base::format("{}  {}", console.paint(Colour::bold, base::printable(execution.step)),
                   core::name_of(execution.state));
  if (!execution.attempts.empty()) {
    const auto& last = execution.attempts.back();
    head += base::format("  {}  {}", execution.attempts.front().started.to_rfc3339(),
                         duration_between(execution.attempts.front().started, last.ended));
    head +=
        base::format("  cpu {:.2f} s  memory {}", last.cpu_user_s + last.cpu_system_s,
                     last.max_rss_bytes > 0 ? base::format_size(last.max_rss_bytes) : "not known");
    if (execution.attempts.size() > 1)
      head += base::format("  {} attempts", execution.attempts.size());
    if (!execution.rounds.empty())
      head += base::format("  {} round{}", execution.rounds.size(),
                           execution.rounds.size() == 1 ? "" : "s");
    if (last.signal != 0)
      head += base::format("  signal {}", last.signal);
    else if (last.exit_code != 0)
      head += base::format("  exit code {}", last.exit_code);
  }
  console.result(head);
  console.result(base::format("  execution {}", execution.id.to_string()));
  if (execution.reused_from)
    console.result(base::format("  restored from {}", execution.reused_from->to_string()));
  console.result(base::format("  step key  {}", execution.step_key.to_hex()));
  if (!execution.reason.kind.empty()) console.result("  because   " + describe(execution.reason));
  if (!execution.failure.empty())
    console.result("  failure   " + base::printable(execution.failure));
  console.result(base::format("  grade     {}{}", core::name_of(execution.grade),
                              execution.grade_reason.empty() ? "" : ": " + execution.grade_reason));
  const auto alone = command_alone(execution);
  if (!alone.empty()) console.result("  command   " + alone);
  print_rounds(console, execution);
  for (const auto& path : execution.inputs_changed)
    console.result("  changed while it ran: " + base::printable(path));
  print_artifacts(console, "inputs", execution.inputs);
  print_artifacts(console, "outputs", execution.outputs);
}

void print_log(Console& console, app::Archive& archive, const app::StoredRun& run,
               const core::Execution& execution) {
  if (!execution.log || console.json()) return;
  const auto text = archive.read_small(run.manifest, execution.log->path);
  if (!text) return;
  console.result("  log");
  for (const auto line : base::split(base::trim(*text), '\n'))
    console.result("    " + base::printable(line));
}

void print_run(Console& console, const app::StoredRun& run) {
  console.object(core::to_json(run.record));
  for (const auto& execution : run.executions)
    if (console.json()) console.object(core::to_json(execution));
  if (console.json()) return;
  const auto& record = run.record;
  console.result(base::format("run       {}", console.paint(Colour::bold, record.id.to_string())));
  console.result(base::format("workflow  {}", base::printable(record.workflow)));
  console.result(base::format(
      "state     {}{}", console.paint(colour_of(record.state), core::name_of(record.state)),
      record.failure.empty() ? "" : ": " + base::printable(record.failure)));
  console.result(base::format("time      {}, {}", record.started.to_rfc3339(),
                              duration_between(record.started, record.ended)));
  console.result(base::format("by        {} on {}", record.user, record.host));
  std::vector<std::string> words;
  for (const auto& word : record.trigger) words.push_back(base::shell_quote(word));
  console.result("command   " + base::printable(base::join(words, " ")));
  console.result("snapshot  " + run.snapshot.id.to_hex());
  if (record.pipeline)
    console.result(base::format("pipeline  {} {}",
                                record.pipeline->content.digest.to_hex().substr(0, 12),
                                base::printable(record.pipeline->path)));
  console.result("config    " + record.config_hash.to_hex());
  if (record.parameters.is_object() && !record.parameters.as_object().empty())
    console.result("params    " + base::printable(record.parameters.dump()));
  if (!record.git.is_null()) {
    const auto commit = record.git.get_string("commit");
    const auto* notes = record.git.find("notes");
    const bool unread = notes != nullptr && notes->is_array() && !notes->as_array().empty();
    console.result(base::format(
        "git       {}{}{}",
        !commit.empty() ? commit.substr(0, 12)
        : unread        ? "not read"
                        : "no commit yet",
        record.git.get_string("branch").empty() ? "" : " on " + record.git.get_string("branch"),
        record.git.get_bool("dirty") ? ", with changes" : ""));
    if (unread)
      for (const auto& note : notes->as_array())
        console.result("          " + base::printable(note.as_string()));
  }
  if (record.environment.is_object()) {
    if (const auto* os_info = record.environment.find("os"))
      console.result("system    " + (os_info->is_object() ? os_info->get_string("name") + " " +
                                                                os_info->get_string("version")
                                                          : os_info->dump()));
    if (const auto* programs = record.environment.find("programs");
        programs != nullptr && programs->is_array())
      for (const auto& program : programs->as_array()) {
        std::string text = "program   " + base::printable(program.get_string("path"));
        if (const auto* package = program.find("package");
            package != nullptr && package->is_object())
          text += base::format("  ({} {})", package->get_string("name"),
                               package->get_string("version"));
        console.result(text);
      }
  }
  console.result("steps     " + counts_text(record.counts));
  for (const auto& execution : run.executions) {
    std::string line = base::format("  {:<11} {}", core::name_of(execution.state),
                                    base::printable(execution.step));
    if (!execution.attempts.empty())
      line += "  " +
              duration_between(execution.attempts.front().started, execution.attempts.back().ended);
    if (!execution.failure.empty()) line += "  " + base::printable(execution.failure);
    console.result(line);
    for (const auto& output : execution.outputs)
      console.result(base::format("    {}  {:>9}  {}", output.content.digest.to_hex().substr(0, 12),
                                  base::format_size(output.size), base::printable(output.path)));
  }
}

}  // namespace

// As git does: the list goes through a pager when people read it on a terminal.
std::unique_ptr<os::Pager> start_pager(const Console& console) {
  if (console.json() || !os::is_terminal(1)) return nullptr;
  auto command = os::environment_variable("PROVRUN_PAGER");
  if (!command) command = os::environment_variable("PAGER");
  return os::Pager::start(os::pager_words(command.value_or("less")),
                          {{"LESS", "FRX"}, {"LV", "-c"}});
}

int command_log(const Call& call) {
  std::optional<std::string> workflow;
  std::optional<std::string> user;
  std::optional<std::string> host;
  std::optional<std::string> status;
  std::optional<std::string> since;
  std::optional<std::string> before;
  std::optional<std::string> step;
  std::optional<int> limit;
  std::vector<std::string> words;
  Options options(call.verb);
  bool no_pager = false;
  options.flag("no-pager", no_pager)
      .value("workflow", workflow)
      .value("user", user)
      .value("host", host)
      .value("status", status)
      .value("since", since)
      .value("before", before)
      .value("step", step)
      .number("limit,n", limit)
      .positional(words);
  options.parse(call.arguments);
  if (!words.empty())
    throw usage(call, base::format("log takes no arguments; to see one run: provrun show {}",
                                   base::printable(words[0])));
  if (limit && *limit < 1) throw usage(call, "-n needs a number of at least 1");
  catalog::RunFilter filter{workflow, user, host, std::nullopt, std::nullopt, std::nullopt, step};
  if (status) {
    filter.state = core::parse_run_state(*status);
    if (!filter.state)
      throw usage(call,
                  base::format("--status is running, completed, failed or interrupted, not '{}'",
                               base::printable(*status)));
  }
  if (since) filter.since = time_argument(call, *since);
  if (before) filter.until = time_argument(call, *before);
  const auto archive = open_archive(call, app::Archive::Mode::look);
  auto& console = *call.console;
  // People get a page; programs, and who asks for a number, get what they asked for.
  constexpr int kPage = 50;
  const auto pager = no_pager ? nullptr : start_pager(console);
  const bool all = console.json() || pager != nullptr;
  const auto wanted = static_cast<std::size_t>(limit.value_or(all ? 1'000'000'000 : kPage));
  std::size_t shown = 0;
  std::optional<catalog::RunCursor> cursor;
  do {
    const auto page =
        archive->catalog().runs(filter, std::min<std::size_t>(wanted - shown, 500), cursor);
    for (const auto& run : page.runs) {
      console.object(run_line(run));
      if (!console.json())
        console.result(base::format(
            "{}  {}  {:<9}  {}  {}  {}: {}", run.id.to_string(),
            run.started.to_rfc3339().substr(0, 19), duration_between(run.started, run.ended),
            console.paint(colour_of(run.state), base::format("{:<11}", core::name_of(run.state))),
            run.user, base::printable(run.workflow), counts_text(run.counts)));
      ++shown;
    }
    cursor = page.next;
    if (pager) console.flush();
  } while (cursor && shown < wanted && !(pager && pager->ended()));
  console.flush();
  if (cursor && !limit && !all)
    console.note(
        base::format("provrun: these are the newest {}; more with -n, or --before TIME", shown));
  return 0;
}

int command_show(const Call& call) {
  std::vector<std::string> words;
  bool accesses = false;
  bool all = false;
  Options options(call.verb);
  options.flag("accesses", accesses).flag("all", all).positional(words);
  options.parse(call.arguments);
  if (words.size() != 1) throw usage(call, "show takes one run, step or file");
  if (all && !accesses) throw usage(call, "--all belongs to --accesses");
  const auto& word = words[0];
  auto& console = *call.console;
  const auto archive = open_archive(call, app::Archive::Mode::look);
  auto& catalog = archive->catalog();
  const auto print_one = [&](const catalog::ExecutionSummary& summary) {
    const auto run = archive->load_run(archive->snapshot_of(*catalog.find_run(summary.run)));
    for (const auto& execution : run.executions)
      if (execution.id == summary.id) {
        print_execution(console, execution);
        if (accesses)
          print_accesses(console, *archive, run, execution, all);
        else
          print_log(console, *archive, run, execution);
      }
  };
  base::Error no_run(base::ErrorCode::not_found, "");
  try {
    const auto summary = catalog.find_run(word);
    if (accesses) {
      for (const auto& execution : archive->load_run(archive->snapshot_of(summary)).executions)
        if (const auto one = catalog.find_execution(execution.id)) print_one(*one);
      return 0;
    }
    print_run(console, archive->load_run_resolved(summary.id.to_string()));
    return 0;
  } catch (const base::Error& error) {
    // An ambiguous run is what was meant; anything that is no run may be a step or a file.
    if (error.code() == base::ErrorCode::conflict || error.code() == base::ErrorCode::corruption)
      throw;
    no_run = error;
  }
  if (const auto uuid = base::parse_uuid(word))
    if (const auto summary = catalog.find_execution(core::ExecutionId{*uuid})) {
      print_one(*summary);
      return 0;
    }
  // A step's last execution; for a step of several instances the last of each.
  std::vector<std::string> seen;
  for (const auto& summary : catalog.executions_of_step(word, 10'000)) {
    if (std::find(seen.begin(), seen.end(), summary.step) != seen.end()) continue;
    seen.push_back(summary.step);
    print_one(summary);
  }
  if (!seen.empty()) return 0;
  const auto versions = app::file_versions(*archive, word);
  // Several runs' ids begin with the word: one of them was meant.
  if (versions.empty() && no_run.code() == base::ErrorCode::invalid_input &&
      app::begins_run_id(word))
    throw std::move(no_run);
  if (versions.empty())
    throw base::Error(base::ErrorCode::not_found,
                      base::format("no run, step or file '{}' is recorded", base::printable(word)))
        .hint("'provrun log' lists the runs, 'provrun status' the steps");
  for (const auto& version : versions) {
    console.object(codec::Json::object(
        {{"type", "artifact"},
         {"path", version.path},
         {"content", version.content.to_string()},
         {"size", version.size},
         {"execution",
          version.execution ? codec::Json(version.execution->to_string()) : codec::Json()},
         {"step", version.step.empty() ? codec::Json() : codec::Json(version.step)}}));
    console.result(base::format(
        "{}  {:>9}  {}{}", version.content.to_string(), base::format_size(version.size),
        base::printable(version.path),
        version.step.empty()
            ? "  (a source: no recorded step made it)"
            : base::format("  made by {} in run {}", base::printable(version.step), version.run)));
  }
  return 0;
}

int diff_of_runs(const Call& call, const std::vector<std::string>& words, bool exit_code) {
  const auto archive = open_archive(call, app::Archive::Mode::look);
  const auto before = archive->load_run_resolved(words[0]);
  const auto after = archive->load_run_resolved(words[1]);
  const auto diff =
      lineage::diff_runs({before.record, before.executions}, {after.record, after.executions});
  auto& console = *call.console;
  bool any = false;
  const auto show_changes = [&](const char* section, const std::string& step,
                                const std::vector<lineage::JsonChange>& changes) {
    for (const auto& change : changes) {
      any = true;
      codec::Json line = codec::Json::object({{"type", "difference"}, {"section", section}});
      if (!step.empty()) line.set("step", step);
      line.set("what", change.path).set("before", change.before).set("after", change.after);
      console.object(std::move(line));
      const auto text = [](const codec::Json& value) {
        return value.is_string() ? value.as_string() : value.dump();
      };
      console.result(
          base::format("{}{} {}: {} → {}", section, step.empty() ? "" : " " + base::printable(step),
                       base::printable(change.path), base::printable(text(change.before)),
                       base::printable(text(change.after))));
    }
  };
  const auto show_outputs = [&](const char* section, const std::string& step,
                                const std::vector<lineage::OutputChange>& outputs) {
    for (const auto& output : outputs) {
      any = true;
      const auto content = [](const std::optional<core::Artifact>& artifact) {
        return artifact ? codec::Json(artifact->content.to_string()) : codec::Json();
      };
      codec::Json line = codec::Json::object({{"type", "difference"}, {"section", section}});
      if (!step.empty()) line.set("step", step);
      line.set("what", output.path).set("change", lineage::name_of(output.presence));
      line.set("before", content(output.before)).set("after", content(output.after));
      console.object(std::move(line));
      console.result(base::format("{}{} {} {}", section,
                                  step.empty() ? "" : " " + base::printable(step),
                                  base::printable(output.path), lineage::name_of(output.presence)));
    }
  };
  show_outputs("configuration", "", diff.configuration);
  show_changes("parameter", "", diff.parameters);
  show_changes("git", "", diff.git);
  show_changes("environment", "", diff.environment);
  for (const auto& step : diff.steps) {
    any = true;
    if (step.presence != lineage::Presence::changed) {
      console.object(codec::Json::object({{"type", "difference"},
                                          {"section", "step"},
                                          {"what", step.step},
                                          {"change", lineage::name_of(step.presence)}}));
      console.result(
          base::format("step {} {}", base::printable(step.step), lineage::name_of(step.presence)));
    }
    show_changes("key", step.step, step.key);
    show_outputs("output", step.step, step.outputs);
  }
  console.object(
      codec::Json::object({{"type", "summary"},
                           {"before", before.record.id.to_string()},
                           {"after", after.record.id.to_string()},
                           {"different", any},
                           {"same_results", diff.same_results()},
                           {"steps_equal", static_cast<std::int64_t>(diff.steps_equal)}}));
  if (!any) console.note("provrun: no difference");
  return exit_code && any ? 4 : 0;
}

}  // namespace provrun::cli
