#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_set>

#include "execution_log.hpp"
#include "id_screen.hpp"
#include "kept_files.hpp"
#include "log_path.hpp"
#include "observed_memory.hpp"
#include "observed_redactor.hpp"
#include "output_links.hpp"
#include "provrun/app/run_recorder.hpp"
#include "provrun/app/stored_results.hpp"
#include "provrun/app/withheld_ids.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/lock.hpp"
#include "provrun/snapshot/tree_writer.hpp"
#include "provrun/store/write_session.hpp"
#include "storing_thread.hpp"

namespace provrun::app {

// A power cut may cost the journal's last second; the steps of it run again then.
inline constexpr std::chrono::seconds kSyncInterval{1};
// A larger file outside of the workspace is named by its content and not stored.
inline constexpr std::uint64_t kLargestObserved = std::uint64_t{256} << 20U;
inline const core::ContentId kNoBytes{hash::sha256("")};
inline constexpr std::string_view kHowToAllow =
    " ('secrets_allowed_in' of .provrun/config.yaml says where that is fine)";

/// What a recorder holds of its run. Its sessions, threads and files are owned here; one thread at
/// a time.
struct RunRecorder::State {
  // A file that the snapshot shall have.
  struct Held {
    core::Artifact artifact;
    bool may_lack = false;      // it was observed, and may be gone before it is stored
    std::int64_t mtime_ns = 0;  // 0: as the files say
    std::unique_ptr<store::FileContent> stored = {};
  };

  explicit State(Setup given) : setup(std::move(given)) {}

  Setup setup;
  core::RunRecord record;
  std::string directory;
  std::optional<os::FileLock> lock;  // tells recover_runs that the run is alive
  os::File journal;
  std::chrono::nanoseconds last_sync{};
  std::function<void()> on_start;
  bool started = false;
  bool recovering = false;

  std::unique_ptr<store::WriteSession> session;
  std::unique_ptr<StoringThread> storing;
  std::unordered_map<core::ContentId, store::FileContent> known;  // contents of several chunks

  std::vector<core::Execution> executions;  // without key documents
  std::string lines;                        // executions.ndjson
  std::map<std::string, Held> artifacts;
  std::map<std::string, Held> superseded;  // by path in the snapshot
  // Not stored since a secret is in them: contents that were declared, paths that were observed.
  std::unordered_map<core::ContentId, policy::FoundSecret> withheld;
  std::unordered_map<core::ContentId, policy::FoundSecret> unstored;  // without a look
  std::map<std::string, core::RunRecord::Withheld> withheld_observed;
  // A declared secret of an earlier run is in them, whether or not this run knows it.
  std::unordered_set<core::ContentId> held_secrets;
  bool unscreened = false;  // a killed run, with secrets that are not known any more
  std::unordered_set<std::string> not_stored;  // paths that the journal has told so of
  std::unordered_map<core::ContentId, core::AccessSetPtr> sets;
  std::unordered_map<core::ContentId, core::AccessSetPtr>
      recorded_sets;  // as the snapshot has them
  ObservedRedactor observed_redactor{*setup.redactor};
  std::map<std::string, std::string> links;    // targets of outputs that are links, by path
  std::map<std::string, core::Artifact> logs;  // by path in the snapshot, as the artifact's path
  std::vector<catalog::RememberedStep> steps;
  core::StepCounts counts;

  // That the file is not to be stored is told to who recovers this run, once.
  bool may_store(const std::string& path) {
    if (!setup.is_stored || setup.is_stored(path)) return true;
    if (started && !recovering && not_stored.insert(path).second)
      append(codec::Json::object({{"type", "not_stored"}, {"path", path}}).dump());
    return false;
  }
  // Its executions ended before it began: their files may have changed since.
  bool is_late() const { return static_cast<bool>(setup.bytes_of); }
  // What the repository lacks in the end is named, and no failure.
  bool files_may_change() const { return is_late() || setup.files_may_change; }
  std::string bytes_of(const core::Artifact& artifact) const {
    return is_late() ? setup.bytes_of(artifact) : setup.files->absolute(artifact.path);
  }
  bool may_go(const std::string& path) const { return setup.may_go && setup.may_go(path); }
  std::string journal_path() const { return directory + "/journal.ndjson"; }
  std::string log_path(const core::ContentId& content) const {
    return directory + "/log-" + content.digest.to_hex();
  }

