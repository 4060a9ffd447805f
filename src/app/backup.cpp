#include "provrun/app/backup.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "provrun/app/archive.hpp"
#include "provrun/app/browse.hpp"
#include "provrun/app/parity.hpp"
#include "provrun/app/version.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/owners.hpp"
#include "provrun/os/piped_program.hpp"
#include "provrun/snapshot/selection.hpp"
#include "provrun/store/write_session.hpp"
#include "throttle.hpp"

namespace provrun::app {

namespace {

// Where a path gets its place in a snapshot: as it was given, without "/" and ".." in front.
std::string place_of(const std::string& given) {
  std::string_view place = given;
  while (true) {
    if (place.starts_with('/')) {
      place.remove_prefix(1);
    } else if (place == ".." || place.starts_with("../")) {
      place.remove_prefix(2);
    } else {
      return std::string(place == "." ? std::string_view() : place);
    }
  }
}

std::vector<snapshot::ArchiveSource> sources_of(const std::vector<std::string>& paths) {
  std::vector<snapshot::ArchiveSource> sources;
  for (const auto& path : paths) {
    if (path.empty())
      throw base::Error(base::ErrorCode::invalid_input, "a path to back up is empty");
    const auto normal = os::normalize_path(path);
    sources.push_back({os::absolute_path(path), place_of(normal)});
  }
  return sources;
}

void require_any(const std::vector<snapshot::ArchiveSource>& sources) {
  for (const auto& source : sources)
    if (os::lstat_file(source.path)) return;
  throw base::Error(base::ErrorCode::not_found,
                    base::format("there is no {}", base::printable(sources.front().path)))
      .hint("a path is looked for in the working directory unless it begins with '/'");
}

struct Opened {
  std::unique_ptr<store::Repository> repository;
  bool made = false;
};

// The repository, made where it is the default one and missing.
Opened open_for_backup(const std::optional<std::string>& repository) {
  const auto here = os::current_directory();
  const auto found = Workspace::find_upwards(here);
  const auto workspace = found ? *found : Workspace::at(here);
  const auto location = locate_repository(repository, workspace);
  Opened opened;
  opened.made = location.by_default && !os::lstat_file(location.path);
  if (location.by_default) workspace.ensure();
  opened.repository = open_repository(location, Missing::create);
  return opened;
}

// The same without making anything; nullptr when the default one is missing.
std::unique_ptr<store::Repository> open_for_survey(const std::optional<std::string>& repository) {
  const auto here = os::current_directory();
  const auto found = Workspace::find_upwards(here);
  const auto location = locate_repository(repository, found ? *found : Workspace::at(here));
  if (location.by_default && !os::lstat_file(location.path)) return nullptr;
  return open_repository(location, Missing::fail);
}

// The newest snapshot of the same paths from the same host.
std::optional<snapshot::SnapshotName> find_parent(store::Repository& repository,
                                                  const std::string& host,
                                                  std::vector<std::string> paths) {
  std::sort(paths.begin(), paths.end());
  auto names = snapshot::list_snapshots(repository);
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    try {
      auto manifest = snapshot::load_manifest(repository, *name);
      std::sort(manifest.paths.begin(), manifest.paths.end());
      if (manifest.host == host && manifest.paths == paths) return *name;
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::corruption &&
          error.code() != base::ErrorCode::not_found &&
          error.code() != base::ErrorCode::unsupported)
        throw;
    }
  }
  return std::nullopt;
}

// Passes on how far it is, with what the session knows beside, and keeps the limits.
class Pace {
 public:
  Pace(const BackupRequest& request, const BackupProgressSink& sink) : sink_(sink) {
    if (request.read_limit) read_.emplace(*request.read_limit);
    if (request.write_limit) write_.emplace(*request.write_limit);
  }

  void watch(const store::WriteSession& session) { session_ = &session; }
  void expect(std::uint64_t files, std::uint64_t bytes) {
    total_files_ = files;
    total_bytes_ = bytes;
  }

  snapshot::Throttle throttle() {
    if (!read_ && !write_) return {};
    return [this](std::uint64_t bytes) {
      if (read_) read_->take(bytes);
      if (!write_ || session_ == nullptr) return;
      const auto stored = session_->statistics().stored_bytes;
      const auto before = written_.exchange(stored);
      if (stored > before) write_->take(stored - before);
    };
  }

