#include "provrun/trace/recorder.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "announcer/layout.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "recipes.hpp"
#include "recorder_state.hpp"

namespace provrun::trace {

using core::Presence;
using core::Use;

namespace {

constexpr int kTemporary = 020000000;  // __O_TMPFILE
constexpr int kNewMounts = 0x20000;    // CLONE_NEWNS
constexpr int kPathOnly = 010000000;   // O_PATH, also in the i386 ABI

int int_argument(const SystemCall& call, int index) {
  return static_cast<int>(call.arguments[static_cast<std::size_t>(index)]);
}

}  // namespace

const View& Recorder::State::view() {
  static const View ours;
  if (thread_ == 0) return ours;
  const auto known = views_.find(thread_);
  if (known != views_.end() && !views_may_change_) return known->second;
  return views_[thread_] = view_of(thread_);
}

Found Recorder::State::find(const Named& named) {
  return resolver_.find(view(), thread_, named.path, named.follow);
}

// Where a process has a file system view of its own, only what is the same file for us has a path
// that means something afterwards.
bool Recorder::State::visible(Found& found) {
  if (found.real_path == found.path || found.real_path.empty()) return true;
  struct stat st {};
  const bool here = ::lstat(found.path.c_str(), &st) == 0;
  const bool there = found.presence != Presence::absent;
  if (here == there &&
      (!here || (st.st_dev == found.stat.device && st.st_ino == found.stat.inode))) {
    found.real_path.clear();
    return true;
  }
  const auto kernel_made = [&](std::string_view top) { return found.path.starts_with(top); };
  if (there && !kernel_made("/proc/") && !kernel_made("/dev/") && !kernel_made("/sys/"))
    lower(core::Grade::partial, "a program used files in a file system of its own");
  return false;
}

Entry* Recorder::State::remembered(const Named& named) {
  auto& memory = named.follow == Follow::yes ? followed_ : not_followed_;
  const auto found = memory.find(named.path);
  return found != memory.end() ? found->second : nullptr;
}

void Recorder::State::remember(const Named& named, Entry& entry) {
  auto& memory = named.follow == Follow::yes ? followed_ : not_followed_;
  if (const auto known = memory.find(named.path); known != memory.end()) {
    known->second = &entry;
    return;
  }
  const bool itself = entry.path != nullptr && *entry.path == named.path;
  memory.emplace(itself ? *entry.path : names_.emplace_back(named.path), &entry);
}

void Recorder::State::forget_paths() {
  resolver_.forget();
  followed_.clear();
  not_followed_.clear();
  names_.clear();
}

void Recorder::State::paths_change() {
  forget_paths();
  unsettled_ = true;
  seen_changes_ = ++*changes_;
}

// Before a call is looked at: the last one has done by now what it was about to do.
void Recorder::State::settle_paths() {
  if (unsettled_) ++*changes_;
  unsettled_ = false;
  if (seen_changes_ == *changes_) return;
  seen_changes_ = *changes_;
  forget_paths();
}

std::optional<Recorder::State::Named> Recorder::State::name(const SystemCall& call, int directory,
                                                            int path, Follow follow, bool below) {
  errno = 0;
  auto text = read_string(thread_, call.arguments[static_cast<std::size_t>(path)]);
  if (!text) {
    // A bad address fails for the program, too; this does not.
    if (errno == EPERM)
      lower(core::Grade::partial, "a program does not let others look into it (not dumpable)");
    return std::nullopt;
  }
  if ((announcements_ || makes_) && text->starts_with("/provrun/")) {
    if (announcements_ && *text == announcer::kLibraryPath) answer_ = Answer::library;
    if (announcements_ && *text == announcer::kRingPath) answer_ = Answer::ring;
    if (makes_ && *text == kTargetsPath) answer_ = Answer::targets;
    if (makes_ && *text == kNotesPath) answer_ = Answer::notes;
    if (answer_ != Answer::go_on) return std::nullopt;
  }
  if (!text->empty() && text->front() == '/' && !below) return Named{std::move(*text), follow};
  const int descriptor = directory < 0 ? AT_FDCWD : int_argument(call, directory);
  if (text->empty() && descriptor == AT_FDCWD) return std::nullopt;
  auto base =
      descriptor == AT_FDCWD ? working_directory_of(thread_) : descriptor_path(thread_, descriptor);
  if (!base || base->empty() || base->front() != '/') return std::nullopt;
  const auto& root = view().root;
  if (!root.empty() && base->starts_with(root)) base->erase(0, root.size());
  if (text->empty()) return Named{std::move(*base), follow};
  if (base->empty() || base->back() != '/') *base += '/';
  return Named{*base + *text, follow};
}

void Recorder::State::look(const Named& named) {
  if (const auto* entry = remembered(named); entry != nullptr && !entry->access.uses.empty())
    return;
  auto found = find(named);
  if (!visible(found)) return;
  remember(named, table_.touch(found, Use::probe));
}

void Recorder::State::open(const Named& named, int flags) {
  if ((flags & kPathOnly) != 0) {
    look({named.path, (flags & O_NOFOLLOW) != 0 ? Follow::no : Follow::yes});
    return;
  }
  const bool create = (flags & O_CREAT) != 0;
  const bool exclusive = create && (flags & O_EXCL) != 0;
  const bool replace = (flags & O_TRUNC) != 0;
  const bool writes = (flags & O_ACCMODE) != O_RDONLY || replace;
  const bool reads = (flags & O_ACCMODE) != O_WRONLY;
  const Named target{named.path, exclusive || (flags & O_NOFOLLOW) != 0 ? Follow::no : Follow::yes};
  if (!writes && !create)
    if (const auto* entry = remembered(target))
      if (entry->access.uses.has(Use::read) || entry->access.before == Presence::directory) return;
  auto found = find(target);
  if (!visible(found)) return;
  if ((flags & kTemporary) == kTemporary || found.presence == Presence::directory ||
      found.presence == Presence::symlink || (found.presence != Presence::absent && exclusive) ||
      (found.presence == Presence::absent && (!create || !found.parent_there))) {
    remember(target, table_.touch(found, Use::probe));
    return;
  }
  if (found.presence == Presence::absent) {
    remember(target,
             table_.touch(found, writes ? Use::create | Use::write : core::Uses(Use::create)));
    return;
  }
  if (!writes) {
    remember(target, table_.read(found, Use::read, AccessTable::When::later));
    return;
  }
  if (::faccessat(AT_FDCWD, found.real().c_str(), W_OK, AT_EACCESS) != 0) {
    remember(target, table_.touch(found, Use::probe));
    return;
  }
  table_.before_change(found);
  // What stays of the old bytes is part of the result.
  // Elsewhere, of a file that is only added to, nothing of the step's own depends on them.
  const auto uses =
      reads || table_.in_workspace(found.path) ? Use::read | Use::write : core::Uses(Use::write);
  auto& entry =
      replace ? table_.touch(found, Use::write) : table_.read(found, uses, AccessTable::When::now);
  if (reads && entry.access.before == Presence::absent) entry.access.uses.add(Use::read);
  remember(target, entry);
}

void Recorder::State::open_call(const SystemCall& call, const CallShape& shape) {
  open_how how{};
  if (shape.call == Call::openat2 &&
      !read_memory(thread_, call.arguments[2], &how,
                   std::min<std::size_t>(sizeof how, call.arguments[3])))
    return;
  const auto named =
      name(call, shape.directory, shape.path, Follow::yes, (how.resolve & RESOLVE_IN_ROOT) != 0);
  if (!named || named->path.empty()) return;
  if (shape.call == Call::creat) {
    open(*named, O_WRONLY | O_CREAT | O_TRUNC);
  } else if (shape.call == Call::openat2) {
    open(*named, static_cast<int>(how.flags));
  } else {
    open(*named, shape.flags < 0 ? O_RDONLY : int_argument(call, shape.flags));
  }
}

void Recorder::State::read_link(const Named& named) {
  if (const auto* entry = remembered(named))
    if (entry->access.before != Presence::symlink || entry->access.uses.has(Use::follow)) return;
  auto found = find(named);
  if (!visible(found)) return;
  if (found.presence != Presence::symlink || found.path.starts_with("/proc/")) {
    remember(named, table_.touch(found, Use::probe));
    return;
  }
  try {
    remember(named, table_.follow(found, os::read_symlink(found.real())));
  } catch (const base::Error&) {
    table_.touch(found, Use::probe);
  }
}

Recorder::Answer Recorder::State::handle(const SystemCall& call) {
  answer_ = Answer::go_on;
  const auto* shape = find_call(call.abi, call.number);
  if (shape == nullptr) return answer_;
  thread_ = call.thread;
  settle_paths();
  const int flags = shape->flags >= 0 ? int_argument(call, shape->flags) : 0;
  const auto named = [&](Follow follow) {
    return name(call, shape->directory, shape->path, follow);
  };
  const auto named_to = [&] { return name(call, shape->to_directory, shape->to_path, Follow::no); };
  switch (shape->call) {
    case Call::open:
    case Call::openat:
    case Call::openat2:
    case Call::creat:
      open_call(call, *shape);
      break;
    case Call::execute:
      if (const auto program = named((flags & AT_SYMLINK_NOFOLLOW) != 0 ? Follow::no : Follow::yes))
        start(call, *program);
      break;
    case Call::look:
      if (const auto one = named(
              !shape->follow || (flags & AT_SYMLINK_NOFOLLOW) != 0 ? Follow::no : Follow::yes))
        look(*one);
      break;
    case Call::readlink:
      if (const auto one = named(Follow::no)) read_link(*one);
      break;
    case Call::rename: {
      const auto from = named(Follow::no);
      const auto to = named_to();
      if (from && to) rename(*from, *to, flags);
      break;
    }
    case Call::link: {
      const auto from = named((flags & AT_SYMLINK_FOLLOW) != 0 ? Follow::yes : Follow::no);
      const auto to = named_to();
      if (from && to) link(*from, *to);
      break;
    }
    case Call::symlink:
      if (const auto at = named_to()) symlink(*at);
      break;
    case Call::unlink:
    case Call::rmdir:
      if (const auto one = named(Follow::no)) remove(*one);
      break;
    case Call::make:
      if (const auto one = named(Follow::no)) make(*one);
      break;
    case Call::truncate:
      if (const auto one = named(Follow::yes)) truncate(*one, call.arguments[1]);
      break;
    case Call::list:
      list(int_argument(call, 0));
      break;
    case Call::connect:
      connect(call.arguments[1], call.arguments[2]);
      break;
    case Call::send:
      connect(call.arguments[4], call.arguments[5]);
      break;
    case Call::socketcall: {
      std::uint32_t words[6] = {};
      const bool connects = call.arguments[0] == 3;  // SYS_CONNECT; 11 is SYS_SENDTO
      if ((connects || call.arguments[0] == 11) &&
          read_memory(thread_, call.arguments[1], words, connects ? 12 : 24))
        connect(words[connects ? 1 : 4], words[connects ? 2 : 5]);
      break;
    }
    case Call::exit:
      break;
    case Call::view:
      if (shape->path >= 0)
        if (const auto one = named(Follow::yes)) look(*one);
      if (shape->flags >= 0 && (flags & kNewMounts) == 0) break;
      views_may_change_ = true;
      paths_change();
      break;
  }
  // Only who opens one of our files can be given it; for all others nothing is there.
  const bool opens = shape->call == Call::open || shape->call == Call::openat;
  return opens ? answer_ : Answer::go_on;
}

void Recorder::State::lower(core::Grade grade, const std::string& reason) {
  if (grade_ == core::Grade::traced) reason_ = reason;
  grade_ = std::max(grade_, grade);
}

core::Observation Recorder::State::finish() {
  forget_paths();  // they point into the table
  core::Observation observation;
  observation.grade = grade_;
  observation.reason = reason_;
  observation.accesses = table_.finish();
  observation.processes = processes_.take();
  observation.network.assign(network_.begin(), network_.end());
  return observation;
}

Recorder::Recorder(std::string workspace, DeferredHasher& hasher,
                   std::shared_ptr<std::uint64_t> changes)
    : state_(std::make_unique<State>(std::move(workspace), hasher, std::move(changes))) {}
Recorder::~Recorder() = default;

Recorder::Answer Recorder::handle(const SystemCall& call) {
  try {
    return state_->handle(call);
  } catch (const std::exception& error) {
    state_->lower(core::Grade::partial,
                  std::string("a use of a file could not be followed: ") + error.what());
    return Answer::go_on;
  }
}

void Recorder::announced(const Announced& call) {
  try {
    state_->announced(call);
  } catch (const std::exception& error) {
    state_->lower(core::Grade::partial,
                  std::string("a use of a file could not be followed: ") + error.what());
  }
}

void Recorder::expect_announcements() {
  state_->announcements_ = true;
}

void Recorder::expect_makes() {
  state_->makes_ = true;
}

void Recorder::files_are_made() {
  state_->table_.files_are_made();
}

std::vector<core::Artifact> Recorder::made() {
  return state_->table_.made();
}

bool Recorder::views_may_change() const {
  return state_->views_may_change_;
}

void Recorder::will_read(const std::string& path) {
  state_->thread_ = 0;
  state_->open({path}, O_RDONLY);
}

void Recorder::will_write(const std::string& path, Old content) {
  state_->thread_ = 0;
  state_->open({path}, O_WRONLY | O_CREAT | (content == Old::replaced ? O_TRUNC : O_APPEND));
}

void Recorder::will_look(const std::string& path) {
  state_->thread_ = 0;
  state_->look({path});
}

void Recorder::lower_grade(const std::string& reason) {
  state_->lower(core::Grade::partial, reason);
}

core::Observation Recorder::finish() {
  return state_->finish();
}

}  // namespace provrun::trace