  // Copies of the pipeline and of the files it was made from, as they were when the run began: who
  // edits them after a kill must not take them from the completed record.
  std::string kept_path(const core::ContentId& content) const {
    return directory + "/kept-" + content.digest.to_hex();
  }

  void keep_copy(const core::Artifact& artifact) {
    const auto text = os::read_file(setup.files->absolute(artifact.path));
    if (hash::sha256(text) == artifact.content.digest)  // else the storing thread says so
      os::write_file_atomically(kept_path(artifact.content), text, os::Durability::synced, 0600);
  }

  // Where the artifact's bytes are now.
  std::string source_of(const core::Artifact& artifact) const {
    auto kept = kept_path(artifact.content);
    return os::lstat_file(kept) ? kept : setup.files->absolute(artifact.path);
  }

  void start() {
    if (started) return;
    started = true;
    const bool begun =
        os::lstat_file(journal_path()).has_value();  // when a killed run is recovered
    journal = os::open_for_appending(journal_path());
    recovering = begun;
    held_secrets = withheld_contents(*setup.archive->state(), Withheld::declared);
    if (!begun) {
      append(core::to_json(record).dump());
      if (!setup.secret_marks.empty())
        append(codec::Json::object({{"type", "secrets"}, {"marks", marks()}}).dump());
    }
    session = setup.archive->repository().begin_session();
    storing = std::make_unique<StoringThread>(*session, setup.screen);
    // Who edits the pipeline while it runs changes the next run, not this record.
    if (!begun) {
      const auto keep_source = [&](const core::Artifact& artifact) {
        keep_copy(artifact);
        keep(artifact, setup.files->absolute(artifact.path));
      };
      for (const auto& artifact : record.configuration) keep_source(artifact);
      if (record.pipeline) keep_source(*record.pipeline);
    }
    if (on_start) on_start();
  }

  codec::Json marks() const {
    auto marks = codec::Json::array();
    for (const auto& mark : setup.secret_marks) marks.push_back(mark);
    return marks;
  }

  void append(std::string line) {
    line += '\n';
    os::write_all(journal, std::string_view(line), journal_path());
    const auto now = os::steady_now();
    if (now - last_sync < kSyncInterval) return;
    os::sync_file(journal, journal_path());
    last_sync = now;
  }

  // Queues the file to be stored unless the repository has its content.
  void keep(const core::Artifact& artifact, const std::string& path) {
    if (const auto target = link_target(artifact, path); target && is_bare_link(artifact, *target))
      return;  // the tree holds it whole
    if (storing->knows(artifact.content) || has(artifact) || may_hold_secret(artifact)) return;
    storing->store(path, artifact.content, looked_for_in(artifact));
  }

  // What cannot be found by looking through it now.
  bool may_hold_secret(const core::Artifact& artifact) {
    const bool held = held_secrets.contains(artifact.content);
    if (held)
      unstored.try_emplace(
          artifact.content,
          policy::FoundSecret{"a secret that was declared in an earlier run", true});
    const bool unsure = unscreened && !is_source(artifact);
    if (!held && unsure)
      unstored.try_emplace(artifact.content,
                           policy::FoundSecret{"perhaps a secret of the killed run", true});
    return held || unsure;
  }

  // The pipeline, or what it was made from: a run that would find a secret in them does not begin.
  bool is_source(const core::Artifact& artifact) const {
    return artifact == record.pipeline ||
           std::find(record.configuration.begin(), record.configuration.end(), artifact) !=
               record.configuration.end();
  }

  // Whether the repository had it before.
  bool has(const core::Artifact& artifact) {
    if (auto content =
            single_chunk(artifact.content, artifact.size, setup.archive->repository().config()))
      return session->has_all(*content);
    if (known.contains(artifact.content)) return true;
    const auto bytes = setup.archive->catalog().content_location(artifact.content);
    if (!bytes) return false;
    auto location = decode_location(artifact.content, *bytes);
    if (!location || !session->has_all(*location)) return false;
    known.emplace(artifact.content, std::move(*location));
    return true;
  }

