#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/os/file.hpp"
#include "provrun/os/mapped_file.hpp"

namespace provrun::capture {

inline constexpr std::uint64_t kMostListBytes = 64U << 20;  ///< of one list

/// Which of a folder's `*.list` files, as dpkg keeps them, may name a path: the hashes of all their
/// lines, sorted, 16 bytes each. A full table of names would be ten megabytes; what a hash says is
/// for the caller to check. Built at the first question. With a cache file it is taken from there
/// while the folder is the one that it was made from, by device, inode and times: dpkg replaces
/// lists, so each change of a package changes the folder. One thread at a time.
class PathIndex {
 public:
  PathIndex(std::string folder, std::string cache_file);

  /// Calls with the number of each list that may name the path, until one is accepted.
  void find(std::string_view path, const std::function<bool(std::size_t list)>& accept);
  /// "coreutils", "libc6:amd64"
  const std::string& list_name(std::size_t list) const { return names_[list]; }
  std::string list_path(std::size_t list) const;

 private:
  struct Entry {
    std::uint64_t hash;
    std::uint64_t list;
  };

  void open();
  bool load(const os::FileStat& folder);
  void save(const os::FileStat& folder) const;
  void build();
  void add_list(std::string name);
  std::string_view text_of(const std::string& path);

  std::string folder_;
  std::string cache_file_;
  bool open_ = false;
  std::vector<std::string> names_;
  std::vector<Entry> built_;
  os::MappedFile cached_;
  std::span<const Entry> entries_;  ///< of one of the two
  std::vector<std::uint8_t> buffer_;
};

}  // namespace provrun::capture