  std::function<void(const snapshot::ArchiveProgress&)> progress() {
    if (!sink_) return {};
    return [this](const snapshot::ArchiveProgress& progress) {
      sink_({progress.files, progress.bytes, progress.read_bytes,
             session_ != nullptr ? session_->statistics().stored_bytes : 0, total_files_,
             total_bytes_});
    };
  }

 private:
  const BackupProgressSink& sink_;
  const store::WriteSession* session_ = nullptr;
  std::optional<RateLimit> read_;
  std::optional<RateLimit> write_;
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> total_files_{0};
  std::atomic<std::uint64_t> total_bytes_{0};
};

// Counts what there is on another thread, for the time left. Ends when it is destroyed.
class Counting {
 public:
  Counting(const snapshot::ArchiveSelection& selection, Pace& pace)
      : thread_([this, &selection, &pace] {
          // What is done soon needs no estimate.
          std::unique_lock lock(mutex_);
          if (ended_.wait_for(lock, std::chrono::seconds(2), [&] { return stop_.requested(); }))
            return;
          lock.unlock();
          try {
            snapshot::count_sources(
                selection, stop_,
                [&](std::uint64_t files, std::uint64_t bytes) { pace.expect(files, bytes); });
          } catch (const base::Error&) {
            // Then there is no estimate; the backup itself reports what is wrong.
          }
        }) {}
  ~Counting() {
    {
      const std::lock_guard lock(mutex_);
      stop_.request();
    }
    ended_.notify_all();
    thread_.join();
  }
  Counting(const Counting&) = delete;
  Counting& operator=(const Counting&) = delete;

 private:
  base::Cancellation stop_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::thread thread_;
};

snapshot::Manifest manifest_of(const BackupRequest& request, const std::string& host,
                               const std::optional<snapshot::SnapshotName>& parent,
                               base::Timestamp started) {
  snapshot::Manifest manifest;
  manifest.host = host;
  manifest.user = os::user_name();
  manifest.tags = request.tags;
  manifest.started = started;
  manifest.ended = os::now();
  manifest.tool_version = "provrun " + std::string(kVersion);
  if (parent) manifest.parent = parent->id;
  return manifest;
}

std::string resume_directory_for(const store::Repository& repository, const std::string& host,
                                 const std::vector<std::string>& paths) {
  std::string key = host;
  for (const auto& path : paths) key += '\0' + path;
  return os::join_path(os::cache_directory(), "resume/" + repository.id().to_string() + "/" +
                                                  hash::sha256(key).to_hex().substr(0, 16));
}

void commit(store::WriteSession& session, snapshot::Manifest manifest, BackupSummary& summary) {
  summary.snapshot = snapshot::commit_snapshot(session, std::move(manifest)).id.to_hex();
  const auto statistics = session.statistics();
  summary.stored_bytes = statistics.stored_bytes;
  summary.new_bytes = statistics.new_bytes;
  follow_with_parity(session.repository());
}

}  // namespace