  // What the user has said is fine to look like a secret still must not hold a declared one.
  policy::FileScreen::For looked_for_in(const core::Artifact& artifact) const {
    using For = policy::FileScreen::For;
    const bool allowed = setup.may_look_secret && setup.may_look_secret(artifact.path);
    return allowed || artifact.path.starts_with(kLogDirectory) ? For::declared : For::all;
  }

  // Whether the repository has its bytes, or a record of it.
  bool is_known(const core::ContentId& content) {
    const auto& config = setup.archive->repository().config();
    if (storing->find(content) || storing->found_clean(content)) return true;
    const auto chunk = single_chunk(content, content == kNoBytes ? 0 : 1, config);
    return (chunk && session->has_all(*chunk)) || setup.archive->catalog().knows_content(content);
  }

  // Ids of which nobody can say that no secret is behind them.
  std::unordered_set<core::ContentId> unknown_ids() {
    IdScreen screen({[&](const auto& content) { return is_known(content); },
                     [&](const auto& path) { return setup.files->absolute(path); }, setup.screen,
                     [&](const auto& path) {
                       core::Artifact file;
                       file.path = path;
                       return looked_for_in(file);
                     }});
    for (const auto& execution : executions) screen.look_at(execution);
    for (const auto& [id, set] : sets) screen.look_at(*set);
    screen.look_at(record.environment);
    return screen.hidden();
  }

  // What cannot be taken out again does not go in: which files were not stored for their secrets.
  void take_withheld() {
    withheld = storing->withheld();
    withheld.insert(unstored.begin(), unstored.end());
    std::map<std::string, core::RunRecord::Withheld> files = withheld_observed;
    for (const auto* list : {&artifacts, &superseded})
      for (const auto& [place, held] : *list) {
        const auto found = withheld.find(held.artifact.content);
        if (found == withheld.end()) continue;
        files.insert_or_assign(place, core::RunRecord::Withheld{held.artifact, found->second.what});
        if (held.may_lack || !setup.notice) continue;  // nobody asked for it to be kept
        setup.notice(base::format("{} holds {}: its content is named, and not stored{}",
                                  base::printable(held.artifact.path), found->second.what,
                                  found->second.declared ? "" : kHowToAllow));
      }
    for (auto& [place, file] : files) record.withheld.push_back(std::move(file));
  }

  // Whether the snapshot may do without it.
  bool may_lack(const Held& held) const {
    return held.may_lack || (!withheld.empty() && withheld.contains(held.artifact.content));
  }

  // It is not to be stored; of a small one with a secret in it no hash may be recorded either.
  // Against that of a large one no guess can be tried.
  void look_through(const core::Artifact& artifact) {
    constexpr std::uint64_t kSmall = 64U << 20U;
    if (artifact.size > kSmall || core::is_link(artifact)) return;
    storing->look(setup.files->absolute(artifact.path), artifact.content, looked_for_in(artifact));
  }

  // Nobody asked for an undeclared file to be kept: one with a secret in it is only named.
  bool holds_secret(const core::Artifact& artifact) {
    constexpr std::uint64_t kSearched = 4U << 20U;
    if (artifact.size > kSearched) return false;
    try {
      const auto text = os::read_file(bytes_of(artifact), kSearched);
      return setup.redactor->redact(text).count > 0;
    } catch (const base::Error&) {
      return true;  // it has gone, or may not be read
    }
  }

  // A file that was observed to be used or made: others may change it before it is stored.
  void try_keep(const core::Artifact& artifact) {
    if (!may_store(artifact.path)) return;
    if (artifact.size > kLargestObserved && artifact.path.starts_with('/')) return;
    const auto held = artifacts.find(artifact.path);
    if (held != artifacts.end() && held->second.artifact.content == artifact.content) return;
    // What the repository has need not be read to be refused.
    if (auto content =
            single_chunk(artifact.content, artifact.size, setup.archive->repository().config());
        content && session->has_all(*content))
      return;
    const auto looked_for = looked_for_in(artifact);
    std::string holds;
    if (may_hold_secret(artifact))
      holds = unstored.at(artifact.content).what;
    else if (looked_for == policy::FileScreen::For::all && holds_secret(artifact))
      holds = "what looks like a secret";
    if (!holds.empty()) {
      withheld_observed.insert_or_assign(artifact.path,
                                         core::RunRecord::Withheld{artifact, std::move(holds)});
      return;
    }
    storing->try_store(bytes_of(artifact), artifact.content, looked_for);
  }

