#include "provrun/app/software.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "observed_memory.hpp"
#include "owners.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/engine/observed.hpp"

namespace provrun::app {

namespace {

SoftwareKind kind_of(const core::Access& access) {
  if (access.uses.has(core::Use::execute)) return SoftwareKind::program;
  const auto slash = access.path.rfind('/');
  const auto name = std::string_view(access.path).substr(slash + 1);
  if (engine::is_module_path(access.path) || name.ends_with(".py") || name.ends_with(".pm") ||
      name.ends_with(".jar"))
    return SoftwareKind::module;
  if (name.ends_with(".so") || name.find(".so.") != std::string_view::npos)
    return SoftwareKind::library;
  return SoftwareKind::file;
}

using Key = std::tuple<std::string, std::string, std::string, std::string>;

// Gathers executions of any runs; each is told of by the snapshot that it was recorded in.
class Gatherer {
 public:
  explicit Gatherer(Archive& archive) : archive_(archive) {}

  void add(const core::ExecutionId& id) {
    const auto summary = archive_.catalog().find_execution(id);
    if (!summary || !seen_.insert(id).second) return;
    const auto& run = load(summary->snapshot);
    for (const auto& execution : run.stored.executions)
      if (execution.id == id) add(execution, run);
  }

  SoftwareView finish(std::string title) {
    SoftwareView view;
    view.title = std::move(title);
    view.complete = complete_;
    for (auto& [key, used] : found_) view.software.push_back(std::move(used));
    std::stable_sort(view.software.begin(), view.software.end(), [](const auto& a, const auto& b) {
      return std::tie(a.kind, a.software.name, a.software.manager) <
             std::tie(b.kind, b.software.name, b.software.manager);
    });
    return view;
  }

 private:
  struct Run {
    StoredRun stored;
    std::vector<Software> software;
    std::map<std::string, const Software*> owners;  // by file
  };

  const Run& load(const std::string& snapshot) {
    auto& run = runs_[snapshot];
    if (run) return *run;
    run = std::make_unique<Run>();
    run->stored = archive_.load_run(snapshot::resolve_snapshot(archive_.repository(), snapshot));
    if (const auto text = archive_.read_small(run->stored.manifest, kSoftwareFile))
      run->software = parse_software(*text);
    for (const auto& software : run->software)
      for (const auto& file : software.files) run->owners.emplace(file, &software);
    return *run;
  }

  void add(const core::Execution& execution, const Run& run) {
    if (execution.observed.mechanism.empty()) {
      complete_ = complete_ && execution.attempts.empty() && !execution.reused_from;
      return;
    }
    bool whole = true;
    for (const auto& [path_class, access] :
         accesses_of(execution, archive_, run.stored.manifest, whole)) {
      if (path_class != core::PathClass::system || !access.content ||
          access.before != core::Presence::file)
        continue;
      const auto owner = run.owners.find(access.path);
      const auto* package = owner != run.owners.end() ? owner->second : nullptr;
      Key key = package != nullptr && !package->name.empty()
                    ? Key{package->manager, package->name, package->version, package->architecture}
                    : Key{"", access.path, access.content->to_string(), ""};
      auto& used = found_[key];
      if (used.software.files.empty()) {
        used.kind = SoftwareKind::file;
        if (package != nullptr && !package->name.empty()) used.software = *package;
        used.software.files.clear();
      }
      used.kind = std::min(used.kind, kind_of(access));
      if (used.contents.emplace(access.path, *access.content).second)
        used.software.files.push_back(access.path);
    }
    complete_ = complete_ && whole && execution.grade == core::Grade::traced;
  }

