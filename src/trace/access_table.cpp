#include "access_table.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>

#include "provrun/base/error.hpp"
#include "provrun/trace/presence.hpp"

namespace provrun::trace {

namespace {

using core::Presence;
using core::Use;

// Files whose bytes are made up by the kernel when they are read.
bool is_virtual(const std::string& path) {
  return path.starts_with("/proc/") || path.starts_with("/sys/");
}

core::Uses without(core::Uses uses, Use use) {
  return core::Uses::of_bits(static_cast<std::uint16_t>(
      uses.bits() & ~static_cast<unsigned>(static_cast<std::uint16_t>(use))));
}

}  // namespace

Entry* AccessTable::find(const std::string& path) {
  const auto found = entries_.find(path);
  return found != entries_.end() ? &found->second : nullptr;
}

Entry& AccessTable::touch(const Found& found, core::Uses uses) {
  const auto [at, fresh] = entries_.try_emplace(found.path);
  auto& entry = at->second;
  if (fresh) {
    entry.path = &at->first;
    entry.access.before = found.presence;
    if (found.presence != Presence::absent) {
      entry.access.mode = found.stat.mode;
      if (found.presence == Presence::file) entry.access.size = found.stat.size;
    }
  }
  entry.access.uses.add(uses);
  return entry;
}

Entry& AccessTable::read(const Found& found, core::Uses uses, When when) {
  auto& entry = touch(found, {});
  if (found.presence == Presence::file && !entry.own() && !entry.access.content && !entry.pending &&
      !is_virtual(found.path)) {
    entry.stat = found.stat;
    entry.real_path = found.real_path;
    entry.access.before = Presence::file;
    entry.access.size = found.stat.size;
    entry.access.mode = found.stat.mode;
    entry.access.mtime_ns = found.stat.mtime_ns;
    entry.access.content = hasher_.contents().known(found.stat);
    if (!entry.access.content) entry.pending = hasher_.later(found.real(), found.stat);
  }
  if (when == When::now && entry.pending) hasher_.wait(entry.pending);
  entry.access.uses.add(uses);
  return entry;
}

Entry& AccessTable::list(const Found& found) {
  auto& entry = touch(found, Use::list);
  if (entry.listed) return entry;
  entry.listed = true;
  try {
    for (auto& listed : os::list_directory(found.real())) {
      if (core::counts_in_listing(listed.name))
        entry.names.push_back(
            {std::move(listed.name), presence_of(listed.type.value_or(os::FileType::regular))});
    }
  } catch (const base::Error&) {
    entry.listed = false;  // not ours to read, so not the step's either
  }
  return entry;
}

Entry& AccessTable::follow(const Found& link, const std::string& target) {
  auto& entry = touch(link, {});
  if (!entry.own() && !entry.access.content)
    entry.access.content = core::ContentId{hash::sha256(target)};
  entry.access.uses.add(Use::follow);
  return entry;
}

void AccessTable::before_change(const Found& found) {
  if (found.presence == Presence::file) hasher_.settle(found.stat.device, found.stat.inode);
}

void AccessTable::files_are_made() {
  for (auto& [path, entry] : entries_) {
    if (!entry.own() || !in_workspace(path)) continue;
    const auto stat = [&]() -> std::optional<os::FileStat> {
      try {
        return os::lstat_file(entry.real());
      } catch (const base::Error&) {
        return std::nullopt;
      }
    }();
    if (!stat || stat->type != os::FileType::regular) {
      entry.made.reset();
      continue;
    }
    if (entry.made && entry.made_stat == *stat) continue;
    entry.made_stat = *stat;
    entry.made = hasher_.later(entry.real(), *stat);
  }
}

std::vector<core::Artifact> AccessTable::made() {
  std::vector<core::Artifact> files;
  for (auto& [path, entry] : entries_) {
    if (!entry.made) continue;
    if (const auto content = hasher_.wait(entry.made))
      files.push_back(
          {recorded_path(path), *content, entry.made_stat.size, entry.made_stat.mode & 07777U});
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

std::string AccessTable::recorded_path(const std::string& path) const {
  if (path == workspace_) return ".";
  if (path.size() > workspace_.size() && path.starts_with(workspace_) &&
      path[workspace_.size()] == '/')
    return path.substr(workspace_.size() + 1);
  return path;
}

// What was hashed beside the step, and whether the file is still the one that was read.
void AccessTable::complete(Entry& entry) try {
  auto& access = entry.access;
  if (entry.pending) access.content = hasher_.wait(entry.pending);
  if (!entry.own() && entry.stat.inode != 0) {
    const auto now = os::stat_file(entry.real());
    const bool same = now && now->device == entry.stat.device && now->inode == entry.stat.inode &&
                      now->size == entry.stat.size && now->mtime_ns == entry.stat.mtime_ns;
    if (!same) {
      std::optional<core::ContentId> content;
      if (now && now->type == os::FileType::regular) {
        content = hasher_.contents().known(*now);
        if (!content) content = hasher_.contents().read(entry.real(), *now);
      }
      access.changed = !content || content != access.content;
    } else if (!access.content && ::access(entry.real().c_str(), R_OK) != 0) {
      entry.readable = false;  // by us, and so not by the step
    }
  }
  if (!access.content && entry.pending && entry.readable && access.uses.has(Use::read))
    access.changed = true;
} catch (const base::Error&) {
  entry.access.changed = true;
}

// The last look at thousands of files is not worth waiting for one processor.
void AccessTable::complete_all(std::span<Entry* const> entries) {
  constexpr std::size_t kShare = 1024;
  constexpr std::size_t kMostThreads = 4;
  const auto wanted = std::min(kMostThreads, entries.size() / kShare + 1);
  const auto count =
      std::min<std::size_t>(wanted, std::max(1U, std::thread::hardware_concurrency()));
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    constexpr std::size_t kAtOnce = 128;
    for (auto from = next.fetch_add(kAtOnce); from < entries.size(); from = next.fetch_add(kAtOnce))
      for (auto* entry : entries.subspan(from, std::min(kAtOnce, entries.size() - from)))
        complete(*entry);
  };
  std::vector<std::thread> helpers;
  try {
    while (helpers.size() + 1 < count) helpers.emplace_back(work);
  } catch (const std::system_error&) {
    // No more threads to be had: those that there are do it.
  }
  work();
  for (auto& helper : helpers) helper.join();
}

std::vector<core::Access> AccessTable::finish() {
  std::vector<Entry*> entries;
  entries.reserve(entries_.size());
  for (auto& [path, entry] : entries_) entries.push_back(&entry);
  complete_all(entries);
  for (auto* entry : entries) {
    auto& uses = entry->access.uses;
    if (!entry->readable) {
      uses = without(uses, Use::read);
      uses.add(Use::probe);
    }
    // That it was looked for says nothing more of what was used.
    if (uses != core::Uses(Use::probe)) uses = without(uses, Use::probe);
    if (entry->listed) {
      const auto& directory = *entry->path;
      std::erase_if(entry->names, [&](const auto& name) {
        const auto* there = find(directory == "/" ? "/" + name.name : directory + "/" + name.name);
        return there != nullptr && there->own();
      });
      entry->access.content = core::listing_content(entry->names);
      hasher_.contents().listed(*entry->access.content, std::move(entry->names));
    }
    entry->access.path = recorded_path(*entry->path);
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto* a, const auto* b) { return a->access.path < b->access.path; });
  std::vector<core::Access> accesses;
  accesses.reserve(entries.size());
  for (auto* entry : entries)
    if (!entry->access.uses.empty()) accesses.push_back(std::move(entry->access));
  entries_.clear();
  return accesses;
}

}  // namespace provrun::trace