  // Sets go to the journal before the execution that names them.
  void take_sets(const core::Execution& execution) {
    for (const auto& set : execution.observed.bodies) {
      if (!sets.emplace(set->id, set).second) continue;
      append(codec::Json::object({{"type", "access_set"}, {"text", core::text_of(*set)}}).dump());
    }
  }

  // Of two versions of a file the later one stands at its path. hint: where that is likely to be;
  // told is where the next one is likely to be.
  using Position = std::map<std::string, Held>::iterator;
  Position add_artifact(Held held, bool later, Position hint) {
    const auto& path = held.artifact.path;
    const auto count = artifacts.size();
    const auto at = artifacts.try_emplace(hint, path);
    auto& there = at->second;
    if (artifacts.size() > count) {
      there = std::move(held);
      return std::next(at);
    }
    if (there.artifact.content == held.artifact.content) {
      there.may_lack = there.may_lack && held.may_lack;
      return std::next(at);
    }
    // What ran stands at the pipeline's path, whatever a step made of the file.
    const bool is_pipeline = record.pipeline && record.pipeline->path == path;
    if (later && !is_pipeline) std::swap(held, there);
    auto name = std::string(kVersionDirectory) + held.artifact.content.digest.to_hex();
    superseded.emplace(std::move(name), std::move(held));
    return std::next(at);
  }

  void take_log(core::Execution& execution, const std::vector<std::string>& attempt_logs) {
    auto text = take_outputs(execution, attempt_logs);
    if (text.empty()) return;
    text = setup.redactor->redact(text).text;
    core::Artifact log;
    log.path = log_path_in_snapshot(execution.step);
    log.content = core::ContentId{hash::sha256(text)};
    log.size = text.size();
    log.mode = 0600;
    os::write_file_atomically(log_path(log.content), text, os::Durability::cached);
    execution.log = log;
  }

  void add_artifacts(const core::Execution& execution) {
    const auto& observed = execution.observed;
    const auto& undeclared = observed.undeclared_inputs;
    std::size_t next = 0;  // of undeclared; both lists are sorted
    auto hint = artifacts.end();
    for (const auto& input : execution.inputs) {
      if (!may_store(input.path)) continue;
      Held held{input};
      held.artifact.mode &= core::kPermissionBits;
      held.may_lack = files_may_change() || may_go(input.path);
      if (next >= undeclared.size() || undeclared[next] != input.path)
        next = static_cast<std::size_t>(
            std::lower_bound(undeclared.begin(), undeclared.end(), input.path) -
            undeclared.begin());
      if (next < undeclared.size() && undeclared[next] == input.path) {
        held.may_lack = true;
        if (next < observed.input_times.size()) held.mtime_ns = observed.input_times[next];
        ++next;
      }
      hint = add_artifact(std::move(held), false, hint);
    }
    // Of rounds before the last one only the bytes are left, under a name of their own.
    for (const auto& round : execution.rounds)
      for (const auto& output : round.outputs)
        if (may_store(output.path) && !core::is_link(output) &&
            std::find(execution.outputs.begin(), execution.outputs.end(), output) ==
                execution.outputs.end())
          superseded.emplace(std::string(kVersionDirectory) + output.content.digest.to_hex(),
                             Held{output});
    for (const auto& output : execution.outputs)
      if (may_store(output.path))
        hint = add_artifact(
            {output, files_may_change() || core::evidence_of_output(execution, output.path) ==
                                               core::Evidence::observed},
            true, hint);
  }

  void remember_step(const core::Execution& execution) {
    steps.push_back(remembered_step(
        execution, [&](const std::string& path) { return setup.files->stat_of(path); }));
  }

  // The execution that it names has the rest; ten thousand unchanged steps should not repeat it.
  void add_up_to_date(const core::Execution& execution) {
    counts.add(execution.state);
    add_artifacts(execution);
    take_links(execution);
    // One with a key was recognised by its stored result: from now on it is known here.
    if (!execution.key.is_null()) remember_step(execution);
    auto named = head_of(execution);
    lines += core::to_stored_json(named).dump();
    lines += '\n';
    executions.push_back(std::move(named));
  }