  Archive& archive_;
  std::map<std::string, std::unique_ptr<Run>> runs_;
  std::set<core::ExecutionId> seen_;
  std::map<Key, UsedSoftware> found_;
  bool complete_ = true;
};

std::string label(const Software& software) {
  return software.version.empty() ? software.name : software.name + " " + software.version;
}

}  // namespace

std::string_view name_of(SoftwareKind kind) {
  switch (kind) {
    case SoftwareKind::program:
      return "program";
    case SoftwareKind::library:
      return "library";
    case SoftwareKind::module:
      return "module";
    case SoftwareKind::file:
      return "file";
  }
  return {};
}

std::string software_text(const std::vector<Software>& software) {
  std::string text;
  for (const auto& one : software) {
    codec::Json files = codec::Json::array();
    for (const auto& file : one.files) files.push_back(core::escape_word(file));
    text += codec::Json::object({{"manager", one.manager},
                                 {"name", one.name},
                                 {"version", one.version},
                                 {"architecture", one.architecture},
                                 {"files", std::move(files)}})
                .dump();
    text += '\n';
  }
  return text;
}

std::vector<Software> parse_software(std::string_view text) {
  std::vector<Software> all;
  for (const auto line : base::split(text, '\n')) {
    if (line.empty()) continue;
    try {
      const auto json = codec::parse_json(line);
      Software one{json.get_string("manager"),
                   json.get_string("name"),
                   json.get_string("version"),
                   json.get_string("architecture"),
                   {}};
      for (const auto& file : json.at("files").as_array())
        one.files.push_back(core::unescape_word(file.as_string()));
      all.push_back(std::move(one));
    } catch (const base::Error&) {
      continue;
    }
  }
  return all;
}

SoftwareView software_of(Archive& archive, const std::string& word) {
  auto& catalog = archive.catalog();
  Gatherer gatherer(archive);
  std::optional<catalog::RunSummary> run;
  try {
    run = catalog.find_run(word);
  } catch (const base::Error& error) {
    if (error.code() == base::ErrorCode::conflict || error.code() == base::ErrorCode::corruption)
      throw;
  }
  if (run) {
    for (const auto& execution : archive.load_run(archive.snapshot_of(*run)).executions)
      gatherer.add(execution.id);
    return gatherer.finish(run->id.to_string());
  }
  // STEP, or STEP@RUN; an instance's name has an @ too, so the whole word comes first.
  auto executions = catalog.executions_of_step(word, 10'000);
  const auto at = word.rfind('@');
  if (executions.empty() && at != std::string::npos) {
    const auto of_run = catalog.find_run(word.substr(at + 1));
    executions = catalog.executions_of_step(word.substr(0, at), 10'000);
    std::erase_if(executions, [&](const auto& execution) { return execution.run != of_run.id; });
  }
  std::set<std::string> instances;
  for (const auto& execution : executions)
    if (instances.insert(execution.step).second) gatherer.add(execution.id);
  if (instances.empty())
    throw base::Error(base::ErrorCode::not_found,
                      base::format("no run or step '{}' is recorded", base::printable(word)))
        .hint("'provrun log' lists the runs, 'provrun status' the steps");
  return gatherer.finish(word);
}

std::vector<SoftwareChange> compare_software(const SoftwareView& a, const SoftwareView& b) {
  // One package may be there in several versions: they are compared as lists.
  std::map<std::pair<std::string, std::string>, std::pair<std::string, std::string>> versions;
  const auto add = [&](const SoftwareView& view, bool after) {
    for (const auto& used : view.software) {
      const bool owned = !used.software.name.empty();
      const auto name = owned ? used.software.name : used.software.files.at(0);
      auto& pair = versions[{used.software.manager, name}];
      auto& text = after ? pair.second : pair.first;
      const auto version =
          owned ? used.software.version : used.contents.begin()->second.to_string();
      text += (text.empty() ? "" : ", ") + (version.empty() ? std::string("used") : version);
    }
  };
  add(a, false);
  add(b, true);
  std::vector<SoftwareChange> changes;
  for (const auto& [key, pair] : versions)
    if (pair.first != pair.second)
      changes.push_back({key.first, key.second, pair.first, pair.second});
  return changes;
}

struct SoftwareNames::State {
  Archive* archive = nullptr;
  Owners owners;
  std::map<std::string, std::map<std::string, std::string>> labels;  // snapshot, file, label
  std::map<std::string, std::string> now;

  const std::map<std::string, std::string>& labels_of(const std::string& snapshot) {
    const auto [at, fresh] = labels.try_emplace(snapshot);
    if (!fresh) return at->second;
    const auto name = snapshot::resolve_snapshot(archive->repository(), snapshot);
    const auto manifest = snapshot::load_manifest(archive->repository(), name);
    if (const auto text = archive->read_small(manifest, kSoftwareFile))
      for (const auto& software : parse_software(*text))
        for (const auto& file : software.files)
          if (!software.name.empty()) at->second.emplace(file, label(software));
    return at->second;
  }
};

SoftwareNames::SoftwareNames(Archive* archive) : state_(std::make_unique<State>()) {
  state_->archive = archive;
}
SoftwareNames::~SoftwareNames() = default;

void SoftwareNames::improve(core::Reason& reason, const core::ExecutionId& last) {
  if (reason.kind != "observed_software" || state_->archive == nullptr) return;
  try {
    const auto execution = state_->archive->catalog().find_execution(last);
    if (!execution) return;
    const auto& labels = state_->labels_of(execution->snapshot);
    const auto before = labels.find(reason.what);
    const auto [now, fresh] = state_->now.try_emplace(reason.what);
    if (fresh)
      if (const auto owner = state_->owners.owner_of(reason.what)) now->second = label(*owner);
    // The same version with other bytes: the contents tell more.
    if (before == labels.end() || now->second.empty() || now->second == before->second) return;
    reason.before = before->second;
    reason.after = now->second;
  } catch (const base::Error&) {
    return;  // the contents are true as well
  }
}

}  // namespace provrun::app
