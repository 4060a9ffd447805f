#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "provrun/store/content.hpp"

namespace provrun::snapshot {

enum class EntryType : char { file = 'f', directory = 'd', symlink = 'l' };

/// One name in a directory of a snapshot.
struct Entry {
  std::string path = {};  ///< bytes, relative to the snapshot's root, "a/b/c"; a bare name in a
                          ///< directory's listing
  EntryType type = EntryType::file;
  std::uint32_t mode = 0644;  ///< permission bits, set-id and sticky
  std::int64_t mtime_ns = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string user = {};            ///< name of uid where it had one
  std::string group = {};           ///< name of gid where it had one
  store::FileContent content = {};  ///< of files
  std::string target = {};          ///< of symlinks, bytes
  store::ChunkId tree = {};         ///< of directories; set by the tree writer
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