  // A snapshot has the target of a link as it is.
  void refuse_secret_targets(const core::Execution& execution) const {
    if (setup.screen == nullptr) return;
    for (const auto& output : execution.outputs)
      if (const auto target = link_target(output, setup.files->absolute(output.path)))
        if (const auto found = setup.screen->find(*target, policy::FileScreen::For::declared))
          throw base::Error(base::ErrorCode::refused,
                            base::format("{} is a link to a name that holds {}",
                                         base::printable(output.path), found->what))
              .hint("a link is recorded with its target; name the target in another way");
  }

  void take_links(const core::Execution& execution) {
    for (const auto& output : execution.outputs)
      if (const auto target = link_target(output, setup.files->absolute(output.path));
          target && may_store(output.path))
        links.insert_or_assign(output.path, *target);
  }

  // text: as it is stored, of one that has a record of its own.
  void add(core::Execution execution, std::string text = {}) {
    if (execution.state == core::StepState::up_to_date) return add_up_to_date(execution);
    counts.add(execution.state);
    for (auto& input : execution.inputs) input.mode &= core::kPermissionBits;
    add_artifacts(execution);
    take_links(execution);
    if (execution.log) logs.emplace(execution.log->path, *execution.log);
    if (execution.state == core::StepState::executed || execution.state == core::StepState::reused)
      remember_step(execution);
    lines += text.empty() ? core::to_stored_json(execution).dump() : text;
    lines += '\n';
    execution.key = {};
    executions.push_back(std::move(execution));
  }

  // An output's link stays one when what it leads to is in the snapshot too, or is no file at all.
  const std::string* link_to_keep(const core::Artifact& artifact) const {
    const auto link = links.find(artifact.path);
    if (link == links.end() || !core::is_link(artifact)) return nullptr;
    if (is_bare_link(artifact, link->second)) return &link->second;
    const auto inner = inner_target(artifact.path, link->second);
    const auto led_to = inner ? artifacts.find(*inner) : artifacts.end();
    return led_to != artifacts.end() && led_to->second.artifact.content == artifact.content
               ? &link->second
               : nullptr;
  }

  snapshot::Entry entry_of(const Held& held, const std::string& path) {
    const auto& artifact = held.artifact;
    snapshot::Entry entry;
    entry.path = path;
    entry.mode = artifact.mode & core::kPermissionBits;
    const auto* stat = held.mtime_ns == 0 ? setup.files->stat_of(artifact.path) : nullptr;
    entry.mtime_ns = held.mtime_ns != 0 ? held.mtime_ns
                     : stat != nullptr  ? stat->mtime_ns
                                        : record.ended.nanoseconds;
    if (core::is_empty_directory(artifact)) {
      entry.type = snapshot::EntryType::directory;
      return entry;
    }
    if (const auto* target = link_to_keep(artifact)) {
      entry.type = snapshot::EntryType::symlink;
      entry.mode = 0777;
      entry.target = *target;
      return entry;
    }
    entry.content = held.stored ? *held.stored : content_of(artifact);
    return entry;
  }

  // Where the repository has the artifact, when all is stored; nullptr: nowhere.
  std::unique_ptr<store::FileContent> stored_content(const core::Artifact& artifact) {
    if (auto stored = storing->find(artifact.content))
      return std::make_unique<store::FileContent>(std::move(*stored));
    if (const auto found = known.find(artifact.content); found != known.end())
      return std::make_unique<store::FileContent>(found->second);
    auto content =
        single_chunk(artifact.content, artifact.size, setup.archive->repository().config());
    if (content && session->has_all(*content))
      return std::make_unique<store::FileContent>(std::move(*content));
    return nullptr;
  }

  void drop_unstored() {
    const auto drop = [&](std::map<std::string, Held>& files, const auto& is_unsure) {
      for (auto at = files.begin(); at != files.end();) {
        auto& held = at->second;
        const bool unsure = is_unsure(held);
        if (unsure) held.stored = stored_content(held.artifact);
        at = unsure && !held.stored ? files.erase(at) : std::next(at);
      }
    };
    drop(artifacts, [&](const Held& held) { return may_lack(held); });
    // A link may have led to nothing, and be another now.
    drop(superseded,
         [&](const Held& held) { return may_lack(held) || core::is_link(held.artifact); });
  }