BackupSummary back_up(const BackupRequest& request, const BackupProgressSink& progress,
                      const base::Cancellation& cancellation) {
  const auto started = os::now();
  auto selection = request.selection;
  selection.sources = sources_of(request.paths);
  require_any(selection.sources);
  BackupSummary summary;
  Opened opened;
  if (request.dry_run) {
    opened.repository = open_for_survey(request.repository);
  } else {
    opened = open_for_backup(request.repository);
  }
  summary.made_repository = opened.made;
  const auto host = request.host.value_or(os::host_name());
  std::vector<std::string> paths;
  for (const auto& source : selection.sources) paths.push_back(source.path);
  std::optional<snapshot::SnapshotName> parent;
  snapshot::ArchiveOptions options;
  if (opened.repository) {
    summary.repository = opened.repository->location();
    if (const auto own = os::stat_file(summary.repository))
      selection.own.emplace_back(own->device, own->inode);
    if (request.parent) {
      parent = find_snapshot(*opened.repository, {request.repository, {}}, *request.parent);
    } else if (!request.force) {
      parent = find_parent(*opened.repository, host, paths);
    }
  }
  std::optional<snapshot::Manifest> before;
  if (parent) {
    before = snapshot::load_manifest(*opened.repository, *parent);
    summary.parent = parent->id.to_hex();
    if (!request.force) options.parent = before->root;
  }
  if (request.changed && options.parent) {
    options.changed.emplace();
    for (const auto& path : *request.changed) options.changed->push_back(os::absolute_path(path));
  }
  options.threads = request.threads;
  options.cancellation = &cancellation;
  Pace pace(request, progress);
  options.progress = pace.progress();
  options.read_throttle = pace.throttle();
  std::optional<Counting> counting;
  if (progress && !options.changed) counting.emplace(selection, pace);
  if (request.dry_run) {
    summary.report = snapshot::survey(opened.repository.get(), selection, options);
    return summary;
  }
  options.resume_directory = resume_directory_for(*opened.repository, host, paths);
  const auto session = opened.repository->begin_session({.threads = request.threads});
  pace.watch(*session);
  summary.report = snapshot::archive(*session, *opened.repository, selection, options);
  auto manifest = manifest_of(request, host, parent, started);
  manifest.root = summary.report.root;
  manifest.top = summary.report.top;
  manifest.counts = summary.report.counts;
  manifest.paths = paths;
  summary.unchanged = before && before->root == manifest.root && before->top == manifest.top;
  if (request.skip_if_unchanged && summary.unchanged) {
    snapshot::forget_interrupted(options.resume_directory);
    return summary;
  }
  commit(*session, std::move(manifest), summary);
  snapshot::forget_interrupted(options.resume_directory);
  return summary;
}

BackupSummary back_up_stream(const StreamRequest& request, const BackupProgressSink& progress,
                             const base::Cancellation& cancellation) {
  const auto& common = request.common;
  const auto started = os::now();
  BackupSummary summary;
  const auto host = common.host.value_or(os::host_name());
  const auto place = place_of(os::normalize_path(request.stored_as));
  if (place.empty())
    throw base::Error(base::ErrorCode::invalid_input,
                      "'" + base::printable(request.stored_as) + "' is no name of a file");
  auto opened = open_for_backup(common.repository);
  summary.made_repository = opened.made;
  summary.repository = opened.repository->location();
  const std::vector<std::string> paths{"/" + place};
  std::optional<snapshot::SnapshotName> parent;
  if (common.parent) {
    parent = find_snapshot(*opened.repository, {common.repository, {}}, *common.parent);
  } else if (!common.force) {
    parent = find_parent(*opened.repository, host, paths);
  }
  const auto session = opened.repository->begin_session({.threads = common.threads});
  Pace pace(common, progress);
  pace.watch(*session);
  const auto throttle = pace.throttle();
  const auto tell = pace.progress();
  snapshot::ArchiveProgress state;
  std::optional<os::PipedProgram> program;
  if (!request.command.empty()) program.emplace(request.command);
  snapshot::Entry entry;
  entry.content = session->put_stream([&](std::span<std::uint8_t> buffer) {
    cancellation.check();
    const auto n = program ? program->read(buffer) : os::read_standard_input(buffer);
    if (throttle) throttle(n);
    state.bytes += n;
    state.read_bytes = state.bytes;
    if (tell) tell(state);
    return n;
  });
  if (program) {
    const auto end = program->finish();
    if (end.signal != 0 || end.exit_code != 0)
      throw base::Error(
          base::ErrorCode::failed,
          base::format("{} {}, so there is no snapshot", base::printable(request.command[0]),
                       end.signal != 0 ? "was ended by " + os::signal_name(end.signal)
                                       : base::format("failed with exit code {}", end.exit_code)));
  }
  entry.path = place;
  entry.mode = 0644;
  entry.mtime_ns = os::now().nanoseconds;
  os::Owners owners;
  entry.uid = os::effective_user_id();
  entry.gid = os::effective_group_id();
  entry.user = owners.user_name(entry.uid);
  entry.group = owners.group_name(entry.gid);
  snapshot::TreeWriter tree(*session);
  tree.add(entry);
  auto manifest = manifest_of(common, host, parent, started);
  manifest.root = tree.finish();
  manifest.counts = tree.counts();
  manifest.paths = paths;
  summary.report.root = manifest.root;
  summary.report.counts = manifest.counts;
  summary.report.new_files = 1;
  summary.report.read_bytes = state.bytes;
  if (parent) summary.parent = parent->id.to_hex();
  commit(*session, std::move(manifest), summary);
  return summary;
}

}  // namespace provrun::app
