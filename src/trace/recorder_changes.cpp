// What processes do to names, and the programs they start.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "program_head.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "recorder_state.hpp"

namespace provrun::trace {

using core::Presence;
using core::Use;

namespace {

constexpr int kNoReplace = 1;  // RENAME_NOREPLACE
constexpr int kExchange = 2;   // RENAME_EXCHANGE
constexpr int kMostInterpreters = 5;

bool redirects(Presence presence) {
  return presence == Presence::directory || presence == Presence::symlink;
}

Found below(const Found& directory, const std::string& name) {
  Found found;
  found.path = directory.path + "/" + name;
  if (!directory.real_path.empty()) found.real_path = directory.real_path + "/" + name;
  if (const auto stat = os::lstat_file(found.real())) {
    found.stat = *stat;
    found.presence = stat->type == os::FileType::regular     ? Presence::file
                     : stat->type == os::FileType::directory ? Presence::directory
                     : stat->type == os::FileType::symlink   ? Presence::symlink
                                                             : Presence::other;
  }
  return found;
}

}  // namespace

// One file or link gets another name, and with it its content.
void Recorder::State::move(const Found& from, const Found& to, bool replaces) {
  table_.before_change(from);
  table_.before_change(to);
  if (const auto* entry = table_.find(from.path); entry != nullptr && entry->own())
    table_.touch(from, Use::remove);
  else if (from.presence == Presence::symlink)
    table_.follow(from, os::read_symlink(from.real())).access.uses.add(Use::remove);
  else
    table_.read(from,
                from.presence == Presence::file ? Use::read | Use::remove : core::Uses(Use::remove),
                AccessTable::When::now);
  table_.touch(to, replaces ? core::Uses(Use::write) : Use::create | Use::write);
}

void Recorder::State::move_tree(const Found& from, const Found& to) {
  for (const auto& entry : os::list_directory(from.real())) {
    const auto source = below(from, entry.name);
    Found target;
    target.path = to.path + "/" + entry.name;
    if (source.presence == Presence::directory)
      move_tree(source, target);
    else if (source.presence != Presence::absent)
      move(source, target, false);
  }
  table_.touch(from, Use::remove);
  table_.touch(to, Use::create);
}

void Recorder::State::rename(const Named& from, const Named& to, int flags) {
  auto source = find(from);
  auto target = find(to);
  if (!visible(source) || !visible(target)) return;
  const bool there = target.presence != Presence::absent;
  if (source.presence == Presence::absent || (there && (flags & kNoReplace) != 0) ||
      !target.parent_there) {
    table_.touch(source, Use::probe);
    table_.touch(target, Use::probe);
    return;
  }
  if (source.presence == Presence::directory)
    move_tree(source, target);
  else
    move(source, target, there);
  if ((flags & kExchange) != 0 && there) {
    if (target.presence == Presence::directory)
      move_tree(target, source);
    else
      move(target, source, true);
  }
  if (redirects(source.presence) || redirects(target.presence)) paths_change();
}

void Recorder::State::link(const Named& from, const Named& to) {
  auto source = find(from);
  auto target = find(to);
  if (!visible(target)) return;
  if (target.presence != Presence::absent || !target.parent_there) {
    table_.touch(target, Use::probe);
    return;
  }
  // A file that never had a name (O_TMPFILE) is absent where its descriptor points.
  if (source.presence != Presence::absent && visible(source))
    table_.read(source, Use::read, AccessTable::When::now);
  table_.touch(target, Use::create | Use::write);
  if (redirects(source.presence)) paths_change();
}

void Recorder::State::symlink(const Named& at) {
  auto found = find(at);
  if (!visible(found)) return;
  const bool makes = found.presence == Presence::absent && found.parent_there;
  table_.touch(found, makes ? Use::create : Use::probe);
  if (makes) paths_change();
}

void Recorder::State::remove(const Named& named) {
  auto found = find(named);
  if (!visible(found)) return;
  table_.before_change(found);
  table_.touch(found, found.presence == Presence::absent ? Use::probe : Use::remove);
  if (redirects(found.presence)) paths_change();
}

void Recorder::State::make(const Named& named) {
  auto found = find(named);
  if (!visible(found)) return;
  const bool makes = found.presence == Presence::absent && found.parent_there;
  table_.touch(found, makes ? Use::create : Use::probe);
}

void Recorder::State::truncate(const Named& named, std::uint64_t size) {
  auto found = find(named);
  if (!visible(found)) return;
  if (found.presence != Presence::file) {
    table_.touch(found, Use::probe);
    return;
  }
  table_.before_change(found);
  if (size == 0)
    table_.touch(found, Use::write);
  else
    table_.read(found, Use::read | Use::write, AccessTable::When::now);
}

void Recorder::State::list(int descriptor) {
  auto path = descriptor_path(thread_, descriptor);
  if (!path || path->empty() || path->front() != '/') return;
  const auto& root = view().root;
  if (!root.empty() && path->starts_with(root)) path->erase(0, root.size());
  const Named named{std::move(*path), Follow::no};
  if (const auto* entry = remembered(named); entry != nullptr && entry->listed) return;
  auto found = find(named);
  if (found.presence != Presence::directory || !visible(found)) return;
  if (found.path.starts_with("/proc/"))
    remember(named, table_.touch(found, Use::list));
  else
    remember(named, table_.list(found));
}

void Recorder::State::execute(const Named& named, int depth) {
  auto found = find(named);
  if (!visible(found)) return;
  if (found.presence != Presence::file || ::access(found.real().c_str(), X_OK) != 0) {
    table_.touch(found, Use::probe);
    return;
  }
  auto& entry = table_.read(found, Use::read | Use::execute, AccessTable::When::later);
  if (depth == 0) processes_.started(thread_, found.path);
  // Under no_new_privs the bit does nothing; root needs none.
  if ((found.stat.mode & 06000U) != 0 && ::geteuid() != 0)
    lower(core::Grade::partial,
          base::format("{} is set-uid, which does nothing in an observed step",
                       base::printable(found.path)));
  examine_program(found, entry, depth);
}

// The kernel opens interpreter and loader by itself, unseen.
void Recorder::State::examine_program(const Found& found, Entry& entry, int depth) {
  if (depth >= kMostInterpreters) return;
  if (entry.examined && depth > 0) return;
  entry.examined = true;
  const auto head = read_program_head(found.real(), found.stat);
  if (!head.takes_library) library_unfit_ = true;
  if (!head.interpreter.empty()) {
    Named interpreter{head.interpreter, Follow::yes};
    if (head.interpreter.front() != '/') {
      const auto base = working_directory_of(thread_);
      if (!base) return;
      interpreter.path = *base + "/" + head.interpreter;
    }
    execute(interpreter, depth + 1);
  }
}

void Recorder::State::connect(std::uint64_t address, std::uint64_t size) {
  std::array<char, sizeof(sockaddr_storage) + 1> bytes{};
  const auto length = std::min<std::size_t>(size, sizeof(sockaddr_storage));
  if (length < sizeof(sa_family_t) || !read_memory(thread_, address, bytes.data(), length)) return;
  sa_family_t family = 0;
  std::memcpy(&family, bytes.data(), sizeof family);
  char text[INET6_ADDRSTRLEN] = {};
  if (family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in peer{};
    std::memcpy(&peer, bytes.data(), sizeof peer);
    ::inet_ntop(AF_INET, &peer.sin_addr, text, sizeof text);
    network_.insert(base::format("{}:{}", text, ntohs(peer.sin_port)));
  } else if (family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 peer{};
    std::memcpy(&peer, bytes.data(), sizeof peer);
    ::inet_ntop(AF_INET6, &peer.sin6_addr, text, sizeof text);
    network_.insert(base::format("[{}]:{}", text, ntohs(peer.sin6_port)));
  } else if (family == AF_UNIX && length > offsetof(sockaddr_un, sun_path)) {
    const auto* path = bytes.data() + offsetof(sockaddr_un, sun_path);
    const auto room = length - offsetof(sockaddr_un, sun_path);
    if (*path == '\0') {
      network_.insert("unix:@" + base::printable(std::string(path + 1, room - 1)));
      return;
    }
    std::string name(path, ::strnlen(path, room));
    if (name.front() != '/') {
      const auto base = working_directory_of(thread_);
      if (!base) return;
      name = *base + "/" + name;
    }
    auto found = find({name, Follow::yes});
    if (!visible(found)) return;
    const auto& entry = table_.touch(found, Use::probe);
    if (found.presence == Presence::other && !entry.own()) network_.insert("unix:" + found.path);
  }
}

}  // namespace provrun::trace