  store::FileContent content_of(const core::Artifact& artifact) {
    if (const auto stored = stored_content(artifact)) return *stored;
    throw base::Error(base::ErrorCode::failed,
                      base::format("{} was not stored", base::printable(artifact.path)));
  }

  store::ChunkId write_tree(const Extra& extra) {
    // What stands where. Entries of artifacts are made one after the other, as they are written.
    struct Place {
      std::string path;
      const Held* held = nullptr;
      std::size_t own = 0;  // else the number of a run's own file
    };
    std::vector<Place> places;
    places.reserve(artifacts.size() + superseded.size() + logs.size() + recorded_sets.size() + 4);
    for (const auto& [path, held] : artifacts)
      places.push_back({path_in_snapshot(setup.workspace.root(), path), &held});
    std::vector<snapshot::Entry> own;
    const auto add_own = [&](snapshot::Entry entry) {
      places.push_back({entry.path, nullptr, own.size()});
      own.push_back(std::move(entry));
    };
    for (const auto& [path, log] : logs) add_own(entry_of({log}, path));
    for (const auto& [path, held] : superseded) {
      const auto& old = held.artifact;
      add_own(entry_of({{path, old.content, old.size, old.mode}, false, held.mtime_ns}, path));
    }
    const auto add_text = [&](std::string_view path, std::string_view text) {
      snapshot::Entry entry;
      entry.path = std::string(path);
      entry.mode = 0600;
      entry.mtime_ns = record.ended.nanoseconds;
      entry.content = session->put_bytes(text);
      add_own(std::move(entry));
    };
    add_text(kExecutionsFile, lines);
    for (const auto& [id, set] : recorded_sets) add_text(access_set_path(id), core::text_of(*set));
    if (!extra.software.empty()) add_text(kSoftwareFile, extra.software);
    if (!extra.git_diff.empty()) add_text(kGitDiffFile, extra.git_diff);
    add_text(kRunFile, core::to_json(record).dump_pretty() + "\n");
    // Thousands of artifacts, which mostly stand in this order already, and a few files of its own.
    const auto less = [](const Place& a, const Place& b) {
      return snapshot::path_less(a.path, b.path);
    };
    const auto first_own = places.begin() + static_cast<std::ptrdiff_t>(artifacts.size());
    if (!std::is_sorted(places.begin(), first_own, less))
      std::sort(places.begin(), first_own, less);
    std::sort(first_own, places.end(), less);
    std::inplace_merge(places.begin(), first_own, places.end(), less);
    // The same file may have been named in two ways ("x" and its absolute path).
    places.erase(std::unique(places.begin(), places.end(),
                             [](const auto& a, const auto& b) { return a.path == b.path; }),
                 places.end());
    snapshot::TreeWriter writer(*session);
    for (const auto& place : places)
      writer.add(place.held != nullptr ? entry_of(*place.held, place.path) : own[place.own]);
    const auto root = writer.finish();
    tree_counts = writer.counts();
    return root;
  }

  // Recognised by their keyed hashes: the state database was made anew since they were withheld.
  void remember_recognised() {
    if (!setup.recognised || setup.recognised().empty()) return;
    auto& state = *setup.archive->state();
    auto contents = withheld_contents(state);
    contents.merge(setup.recognised());
    remember_withheld(state, contents);
  }

