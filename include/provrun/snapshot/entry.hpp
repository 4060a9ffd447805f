#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/store/content.hpp"

namespace provrun::snapshot {

/// The letter is the one of the format.
enum class EntryType : char {
  file = 'f',
  directory = 'd',
  symlink = 'l',
  fifo = 'p',
  socket = 's',
  block_device = 'b',
  character_device = 'c'
};
inline bool is_device(EntryType type) {
  return type == EntryType::block_device || type == EntryType::character_device;
}

/// An extended attribute; POSIX ACLs are system.posix_acl_access and system.posix_acl_default.
struct Attribute {
  std::string name;  ///< with its namespace: "user.origin"
  std::string value;
  auto operator<=>(const Attribute&) const = default;
};

/// One name in a directory of a snapshot.
struct Entry {
  std::string path = {};  ///< bytes, relative to the snapshot's root, "a/b/c"; a bare name in a
                          ///< directory's listing
  EntryType type = EntryType::file;
  std::uint32_t mode = 0644;  ///< permission bits, set-id and sticky
  std::int64_t mtime_ns = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string user = {};                   ///< name of uid where it had one
  std::string group = {};                  ///< name of gid where it had one
  store::FileContent content = {};         ///< of files
  std::string target = {};                 ///< of symlinks, bytes
  store::ChunkId tree = {};                ///< of directories; set by the tree writer
  std::vector<Attribute> attributes = {};  ///< by name
  /// Entries of one snapshot with the same text, not empty, are names of one file.
  std::string hard_link = {};
  std::uint32_t device_major = 0;  ///< of devices
  std::uint32_t device_minor = 0;
  // How a file was when it was read, to know one that has not changed without opening it. Not known
  // when ctime_ns is 0.
  std::uint64_t inode = 0;
  std::int64_t ctime_ns = 0;
  bool changed = false;  ///< it changed while it was read, each time
  bool operator==(const Entry&) const = default;
};

/// The order in which a tree is written and walked: component by component, by raw bytes. ("a/x"
/// comes before "a.txt", because "a" does.)
bool path_less(std::string_view a, std::string_view b);

/// A name that can stand in a directory: not empty, no "/", no NUL, not "." or "..", at most 4095
/// bytes.
bool is_valid_name(std::string_view name);

// Grammar of one line of a tree object; members stand in this order, no white space:
//   {"n":NAME,"t":"f","p":MODE,"m":MTIME,"u":UID,"g":GID,"U":USER,"G":GROUP,"s":SIZE,"c":CONTENT,"k":[CHUNK…]}
// docs/formats/repository.md explains them. append_entry_line() adds the line and its newline.
void append_entry_line(std::string& out, const Entry& entry);
/// Throws Error(corruption) when the line is not a valid entry.
Entry parse_entry_line(std::string_view line);

}  // namespace provrun::snapshot
