#include "entry_writer.hpp"

#include <algorithm>
#include <vector>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/random.hpp"

namespace provrun::snapshot {

namespace {

constexpr std::uint32_t kPrivate = 0600;  // what create_new_file gives

// A name in the directory that is removed again unless it was published.
class TemporaryName {
 public:
  explicit TemporaryName(const os::Directory& directory)
      : directory_(directory), name_(".provrun-" + os::random_hex(8)) {}
  ~TemporaryName() {
    try {
      if (!name_.empty()) directory_.remove_file(name_);
    } catch (const base::Error&) {
      // It is reported already: this runs only after another error.
    }
  }
  TemporaryName(const TemporaryName&) = delete;
  TemporaryName& operator=(const TemporaryName&) = delete;
  const std::string& name() const { return name_; }

  void publish(const std::string& name, Overwrite overwrite) {
    if (overwrite == Overwrite::yes) {
      directory_.rename(name_, name);
      name_.clear();
    } else if (!directory_.link(name_, name)) {
      throw base::Error(base::ErrorCode::conflict,
                        base::printable(os::join_path(directory_.path(), name)) + " exists already")
          .hint("restore into another directory, or allow overwriting");
    }
  }

 private:
  const os::Directory& directory_;
  std::string name_;
};

bool is_access_list(const std::string& attribute) {
  return attribute.starts_with("system.posix_acl_");
}

hash::Digest digest_of(const os::File& file, std::uint64_t size, const std::string& path) {
  hash::Sha256 hash;
  std::vector<std::uint8_t> buffer(std::min<std::uint64_t>(size, 1 << 20) + 1);
  for (std::uint64_t at = 0;;) {
    const auto n = os::read_at(file, at, buffer, path);
    if (n == 0) break;
    hash.update(std::span(buffer).first(n));
    at += n;
  }
  return hash.finish();
}

}  // namespace

EntryWriter::EntryWriter(store::Repository& repository, const RestoreOptions& options,
                         Ownership ownership)
    : repository_(repository),
      options_(options),
      privileged_(os::effective_user_id() == 0),
      ownership_(ownership) {}

void EntryWriter::bytes_done(std::uint64_t bytes) {
  if (options_.cancellation != nullptr) options_.cancellation->check();
  if (options_.progress == nullptr) return;
  const std::lock_guard lock(mutex_);
  options_.progress->bytes_done(bytes);
}

void EntryWriter::lost(const base::Error& error) {
  ++lost_attributes_;
  const std::lock_guard lock(mutex_);
  if (lost_attribute_.empty()) lost_attribute_ = error.message();
}

// The owner by name where this system knows it, else by number. Others than root may give nothing
// away.
template <typename Set>
void EntryWriter::own(const Entry& entry, const Set& set) {
  if (ownership_ == Ownership::leave) return;
  auto uid = entry.uid;
  auto gid = entry.gid;
  {
    const std::lock_guard lock(mutex_);
    if (!entry.user.empty()) uid = owners_.user_number(entry.user).value_or(uid);
    if (!entry.group.empty()) gid = owners_.group_number(entry.group).value_or(gid);
  }
  try {
    set(uid, gid);
  } catch (const base::Error& error) {
    if (privileged_ && error.code() != base::ErrorCode::refused) throw;
    try {
      set(UINT32_MAX, gid);  // the group alone, where one may
    } catch (const base::Error&) {
    }
    ++foreign_owners_;
  }
}

void EntryWriter::set_attributes(const Entry& entry, const os::File& file, const std::string& path,
                                 bool lists) {
  for (const auto& attribute : entry.attributes) {
    if (is_access_list(attribute.name) != lists) continue;
    try {
      os::set_attribute(file, {attribute.name, attribute.value}, path);
    } catch (const base::Error& error) {
      lost(error);
    }
  }
}

// The owner first, because changing it takes set-id bits and capabilities away; access lists after
// the mode, whose group bits are their mask.
void EntryWriter::finish_file(const Entry& entry, const os::File& file, const std::string& path,
                              const Fresh* fresh) {
  const bool plain = fresh != nullptr && fresh->plain;
  for (const auto& present :
       plain ? std::vector<os::FileAttribute>() : os::attributes_of(file, path)) {
    const auto wanted =
        std::any_of(entry.attributes.begin(), entry.attributes.end(),
                    [&](const auto& attribute) { return attribute.name == present.name; });
    // Labels of the system's security module come and go with the place.
    if (wanted || present.name.starts_with("security.selinux")) continue;
    try {
      os::remove_attribute(file, present.name, path);
    } catch (const base::Error& error) {
      lost(error);
    }
  }
  auto owner = fresh != nullptr ? *fresh : Fresh();
  if (fresh == nullptr && ownership_ == Ownership::restore) {
    const auto stat = os::stat_of(file, path);
    owner = {stat.uid, stat.gid, false};
  }
  own(entry, [&](auto uid, auto gid) {
    if (owner.uid != uid || owner.gid != gid) os::set_owner(file, uid, gid, path);
  });
  set_attributes(entry, file, path, false);
  if (!plain || entry.mode != kPrivate) os::set_mode(file, entry.mode, path);
  set_attributes(entry, file, path, true);
  os::set_mtime(file, entry.mtime_ns, path);
}

void EntryWriter::finish_directory(const Entry& entry, const os::Directory& directory) {
  finish_file(entry, directory.file(), directory.path());
  if (options_.durability == os::Durability::synced) directory.sync();
}

void EntryWriter::finish_other(const Entry& entry, const os::Directory& directory,
                               const std::string& name) {
  own(entry, [&](auto uid, auto gid) { directory.set_owner(name, uid, gid); });
  const bool symlink = entry.type == EntryType::symlink;
  for (const bool lists : {false, true}) {
    for (const auto& attribute : entry.attributes) {
      if (is_access_list(attribute.name) != lists) continue;
      try {
        directory.set_attribute(name, {attribute.name, attribute.value});
      } catch (const base::Error& error) {
        lost(error);
      }
    }
    if (!lists && !symlink) directory.set_mode(name, entry.mode);
  }
  directory.set_mtime(name, entry.mtime_ns);
}

void EntryWriter::write_content(const Entry& entry, const os::File& file, const std::string& path) {
  const auto& content = entry.content;
  if (!content.list) {
    repository_.read_content(content, [&](std::span<const std::uint8_t> bytes) {
      os::write_all(file, bytes, path);
      bytes_done(bytes.size());
    });
    return;
  }
  // A long file on several threads; what is not written stays a hole.
  os::set_size(file, content.size, path);
  repository_.read_pieces(
      content,
      [&](std::uint64_t offset, std::span<const std::uint8_t> bytes) {
        os::write_at(file, offset, bytes, path);
        bytes_done(bytes.size());
      },
      options_.threads);
}

bool EntryWriter::has_content(const Entry& entry, const os::Directory& directory,
                              const std::string& name) {
  const auto stat = directory.lstat(name);
  if (!stat || stat->type != os::FileType::regular || stat->size != entry.content.size)
    return false;
  const auto file = directory.open_file(name);
  return file && digest_of(*file, stat->size, name) == entry.content.id.digest;
}

void EntryWriter::verify(const Entry& entry, const os::Directory& directory,
                         const std::string& name) {
  if (has_content(entry, directory, name)) return;
  throw base::Error(base::ErrorCode::corruption,
                    base::printable(os::join_path(directory.path(), name)) +
                        " has not the bytes that were written to it")
      .hint("the disk restored to is not sound");
}

// A directory just made has the owner that a file in it gets, whatever decides that here, and the
// access list that it hands on.
EntryWriter::Fresh EntryWriter::fresh(const os::Directory& directory) {
  const auto stat = directory.own_stat();
  return {stat.uid, stat.gid, os::attributes_of(directory.file(), directory.path()).empty()};
}

// Nothing of this name can be there, so nothing is put at risk by writing it in place; false when
// somebody else made one meanwhile.
bool EntryWriter::write_fresh(const Entry& entry, const os::Directory& directory,
                              const std::string& name, const Fresh& fresh) {
  const auto path = os::join_path(directory.path(), name);
  os::File file;
  try {
    file = directory.create_new_file(name);
  } catch (const base::Error& error) {
    if (error.code() != base::ErrorCode::conflict) throw;
    return false;
  }
  try {
    write_content(entry, file, path);
    finish_file(entry, file, path, &fresh);
    if (options_.durability == os::Durability::synced) os::sync_file(file, path);
  } catch (...) {
    try {
      directory.remove_file(name);
    } catch (const base::Error&) {
      // The first error is the one to tell.
    }
    throw;
  }
  return true;
}

EntryWriter::Done EntryWriter::write(const Entry& entry, const os::Directory& directory,
                                     const std::string& name, const Fresh* fresh) {
  const bool replace = options_.overwrite == Overwrite::yes;
  if (fresh != nullptr && entry.type == EntryType::file &&
      write_fresh(entry, directory, name, *fresh)) {
    if (options_.verify) verify(entry, directory, name);
    return Done::written;
  }
  const auto path = os::join_path(directory.path(), name);
  if (entry.type == EntryType::file) {
    // One of several names is written anew, so that the other names' file is left alone.
    if (replace && has_content(entry, directory, name) &&
        (directory.lstat(name)->links == 1 || !entry.hard_link.empty())) {
      if (const auto file = directory.open_file(name)) {
        finish_file(entry, *file, path);
        bytes_done(entry.content.size);
        return Done::kept;
      }
    }
    TemporaryName temporary(directory);
    {
      const auto file = directory.create_new_file(temporary.name());
      write_content(entry, file, path);
      finish_file(entry, file, path);
      if (options_.durability == os::Durability::synced) os::sync_file(file, path);
    }
    temporary.publish(name, options_.overwrite);
    if (options_.verify) verify(entry, directory, name);
    return Done::written;
  }
  TemporaryName temporary(directory);
  if (entry.type == EntryType::symlink) {
    directory.make_symlink(entry.target, temporary.name());
  } else {
    const auto type = entry.type == EntryType::fifo           ? os::FileType::fifo
                      : entry.type == EntryType::socket       ? os::FileType::socket
                      : entry.type == EntryType::block_device ? os::FileType::block_device
                                                              : os::FileType::character_device;
    directory.make_special(type, entry.device_major, entry.device_minor, temporary.name());
  }
  finish_other(entry, directory, temporary.name());
  temporary.publish(name, options_.overwrite);
  return Done::written;
}

void EntryWriter::link(const os::Directory& from_directory, const std::string& from,
                       const os::Directory& directory, const std::string& name) {
  if (directory.link_from(from_directory, from, name)) return;
  const auto first = from_directory.lstat(from);
  const auto present = directory.lstat(name);
  if (first && present && first->inode == present->inode && first->device == present->device)
    return;  // they are one file already
  const auto path = os::join_path(directory.path(), name);
  if (options_.overwrite == Overwrite::no)
    throw base::Error(base::ErrorCode::conflict, base::printable(path) + " exists already")
        .hint("restore into another directory, or allow overwriting");
  TemporaryName temporary(directory);
  directory.link_from(from_directory, from, temporary.name());
  temporary.publish(name, Overwrite::yes);
}

void EntryWriter::fill(RestoreReport& report) const {
  report.foreign_owners = foreign_owners_;
  report.lost_attributes = lost_attributes_;
  report.lost_attribute = lost_attribute_;
}

}  // namespace provrun::snapshot