  // Ids of contents that this run or an earlier one withheld or never saw, and that the snapshot
  // does not have, become keyed hashes. What this workspace remembers keeps the ids.
  void key_withheld_ids(Extra& extra) {
    remember_recognised();
    auto& state = *setup.archive->state();
    auto contents = withheld_contents(state);
    const auto before = contents.size();
    for (const auto& [content, found] : withheld) contents.insert(content);
    for (const auto& [path, file] : withheld_observed) contents.insert(file.file.content);
    contents.merge(unknown_ids());
    for (const auto* list : {&artifacts, &superseded})
      for (const auto& [path, held] : *list) contents.erase(held.artifact.content);
    recorded_sets = sets;
    if (contents.empty() && before == 0) return;
    WithheldIds ids(KeyedIds(setup.workspace.hash_key()), contents);
    // Of a step that is up to date the line has no key document. Its execution's record says which
    // step key may be seen.
    for (const auto& execution : executions) {
      if (execution.state != core::StepState::up_to_date) continue;
      const auto named = setup.archive->catalog().find_execution(execution.id);
      if (!named || named->step_key != execution.step_key) ids.add_step_key(execution.step_key);
    }
    recorded_sets.clear();
    for (const auto& [id, set] : sets)
      if (const auto written = ids.rewrite(set)) recorded_sets.emplace(written->id, written);
    const auto first_step_key = executions.empty() ? hash::Digest() : executions[0].step_key;
    ids.rewrite(lines, executions);
    remember_withheld(state, ids.contents());
    for (const auto& [content, found] : withheld)
      if (found.declared) held_secrets.insert(content);
    if (!held_secrets.empty()) remember_withheld(state, held_secrets, Withheld::declared);
    for (auto& file : record.withheld) ids.rewrite(file.file.content);
    for (auto& file : record.configuration) ids.rewrite(file.content);
    if (record.pipeline) ids.rewrite(record.pipeline->content);
    if (record.config_hash == first_step_key && !executions.empty())  // of `exec`: its step key
      record.config_hash = executions[0].step_key;
    extra.software = ids.rewrite(extra.software);
    record.environment = ids.rewrite_json(record.environment);
  }

  // Whether the artifact's bytes are in the repository or still at their path.
  bool available(const core::Artifact& artifact, const std::string& path) {
    if (const auto target = link_target(artifact, path); target && is_bare_link(artifact, *target))
      return true;
    if (auto content =
            single_chunk(artifact.content, artifact.size, setup.archive->repository().config());
        content && session->has_all(*content))
      return true;
    try {
      const auto stat = os::stat_file(path);
      return stat && stat->type == os::FileType::regular &&
             setup.files->content_of(path, *stat) == artifact.content;
    } catch (const base::Error&) {
      return false;
    }
  }

  void drop_unavailable() {
    for (auto* list : {&artifacts, &superseded})
      std::erase_if(*list, [&](const auto& entry) {
        const auto& artifact = entry.second.artifact;
        return !available(artifact, source_of(artifact));
      });
    std::erase_if(links, [&](const auto& link) { return !artifacts.contains(link.first); });
    std::erase_if(logs, [&](const auto& entry) {
      return !available(entry.second, log_path(entry.second.content));
    });
  }

  void store_artifacts() {
    for (const auto& [path, held] : artifacts) {
      const auto& artifact = held.artifact;
      const auto full = setup.files->absolute(path);
      if (!may_lack(held))
        keep(artifact, recovering ? source_of(artifact) : full);
      else if (may_go(path) && !storing->knows(artifact.content) && !has(artifact))
        storing->try_store(full, artifact.content, looked_for_in(artifact));
    }
    for (const auto& [path, log] : logs) keep(log, log_path(log.content));
    storing->finish();
    take_withheld();
    drop_unstored();
  }

  void update_catalog(const snapshot::SnapshotName& name) {
    auto& catalog = setup.archive->catalog();
    const auto& config = setup.archive->repository().config();
    for (const auto& [path, held] : artifacts) {
      const auto& artifact = held.artifact;
      if (single_chunk(artifact.content, artifact.size, config)) continue;
      catalog.put_content_location(artifact.content, artifact.size,
                                   encode_location(content_of(artifact)));
    }
    catalog.add_run(record, name.id.to_hex(), executions);
    remember();
  }

  void remember() {
    auto* state = setup.archive->state();
    std::vector<core::AccessSetPtr> bodies;
    for (const auto& [id, set] : sets) bodies.push_back(set);
    state->put_access_sets(bodies);
    if (!setup.workflow_file.empty() && !steps.empty())
      state->put_steps(setup.workflow_file, steps);
    setup.files->remember(*state);
  }

  snapshot::TreeCounts tree_counts;
  store::SessionStatistics statistics;
};

}  // namespace provrun::app
