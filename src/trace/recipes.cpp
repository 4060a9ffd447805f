#include "recipes.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"
#include "tracee.hpp"

namespace provrun::trace {

namespace {

// How often what ends without a word is looked for.
constexpr std::chrono::milliseconds kLookInterval{200};
// Make starts the next line of a recipe at once: a recipe that rests for so long is over.
constexpr std::chrono::seconds kRest{2};
// After a failure make starts nothing new, but may be about to when it happens.
constexpr std::chrono::seconds kAfterFailure{1};
// A process that was seen this long ago may be another of the same number by now.
constexpr std::chrono::seconds kTrusted{1};
constexpr std::size_t kMostLine = 8192;
constexpr int kNotFound = 127;

os::File memory_of(const char* name) {
  os::File file(::memfd_create(name, MFD_CLOEXEC));
  if (!file) throw base::system_error(errno, "cannot make a file in memory");
  return file;
}

// How a process ended that was nobody's child but make's (Linux 6.15); nullopt: nobody knows.
std::optional<int> status_of(const os::File& pidfd) {
  struct Info {
    std::uint64_t mask = 1U << 3U;  // PIDFD_INFO_EXIT
    std::uint64_t cgroup = 0;
    std::array<std::uint32_t, 11> ids{};
    std::int32_t exit_code = 0;
  } info;
  static_assert(sizeof info == 64);
  if (!pidfd || ::ioctl(pidfd.fd(), _IOWR(0xFF, 11, Info), &info) != 0 ||
      (info.mask & (1U << 3U)) == 0)
    return std::nullopt;
  return info.exit_code;
}

}  // namespace

// One recipe.
struct Recorders::Recipes::Part {
  core::Recipe recipe;
  std::string key;
  pid_t maker = 0;
  std::unique_ptr<Recorder> recorder;
  bool ended = false;
  // Of the line that runs.
  pid_t line = 0;
  std::uint64_t line_start = 0;
  os::File pidfd;
  std::optional<int> left_with;  // its first thread has gone with that
  bool failing = false;          // its last line was no success
  bool ignored = false;          // and make went on
  std::chrono::nanoseconds rests_since{};
};

// A make that runs.
struct Recorders::Recipes::Make {
  std::uint32_t part = 0;
  std::uint64_t start = 0;
  std::string value;  // of the variable, in its own environment
  os::File notes;
  std::uint64_t notes_read = 0;
  std::string unfinished;
  struct Noted {
    Note note;
    bool fresh = true;
  };
  std::unordered_map<std::string, Noted> noted;       // by value
  std::unordered_map<std::string, std::uint32_t> at;  // the latest part of a key
  std::vector<std::uint32_t> parts;                   // that have not ended
};

Recorders::Recipes::Recipes(std::string workspace, DeferredHasher& hasher,
                            std::shared_ptr<core::RecipeWatcher> watcher, pid_t launcher,
                            std::string mechanism, std::shared_ptr<std::uint64_t> changes,
                            Recorder& main)
    : workspace_(std::move(workspace)),
      hasher_(hasher),
      watcher_(std::move(watcher)),
      launcher_(launcher),
      mechanism_(std::move(mechanism)),
      changes_(std::move(changes)),
      main_(main),
      targets_(memory_of("provrun-targets")) {
  os::write_all(targets_, kTargetsMakefile, "the makefile that tells recipes apart");
}

Recorders::Recipes::~Recipes() = default;

Recorder& Recorders::Recipes::of(std::uint32_t part) {
  if (part == 0 || part > parts_.size()) return main_;
  const auto& one = *parts_[part - 1];
  return one.ended ? main_ : *one.recorder;
}

void Recorders::Recipes::expect_announcements() {
  announcements_ = true;
}

bool Recorders::Recipes::views_may_change() const {
  return views_may_change_;
}

void Recorders::Recipes::lower_grade(const std::string& reason) {
  for (const auto number : open_) parts_[number - 1]->recorder->lower_grade(reason);
}

pid_t Recorders::Recipes::process_of(pid_t thread) {
  if (processes_.contains(thread)) return thread;
  const auto kin = kin_of(thread);
  return kin && kin->process > 0 ? kin->process : thread;
}

// parent: 0 where it is not known yet.
Recorders::Recipes::Process& Recorders::Recipes::process(pid_t id, pid_t parent) {
  const auto now = os::steady_now();
  if (const auto known = processes_.find(id); known != processes_.end()) {
    if (now - known->second.verified < kTrusted) return known->second;
    const auto times = times_of(id);
    known->second.verified = now;
    if (!times || times->start == known->second.start) return known->second;
    processes_.erase(known);
  }
  Process fresh;
  fresh.verified = now;
  if (const auto times = times_of(id)) fresh.start = times->start;
  if (parent == 0)
    if (const auto kin = kin_of(id)) parent = kin->parent;
  if (id != launcher_ && parent != launcher_ && parent > 1) {
    fresh.part = process(parent, 0).part;
  } else if (parent == launcher_ && !parts_.empty()) {
    // The one that made it has gone; what it was started with tells whose it was.
    try {
      const auto text = os::read_file(base::format("/proc/{}/environ", id), 4U << 20U);
      const std::string name = std::string(kTargetVariable) + "=";
      for (const auto variable : base::split(text, '\0'))
        if (variable.starts_with(name))
          for (const auto number : open_)
            if (parts_[number - 1]->key == variable.substr(name.size())) fresh.part = number;
    } catch (const base::Error&) {  // it has gone, too
    }
  }
  return processes_[id] = fresh;
}

std::uint32_t Recorders::Recipes::part_of(pid_t thread) {
  return process(process_of(thread), 0).part;
}

void Recorders::Recipes::take(const SystemCall& call, Call kind) {
  ending_ = 0;
  if (kind == Call::execute) {
    const auto kin = kin_of(call.thread);
    if (kin && kin->process > 0) starts(kin->process, kin->parent, call);
  } else if (kind == Call::exit) {
    constexpr int kWhole64 = 231;
    constexpr int kWhole32 = 252;
    const bool whole = call.number == (call.abi == Abi::x86_64 ? kWhole64 : kWhole32);
    const auto id = process_of(call.thread);
    if (whole) ending_ = id;
    exits(id, call, whole);
  } else if (kind == Call::view) {
    views_may_change_ = views_may_change_ || of(part_of(call.thread)).views_may_change();
  }
}

const os::File* Recorders::Recipes::targets_for(pid_t thread) {
  const auto id = process_of(thread);
  auto& known = process(id, 0);
  auto& make = makes_[id];
  if (make) end_make(*make, id, true);  // it has started itself anew
  make = std::make_unique<Make>();
  make->part = known.part;
  make->start = known.start;
  if (known.part > 0) make->value = parts_[known.part - 1]->key;
  return &targets_;
}

const os::File* Recorders::Recipes::notes_of(pid_t thread) {
  const auto found = makes_.find(process_of(thread));
  if (found == makes_.end()) return nullptr;
  auto& make = *found->second;
  if (!make.notes) make.notes = memory_of("provrun-notes");
  return &make.notes;
}

void Recorders::Recipes::read_notes(Make& make) {
  if (!make.notes) return;
  std::array<std::uint8_t, 16384> buffer{};
  while (const auto n = os::read_at(make.notes, make.notes_read, buffer, "the notes of a make")) {
    make.notes_read += n;
    make.unfinished.append(reinterpret_cast<const char*>(buffer.data()), n);
  }
  std::size_t at = 0;
  for (auto end = make.unfinished.find('\n'); end != std::string::npos;
       end = make.unfinished.find('\n', at)) {
    Note note;
    if (parse_note(std::string_view(make.unfinished).substr(at, end - at), note)) {
      auto value = note.value;
      make.noted[std::move(value)] = {std::move(note), true};
    }
    at = end + 1;
  }
  make.unfinished.erase(0, at);
  // What was read is of no use any more.
  constexpr std::uint64_t kLong = 1U << 20U;
  if (make.unfinished.empty() && make.notes_read > kLong && ::ftruncate(make.notes.fd(), 0) == 0)
    make.notes_read = 0;
}

// A process starts a program.
void Recorders::Recipes::starts(pid_t id, pid_t parent, const SystemCall& call) {
  auto& self = process(id, parent);
  if (const auto before = makes_.find(id); before != makes_.end()) {
    end_make(*before->second, id, true);
    makes_.erase(before);
  }
  if (self.line_of != 0 || call.abi != Abi::x86_64) return;
  const auto found = makes_.find(parent);
  if (found == makes_.end()) return;
  constexpr int kExecuteAt = 322;
  const auto environment = call.arguments[call.number == kExecuteAt ? 3 : 2];
  const auto value = variable_in(call.thread, environment, kTargetVariable);
  // $(shell) has the make's own environment, or no target.
  if (!value || value->empty() || value->back() == ':' || *value == found->second->value) return;
  begin_line(id, *found->second, parent, *value, call);
}

void Recorders::Recipes::begin_line(pid_t id, Make& make, pid_t maker, const std::string& value,
                                    const SystemCall& call) {
  read_notes(make);
  const auto noted = make.noted.find(value);
  const bool has_note = noted != make.noted.end();
  const bool fresh = has_note && std::exchange(noted->second.fresh, false);
  const auto key =
      has_note ? value.substr(0, value.find(':') + 1) + noted->second.note.target : value;
  Part* part = nullptr;
  if (const auto at = make.at.find(key); at != make.at.end()) part = parts_[at->second - 1].get();
  if (part != nullptr && !part->ended && fresh && noted->second.note.exact) {
    // A double-colon rule has another recipe for the same target.
    if (part->line != 0) end_line_unseen(*part);
    part->ignored = true;
    end_part(*part);
  }
  if (part == nullptr || part->ended) {
    part = &begin_part(make, maker, value, id);
    part->key = value;
    make.at[key] = part->recipe.number;
  }
  if (part->line != 0) end_line_unseen(*part);
  auto& self = process(id, maker);
  self.part = part->recipe.number;
  self.line_of = part->recipe.number;
  part->line = id;
  part->line_start = self.start;
  part->left_with.reset();
  part->pidfd = os::File(static_cast<int>(::syscall(SYS_pidfd_open, id, 0)));
  constexpr int kExecuteAt = 322;
  const auto arguments = call.arguments[call.number == kExecuteAt ? 2 : 1];
  part->recipe.lines.push_back(line_of_arguments(strings_in(call.thread, arguments, kMostLine)));
}

Recorders::Recipes::Part& Recorders::Recipes::begin_part(Make& make, pid_t maker,
                                                         const std::string& value, pid_t id) {
  auto fresh = std::make_unique<Part>();
  auto& part = *fresh;
  auto& recipe = part.recipe;
  recipe.number = static_cast<std::uint32_t>(parts_.size()) + 1;
  recipe.above = make.part;
  recipe.target = value.substr(value.find(':') + 1);
  recipe.directory = working_directory_of(id).value_or(workspace_);
  recipe.attempt.started = os::now();
  recipe.attempt.ended = recipe.attempt.started;
  Note note;
  if (const auto noted = make.noted.find(value); noted != make.noted.end()) {
    note = noted->second.note;
    recipe.target = note.target;
    recipe.prerequisites = note.prerequisites;
  }
  const auto now = os::steady_now();
  for (const auto number : make.parts) {
    auto& other = *parts_[number - 1];
    if (!other.failing || other.line != 0) continue;
    const auto& needs = recipe.prerequisites;
    const bool needed = std::find(needs.begin(), needs.end(), other.recipe.target) != needs.end();
    const bool told = !note.value.empty() && !note.keeps_going &&
                      (!note.parallel || now - other.rests_since > kAfterFailure);
    if (needed || told) other.ignored = true;
  }
  part.maker = maker;
  part.recorder = std::make_unique<Recorder>(workspace_, hasher_, changes_);
  part.recorder->expect_makes();
  if (announcements_) part.recorder->expect_announcements();
  parts_.push_back(std::move(fresh));
  open_.push_back(recipe.number);
  make.parts.push_back(recipe.number);
  watcher_->recipe_started(recipe);
  return part;
}

void Recorders::Recipes::exits(pid_t id, const SystemCall& call, bool whole) {
  const auto found = processes_.find(id);
  if (found == processes_.end()) return;
  const int code = static_cast<int>(call.arguments[0] & 0xFFU);
  const auto self = found->second;
  if (!whole) {
    if (self.line_of != 0 && call.thread == id) parts_[self.line_of - 1]->left_with = code;
    return;
  }
  if (const auto make = makes_.find(id); make != makes_.end()) {
    end_make(*make->second, id, code == 0);
    makes_.erase(make);
  }
  if (self.line_of != 0) {
    auto& part = *parts_[self.line_of - 1];
    if (part.line == id && !part.ended) end_line(part, code);
    found->second.line_of = 0;
  }
}

void Recorders::Recipes::end_line(Part& part, int exit_code) {
  auto& attempt = part.recipe.attempt;
  if (const auto times = times_of(part.line); times && times->start == part.line_start) {
    attempt.cpu_user_s += times->user_s;
    attempt.cpu_system_s += times->system_s;
  }
  attempt.ended = os::now();
  attempt.exit_code = exit_code;
  attempt.signal = 0;
  part.recipe.end_unseen = false;
  part.failing = exit_code != 0;
  part.ignored = false;
  part.line = 0;
  part.pidfd.close();
  part.rests_since = os::steady_now();
  part.recorder->files_are_made();
}

void Recorders::Recipes::end_line_unseen(Part& part) {
  const auto left_with = part.left_with;
  const auto status = status_of(part.pidfd);
  end_line(part, left_with.value_or(0));
  if (left_with) return;
  if (status && WIFEXITED(*status)) {
    part.recipe.attempt.exit_code = WEXITSTATUS(*status);
    part.failing = WEXITSTATUS(*status) != 0;
    return;
  }
  part.failing = true;
  if (status && WIFSIGNALED(*status))
    part.recipe.attempt.signal = WTERMSIG(*status);
  else
    part.recipe.end_unseen = true;
}

void Recorders::Recipes::end_part(Part& part) {
  if (part.ended) return;
  part.ended = true;
  std::erase(open_, part.recipe.number);
  if (const auto make = makes_.find(part.maker); make != makes_.end())
    std::erase(make->second->parts, part.recipe.number);
  auto recipe = std::move(part.recipe);
  part.recipe.number = recipe.number;
  recipe.failed = part.failing && !part.ignored;
  const std::shared_ptr<Recorder> recorder = std::move(part.recorder);
  recipe.seen = [recorder, mechanism = mechanism_] {
    core::Recipe::Seen seen;
    seen.made = recorder->made();
    seen.observation = recorder->finish();
    seen.observation.mechanism = mechanism;
    return seen;
  };
  watcher_->recipe_ended(std::move(recipe));
}

// Make looks for a command that needs no shell by itself: where it finds none, nothing was started.
void Recorders::Recipes::begin_unstarted(Make& make, pid_t maker) {
  read_notes(make);
  std::vector<std::string> values;
  for (auto& [value, noted] : make.noted)
    if (noted.note.exact && std::exchange(noted.fresh, false)) values.push_back(value);
  for (const auto& value : values) {
    auto& part = begin_part(make, maker, value, maker);
    part.key = value;
    part.recipe.attempt.exit_code = kNotFound;
    part.recipe.attempt.start_error = "its command was not found";
    part.failing = true;
  }
}

// The caller forgets it then.
void Recorders::Recipes::end_make(Make& make, pid_t maker, bool succeeded) {
  if (!succeeded) begin_unstarted(make, maker);
  for (const auto number : std::vector(make.parts)) {
    auto& part = *parts_[number - 1];
    if (part.line != 0) end_line_unseen(part);
    part.ignored = part.ignored || succeeded;
    end_part(part);
  }
}

void Recorders::Recipes::look_around() {
  const auto now = os::steady_now();
  if (now - looked_ < kLookInterval) return;
  looked_ = now;
  const auto gone = [](pid_t id, std::uint64_t start) {
    const auto times = times_of(id);
    return !times || times->start != start || times->state == 'Z' || times->state == 'X';
  };
  for (const auto number : std::vector(open_)) {
    auto& part = *parts_[number - 1];
    if (part.line != 0) {
      // Who has reaped it knows how it ended; we do not before that.
      const auto times = times_of(part.line);
      if (!times || times->start != part.line_start) end_line_unseen(part);
      continue;
    }
    if ((part.failing && !part.ignored) || now - part.rests_since < kRest) continue;
    const auto make = times_of(part.maker);
    if (make && make->state == 'T') continue;  // nothing goes on
    end_part(part);
  }
  for (auto at = makes_.begin(); at != makes_.end();) {
    if (!gone(at->first, at->second->start)) {
      ++at;
      continue;
    }
    end_make(*at->second, at->first, false);
    at = makes_.erase(at);
  }
  for (auto at = processes_.begin(); at != processes_.end();)
    at = now - at->second.verified > 10 * kTrusted && gone(at->first, at->second.start)
             ? processes_.erase(at)
             : std::next(at);
}

void Recorders::Recipes::finish(const core::Attempt& make) {
  for (auto& [id, one] : makes_) end_make(*one, id, make.succeeded());
  makes_.clear();
  for (const auto number : std::vector(open_)) {
    auto& part = *parts_[number - 1];
    if (part.line != 0) end_line_unseen(part);
    end_part(part);
  }
}

}  // namespace provrun::trace
